"""What the endpoints of FLUX take."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from services.fal_api.vocabulary import (
    AnyFormat,
    AnyGuidance,
    Checked,
    Count,
    FewSteps,
    FourUrls,
    Guidance,
    Lossy,
    LowTolerance,
    Name,
    Part,
    Ratio,
    Seeded,
    Size,
    Speed,
    Steps,
    Strength,
    Tolerance,
    Urls,
)
from services.serving import Strict


class Schnell(Checked):
    image_size: Size | Name = "landscape_4_3"
    num_inference_steps: Annotated[int, Field(ge=1, le=12)] = 4
    guidance_scale: Guidance = 3.5
    output_format: Lossy = "jpeg"
    acceleration: Speed = "none"


class Dev(Schnell):
    num_inference_steps: Steps = 28


class DevFromImage(Checked):
    image_url: str
    strength: Strength = 0.95
    num_inference_steps: Annotated[int, Field(ge=10, le=50)] = 40
    guidance_scale: Guidance = 3.5
    output_format: Lossy = "jpeg"
    acceleration: Speed = "none"


class KontextDev(Checked):
    image_url: str
    resolution_mode: Literal[
        "auto", "match_input", "1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21"
    ] = "match_input"
    num_inference_steps: int = 28
    guidance_scale: float = 2.5
    output_format: Lossy = "jpeg"
    acceleration: Speed = "none"


class Pro(Seeded):
    num_images: Count = 1
    output_format: Lossy = "jpeg"
    safety_tolerance: Tolerance = "2"
    enhance_prompt: bool = False


class Pro11(Pro):
    image_size: Size | Name = "landscape_4_3"


class Ultra(Pro):
    image_url: str | None = None
    image_prompt_strength: Part = 0.1
    aspect_ratio: str = "16:9"
    raw: bool = False


class Fill(Pro):
    image_url: str
    mask_url: str


class Kontext(Pro):
    image_url: str
    aspect_ratio: Ratio | None = None
    guidance_scale: Guidance = 3.5


class KontextMulti(Pro):
    image_urls: Urls
    aspect_ratio: Ratio | None = None
    guidance_scale: Guidance = 3.5


class KontextFromText(Pro):
    aspect_ratio: Ratio = "1:1"
    guidance_scale: Guidance = 3.5


class Flux2Size(Strict):
    """ "The width and height must be between 512 and 2048 pixels." """

    width: Annotated[int, Field(ge=512, le=2048)] = 512
    height: Annotated[int, Field(ge=512, le=2048)] = 512


class Flux2(Checked):
    image_size: Flux2Size | Name | None = "landscape_4_3"
    num_inference_steps: Annotated[int, Field(ge=4, le=50)] = 28
    guidance_scale: AnyGuidance = 2.5
    enable_prompt_expansion: bool = False
    output_format: AnyFormat = "png"
    acceleration: Speed = "regular"


class Flux2Edit(Flux2):
    """fal takes more pictures than four, and overlooks them."""

    image_urls: FourUrls
    image_size: Flux2Size | Name | None = None


class Maker(Seeded):
    """What those take that Black Forest Labs itself draws."""

    enable_safety_checker: bool = True
    safety_tolerance: LowTolerance = "2"
    output_format: Lossy = "jpeg"


class Flux2Pro(Maker):
    """[pro], and [max], which has the same type."""

    image_size: Size | Name = "landscape_4_3"


class Flux2ProEdit(Maker):
    image_urls: Urls
    image_size: Size | Name | Literal["auto"] = "auto"


class Flux2Flex(Flux2Pro):
    num_inference_steps: int = 28
    guidance_scale: float = 3.5


class Flux2FlexEdit(Flux2ProEdit):
    num_inference_steps: int = 28
    guidance_scale: float = 3.5


class Small(Checked):
    num_inference_steps: FewSteps = 4
    output_format: AnyFormat = "png"


class Klein(Small):
    image_size: Size | Name = "landscape_4_3"


class KleinEdit(Small):
    """ "A maximum of 4 images are allowed." """

    image_urls: FourUrls
    image_size: Size | Name | None = None
