"""Replicate: the models that it hosts, those that are listed here and any other by its name.

A model that is listed is asked at once. Any other, ``owner/name`` or ``owner/name:version``, is first asked for its
schema, and the request is checked against that.
"""

from __future__ import annotations

from typing import Any

from impasto import (
    Follow,
    HttpRequest,
    ImageRequest,
    InvalidRequest,
    Model,
    Outcome,
    Payload,
    ProtocolError,
    Provider,
    ServerEvent,
    hookimpl,
)
from impasto_replicate import pictures, predictions, schemas
from impasto_replicate.declaring import PROVIDER
from impasto_replicate.models import LISTED, reference

__all__ = ["PROVIDER", "build_payload", "find_model", "list_models", "parse_event", "parse_models", "request_models"]

_COLLECTIONS = ("text-to-image", "image-editing")


@hookimpl
def list_models() -> list[Model]:
    """Offer the models that are much used, and whose input is known here."""
    return [each.declared for each in LISTED.values()]


@hookimpl
def find_model(name: str) -> Model | None:
    """Offer any model of Replicate's by ``owner/name``, or a version of it by ``owner/name:version``."""
    if name in LISTED:
        return LISTED[name].declared
    return None if reference(name) is None else schemas.declared(name)


@hookimpl
def request_models(provider: Provider) -> HttpRequest | None:
    """Ask for the models in Replicate's collections of painters."""
    return _collection(_COLLECTIONS[0])


@hookimpl
def parse_models(provider: Provider, event: ServerEvent) -> list[str | Follow]:
    """Read the names in a collection, and ask for the next one."""
    names = [f"{each['owner']}/{each['name']}" for each in event.json()["models"]] if event.status == 200 else []
    found: list[str | Follow] = [name for name in names if reference(name) is not None]
    step: Any = event.payload.step
    left = _COLLECTIONS[_COLLECTIONS.index(step["collection"]) + 1 :]
    return [*found, *(Follow(_collection(each)) for each in left[:1])]


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Create a prediction, or upload a large picture before that; a model that is not listed is asked for its schema.

    Raises:
        InvalidRequest: the model's name is none of Replicate's.
    """
    listed = LISTED.get(model.id)
    if listed is None:
        wanted = reference(model.id)
        if wanted is None:
            raise InvalidRequest(f"{model.id!r} is no model of Replicate's: these are called OWNER/NAME.")
        return schemas.ask(wanted)
    if listed.version is None:
        return pictures.begin(listed.spelling, f"/models/{listed.name}/predictions", {}, request)
    return pictures.begin(listed.spelling, "/predictions", {"version": listed.version}, request)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read a schema, an upload or a prediction, and go on from there."""
    step: Any = event.payload.step
    if step["at"] == predictions.PREDICTION or event.status == 429:
        return predictions.read(model, event)
    if step["at"] == pictures.UPLOAD:
        return pictures.uploaded(event)
    wanted = reference(model.id)
    if wanted is None:
        raise ProtocolError(f"{model.id!r} is no model of Replicate's")
    schema = schemas.schema_of(event, wanted)
    spelling = schema.spelling(event.request)
    return pictures.announced(pictures.begin(spelling, schema.path, schema.body, event.request))


def _collection(name: str) -> HttpRequest:
    return HttpRequest("GET", f"/collections/{name}", statuses=(404,), step={"collection": name})
