"""The HTTP API of AUTOMATIC1111's web UI, as it itself, Forge, SD.Next and stable-diffusion.cpp's server have it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto import Follow, HttpRequest, Model, Outcome, Payload, hookimpl
from impasto_automatic1111 import answers, checkpoints, drawing, failures, progress
from impasto_automatic1111.models import CURRENT, LOADED, PROVIDER, is_name, named

if TYPE_CHECKING:
    from impasto import ImageRequest, Provider, ServerEvent

__all__ = ["PROVIDER", "build_payload", "find_model", "list_models", "parse_event", "parse_models", "request_models"]


@hookimpl
def list_models() -> list[Model]:
    """Offer the checkpoint that is loaded. Which others there are, only the server knows."""
    return [LOADED]


@hookimpl
def find_model(name: str) -> Model | None:
    """Return the model that is drawn with a checkpoint of this name; whether there is one, the server is asked then."""
    return named(name) if is_name(name) else None


@hookimpl
def request_models(provider: Provider) -> HttpRequest:
    """Ask for the checkpoints."""
    return checkpoints.LISTING


@hookimpl
def parse_models(provider: Provider, event: ServerEvent) -> list[str]:
    """Return the checkpoints' names."""
    if event.status != 200:
        raise failures.error_of(event)
    return checkpoints.names_of(checkpoints.listed(event))


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Draw; with another checkpoint than the loaded one, look first whether the server has it."""
    payload = drawing.draw(request)
    return payload if model.id == CURRENT else checkpoints.LISTING


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read what the server says: its checkpoints, how far it has come, the pictures."""
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    assert isinstance(event.payload.step, dict)  # noqa: S101
    match event.payload.step["is"]:
        case "progress of the job":
            return progress.of_own_job(event)
        case "progress of any job":
            return progress.of_any_job(event)
    if event.status != 200:
        raise failures.error_of(event)
    if event.payload.step["is"] == "checkpoints":
        checkpoint = checkpoints.find(checkpoints.listed(event), model.id)
        return [Follow(drawing.draw(event.request, checkpoint))]
    return [answers.parse(event)]
