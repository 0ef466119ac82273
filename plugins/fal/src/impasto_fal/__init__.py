"""fal: pictures of any of the applications that https://fal.ai serves, through its queue."""

from __future__ import annotations

import re
from typing import Any

from impasto import (
    Follow,
    HttpRequest,
    ImageRequest,
    InvalidRequest,
    Model,
    Outcome,
    Payload,
    Provider,
    ServerEvent,
    hookimpl,
)
from impasto_fal import answers, gpt_image, listing
from impasto_fal.endpoint import PROVIDER
from impasto_fal.failures import SUBMIT
from impasto_fal.models import MODELS, found

__all__ = ["PROVIDER", "build_payload", "find_model", "list_models", "parse_event", "parse_models", "request_models"]

_SAME = {
    "negative_prompt": "negative_prompt",
    "guidance_scale": "guidance_scale",
    "num_inference_steps": "num_inference_steps",
    "strength": "strength",
}
"""Fields that have the same meaning and the same name there."""

_SEVERAL = re.compile(r"/(edit|multi)(/|$)")
"""Endpoints that take a list of pictures, however few there are."""


@hookimpl
def list_models() -> list[Model]:
    """Offer the endpoints for pictures that people use; `find_model` has all others."""
    return list(MODELS)


@hookimpl
def find_model(name: str) -> Model | None:
    """Offer any application of fal's: ``fal/fal-ai/aura-flow``, ``fal/OWNER/APPLICATION/PATH``."""
    return found(name)


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Submit the request to the queue. It is charged for, and so never sent twice."""
    body: dict[str, Any] = {"prompt": request.prompt}
    body |= {theirs: value for ours, theirs in _SAME.items() if (value := getattr(request, ours)) is not None}
    if request.seed is not None and not request.randomize_seed:
        body["seed"] = request.seed
    if request.n > 1:
        body["num_images"] = request.n
    body |= _shape(model, request) | _pictures(model, request) | dict(request.extra)
    return HttpRequest("POST", f"/{model.id}", json=body, statuses=SUBMIT)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read the answer to the submit, how the job stands, or its result."""
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    if answers.is_submit(event.payload):
        return answers.submitted(event)
    if answers.is_status(event.payload):
        return answers.told(event)
    return answers.drawn(model, event)


@hookimpl
def request_models(provider: Provider) -> HttpRequest:
    """Ask fal's platform API for its models for pictures."""
    return listing.asked(provider)


@hookimpl
def parse_models(provider: Provider, event: ServerEvent) -> list[str | Follow]:
    """Read a page of them."""
    return listing.told(event)


def _shape(model: Model, request: ImageRequest) -> dict[str, Any]:
    """Return the fields for the picture's size and for its aspect ratio; none where both are left to fal."""
    width, height = request.width, request.height
    if model.id in {gpt_image.PATH, gpt_image.EDIT}:
        width, height = gpt_image.size_for(request) or (None, None)
    elif request.aspect_ratio is not None and model.size is None:
        name = "resolution_mode" if model.id == "fal-ai/flux-kontext/dev" else "aspect_ratio"
        return {name: request.aspect_ratio} | _size(model, width, height)
    return _size(model, width, height)


def _size(model: Model, width: int | None, height: int | None) -> dict[str, Any]:
    if width is None and height is None:
        return {}
    if width is None or height is None:
        missing = "width" if width is None else "height"
        raise InvalidRequest(
            f"{model.name}: fal takes both sides of a picture or none: give {missing} too.", parameter=missing
        )
    return {"image_size": {"width": width, "height": height}}


def _pictures(model: Model, request: ImageRequest) -> dict[str, Any]:
    body: dict[str, Any] = {}
    urls = [image.data_url() for image in request.images]
    if len(urls) > 1 or (urls and _SEVERAL.search(model.id)):
        body["image_urls"] = urls
    elif urls:
        body["image_url"] = urls[0]
    if request.mask is not None:
        body["mask_image_url" if "z-image" in model.id else "mask_url"] = request.mask.data_url()
    return body
