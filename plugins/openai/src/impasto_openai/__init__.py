"""OpenAI's image models, and every server that speaks the Images API in OpenAI's place.

The wire is that of the SDK ``openai`` 3.57.0, against which the tests compare what is sent.
"""

from __future__ import annotations

from impasto import Follow, HttpRequest, ImageRequest, Model, Outcome, Payload, Provider, ServerEvent, hookimpl
from impasto_openai import answers, conversing, listing, models, painting
from impasto_openai.models import PROVIDER

__all__ = ["PROVIDER", "build_payload", "find_model", "list_models", "parse_event", "parse_models", "request_models"]


@hookimpl
def list_models() -> list[Model]:
    """Offer the models that OpenAI's documentation lists."""
    return list(models.MODELS)


@hookimpl
def find_model(name: str) -> Model | None:
    """Return a model of any name: a dated snapshot, or one of a server in OpenAI's place."""
    return models.find(name)


@hookimpl
def request_models(provider: Provider) -> HttpRequest | None:
    """Ask the server which models it has."""
    return listing.request()


@hookimpl
def parse_models(provider: Provider, event: ServerEvent) -> list[str | Follow]:
    """Read the list of models."""
    return listing.names_in(event)


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Ask for a picture: of the Images API, or, in a conversation, of the Responses API."""
    if models.is_conversational(model.id):
        return conversing.build(model, request)
    return painting.build(model, request)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read the answer, or one event of it."""
    if models.is_conversational(model.id):
        return conversing.parse(model, event)
    return answers.parse(model, event)
