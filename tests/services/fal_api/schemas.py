"""What each endpoint takes, as fal's pages and its published schemas have it: no other field, no other type.

fal's own servers are laxer: pydantic there ignores unknown fields and reads ``"4"`` as a number.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field

from services.serving import Strict

Steps = Annotated[int, Field(ge=1, le=50)]
Guidance = Annotated[float, Field(ge=1, le=20)]
Count = Annotated[int, Field(ge=1, le=4)]
Part = Annotated[float, Field(ge=0, le=1)]
Tolerance = Literal["1", "2", "3", "4", "5", "6"]
Lossy = Literal["jpeg", "png"]
AnyFormat = Literal["jpeg", "png", "webp"]
Ratio = Literal["21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21"]
Name = Literal["square_hd", "square", "portrait_4_3", "portrait_16_9", "landscape_4_3", "landscape_16_9"]
Side = Annotated[int, Field(gt=0, le=14142)]

NAMED = {
    "square_hd": (1024, 1024),
    "square": (512, 512),
    "portrait_4_3": (768, 1024),
    "portrait_16_9": (576, 1024),
    "landscape_4_3": (1024, 768),
    "landscape_16_9": (1024, 576),
}
"""Width and height behind the names of ``image_size``."""


class Size(Strict):
    """An ``image_size`` in pixels."""

    width: Side = 512
    height: Side = 512


class Input(Strict):
    """What every endpoint for pictures takes."""

    prompt: str
    sync_mode: bool = False


class Seeded(Input):
    """… and nearly all of them."""

    seed: int | None = None


class Schnell(Seeded):
    image_size: Size | Name = "landscape_4_3"
    num_inference_steps: Annotated[int, Field(ge=1, le=12)] = 4
    guidance_scale: Guidance = 3.5
    num_images: Count = 1
    enable_safety_checker: bool = True
    output_format: Lossy = "jpeg"
    acceleration: Literal["none", "regular", "high"] = "none"


class Dev(Schnell):
    num_inference_steps: Steps = 28


class DevFromImage(Seeded):
    image_url: str
    strength: Annotated[float, Field(ge=0.01, le=1)] = 0.95
    num_inference_steps: Annotated[int, Field(ge=10, le=50)] = 40
    guidance_scale: Guidance = 3.5
    num_images: Count = 1
    enable_safety_checker: bool = True
    output_format: Lossy = "jpeg"
    acceleration: Literal["none", "regular", "high"] = "none"


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
    image_urls: Annotated[list[str], Field(min_length=1)]
    aspect_ratio: Ratio | None = None
    guidance_scale: Guidance = 3.5


class KontextFromText(Pro):
    aspect_ratio: Ratio = "1:1"
    guidance_scale: Guidance = 3.5


class Flux2Size(Strict):
    width: Annotated[int, Field(ge=512, le=2048)] = 512
    height: Annotated[int, Field(ge=512, le=2048)] = 512


class Flux2(Seeded):
    image_size: Flux2Size | Name | None = "landscape_4_3"
    num_inference_steps: Annotated[int, Field(ge=4, le=50)] = 28
    guidance_scale: Annotated[float, Field(ge=0, le=20)] = 2.5
    num_images: Count = 1
    enable_safety_checker: bool = True
    enable_prompt_expansion: bool = False
    output_format: AnyFormat = "png"
    acceleration: Literal["none", "regular", "high"] = "regular"


class Flux2Edit(Flux2):
    image_urls: Annotated[list[str], Field(min_length=1)]
    image_size: Flux2Size | Name | None = None


class Flux2Pro(Seeded):
    image_size: Size | Name = "landscape_4_3"
    enable_safety_checker: bool = True
    safety_tolerance: Literal["1", "2", "3", "4", "5"] = "2"
    output_format: Lossy = "jpeg"


class StableDiffusion35(Seeded):
    negative_prompt: str = ""
    image_size: Size | Name | None = None
    num_inference_steps: Steps = 28
    guidance_scale: Annotated[float, Field(ge=0, le=20)] = 3.5
    num_images: Count = 1
    enable_safety_checker: bool = True
    output_format: Lossy = "jpeg"
    loras: list[dict[str, Any]] = Field(default_factory=list)
    controlnet: dict[str, Any] | None = None
    ip_adapter: dict[str, Any] | None = None


class SDXL(Seeded):
    negative_prompt: str = ""
    image_size: Size | Name = "square_hd"
    num_inference_steps: Steps = 25
    guidance_scale: Annotated[float, Field(ge=0, le=20)] = 7.5
    num_images: Annotated[int, Field(ge=1, le=8)] = 1
    enable_safety_checker: bool = True
    safety_checker_version: Literal["v1", "v2"] = "v1"
    expand_prompt: bool = False
    format: Lossy = "jpeg"
    loras: list[dict[str, Any]] = Field(default_factory=list)
    embeddings: list[dict[str, Any]] = Field(default_factory=list)
    request_id: str = ""


class SDXLInpainting(SDXL):
    image_url: str
    mask_url: str
    strength: Annotated[float, Field(ge=0.01, le=1)] = 0.95


class ZImageInpaint(Seeded):
    image_url: str
    mask_image_url: str
    image_size: Size | Name | Literal["auto"] = "auto"
    strength: Part = 1
    num_inference_steps: Annotated[int, Field(ge=1, le=8)] = 8
    control_scale: float = 0.75
    control_start: Part = 0
    control_end: Part = 0.8
    num_images: Count = 1
    enable_safety_checker: bool = True
    enable_prompt_expansion: bool = False
    output_format: AnyFormat = "png"
    acceleration: Literal["none", "regular", "high"] = "regular"


class NanoBanana(Seeded):
    num_images: Count = 1
    aspect_ratio: Literal["21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16"] = "1:1"
    output_format: AnyFormat = "png"
    safety_tolerance: Tolerance = "4"
    limit_generations: bool = True


class AuraFlow(Seeded):
    """An application of which the plugin knows nothing."""

    num_images: Annotated[int, Field(ge=1, le=2)] = 1
    guidance_scale: Annotated[float, Field(ge=0, le=20)] = 3.5
    num_inference_steps: Annotated[int, Field(ge=20, le=50)] = 50
    expand_prompt: bool = True


ENDPOINTS: dict[str, type[Input]] = {
    "fal-ai/flux/schnell": Schnell,
    "fal-ai/flux/dev": Dev,
    "fal-ai/flux/dev/image-to-image": DevFromImage,
    "fal-ai/flux-pro/v1.1": Pro11,
    "fal-ai/flux-pro/v1.1-ultra": Ultra,
    "fal-ai/flux-pro/v1/fill": Fill,
    "fal-ai/flux-pro/kontext": Kontext,
    "fal-ai/flux-pro/kontext/multi": KontextMulti,
    "fal-ai/flux-pro/kontext/text-to-image": KontextFromText,
    "fal-ai/flux-2": Flux2,
    "fal-ai/flux-2/edit": Flux2Edit,
    "fal-ai/flux-2-pro": Flux2Pro,
    "fal-ai/stable-diffusion-v35-large": StableDiffusion35,
    "fal-ai/fast-sdxl": SDXL,
    "fal-ai/fast-sdxl/inpainting": SDXLInpainting,
    "fal-ai/z-image/turbo/inpaint": ZImageInpaint,
    "fal-ai/nano-banana": NanoBanana,
    "fal-ai/aura-flow": AuraFlow,
}
"""The endpoints that the stand-in serves, by the ids under which fal's catalogue has them."""
