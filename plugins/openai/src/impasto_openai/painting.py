"""Requests to the Images API: a generation as JSON, an edit as a form.

The SDK ``openai`` 3.57.0 sends the same: ``resources/images.py``, ``types/image_generate_params.py``,
``types/image_edit_params.py``.
"""

from __future__ import annotations

import io
from collections.abc import Mapping
from typing import Any

from impasto import HttpRequest, Image, ImageRequest, InvalidRequest, Model
from impasto_openai.failures import STATUSES
from impasto_openai.models import LOW_FIDELITY, has_low_fidelity, is_conversational, is_known
from impasto_openai.sizes import FIXED, asked_size, nearest

LONGEST_PROMPT = 32_000
"""Characters."""

SILENCE = 300.0
"""Seconds: a picture of high quality takes minutes, and nothing is said meanwhile unless it is streamed."""

_BY_NAME = ("negative_prompt", "guidance_scale", "num_inference_steps")


def build(model: Model, request: ImageRequest) -> HttpRequest:
    """Return the payload that asks for a picture.

    Raises:
        InvalidRequest: the parts do not go together.
    """
    check(model, request)
    fields: dict[str, Any] = {"model": model.id, "prompt": request.prompt}
    if request.n > 1:
        fields["n"] = request.n
    if size := size_for(model, request):
        fields["size"] = size
    fields |= {name: value for name in _BY_NAME if (value := getattr(request, name)) is not None}
    if request.seed is not None and not request.randomize_seed:
        fields["seed"] = request.seed
    if "partial_images" in request.extra:
        fields["stream"] = True
    fields |= request.extra
    if not request.images:
        return HttpRequest("POST", "/images/generations", json=fields, idle=SILENCE, statuses=STATUSES)
    return HttpRequest(
        "POST", "/images/edits", data=_as_form(fields), files=_files(request), idle=SILENCE, statuses=STATUSES
    )


def check(model: Model, request: ImageRequest) -> None:
    """Raise `InvalidRequest` for what cannot be asked of OpenAI, or whose answer could not be used."""
    if is_known(model) and len(request.prompt) > LONGEST_PROMPT:
        raise InvalidRequest(
            f"The prompt has {len(request.prompt)} characters; OpenAI takes {LONGEST_PROMPT} at most.",
            parameter="prompt",
        )
    if request.n > 1 and "partial_images" in request.extra:
        raise InvalidRequest(
            "partial_images are previews of one picture: ask for n=1, or leave partial_images out.", parameter="extra"
        )
    if request.extra.get("output_format") == "svg":
        raise InvalidRequest(
            "output_format svg is no picture of pixels, which impasto gives back; use png, jpeg, webp or gif.",
            parameter="extra",
        )
    if is_known(model):
        _check_gif(model, request)
        _check_fidelity(model, request)
    if request.mask is not None and not request.images and request.session is None:
        raise InvalidRequest("A mask says what to draw anew of a picture: give images too.", parameter="mask")


def _check_gif(model: Model, request: ImageRequest) -> None:
    """Raise `InvalidRequest` for what does not go with a GIF; in a conversation, a stream without previews does."""
    extra = request.extra
    if extra.get("output_format") != "gif":
        return
    is_streamed = "partial_images" in extra and not is_conversational(model.id)
    for name, is_asked, parameter in (
        ("a mask", request.mask is not None, "mask"),
        ("partial_images", is_streamed or bool(extra.get("partial_images")), "extra"),
        ("output_compression", extra.get("output_compression", 100) != 100, "extra"),
    ):
        if is_asked:
            raise InvalidRequest(f"OpenAI draws no GIF with {name}: leave one of them out.", parameter=parameter)


def _check_fidelity(model: Model, request: ImageRequest) -> None:
    fidelity = request.extra.get("input_fidelity")
    if fidelity is None:
        return
    if not request.images:
        raise InvalidRequest(
            "input_fidelity says how true to its pictures an edit is: give images, or leave it out.", parameter="extra"
        )
    if fidelity != "low" and has_low_fidelity(model.id):
        raise InvalidRequest(f"{LOW_FIDELITY} has no input_fidelity but low, not {fidelity!r}.", parameter="extra")


def size_for(model: Model, request: ImageRequest) -> str | None:
    """Return the size to ask for, as ``WIDTHxHEIGHT``: of OpenAI's models the nearest that they draw."""
    size = asked_size(request)
    if size is None:
        return None
    width, height = nearest(*size) if is_known(model) and model.size != FIXED else size
    return f"{width}x{height}"


def mask_of(mask: Image) -> bytes:
    """Return a mask as OpenAI wants it, a PNG: where impasto's is white it is transparent, which is drawn anew."""
    from PIL import Image as Pictures
    from PIL import ImageOps

    with Pictures.open(io.BytesIO(mask.data or b"")) as opened:
        kept = ImageOps.invert(opened.convert("L"))
    stencil = Pictures.new("RGBA", kept.size)
    stencil.putalpha(kept)
    encoded = io.BytesIO()
    stencil.save(encoded, "PNG")
    return encoded.getvalue()


def _files(request: ImageRequest) -> dict[str, Any]:
    images = tuple(
        (f"image-{number}.{image.suffix}", image.data or b"", image.media_type or "image/png")
        for number, image in enumerate(request.images, 1)
    )
    files: dict[str, Any] = {"image": images[0]} if len(images) == 1 else {"image[]": images}
    if request.mask is not None:
        files["mask"] = ("mask.png", mask_of(request.mask), "image/png")
    return files


def _as_form(fields: Mapping[str, Any], outer: str = "") -> dict[str, Any]:
    """Return fields as a form has them: all text, those of an object as ``outer[inner]``."""
    form: dict[str, Any] = {}
    for name, value in fields.items():
        place = f"{outer}[{name}]" if outer else name
        if isinstance(value, Mapping):
            form |= _as_form(value, place)
        elif isinstance(value, list | tuple):
            form[f"{place}[]"] = [_as_text(each) for each in value]
        elif value is not None:
            form[place] = _as_text(value)
    return form


def _as_text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
