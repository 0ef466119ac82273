"""What each model takes, as the service's own schemas have it: https://api.bfl.ai/openapi.json, 2026-04-29 and later.

Defaults are the service's, so that two bodies that mean the same are read as equal. These are stricter: they refuse
fields that are not known, sizes of FLUX.2 beyond four megapixels or in no steps of 16, and pictures that cannot be
read.
"""

from __future__ import annotations

import base64
import io
from typing import Annotated, Literal, Self

from PIL import Image
from pydantic import AfterValidator, Field, model_validator

from services.serving import Strict

LARGEST_PICTURE = 20 * 1024 * 1024
"""Characters of base64, as BFL's SDK has it."""


def picture_of(text: str) -> Image.Image:
    """Return the picture that a field holds in base64.

    Raises:
        ValueError: it holds none, or one of a ``data:`` URL.
    """
    if len(text) > LARGEST_PICTURE:
        raise ValueError("Image file size exceeds 20MB limit")
    try:
        return Image.open(io.BytesIO(base64.b64decode(text, validate=True)))
    except (ValueError, OSError) as error:
        raise ValueError("Invalid base64-encoded image") from error


def _is_picture(text: str) -> str:
    picture_of(text)
    return text


def _is_picture_or_address(text: str) -> str:
    return text if text.startswith(("https://", "http://")) else _is_picture(text)


def _is_large_enough(text: str) -> str:
    if not text.startswith(("https://", "http://")) and min(picture_of(text).size) < 256:
        raise ValueError("Image dimensions must be at least 256x256 pixels")
    return text


def _is_between_21_9_and_9_21(ratio: str) -> str:
    across, _, down = ratio.partition(":")
    if not (across.isdecimal() and down.isdecimal() and 9 / 21 <= int(across) / int(down) <= 21 / 9):
        raise ValueError("Aspect ratio must be between 21:9 and 9:21")
    return ratio


Base64 = Annotated[str, AfterValidator(_is_picture)]
Base64OrUrl = Annotated[str, AfterValidator(_is_picture_or_address)]
Reference = Annotated[str, AfterValidator(_is_picture_or_address), AfterValidator(_is_large_enough)]
Ratio = Annotated[str, AfterValidator(_is_between_21_9_and_9_21)]
OutputFormat = Literal["jpeg", "png", "webp"]
MOST_PIXELS = 2048 * 2048
Flux2Side = Annotated[int, Field(ge=64, multiple_of=16)]
Flux1Side = Annotated[int, Field(ge=256, le=1440, multiple_of=32)]
Margin = Annotated[int, Field(ge=0, le=2048)]


class Inputs(Strict):
    """What every model but FLUX 3 takes."""

    seed: int | None = None
    output_format: OutputFormat | None = "jpeg"
    webhook_url: Annotated[str, Field(min_length=1, max_length=2083)] | None = None
    webhook_secret: str | None = None


class Flux2KleinInputs(Inputs):
    prompt: str
    input_image: Base64OrUrl | None = None
    input_image_2: Base64OrUrl | None = None
    input_image_3: Base64OrUrl | None = None
    input_image_4: Base64OrUrl | None = None
    width: Flux2Side | None = None
    height: Flux2Side | None = None
    safety_tolerance: Annotated[int, Field(ge=0, le=5)] = 2

    @model_validator(mode="after")
    def _has_four_megapixels_at_most(self) -> Self:
        if (self.width or 1024) * (self.height or 1024) > MOST_PIXELS:
            raise ValueError("Image size exceeds 4 megapixels")
        return self


class Flux2References(Flux2KleinInputs):
    input_image_5: Base64OrUrl | None = None
    input_image_6: Base64OrUrl | None = None
    input_image_7: Base64OrUrl | None = None
    input_image_8: Base64OrUrl | None = None


class Flux2Inputs(Flux2References):
    disable_pup: bool = False


class Flux2FlexInputs(Flux2References):
    prompt_upsampling: bool | None = True
    guidance: Annotated[float, Field(ge=1.5, le=10)] | None = 5.0
    steps: Annotated[int, Field(ge=1, le=50)] | None = 50


class Flux3ImageInputs(Strict):
    prompt: Annotated[str, Field(min_length=1)]
    images: Annotated[list[Reference], Field(min_length=1, max_length=10)] | Reference | None = None
    aspect_ratio: Literal[
        "auto",
        "21:9",
        "2:1",
        "16:9",
        "3:2",
        "7:5",
        "4:3",
        "5:4",
        "1:1",
        "4:5",
        "3:4",
        "5:7",
        "2:3",
        "9:16",
        "1:2",
        "9:21",
    ] = "auto"
    resolution: Literal["768sq", "1k", "1.5k", "2k", "4k"] = "1k"
    safety_tolerance: Annotated[int, Field(ge=0, le=4)] = 2
    grounding: bool = True
    version: Literal["latest"] = "latest"


class Flux1Inputs(Inputs):
    """What the models of FLUX.1 have in common."""

    prompt_upsampling: bool | None = False
    safety_tolerance: Annotated[int, Field(ge=0, le=6)] = 2


class FluxKontextProInputs(Flux1Inputs):
    prompt: str
    input_image: Base64OrUrl | None = None
    input_image_2: Base64OrUrl | None = None
    input_image_3: Base64OrUrl | None = None
    input_image_4: Base64OrUrl | None = None
    aspect_ratio: Ratio | None = None
    output_format: OutputFormat | None = "png"


class FluxPro11Inputs(Flux1Inputs):
    prompt: str | None = ""
    image_prompt: Base64 | None = None
    width: Flux1Side = 1024
    height: Flux1Side = 768


class FluxDevInputs(FluxPro11Inputs):
    steps: Annotated[int, Field(ge=1, le=50)] | None = 28
    guidance: Annotated[float, Field(ge=1.5, le=5)] | None = 3.0


class FluxUltraInput(Flux1Inputs):
    prompt: str | None = ""
    aspect_ratio: Ratio = "16:9"
    raw: bool = False
    image_prompt: Base64 | None = None
    image_prompt_strength: Annotated[float, Field(ge=0, le=1)] = 0.1


class FluxEditInputs(Flux1Inputs):
    """What fill and expand have in common."""

    image: Annotated[Base64, AfterValidator(_is_large_enough)]
    prompt: str | None = ""
    steps: Annotated[int, Field(ge=15, le=50)] | None = 50
    guidance: Annotated[float, Field(ge=1.5, le=100)] | None = 60


class FluxProFillInputs(FluxEditInputs):
    mask: Base64 | None = None


class FluxProExpandInputs(FluxEditInputs):
    top: Margin | None = 0
    bottom: Margin | None = 0
    left: Margin | None = 0
    right: Margin | None = 0


class Flux2EraseInputs(Strict):
    image: Base64OrUrl
    mask: Base64OrUrl
    dilate_pixels: Annotated[int, Field(ge=0, le=25)] = 10
    seed: int | None = None


class FinetuneFluxUltraInput(FluxUltraInput):
    finetune_id: str


MODELS: dict[str, tuple[type[Strict], float]] = {
    "flux-3-image": (Flux3ImageInputs, 4.8),
    "flux-2-pro": (Flux2Inputs, 3),
    "flux-2-pro-preview": (Flux2Inputs, 3),
    "flux-2-max": (Flux2Inputs, 7),
    "flux-2-flex": (Flux2FlexInputs, 5),
    "flux-2-klein-4b": (Flux2KleinInputs, 1.4),
    "flux-2-klein-9b": (Flux2KleinInputs, 1.5),
    "flux-2-klein-9b-preview": (Flux2KleinInputs, 1.5),
    "flux-kontext-pro": (FluxKontextProInputs, 4),
    "flux-kontext-max": (FluxKontextProInputs, 8),
    "flux-pro-1.1-ultra": (FluxUltraInput, 6),
    "flux-pro-1.1-ultra-finetuned": (FinetuneFluxUltraInput, 7),
    "flux-pro-1.1": (FluxPro11Inputs, 4),
    "flux-dev": (FluxDevInputs, 2.5),
    "flux-pro-1.0-fill": (FluxProFillInputs, 5),
    "flux-pro-1.0-expand": (FluxProExpandInputs, 5),
    "flux-tools/erase-v1": (Flux2EraseInputs, 5),
}
"""Schema, and price of a picture of one megapixel in credits."""
