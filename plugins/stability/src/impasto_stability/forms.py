"""The form that asks for a picture. Every endpoint takes ``multipart/form-data``, and nothing else, pictures or not."""

from __future__ import annotations

from impasto import HttpRequest, Image, ImageRequest, InvalidRequest, Model
from impasto_stability.failures import STATUSES
from impasto_stability.models import ENDPOINTS, Endpoint

LARGEST = 10 * 1024 * 1024
"""Bytes of a request; more are answered with status 413."""

LONGEST_SILENCE = 180.0
"""Seconds without a byte. The answer is the picture, so nothing is heard while it is drawn."""


def form_of(model: Model, request: ImageRequest) -> HttpRequest:
    """Return the payload that asks for a picture.

    The picture is asked for as it is (``accept: image/*``) rather than within JSON, where it is a third longer.

    Raises:
        InvalidRequest: two things that do not go together, a value that no form holds, pictures that are too large.
    """
    endpoint = ENDPOINTS[model.id]
    data: dict[str, str | int | float] = {endpoint.prompt: request.prompt, **endpoint.fixed}
    if request.negative_prompt:
        data["negative_prompt"] = request.negative_prompt
    if request.aspect_ratio is not None:
        data["aspect_ratio"] = request.aspect_ratio
    if request.seed is not None:
        data["seed"] = request.seed
    if request.guidance_scale is not None:
        data["cfg_scale"] = request.guidance_scale
    if request.strength is not None and not request.images:
        raise InvalidRequest(
            f"{model.name}: strength says how far to go from a picture: give images too.", parameter="strength"
        )
    if request.images:
        data |= _of_a_picture(model, endpoint, request)
    for name, value in request.extra.items():
        data[name] = _field(model, name, value)
    files = {
        name: _file(name, image) for name, image in zip(endpoint.images, request.images, strict=False)
    }  # Fewer pictures than fields: the last ones are optional.
    if request.mask is not None:
        files["mask"] = _file("mask", request.mask)
    if sum(len(content) for _, content, _ in files.values()) > LARGEST:
        raise InvalidRequest(
            f"{model.name}: the pictures have more than the {LARGEST // 1024**2} MiB that the service takes: give "
            "smaller ones, or JPEG.",
            parameter="images",
        )
    return HttpRequest(
        "POST",
        f"/v2beta/stable-image/{endpoint.path}",
        data=data,
        files=files,
        headers={} if endpoint.later else {"Accept": "image/*"},
        idle=LONGEST_SILENCE,
        statuses=STATUSES,
    )


def _of_a_picture(model: Model, endpoint: Endpoint, request: ImageRequest) -> dict[str, str | float]:
    """Return the fields that a picture to start from brings with it."""
    if endpoint.from_image and request.aspect_ratio is not None:
        raise InvalidRequest(
            f"{model.name}: a picture that starts from another has its proportions: leave out aspect_ratio.",
            parameter="aspect_ratio",
        )
    if endpoint.strength is None:
        return {}
    strength = endpoint.strength if request.strength is None else request.strength
    return {**endpoint.from_image, "strength": strength}


def _field(model: Model, name: str, value: object) -> str | int | float:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise InvalidRequest(
            f"{model.name}: extra[{name!r}] must be text or a number, not {value!r:.60}.", parameter="extra"
        )
    return value


def _file(name: str, image: Image) -> tuple[str, bytes, str]:
    return f"{name}.{image.suffix}", image.data or b"", image.media_type or "application/octet-stream"
