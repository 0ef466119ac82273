"""ComfyUI, on this machine or another: its checkpoints, or whole workflows, through its own HTTP and WebSocket API.

Facts are from the sources of ComfyUI 0.3.64 (2025-10) and of autumn 2026, and from a server of 0.3.64; the README of
this package says which from where.
"""

from __future__ import annotations

from impasto import (
    BasicAuth,
    Follow,
    HttpRequest,
    ImageRequest,
    Model,
    Outcome,
    Payload,
    ProtocolError,
    Provider,
    ServerEvent,
    WebSocket,
    hookimpl,
)
from impasto_comfyui import checkpoints, declarations, messages, polling, submitting

PROVIDER = Provider(
    id="comfyui",
    label="ComfyUI",
    url="http://127.0.0.1:8188",
    auth=BasicAuth(env=None, optional=True),
    default_model=submitting.ANY,
)
"""The address is that at which ComfyUI listens unless told otherwise; `providers.comfyui.url` moves it.

ComfyUI itself knows no keys. One that a user sets for ``comfyui`` is the ``user:password`` that a proxy in front of it
demands; no environment variable is read for it, since there is none that ComfyUI's users share.
"""


@hookimpl
def list_models() -> list[Model]:
    """Offer whichever checkpoint the server has first."""
    return [
        Model(
            PROVIDER,
            submitting.ANY,
            accepts=declarations.ACCEPTS,
            label="The first of the server's checkpoints, or a workflow of your own",
        )
    ]


@hookimpl
def find_model(name: str) -> Model | None:
    """Offer the checkpoint of that file name, with or without its suffix; or ``workflow``, for a workflow alone."""
    if name == submitting.WORKFLOW:
        accepts, label = declarations.ACCEPTED_BY_WORKFLOWS, "A workflow of your own: extra={'workflow': …}"
        return Model(PROVIDER, name, accepts=accepts, requires=("extra",), label=label)
    if not checkpoints.is_name(name):
        return None
    return Model(PROVIDER, name, accepts=declarations.accepted_by(name), label=f"The checkpoint {name}")


@hookimpl
def request_models(provider: Provider) -> HttpRequest:
    """Ask the server which checkpoints it has."""
    return checkpoints.listing({})


@hookimpl
def parse_models(provider: Provider, event: ServerEvent) -> list[str | Follow]:
    """Read their names, as models go by them."""
    return [*checkpoints.names_of(checkpoints.listed(event))]


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Check the request, and begin with what must be known or be there before a graph can be submitted."""
    submitting.check(model, request)
    return submitting.onward(model, request, {})


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read one answer, and go on to the next step; or read what the WebSocket tells."""
    payload = event.payload
    if isinstance(payload, WebSocket):
        return messages.read(event, payload)
    step = payload.step if isinstance(payload.step, dict) else {}
    match step.get("at"):
        case "checkpoints":
            wanted = None if model.id in {submitting.ANY, submitting.WORKFLOW} else model.id
            name = checkpoints.picked(checkpoints.listed(event), wanted)
            return [Follow(submitting.onward(model, event.request, {**step, "checkpoint": name}))]
        case "upload":
            uploaded = (*step.get("uploaded", ()), submitting.uploaded(event))
            return [Follow(submitting.onward(model, event.request, {**step, "uploaded": uploaded}))]
        case "submit":
            return polling.submitted(event, step)
        case "queue":
            return polling.queued(event, step)
        case "history":
            return polling.remembered(event, step)
        case _:
            raise ProtocolError("an answer to nothing that was asked")
