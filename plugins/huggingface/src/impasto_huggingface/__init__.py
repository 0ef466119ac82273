"""Hugging Face Inference Providers: any text-to-image or image-to-image model of the Hub, drawn by whoever serves it.

Two steps: the Hub tells which providers serve a model and under which name, and the request is sent through Hugging
Face's router to one of them, in that provider's own words.
"""

from __future__ import annotations

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
    ServerEvent,
    hookimpl,
)
from impasto_huggingface import answers, hub, listing, models
from impasto_huggingface.choosing import choose
from impasto_huggingface.extras import check
from impasto_huggingface.submitting import submit

PROVIDER = Provider(
    id="huggingface",
    label="Hugging Face Inference Providers",
    url="https://router.huggingface.co",
    auth=Bearer(
        env="HF_TOKEN",
        help_url="https://huggingface.co/settings/tokens/new?ownUserPermissions=inference.serverless.write"
        "&tokenType=fineGrained",
    ),
    origins=(hub.ORIGIN,),
    default_model=models.DEFAULT,
)
"""The router, and the Hub, which is Hugging Face's own as well and sees the key: the user's order of providers hangs
on it. The variable and the page are those of the documentation (docs/inference-providers, 2026-08-22)."""


@hookimpl
def list_models() -> list[Model]:
    """Offer the models that the documentation names; `find_model` offers all others."""
    return models.listed(PROVIDER)


@hookimpl
def find_model(name: str) -> Model | None:
    """Offer the Hub's model ``owner/name``."""
    return models.found(PROVIDER, name)


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Ask the Hub who serves the model."""
    return hub.ask(model.id)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read the Hub's mapping and submit the request to one of the providers; then read what this answers."""
    payload = event.payload
    if not isinstance(payload, HttpRequest) or not hub.is_question(payload):
        return answers.read(event)
    check(event.request.extra)
    choice = choose(hub.read(event, model.id), event.request)
    return [Progress("submitting", detail=f"{choice.provider}, {choice.model}"), Follow(submit(choice, event.request))]


@hookimpl
def request_models(provider: Provider) -> HttpRequest:
    """Ask the Hub which models are served."""
    return listing.ask()


@hookimpl
def parse_models(provider: Provider, event: ServerEvent) -> list[str | Follow]:
    """Read a page of the Hub's list, and ask for the next."""
    return listing.read(event)
