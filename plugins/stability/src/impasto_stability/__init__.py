"""Stability AI's REST API: Stable Image, Stable Diffusion 3.5, and what edits, controls and upscales pictures."""

from __future__ import annotations

from impasto import ImageRequest, Model, Outcome, Payload, ServerEvent, hookimpl
from impasto_stability.answers import outcomes_of
from impasto_stability.forms import form_of
from impasto_stability.models import MODELS, PROVIDER

__all__ = ["PROVIDER", "build_payload", "list_models", "parse_event"]


@hookimpl
def list_models() -> list[Model]:
    """Offer the models of the v2beta API; the service has no list of its own."""
    return list(MODELS)


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Ask for a picture with one form."""
    return form_of(model, request)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read the picture, or where it will be."""
    return outcomes_of(model, event)
