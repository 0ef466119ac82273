"""The models that the stand-in has, each with its input as Replicate documents it (see plugins/replicate/README.md)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.replicate_api.fields import Field, choice, file, files, flag, number, openapi_of, text, whole

SDXL = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"
"""The version of SDXL that is run."""

FLUX_SIZES = {
    "1:1": (1024, 1024), "16:9": (1344, 768), "21:9": (1536, 640), "3:2": (1216, 832), "2:3": (832, 1216),
    "4:5": (896, 1088), "5:4": (1088, 896), "3:4": (896, 1152), "4:3": (1152, 896), "9:16": (768, 1344),
    "9:21": (640, 1536),
}  # fmt: skip
"""What cog-flux draws for an aspect ratio, at one megapixel."""


@dataclass(frozen=True)
class Sheet:
    """A model.

    Attributes:
        fields: its input.
        required: fields without a default.
        several: whether its output is a list, also of one picture.
        official: whether it is run by its name; others are run by a version.
    """

    fields: Mapping[str, Field]
    required: tuple[str, ...] = ("prompt",)
    several: bool = False
    official: bool = True

    def openapi(self) -> dict[str, Any]:
        uri = {"type": "string", "format": "uri"}
        output = {"type": "array", "items": uri} if self.several else uri
        return openapi_of(self.fields, self.required, output)


def _choices(words: str, default: str | None = None) -> Field:
    return choice(*words.split(), default=default)


_PRO = "1:1 16:9 3:2 2:3 4:5 5:4 9:16 3:4 4:3"
_RATIO = _choices("1:1 16:9 21:9 3:2 2:3 4:5 5:4 3:4 4:3 9:16 9:21")
_RATIO_PRO = _choices(f"custom {_PRO}", "1:1")
_RATIO_2 = _choices(f"match_input_image custom {_PRO}", "1:1")
_RATIO_SD = _choices("16:9 1:1 21:9 2:3 3:2 4:5 5:4 9:16 9:21", "1:1")
_RATIO_BANANA = _choices("match_input_image 1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9")
_RATIO_BANANA_2 = _choices("match_input_image 1:1 1:4 1:8 2:3 3:2 3:4 4:1 4:3 4:5 5:4 8:1 9:16 16:9 21:9")
_RATIO_SEEDREAM = _choices("match_input_image 1:1 4:3 3:4 16:9 9:16 3:2 2:3 21:9")
_RATIO_RECRAFT = _choices("1:1 4:3 3:4 3:2 2:3 16:9 9:16 1:2 2:1 7:5 5:7 4:5 5:4 3:5 5:3")
_FORMAT = choice("webp", "jpg", "png")
_FORMAT_JPG = choice("jpg", "png")
_QUALITY = whole(0, 100, 80)
_TOLERANCE = whole(1, 6, 2)
_PROMPT = {"prompt": text()}
_SEED = {"seed": whole()}
_SAVED = {"output_format": _FORMAT, "output_quality": _QUALITY}
_UNCHECKED = {"disable_safety_checker": flag(False)}
_OPEN = {**_SAVED, **_UNCHECKED, "go_fast": flag(True)}
_MASK = file("A black-and-white image: black areas will be preserved, white areas will be inpainted.")
_BLACK_MASK = file("A black and white image. Black pixels are inpainted, white pixels are preserved.")

_FLUX = {**_PROMPT, **_SEED, "aspect_ratio": _RATIO, "num_outputs": whole(1, 4, 1), **_OPEN,
         "megapixels": choice("1", "0.25")}  # fmt: skip
_PRO_1 = {
    **_PROMPT, **_SEED, **_SAVED, "image_prompt": file(), "aspect_ratio": _RATIO_PRO, "width": whole(256, 1440),
    "height": whole(256, 1440), "safety_tolerance": _TOLERANCE, "prompt_upsampling": flag(False),
}  # fmt: skip
_PRO_2 = {
    **_PROMPT, **_SEED, **_SAVED, "aspect_ratio": _RATIO_2, "width": whole(256, 2048), "height": whole(256, 2048),
    "resolution": choice("match_input_image", "0.5 MP", "1 MP", "2 MP", "4 MP", default="1 MP"),
    "safety_tolerance": whole(1, 5, 2),
}  # fmt: skip
_KONTEXT = {
    **_PROMPT, **_SEED, "input_image": file(), "output_format": choice("jpg", "png", default="png"),
    "aspect_ratio": _choices(
        "match_input_image 1:1 16:9 9:16 4:3 3:4 3:2 2:3 4:5 5:4 21:9 9:21 2:1 1:2"
    ),
    "safety_tolerance": whole(0, 6, 2), "prompt_upsampling": flag(False),
}  # fmt: skip
_SD = {
    **_PROMPT, **_SEED, "negative_prompt": text(), "aspect_ratio": _RATIO_SD, "cfg": number(1, 10, 5),
    "image": file(), "prompt_strength": number(0, 1, 0.85), "output_format": _FORMAT,
}  # fmt: skip
_SEEDREAM = {
    **_PROMPT, "aspect_ratio": _RATIO_SEEDREAM, "width": whole(1024, 4096, 2048), "height": whole(1024, 4096, 2048),
    "sequential_image_generation": choice("disabled", "auto"), "max_images": whole(1, 15, 1),
}  # fmt: skip
_IDEOGRAM = {
    **_PROMPT, "seed": whole(0, 2147483647), "image": file(), "mask": _BLACK_MASK,
    "aspect_ratio": _choices("1:3 3:1 1:2 2:1 9:16 16:9 10:16 16:10 2:3 3:2 3:4 4:3 4:5 5:4 1:1", "1:1"),
    "resolution": _choices("None 1024x1024 1280x768 1344x768 1536x640"),
    "style_type": _choices("None Auto General Realistic Design"), "style_preset": text("None"),
    "magic_prompt_option": _choices("Auto On Off"), "style_reference_images": files(10),
}  # fmt: skip
_PHOTON = {
    **_PROMPT, **_SEED, "aspect_ratio": _choices("1:1 3:4 4:3 9:16 16:9 9:21 21:9", "16:9"),
    "image_reference_url": text(), "image_reference_weight": number(0, 1, 0.85), "style_reference_url": text(),
    "style_reference_weight": number(0, 1, 0.85), "character_reference_url": text(),
}  # fmt: skip

SHEETS: dict[str, Sheet] = {
    "black-forest-labs/flux-schnell": Sheet({**_FLUX, "num_inference_steps": whole(1, 4, 4)}, several=True),
    "black-forest-labs/flux-dev": Sheet(
        {**_FLUX, "num_inference_steps": whole(1, 50, 28), "guidance": number(0, 10, 3), "image": file(),
         "prompt_strength": number(0, 1, 0.8)},
        several=True,
    ),
    "black-forest-labs/flux-pro": Sheet(
        {**_PRO_1, "steps": whole(1, 50, 25), "guidance": number(2, 5, 3), "interval": number(1, 4, 2)}
    ),
    "black-forest-labs/flux-1.1-pro": Sheet(_PRO_1),
    "black-forest-labs/flux-1.1-pro-ultra": Sheet(
        {**_PROMPT, **_SEED, "image_prompt": file(), "image_prompt_strength": number(0, 1, 0.1), "aspect_ratio": _RATIO,
         "safety_tolerance": _TOLERANCE, "raw": flag(False), "output_format": _FORMAT_JPG}
    ),
    "black-forest-labs/flux-2-pro": Sheet({**_PRO_2, "input_images": files(8)}),
    "black-forest-labs/flux-2-flex": Sheet(
        {**_PRO_2, "input_images": files(10), "steps": whole(1, 50, 30), "guidance": number(1.5, 10, 4.5),
         "prompt_upsampling": flag(True)}
    ),
    "black-forest-labs/flux-2-dev": Sheet(
        {**_PROMPT, **_SEED, **_OPEN, "aspect_ratio": _RATIO_2, "input_images": files(4), "width": whole(256, 1440),
         "height": whole(256, 1440)}
    ),
    "black-forest-labs/flux-kontext-pro": Sheet(_KONTEXT),
    "black-forest-labs/flux-kontext-max": Sheet(_KONTEXT),
    "black-forest-labs/flux-kontext-dev": Sheet(
        {**_PROMPT, **_SEED, **_OPEN, "input_image": file(), "num_inference_steps": whole(4, 50, 30),
         "guidance": number(0, 10, 2.5), "aspect_ratio": _choices(
             "1:1 16:9 21:9 3:2 2:3 4:5 5:4 3:4 4:3 9:16 9:21 match_input_image", "match_input_image")},
        ("prompt", "input_image"),
    ),
    "black-forest-labs/flux-fill-pro": Sheet(
        {**_PROMPT, **_SEED, "image": file(), "mask": _MASK, "outpaint": choice(
            "None", "Zoom out 1.5x", "Zoom out 2x", "Make square", "Left outpaint", "Right outpaint", "Top outpaint",
            "Bottom outpaint"), "steps": whole(15, 50, 50), "prompt_upsampling": flag(False),
         "guidance": number(1.5, 100, 60), "safety_tolerance": _TOLERANCE, "output_format": _FORMAT_JPG},
        ("prompt", "image"),
    ),
    "black-forest-labs/flux-fill-dev": Sheet(
        {**_PROMPT, **_SEED, **_SAVED, **_UNCHECKED, "image": file(), "mask": _MASK, "num_outputs": whole(1, 4, 1),
         "num_inference_steps": whole(1, 50, 28), "guidance": number(0, 100, 30), "lora_weights": text(),
         "lora_scale": number(-1, 3, 1), "megapixels": choice("1", "0.25", "match_input")},
        ("prompt", "image"),
        several=True,
    ),
    "stability-ai/stable-diffusion-3.5-large": Sheet(_SD),
    "stability-ai/stable-diffusion-3.5-large-turbo": Sheet({**_SD, "cfg": number()}),
    "stability-ai/stable-diffusion-3.5-medium": Sheet(_SD),
    "stability-ai/sdxl": Sheet(
        {**_SEED, "prompt": text("An astronaut riding a rainbow unicorn"), "negative_prompt": text(""),
         "image": file(), "mask": _MASK, "width": whole(default=1024), "height": whole(default=1024),
         "num_outputs": whole(1, 4, 1), "scheduler": _choices(
             "DDIM DPMSolverMultistep HeunDiscrete KarrasDPM K_EULER_ANCESTRAL K_EULER PNDM", "K_EULER"),
         "num_inference_steps": whole(1, 500, 50), "guidance_scale": number(1, 50, 7.5),
         "prompt_strength": number(0, 1, 0.8), "refine": _choices(
             "no_refiner expert_ensemble_refiner base_image_refiner"), "high_noise_frac": number(0, 1, 0.8),
         "refine_steps": whole(), "apply_watermark": flag(True), "lora_scale": number(0, 1, 0.6),
         "replicate_weights": text(), **_UNCHECKED},
        (),
        several=True,
        official=False,
    ),
    "bytedance/seedream-3": Sheet(
        {**_PROMPT, **_SEED, "size": _choices("small regular big", "regular"), "aspect_ratio": _choices(
            "1:1 3:4 4:3 16:9 9:16 2:3 3:2 21:9 custom", "16:9"), "width": whole(), "height": whole(),
         "guidance_scale": number(default=2.5)}
    ),
    "bytedance/seedream-4": Sheet(
        {**_SEEDREAM, "image_input": files(10), "size": _choices("1K 2K 4K custom", "2K"),
         "enhance_prompt": flag(True)},
        several=True,
    ),
    "bytedance/seedream-4.5": Sheet(
        {**_SEEDREAM, "image_input": files(14), "size": _choices("2K 4K custom", "2K"), **_UNCHECKED}, several=True
    ),
    **{f"ideogram-ai/ideogram-v3-{each}": Sheet(_IDEOGRAM) for each in ("turbo", "balanced", "quality")},
    "recraft-ai/recraft-v3": Sheet(
        {**_PROMPT, "size": _choices("1024x1024 1365x1024 1024x1365 1536x1024 1820x1024"), "style": _choices(
            "any realistic_image digital_illustration"), "aspect_ratio": {
            **_RATIO_RECRAFT, "enum": ["Not set", *_RATIO_RECRAFT["enum"]], "default": "Not set"}}
    ),
    "google/nano-banana": Sheet(
        {**_PROMPT, "image_input": files(14), "aspect_ratio": _RATIO_BANANA, "output_format": _FORMAT_JPG}
    ),
    "google/nano-banana-2": Sheet(
        {**_PROMPT, "image_input": files(14), "aspect_ratio": _RATIO_BANANA_2, "output_format": _FORMAT_JPG,
         "resolution": _choices("1K 2K 4K"), "google_search": flag(False), "image_search": flag(False)}
    ),
    "google/nano-banana-pro": Sheet(
        {**_PROMPT, "image_input": files(14), "aspect_ratio": _RATIO_BANANA, "output_format": _FORMAT_JPG,
         "resolution": _choices("1K 2K 4K", "2K"), "safety_filter_level": _choices(
             "block_low_and_above block_medium_and_above block_only_high", "block_only_high")}
    ),
    "qwen/qwen-image": Sheet(
        {**_PROMPT, **_SEED, **_OPEN, "negative_prompt": text(" "), "enhance_prompt": flag(False), "image": file(),
         "strength": number(0, 1, 0.9), "aspect_ratio": _choices("1:1 16:9 9:16 4:3 3:4 3:2 2:3", "16:9"),
         "image_size": _choices("optimize_for_quality optimize_for_speed"), "guidance": number(),
         "num_inference_steps": whole(), "lora_weights": text(), "lora_scale": number(default=1)},
        several=True,
    ),
    "qwen/qwen-image-edit": Sheet(
        {**_PROMPT, **_SEED, **_OPEN, "image": file()}, ("prompt", "image"), several=True
    ),
    "qwen/qwen-image-edit-plus": Sheet(
        {**_PROMPT, **_SEED, **_OPEN, "image": files(3), "aspect_ratio": _choices(
            "1:1 16:9 9:16 4:3 3:4 match_input_image", "match_input_image")},
        ("prompt", "image"),
        several=True,
    ),
    "luma/photon": Sheet(_PHOTON),
    "luma/photon-flash": Sheet(_PHOTON),
    "tencent/hunyuan-image-3": Sheet({**_PROMPT, **_SEED, **_OPEN, "aspect_ratio": _RATIO}, several=True),
    "somebody/inkwash": Sheet(
        {**_PROMPT, **_SEED, "negative_prompt": text(), "width": whole(256, 1024, 768), "height": whole(256, 1024, 768),
         "steps": whole(1, 40, 20), "cfg_scale": number(1, 15, 7), "init_image": file(), "mask": _BLACK_MASK,
         "strength": number(0, 1, 0.6), "brush": _choices("fine broad")},
        several=True,
        official=False,
    ),
    "somebody/upscaler": Sheet({"image": file(), "scale": whole(1, 10, 4)}, ("image",), official=False),
}  # fmt: skip
"""By name. The last two are made up: a community model of a painter, and one that draws nothing from a prompt."""


def version_of(name: str) -> str:
    """Return the id of the version that a model has."""
    return SDXL if name == "stability-ai/sdxl" else hashlib.sha256(name.encode()).hexdigest()
