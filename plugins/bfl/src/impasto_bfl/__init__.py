"""The Black Forest Labs API for impasto: FLUX, from those who make it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto import Follow, HttpRequest, ImageRequest, Model, Outcome, Payload, Provider, ServerEvent, hookimpl
from impasto_bfl import answers, listing, models
from impasto_bfl.bodies import body_of

if TYPE_CHECKING:
    from collections.abc import Sequence

PROVIDER = models.PROVIDER


@hookimpl
def list_models() -> Sequence[Model]:
    """Offer what the service draws from words, and what it edits by words."""
    return [*models.MODELS]


@hookimpl
def find_model(name: str) -> Model | None:
    """Return a model that is newer than this plugin: a prompt is all that is known of it."""
    return models.find(name)


@hookimpl
def request_models(provider: Provider) -> HttpRequest:
    """Ask for the service's own description of itself (https://api.bfl.ai/openapi.json); it lists no models."""
    return HttpRequest("GET", "/openapi.json")


@hookimpl
def parse_models(provider: Provider, event: ServerEvent) -> list[str | Follow]:
    """Return the models that the description has a path for."""
    return [*listing.names_in(event.json())]


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Submit the request to the model's own path."""
    return HttpRequest("POST", f"/v1/{model.id}", json=body_of(model, request), statuses=answers.OF_SUBMIT)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read the answer to the submit, or that of a poll."""
    return answers.read(model, event)
