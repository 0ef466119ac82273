"""What the endpoints take that are not FLUX: Stable Diffusion, Qwen, Z-Image, GPT Image, Nano Banana."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from services.fal_api.vocabulary import (
    AnyFormat,
    AnyGuidance,
    Checked,
    Count,
    Input,
    Lossy,
    Name,
    Part,
    Seeded,
    Size,
    Speed,
    Steps,
    Strength,
    Tolerance,
    Urls,
)
from services.serving import Strict

BananaRatio = Literal["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"]
Extreme = Literal["4:1", "1:4", "8:1", "1:8"]


class StableDiffusion35(Checked):
    negative_prompt: str = ""
    image_size: Size | Name | None = None
    num_inference_steps: Steps = 28
    guidance_scale: AnyGuidance = 3.5
    output_format: Lossy = "jpeg"
    loras: list[dict[str, Any]] = Field(default_factory=list)
    controlnet: dict[str, Any] | None = None
    ip_adapter: dict[str, Any] | None = None


class StableDiffusion35Medium(Checked):
    negative_prompt: str = ""
    image_size: Size | Name = "landscape_4_3"
    num_inference_steps: int = 40
    guidance_scale: float = 4.5
    output_format: Lossy = "jpeg"
    auto_fix: bool = True


class SDXL(Seeded):
    negative_prompt: str = ""
    image_size: Size | Name = "square_hd"
    num_inference_steps: Steps = 25
    guidance_scale: AnyGuidance = 7.5
    num_images: Annotated[int, Field(ge=1, le=8)] = 1
    enable_safety_checker: bool = True
    safety_checker_version: Literal["v1", "v2"] = "v1"
    expand_prompt: bool = False
    format: Lossy = "jpeg"
    loras: list[dict[str, Any]] = Field(default_factory=list)
    embeddings: list[dict[str, Any]] = Field(default_factory=list)
    request_id: str = ""


class SDXLFromImage(SDXL):
    image_url: str
    image_size: Size | Name = "square"
    strength: Strength = 0.95
    crop_output: bool = False
    preserve_aspect_ratio: bool = False


class SDXLInpainting(SDXL):
    image_url: str
    mask_url: str
    strength: Strength = 0.95


class Qwen(Checked):
    negative_prompt: str = " "
    image_size: Size | Name = "landscape_4_3"
    num_inference_steps: int = 30
    guidance_scale: float = 2.5
    output_format: Lossy = "png"
    acceleration: Speed = "none"
    loras: Annotated[list[dict[str, Any]], Field(max_length=3)] = Field(default_factory=list)
    use_turbo: bool = False


class QwenEdit(Checked):
    image_url: str
    negative_prompt: str = " "
    image_size: Size | Name | None = None
    num_inference_steps: int = 30
    guidance_scale: float = 4
    output_format: Lossy = "png"
    acceleration: Speed = "regular"


class Turbo(Checked):
    num_inference_steps: Annotated[int, Field(ge=1, le=8)] = 8
    enable_prompt_expansion: bool = False
    output_format: AnyFormat = "png"
    acceleration: Speed = "regular"


class ZImage(Turbo):
    image_size: Size | Name = "landscape_4_3"


class ZImageFromImage(Turbo):
    image_url: str
    image_size: Size | Name | Literal["auto"] = "auto"
    strength: float = 0.6


class ZImageInpaint(Turbo):
    image_url: str
    mask_image_url: str
    image_size: Size | Name | Literal["auto"] = "auto"
    strength: Part = 1
    control_scale: float = 0.75
    control_start: Part = 0
    control_end: Part = 0.8


class GptSize(Strict):
    """ "Both dimensions as multiples of 16, max edge 3840px, aspect ratio <= 3:1, total pixels between 655,360 and
    8,294,400"; the type says so of drawing alone, but it is one model that edits too.
    """

    width: Annotated[int, Field(multiple_of=16, le=3840)]
    height: Annotated[int, Field(multiple_of=16, le=3840)]

    @model_validator(mode="after")
    def _is_drawn(self) -> GptSize:
        if max(self.width, self.height) > 3 * min(self.width, self.height):
            raise ValueError("Aspect ratio must not exceed 3:1")
        if not 655_360 <= self.width * self.height <= 8_294_400:
            raise ValueError("Total pixels must be between 655,360 and 8,294,400")
        return self


class GptImage2(Input):
    image_size: GptSize | Name | Literal["auto"] = "landscape_4_3"
    num_images: Count = 1
    quality: Literal["auto", "low", "medium", "high"] = "high"
    output_format: AnyFormat = "png"


class GptImage2Edit(GptImage2):
    image_urls: Annotated[list[str], Field(min_length=1, max_length=16)]
    mask_url: str | None = None
    image_size: GptSize | Name | Literal["auto"] = "auto"


class Banana(Seeded):
    num_images: Count = 1
    output_format: AnyFormat = "png"
    safety_tolerance: Tolerance = "4"
    limit_generations: bool = True


class NanoBanana(Banana):
    aspect_ratio: BananaRatio = "1:1"


class NanoBananaEdit(Banana):
    image_urls: Urls
    aspect_ratio: BananaRatio | Literal["auto"] = "auto"


class NanoBananaPro(Banana):
    aspect_ratio: BananaRatio | Literal["auto"] = "1:1"
    resolution: Literal["1K", "2K", "4K"] = "1K"
    enable_web_search: bool = False
    system_prompt: str = ""


class NanoBananaProEdit(NanoBananaPro):
    image_urls: Urls
    aspect_ratio: BananaRatio | Literal["auto"] = "auto"


class NanoBanana2(Banana):
    aspect_ratio: BananaRatio | Extreme | Literal["auto"] = "auto"
    resolution: Literal["0.5K", "1K", "2K", "4K"] = "1K"
    enable_web_search: bool = False
    system_prompt: str = ""
    thinking_level: Literal["minimal", "high"] | None = None


class NanoBanana2Edit(NanoBanana2):
    image_urls: list[str] = Field(default_factory=list)
    audio_url: str | None = None
    pdf_url: str | None = None
    video_url: str | None = None

    @model_validator(mode="after")
    def _has_something_to_edit(self) -> NanoBanana2Edit:
        if not (self.image_urls or self.audio_url or self.pdf_url or self.video_url):
            raise ValueError("image_urls is optional only when video_url, audio_url or pdf_url is provided")
        return self


class AuraFlow(Seeded):
    """An application of which the plugin knows nothing."""

    num_images: Annotated[int, Field(ge=1, le=2)] = 1
    guidance_scale: AnyGuidance = 3.5
    num_inference_steps: Annotated[int, Field(ge=20, le=50)] = 50
    expand_prompt: bool = True
