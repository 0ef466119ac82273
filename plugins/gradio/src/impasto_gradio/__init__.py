"""Any Gradio app as a provider of pictures: one at an address of the user's, or a Hugging Face Space by name.

The Gradio call protocol itself is in `impasto_gradio.call`, for other plugins to build on.
"""

from __future__ import annotations

from urllib.parse import quote

from impasto import (
    Bearer,
    Follow,
    HttpRequest,
    ImageRequest,
    Model,
    Outcome,
    Payload,
    Progress,
    Provider,
    ProviderUnavailable,
    Range,
    ServerEvent,
    hookimpl,
)
from impasto_gradio import call, endpoints, mapping, pictures
from impasto_gradio.failures import error_of_answer
from impasto_gradio.spaces import space_url

PROVIDER = Provider(
    id="gradio",
    label="Any Gradio app",
    url="http://127.0.0.1:7860",
    auth=Bearer(env=None, optional=True, help_url="https://huggingface.co/settings/tokens"),
    default_model="app",
)
"""The address is that at which Gradio serves an app unless told otherwise; `providers.gradio.url` moves it.

No environment variable is read for its key: ``HF_TOKEN`` opens the user's whole account, and whoever runs an
arbitrary Space could keep what is sent there. Only a key that the user sets for ``gradio`` is sent.
"""

_ACCEPTS = {**dict.fromkeys(mapping.FIELDS), "images": Range(1, 20)}
_INFO = ("/gradio_api/info", "/info")


@hookimpl
def list_models() -> list[Model]:
    """Offer the app at the provider's address."""
    return [Model(PROVIDER, "app", accepts=_ACCEPTS, label="The Gradio app at the provider's address")]


@hookimpl
def find_model(name: str) -> Model | None:
    """Offer the Space ``owner/space``."""
    url = space_url(name)
    if url is None:
        return None
    return Model(PROVIDER, name, accepts=_ACCEPTS, url=url, label=f"The Hugging Face Space {name}")


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Ask the app what it offers, first where Gradio 5 and 6 tell it."""
    return _ask(_INFO[0])


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read what the app offers and submit the request to the endpoint that suits it; then read the call."""
    payload = event.payload
    if pictures.is_upload(payload):
        return pictures.uploaded(event)
    if not isinstance(payload, HttpRequest) or payload.url not in _INFO:
        return call.parse(event)
    if event.status == 404 and payload.url == _INFO[0]:
        return [Follow(_ask(_INFO[1]))]
    if event.status != 200 or "json" not in event.headers.get("content-type", ""):
        raise _no_app(event)
    request = event.request
    endpoint = mapping.choose(endpoints.endpoints_in(event.json()), request)
    path = f"{payload.url.removesuffix('/info')}/call/{quote(endpoint.name.strip('/'), safe='')}"
    data = mapping.data_for(endpoint, request)
    seed = mapping.seed_sent(endpoint, data)
    submit = call.submit(path, data, seed_at=endpoint.seed_at, seed=seed, sliders=endpoint.sliders)
    if request.images:
        upload = pictures.upload(payload.url.removesuffix("/info"), endpoint, request, submit)
        return [Progress("uploading", detail=endpoint.name), Follow(upload)]
    return [Progress("submitting", detail=endpoint.name), Follow(submit)]


def _ask(path: str) -> HttpRequest:
    return HttpRequest("GET", path, statuses=(404,))


def _no_app(event: ServerEvent) -> Exception:
    if event.status == 404:
        return ProviderUnavailable(
            "there is no Gradio app here, or its API is closed; a private or a missing Space looks like this",
            status=404,
        )
    return error_of_answer(event)
