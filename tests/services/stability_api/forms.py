"""The forms of the v2beta endpoints, as the API reference has them: each field's type, range and choices, and no other.

Everything in a multipart form is text or a file, so numbers are read from text. Pictures are read from their bytes, as
the name and type of a part say little: clients send ``application/octet-stream``.
"""

from __future__ import annotations

import io
import math
from typing import Annotated, Literal, TypeAlias

import PIL.Image
from pydantic import AfterValidator, BeforeValidator, Field, InstanceOf, StringConstraints, model_validator

from services.serving import Strict, Upload

FORMATS = {"PNG", "JPEG", "WEBP"}


def _number(value: object) -> float:
    try:
        number = float(value) if isinstance(value, str) else math.nan
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise ValueError("must be a number")
    return number


def _whole(value: object) -> int:
    if not isinstance(value, str) or not value.isascii() or not value.isdecimal():
        raise ValueError("must be an integer")
    return int(value)


def size_of(file: Upload) -> tuple[int, int]:
    """Return width and height of an uploaded picture."""
    with PIL.Image.open(io.BytesIO(file.data)) as picture:
        return picture.size


def _is_picture(file: Upload) -> Upload:
    try:
        with PIL.Image.open(io.BytesIO(file.data)) as picture:
            picture.load()
            known = picture.format in FORMATS
    except Exception as error:
        raise ValueError("must be a jpeg, png or webp image") from error
    if not known:
        raise ValueError("must be a jpeg, png or webp image")
    return file


def _has_sides(file: Upload) -> Upload:
    if not all(64 <= side <= 16_384 for side in size_of(file)):
        raise ValueError("every side must be at least 64 pixels")
    return file


def _has_pixels(file: Upload) -> Upload:
    if not 4_096 <= math.prod(size_of(file)) <= 9_437_184:
        raise ValueError("total pixel count must be between 4,096 and 9,437,184 pixels")
    return file


def _is_small(file: Upload) -> Upload:
    if math.prod(size_of(file)) > 1_048_576:
        raise ValueError("total pixel count must be between 4,096 and 1,048,576 pixels")
    return file


def _has_ratio(file: Upload) -> Upload:
    width, height = size_of(file)
    if not 1 / 2.5 <= width / height <= 2.5:
        raise ValueError("the aspect ratio must be between 1:2.5 and 2.5:1")
    return file


Mask: TypeAlias = Annotated[InstanceOf[Upload], AfterValidator(_is_picture)]
Picture: TypeAlias = Annotated[Mask, AfterValidator(_has_sides)]
Edited: TypeAlias = Annotated[Picture, AfterValidator(_has_pixels)]
Framed: TypeAlias = Annotated[Edited, AfterValidator(_has_ratio)]
Small: TypeAlias = Annotated[Edited, AfterValidator(_is_small)]

Text: TypeAlias = Annotated[str, StringConstraints(max_length=10_000)]
Prompt: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Number: TypeAlias = Annotated[float, BeforeValidator(_number)]
Unit: TypeAlias = Annotated[Number, Field(ge=0, le=1)]
Seed: TypeAlias = Annotated[Number, Field(ge=0, le=4_294_967_294)]
Grown: TypeAlias = Annotated[Number, Field(ge=0, le=20)]
Side: TypeAlias = Annotated[int, BeforeValidator(_whole), Field(ge=0, le=2_000)]
Format: TypeAlias = Literal["png", "jpeg", "webp"]
Ratio: TypeAlias = Literal["21:9", "16:9", "3:2", "5:4", "1:1", "4:5", "2:3", "9:16", "9:21"]
Style: TypeAlias = Literal[
    "enhance", "anime", "photographic", "digital-art", "comic-book", "fantasy-art", "line-art", "analog-film",
    "neon-punk", "isometric", "low-poly", "origami", "modeling-compound", "cinematic", "3d-model", "pixel-art",
    "tile-texture",
]  # fmt: skip


class Form(Strict):
    """What every endpoint takes."""

    seed: Seed = 0
    output_format: Format = "png"

    def words(self) -> str:
        """Return what to draw."""
        return getattr(self, "prompt", "")

    def size(self) -> tuple[int, int]:
        """Return the size of what is drawn, in pixels."""
        return 1024, 1024


class Prompted(Form):
    prompt: Prompt
    negative_prompt: Text = ""


class Core(Prompted):
    aspect_ratio: Ratio = "1:1"
    style_preset: Style | None = None

    def size(self) -> tuple[int, int]:
        across, down = (int(part) for part in self.aspect_ratio.split(":"))
        side = math.sqrt(1_048_576 / (across * down))
        return round(side * across), round(side * down)


class Ultra(Core):
    image: Picture | None = None
    strength: Unit | None = None

    @model_validator(mode="after")
    def _go_together(self) -> Ultra:
        if self.image is not None and self.strength is None:
            raise ValueError("strength: is required when image is provided")
        return self


class StableDiffusion(Core):
    model: Literal[
        "sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash", "sd3-large", "sd3-large-turbo", "sd3-medium"
    ] = "sd3.5-large"  # fmt: skip
    mode: Literal["text-to-image", "image-to-image"] = "text-to-image"
    image: Picture | None = None
    strength: Unit | None = None
    cfg_scale: Annotated[Number, Field(ge=1, le=10)] | None = None

    @model_validator(mode="after")
    def _go_together(self) -> StableDiffusion:
        from_image = self.mode == "image-to-image"
        for name in ("image", "strength"):
            if from_image and getattr(self, name) is None:
                raise ValueError(f"{name}: is required for image-to-image requests")
            if not from_image and getattr(self, name) is not None:
                raise ValueError(f"{name}: is only valid for image-to-image requests")
        if from_image and "aspect_ratio" in self.model_fields_set:
            raise ValueError("aspect_ratio: is only valid for text-to-image requests")
        return self


class Edit(Prompted):
    image: Edited
    style_preset: Style | None = None

    def size(self) -> tuple[int, int]:
        return size_of(self.image)


class Inpaint(Edit):
    mask: Mask | None = None
    grow_mask: Annotated[Number, Field(ge=0, le=100)] = 5


class Outpaint(Form):
    image: Framed
    prompt: Text = ""
    left: Side = 0
    right: Side = 0
    up: Side = 0
    down: Side = 0
    creativity: Unit = 0.5
    style_preset: Style | None = None

    @model_validator(mode="after")
    def _grows(self) -> Outpaint:
        if not (self.left or self.right or self.up or self.down):
            raise ValueError("left, right, up, down: at least one must be non-zero")
        return self

    def size(self) -> tuple[int, int]:
        width, height = size_of(self.image)
        return width + self.left + self.right, height + self.up + self.down


class SearchAndReplace(Edit):
    image: Framed
    search_prompt: Text
    grow_mask: Grown = 3


class SearchAndRecolor(Edit):
    image: Framed
    select_prompt: Text
    grow_mask: Grown = 3


class Relight(Form):
    subject_image: Framed
    background_reference: Edited | None = None
    background_prompt: Text | None = None
    foreground_prompt: Text = ""
    negative_prompt: Text = ""
    preserve_original_subject: Unit = 0.6
    original_background_depth: Unit = 0.5
    keep_original_background: Literal["true", "false"] = "false"
    light_source_direction: Literal["left", "right", "above", "below"] | None = None
    light_reference: Edited | None = None
    light_source_strength: Unit | None = None

    @model_validator(mode="after")
    def _go_together(self) -> Relight:
        if self.background_reference is None and self.background_prompt is None:
            raise ValueError("background_prompt: either background_reference or background_prompt must be provided")
        if self.light_source_strength is not None and not (self.light_reference or self.light_source_direction):
            raise ValueError("light_source_strength: requires light_reference or light_source_direction")
        return self

    def words(self) -> str:
        return self.background_prompt or ""

    def size(self) -> tuple[int, int]:
        return size_of(self.subject_image)


class Structure(Edit):
    image: Framed
    control_strength: Unit = 0.7


class StyleGuide(Core):
    image: Framed
    fidelity: Unit = 0.5


class StyleTransfer(Form):
    init_image: Framed
    style_image: Edited
    prompt: Text = ""
    negative_prompt: Text = ""
    style_strength: Unit = 1
    composition_fidelity: Unit = 0.9
    change_strength: Annotated[Number, Field(ge=0.1, le=1)] = 0.9

    def size(self) -> tuple[int, int]:
        return size_of(self.init_image)


class Conservative(Prompted):
    image: Framed
    creativity: Annotated[Number, Field(ge=0.2, le=0.5)] = 0.35

    def size(self) -> tuple[int, int]:
        width, height = size_of(self.image)
        return width * 4, height * 4


class Creative(Prompted):
    image: Small
    creativity: Annotated[Number, Field(ge=0.1, le=0.5)] = 0.3
    style_preset: Style | None = None

    def size(self) -> tuple[int, int]:
        width, height = size_of(self.image)
        return width * 4, height * 4
