"""Models of others than Black Forest Labs. Behind each family are the versions whose schemas were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import Range, SizeRule
from impasto_replicate.declaring import SAVED, SEED, listed, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impasto_replicate.declaring import Listed

SDXL = "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc"
"""The version of SDXL that is run; a community model is run by its version."""

_RATIOS = ratios("1:1 16:9 21:9 3:2 2:3 4:5 5:4 3:4 4:3 9:16 9:21")
_RATIOS_SD = ratios("1:1 16:9 21:9 2:3 3:2 4:5 5:4 9:16 9:21")
_RATIOS_BANANA = ratios("1:1 2:3 3:2 3:4 4:3 4:5 5:4 9:16 16:9 21:9")
_RATIOS_BANANA_2 = ratios("1:1 1:4 1:8 2:3 3:2 3:4 4:1 4:3 4:5 5:4 8:1 9:16 16:9 21:9")
_SQUARE = {"width": 1024, "height": 1024}
_SEEDREAM_SIZES = (
    (2048, 2048), (2304, 1728), (1728, 2304), (2560, 1440), (1440, 2560), (2496, 1664), (1664, 2496), (3024, 1296),
    (4096, 4096), (4096, 3072), (3072, 4096), (4096, 2304), (2304, 4096), (4092, 2728), (2728, 4092), (4088, 1752),
)  # fmt: skip
"""Of the sizes between 1024 and 4096 pixels a side, those of the documented ratios, at 2K and at 4K."""

_SEEDREAM_RATIOS = ("1:1", "4:3", "3:4", "16:9", "9:16", "3:2", "2:3", "21:9")

SEEDREAM_4_5_PIXELS = 3_686_400
"""The fewest that Seedream 4.5 draws, as 2560x1440 has them (AceDataCloud/Nexior#663, 2026-05-05, who tried it)."""


def stable_diffusion() -> Iterator[Listed]:
    """Stable Diffusion 3.5 (schemas: large feb36d70, medium 1323a3a6) and SDXL, which is run by its version."""
    for name, label, aliases, guidance in (
        ("large", "Large", ("sd-3.5", "sd-3.5-large"), Range(1, 10)),
        ("large-turbo", "Large Turbo", ("sd-3.5-large-turbo",), None),
        ("medium", "Medium", ("sd-3.5-medium",), Range(1, 10)),
    ):
        yield listed(
            f"stability-ai/stable-diffusion-3.5-{name}", f"Stable Diffusion 3.5 {label}", *aliases,
            accepts={"negative_prompt": None, "aspect_ratio": _RATIOS_SD, "seed": SEED, "guidance_scale": guidance,
                     "images": Range(1, 1), "strength": Range(0, 1)},
            spelt={"guidance_scale": "cfg", "images": "image", "strength": "prompt_strength"}, extra="output_format",
        )  # fmt: skip
    yield listed(
        "stability-ai/sdxl", "SDXL", "sdxl",
        accepts={"negative_prompt": None, "seed": SEED, "n": Range(1, 4), "num_inference_steps": Range(1, 500),
                 "guidance_scale": Range(1, 50), "images": Range(1, 1), "mask": None, "strength": Range(0, 1)},
        spelt={"n": "num_outputs", "images": "image", "strength": "prompt_strength"},
        extra="scheduler refine high_noise_frac refine_steps apply_watermark lora_scale replicate_weights "
        "disable_safety_checker",
        size=SizeRule(multiple=8), defaults=_SQUARE, version=SDXL,
    )  # fmt: skip


def bytedance() -> Iterator[Listed]:
    """Seedream (schemas: 4 3ee3b70d, 4.5 9fe3b828)."""
    said = "sequential_image_generation max_images"
    shared: dict[str, Any] = {
        "spelt": {"images": "image_input"}, "takes_list": True, "size": _SEEDREAM_SIZES,
        "with_size": {"size": "custom"}, "ratios": _SEEDREAM_RATIOS,
    }  # fmt: skip
    yield listed(
        "bytedance/seedream-4", "Seedream 4.0", "seedream-4", accepts={"images": Range(1, 10)},
        extra=f"size aspect_ratio width height enhance_prompt {said}", **shared,
    )  # fmt: skip
    yield listed(
        "bytedance/seedream-4.5", "Seedream 4.5", "seedream-4.5", accepts={"images": Range(1, 14)},
        extra=f"size aspect_ratio width height disable_safety_checker {said}", fewest_pixels=SEEDREAM_4_5_PIXELS,
        **shared,
    )  # fmt: skip
    yield listed(
        "bytedance/seedream-3", "Seedream 3.0", "seedream-3",
        accepts={"aspect_ratio": ratios("1:1 3:4 4:3 16:9 9:16 2:3 3:2 21:9"), "seed": SEED, "guidance_scale": None},
        extra="size width height",
    )  # fmt: skip


def ideogram_and_recraft() -> Iterator[Listed]:
    """Ideogram 3 (schema 03944eb9), which draws anew what is black in a mask, and Recraft V3."""
    many = ratios("1:1 1:3 3:1 1:2 2:1 9:16 16:9 10:16 16:10 2:3 3:2 3:4 4:3 4:5 5:4")
    said = "resolution magic_prompt_option style_type style_preset style_reference_images"
    for name in ("turbo", "balanced", "quality"):
        yield listed(
            f"ideogram-ai/ideogram-v3-{name}", f"Ideogram 3.0 {name}", f"ideogram-v3-{name}",
            accepts={"aspect_ratio": many, "seed": SEED}, extra=said,
        )  # fmt: skip
        yield listed(
            f"ideogram-ai/ideogram-v3-{name}", f"Ideogram 3.0 {name}, inpainting",
            id=f"ideogram-ai/ideogram-v3-{name}/inpaint", requires=("images", "mask"),
            accepts={"seed": SEED, "images": Range(1, 1), "mask": None}, spelt={"images": "image"},
            is_mask_inverted=True,
            extra="magic_prompt_option style_type style_preset style_reference_images",
        )  # fmt: skip
    yield listed(
        "recraft-ai/recraft-v3", "Recraft V3", "recraft-v3",
        accepts={"aspect_ratio": ratios("1:1 4:3 3:4 3:2 2:3 16:9 9:16 1:2 2:1 7:5 5:7 4:5 5:4 3:5 5:3")},
        extra="size style",
    )  # fmt: skip


def google() -> Iterator[Listed]:
    """Gemini's image models (schemas: nano-banana f0a9d34b, 2 2de9ad5b, pro f5318740). Google shut Imagen down."""
    shared: dict[str, Any] = {"spelt": {"images": "image_input"}, "takes_list": True}
    yield listed(
        "google/nano-banana", "Nano Banana", accepts={"aspect_ratio": _RATIOS_BANANA, "images": None},
        extra="output_format", **shared,
        deprecated="Google may end it any day since 2026-10-02; use google/nano-banana-2",
    )  # fmt: skip
    yield listed(
        "google/nano-banana-2", "Nano Banana 2", "nano-banana-2",
        accepts={"aspect_ratio": _RATIOS_BANANA_2, "images": Range(1, 14)},
        extra="resolution google_search image_search output_format", **shared,
    )  # fmt: skip
    yield listed(
        "google/nano-banana-pro", "Nano Banana Pro", "nano-banana-pro",
        accepts={"aspect_ratio": _RATIOS_BANANA, "images": Range(1, 14)},
        extra="resolution safety_filter_level output_format", **shared,
    )  # fmt: skip


def others() -> Iterator[Listed]:
    """Qwen-Image, Photon and HunyuanImage 3; ranges that are not documented are left to the service."""
    yield listed(
        "qwen/qwen-image", "Qwen-Image", "qwen-image",
        accepts={"negative_prompt": None, "aspect_ratio": ratios("16:9 1:1 9:16 4:3 3:4 3:2 2:3"), "seed": SEED,
                 "num_inference_steps": None, "guidance_scale": None, "images": Range(1, 1), "strength": Range(0, 1)},
        spelt={"guidance_scale": "guidance", "images": "image"},
        extra=f"enhance_prompt image_size lora_weights lora_scale {SAVED}",
    )  # fmt: skip
    yield listed(
        "qwen/qwen-image-edit", "Qwen-Image-Edit", "qwen-image-edit", requires=("images",),
        accepts={"seed": SEED, "images": Range(1, 1)}, spelt={"images": "image"}, extra=SAVED,
    )  # fmt: skip
    yield listed(
        "qwen/qwen-image-edit-plus", "Qwen-Image-Edit Plus", "qwen-image-edit-plus", requires=("images",),
        accepts={"aspect_ratio": ratios("1:1 16:9 9:16 4:3 3:4"), "seed": SEED, "images": None},
        spelt={"images": "image"}, takes_list=True, extra=SAVED,
    )  # fmt: skip
    for name, label, aliases in (("photon", "Photon", ("photon",)), ("photon-flash", "Photon Flash", ())):
        yield listed(
            f"luma/{name}", label, *aliases,
            accepts={"aspect_ratio": ratios("16:9 1:1 3:4 4:3 9:16 9:21 21:9"), "seed": SEED},
            extra="image_reference_url image_reference_weight style_reference_url style_reference_weight "
            "character_reference_url",
        )  # fmt: skip
    yield listed(
        "tencent/hunyuan-image-3", "HunyuanImage 3.0", "hunyuan-image-3",
        accepts={"aspect_ratio": _RATIOS, "seed": SEED}, extra=SAVED,
    )  # fmt: skip
