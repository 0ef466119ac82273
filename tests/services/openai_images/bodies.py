"""What the Images API takes, and the rules that no type can say.

Fields: the SDK ``openai`` 3.57.0, ``types/image_generate_params.py`` and ``image_edit_params.py``. The bounds of sizes:
the SDK's texts, and what was tried live (OpenClaw, 2026-08-03).
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from PIL import Image
from pydantic import Field, ValidationError

from services.openai_images.failures import Refused, backend, invalid, of_validation, unknown_model
from services.serving import Strict, Upload

NEWEST = ("gpt-image-2.6-sunburst", "gpt-image-2.6-flare")
LATER = ("gpt-image-2.5-sunburst", "gpt-image-2.5-flare", "gpt-image-2.5-flare-2026-09-08")
FLEXIBLE = (*NEWEST, *LATER, "gpt-image-2", "gpt-image-2-2026-04-21")
FIXED = ("gpt-image-1.5", "gpt-image-1-mini", "chatgpt-image-latest")
SIZES = ("1024x1024", "1536x1024", "1024x1536")

_SIZE = re.compile(r"(\d{1,5})x(\d{1,5})")

Quality = Literal["auto", "low", "medium", "high", "xhigh", "max"]
Background = Literal["transparent", "opaque", "auto"]
Format = Literal["png", "jpeg", "webp", "gif", "svg"]
Percent = Annotated[int, Field(ge=0, le=100)]
Partials = Annotated[int, Field(ge=0, le=3)]
Frames = Annotated[int, Field(ge=2, le=16)]


class Output(Strict):
    """What a request and the image tool say alike of the picture."""

    model: str
    size: str | None = None
    quality: Quality | None = None
    background: Background | None = None
    output_format: Format | None = None
    output_compression: Percent | None = None
    moderation: Literal["low", "auto"] | None = None
    partial_images: Partials | None = None
    complexity: Literal["low", "medium", "high"] | None = None
    frame_count: Frames | None = None
    frame_duration_ms: Annotated[int, Field(ge=10)] | None = None


class Painting(Output):
    """What generations and edits have in common."""

    prompt: str = Field(min_length=1, max_length=32_000)
    n: Annotated[int, Field(ge=1, le=10)] | None = None
    stream: bool | None = None
    safety_identifier: str | None = None
    user: str | None = None


class Generation(Painting):
    """The JSON body of ``POST /v1/images/generations``."""


class Edit(Painting):
    """The text fields of the form of ``POST /v1/images/edits``."""

    input_fidelity: Literal["high", "low"] | None = None


def generation(fields: dict[str, Any]) -> Generation:
    """Return the body of a generation, checked.

    Raises:
        Refused: it is not as documented.
    """
    try:
        asked = Generation(**fields)
    except ValidationError as error:
        raise of_validation(error) from None
    check_rules(asked, masked=False)
    return asked


def edit(fields: dict[str, Any]) -> tuple[Edit, list[Upload], Upload | None]:
    """Return the text fields of an edit, its pictures and its mask, checked.

    Raises:
        Refused: it is not as documented.
    """
    fields = dict(fields)
    given = fields.pop("image", None) or fields.pop("image[]", None)
    mask, markup = fields.pop("mask", None), fields.pop("markup", None)
    try:
        asked = Edit(**{name: _read(name, value) for name, value in fields.items()})
    except ValidationError as error:
        raise of_validation(error) from None
    if given is None:
        raise Refused(400, "Missing required parameter: 'image'.", param="image", code="missing_required_parameter")
    images = given if isinstance(given, list) else [given]
    for number, image in enumerate(images):
        _check_picture(f"image[{number}]", image)
    if len(images) > 16:
        raise Refused(400, "Too many images: at most 16.", param="image", code="invalid_value")
    check_rules(asked, masked=mask is not None)
    if mask is not None and markup is not None:
        raise Refused(400, "markup cannot be combined with mask.", param="markup", code="invalid_value")
    for name, overlay in (("mask", mask), ("markup", markup)):
        if overlay is not None:
            _check_overlay(name, overlay, images[0])
    return asked, images, mask


def _read(name: str, value: Any) -> Any:
    """Return what the text of a form's field means."""
    if name in {"n", "output_compression", "partial_images", "frame_count", "frame_duration_ms"}:
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    return {"true": True, "false": False}.get(value, value) if name == "stream" else value


def _check_picture(where: str, image: Any) -> None:
    if not isinstance(image, Upload):
        message = f"Invalid type for '{where}': expected a file, but got a string instead."
        raise Refused(400, message, param=where, code="invalid_type")
    if image.media_type not in {"image/png", "image/jpeg", "image/webp"}:
        message = (
            f"Invalid file '{where}': unsupported mimetype ('{image.media_type}'). Supported file formats are "
            "'image/jpeg', 'image/png', and 'image/webp'."
        )
        raise Refused(400, message, param=where, code="unsupported_file_mimetype")
    with Image.open(io.BytesIO(image.data)) as opened:
        found = opened.get_format_mimetype()
    if found != image.media_type or len(image.data) >= 50 * 1024 * 1024:
        raise Refused(400, f"Invalid image file '{where}'.", param=where, code="invalid_image_file")


def _check_overlay(name: str, overlay: Any, image: Upload) -> None:
    if not isinstance(overlay, Upload):
        raise Refused(400, f"Invalid type for '{name}': expected a file.", param=name, code="invalid_type")
    with Image.open(io.BytesIO(overlay.data)) as drawn, Image.open(io.BytesIO(image.data)) as under:
        if drawn.format != "PNG" or "A" not in drawn.getbands() or len(overlay.data) >= 4 * 1024 * 1024:
            raise backend(400, f"Invalid {name}: a PNG with an alpha channel of less than 4 MB.", param=name)
        if drawn.size != under.size:
            raise backend(400, f"Invalid {name}: its size must be that of the image.", param=name)


def check_rules(asked: Painting, *, masked: bool) -> None:
    """Raise `Refused` for what goes with no model, or not together."""
    check_output(asked, masked=masked)
    if asked.partial_images is not None and not asked.stream:
        raise _wrong("partial_images", "only supported when streaming.")
    if asked.output_format == "gif" and asked.stream:
        raise _wrong("stream", "GIF output does not support streaming.")
    fidelity = asked.input_fidelity if isinstance(asked, Edit) else None
    if fidelity and asked.model not in {"gpt-image-1.5", "gpt-image-1-mini"}:
        raise _wrong("input_fidelity", "not supported by this model.")
    if fidelity == "high" and asked.model == "gpt-image-1-mini":
        raise _wrong("input_fidelity", "this model supports only low.")


def check_output(asked: Output, *, masked: bool) -> None:
    """Raise `Refused` for what the model does not draw, whether it is asked in a request or in a conversation."""
    if asked.model not in {*FLEXIBLE, *FIXED}:
        raise unknown_model(asked.model)
    check_size(asked.size, asked.model)
    if fault := next(_faults(asked, masked=masked), None):
        raise _wrong(*fault)


def _wrong(param: str, why: str) -> Refused:
    return Refused(400, f"Invalid value for '{param}': {why}", param=param, code="invalid_value")


def _faults(asked: Output, *, masked: bool) -> Iterator[tuple[str, str]]:
    gif, name = asked.output_format == "gif", asked.model
    if asked.quality in {"xhigh", "max"} and name not in {*NEWEST, *LATER}:
        yield "quality", "not supported by this model."
    if asked.complexity and name not in NEWEST:
        yield "complexity", "not supported by this model."
    if gif and name not in NEWEST:
        yield "output_format", "not supported by this model."
    if asked.background == "transparent" and asked.output_format not in {None, "png", "webp"}:
        yield "background", "transparent backgrounds need png or webp."
    if asked.output_compression not in {None, 100} and asked.output_format not in {"jpeg", "webp"}:
        yield "output_compression", "only supported for jpeg and webp."
    if gif and (asked.partial_images or masked):
        yield "output_format", "GIF output does not support partial images or masks."
    if (asked.frame_count or asked.frame_duration_ms) and not gif:
        yield "frame_count", "only supported with output_format=gif."
    if asked.output_format == "svg":
        yield "output_format", "SVG output requires project access."


def check_size(size: str | None, model: str) -> None:
    """Raise `Refused` for a size that a model does not draw."""
    if size in {None, "auto", *SIZES}:
        return
    match = _SIZE.fullmatch(str(size))
    if match is None:
        raise invalid(str(size), "Expected WIDTHxHEIGHT, for example '1824x1024'.")
    if model in FIXED:
        raise invalid(str(size), f"Supported sizes are {', '.join(SIZES)}, and auto.")
    width, height = int(match[1]), int(match[2])
    if width % 16 or height % 16:
        raise invalid(str(size), "Width and height must both be divisible by 16.")
    if max(width, height) > 3 * min(width, height):
        raise invalid(str(size), "The aspect ratio must be between 1:3 and 3:1.")
    if max(width, height) > 3840 or not 655_360 <= width * height <= 8_294_400:
        raise invalid(str(size), "It is beyond the current pixel and edge limits.")


def sides_of(size: str | None) -> tuple[int, int]:
    """Return the pixels that a size means; ``auto`` is a square."""
    width, _, height = ("1024x1024" if size in {None, "auto"} else str(size)).partition("x")
    return int(width), int(height)
