"""What is sent: a request in the service's own words.

Pictures travel in the JSON, in base64 and without a ``data:`` before it, as BFL's own SDK sends them (PyPI
``blackforest`` 0.1.3, ``client.py``). What the user does not say is left out, so that the service's defaults hold.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import Image, ImageRequest, InvalidRequest, Model

if TYPE_CHECKING:
    from collections.abc import Iterator

LARGEST_PICTURE = 20 * 1024 * 1024
"""Characters of a picture in base64 that the service takes, by BFL's SDK (``types/inputs/generic.py``)."""

_FIELDS = {
    "width": "width",
    "height": "height",
    "seed": "seed",
    "guidance_scale": "guidance",
    "num_inference_steps": "steps",
}
"""Fields of a request, and the service's names for them."""


def body_of(model: Model, request: ImageRequest) -> dict[str, Any]:
    """Return the JSON that a model is sent.

    Raises:
        InvalidRequest: a picture is too large, or a ratio too long; or the answer is to go elsewhere.
    """
    if "webhook_url" in request.extra:
        raise InvalidRequest(
            f"{model.name}: extra['webhook_url'] has the picture sent elsewhere, and nothing comes here: leave it out.",
            parameter="extra",
        )
    told = {name: getattr(request, field) for field, name in _FIELDS.items()}
    if model.size is None:
        told["aspect_ratio"] = _ratio_of(model, request)
    return {
        **request.extra,
        "prompt": request.prompt,
        **{name: value for name, value in told.items() if value is not None},
        **dict(_pictures(model, request)),
    }


def _ratio_of(model: Model, request: ImageRequest) -> str | None:
    """Return the aspect ratio, which the schemas want "between 21:9 and 9:21"."""
    if request.aspect_ratio is not None:
        across, down = (int(part) for part in request.aspect_ratio.split(":"))
        if max(across, down) * 9 > min(across, down) * 21:
            raise InvalidRequest(
                f"{model.name}: aspect_ratio must be between 21:9 and 9:21, not {request.aspect_ratio}.",
                parameter="aspect_ratio",
            )
    return request.aspect_ratio


def _pictures(model: Model, request: ImageRequest) -> Iterator[tuple[str, Any]]:
    """Yield the fields that hold pictures, for which each family has names of its own."""
    if request.mask is not None:
        yield "mask", _encoded(model, request.mask, "mask")
    if request.strength is not None:
        # The service counts how much of the picture stays.
        yield "image_prompt_strength", round(1 - request.strength, 6)
    if not request.images:
        return
    first, *others = (_encoded(model, image, "images") for image in request.images)
    if model.id.startswith("flux-3-"):
        yield "images", [first, *others]
    elif model.id.startswith(("flux-2-", "flux-kontext-")):
        yield "input_image", first
        yield from ((f"input_image_{number}", each) for number, each in enumerate(others, 2))
    else:
        yield "image" if "images" in model.requires else "image_prompt", first


def _encoded(model: Model, image: Image, parameter: str) -> str:
    text = image.base64()
    if len(text) > LARGEST_PICTURE:
        raise InvalidRequest(
            f"{model.name}: {parameter}: a picture has {len(text)} characters in base64, and it takes "
            f"{LARGEST_PICTURE} at most: give a smaller one.",
            parameter=parameter,
        )
    return text
