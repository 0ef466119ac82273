"""FLUX, by Black Forest Labs, as Replicate serves it. Behind each family are the versions whose schemas were read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import Range, SizeRule
from impasto_replicate.declaring import SAVED, SEED, listed, ratios

if TYPE_CHECKING:
    from collections.abc import Iterator

    from impasto_replicate.declaring import Listed

_RATIOS = ratios("1:1 16:9 21:9 3:2 2:3 4:5 5:4 3:4 4:3 9:16 9:21")
_SQUARE = {"width": 1024, "height": 1024}


def flux_1() -> Iterator[Listed]:
    """FLUX.1 with open weights (schemas: schnell 53d5d158, dev 7863d1ba) and pro (flux-pro a5782349, 1.1 badb73d1)."""
    ratio = {"aspect_ratio": _RATIOS, "seed": SEED, "n": Range(1, 4)}
    yield listed(
        "black-forest-labs/flux-schnell", "FLUX.1 schnell", "flux", "flux-schnell",
        accepts={**ratio, "num_inference_steps": Range(1, 4)}, spelt={"n": "num_outputs"},
        extra=f"megapixels {SAVED}",
    )  # fmt: skip
    yield listed(
        "black-forest-labs/flux-dev", "FLUX.1 dev", "flux-dev",
        accepts={**ratio, "num_inference_steps": Range(1, 50), "guidance_scale": Range(0, 10), "images": Range(1, 1),
                 "strength": Range(0, 1)},
        spelt={"n": "num_outputs", "guidance_scale": "guidance", "images": "image", "strength": "prompt_strength"},
        extra=f"megapixels {SAVED}",
    )  # fmt: skip
    pro: dict[str, Any] = {
        "size": SizeRule(256, 1440, 32), "defaults": _SQUARE, "with_size": {"aspect_ratio": "custom"},
    }  # fmt: skip
    said = "safety_tolerance prompt_upsampling output_format output_quality"
    yield listed(
        "black-forest-labs/flux-1.1-pro", "FLUX1.1 pro", "flux-1.1-pro",
        accepts={"seed": SEED, "images": Range(1, 1)}, spelt={"images": "image_prompt"}, extra=said, **pro,
    )  # fmt: skip
    yield listed(
        "black-forest-labs/flux-pro", "FLUX.1 pro", "flux-pro",
        accepts={"seed": SEED, "images": Range(1, 1), "num_inference_steps": Range(1, 50),
                 "guidance_scale": Range(2, 5)},
        spelt={"images": "image_prompt", "num_inference_steps": "steps", "guidance_scale": "guidance"},
        extra=f"interval {said}", **pro,
    )  # fmt: skip
    yield listed(
        "black-forest-labs/flux-1.1-pro-ultra", "FLUX1.1 pro ultra", "flux-1.1-pro-ultra", "flux-ultra",
        accepts={"aspect_ratio": _RATIOS, "seed": SEED, "images": Range(1, 1)}, spelt={"images": "image_prompt"},
        extra="image_prompt_strength raw safety_tolerance output_format",
    )  # fmt: skip


def flux_2() -> Iterator[Listed]:
    """FLUX.2 (schemas: pro 285631b5, dev 7bba46bd; flex as read in 2026)."""
    spelt = {"images": "input_images"}
    shared: dict[str, Any] = {
        "defaults": _SQUARE, "with_size": {"aspect_ratio": "custom"}, "takes_list": True,
    }  # fmt: skip
    said = "safety_tolerance output_format output_quality"
    yield listed(
        "black-forest-labs/flux-2-pro", "FLUX.2 pro", "flux-2-pro", accepts={"seed": SEED, "images": Range(1, 8)},
        spelt=spelt, extra=said, size=SizeRule(256, 2048, 32), **shared,
    )  # fmt: skip
    yield listed(
        "black-forest-labs/flux-2-flex", "FLUX.2 flex", "flux-2-flex",
        accepts={"seed": SEED, "images": Range(1, 10), "num_inference_steps": Range(1, 50),
                 "guidance_scale": Range(1.5, 10)},
        spelt={**spelt, "num_inference_steps": "steps", "guidance_scale": "guidance"},
        extra=f"prompt_upsampling {said}", size=SizeRule(256, 2048, 32), **shared,
    )  # fmt: skip
    yield listed(
        "black-forest-labs/flux-2-dev", "FLUX.2 dev", "flux-2-dev", accepts={"seed": SEED, "images": Range(1, 4)},
        spelt=spelt, extra=SAVED, size=SizeRule(256, 1440, 32), **shared,
    )  # fmt: skip


def flux_editing() -> Iterator[Listed]:
    """FLUX.1 Kontext (schemas: pro and max 569705b3, dev a1408d2c) and Fill (pro 41c767bc, dev a66f7be5)."""
    many = ratios("1:1 16:9 9:16 4:3 3:4 3:2 2:3 4:5 5:4 21:9 9:21 2:1 1:2")
    for name in ("pro", "max"):
        yield listed(
            f"black-forest-labs/flux-kontext-{name}", f"FLUX.1 Kontext {name}", f"flux-kontext-{name}",
            accepts={"aspect_ratio": many, "seed": SEED, "images": Range(1, 1)}, spelt={"images": "input_image"},
            extra="safety_tolerance prompt_upsampling output_format",
        )  # fmt: skip
    yield listed(
        "black-forest-labs/flux-kontext-dev", "FLUX.1 Kontext dev", "flux-kontext-dev",
        accepts={"aspect_ratio": _RATIOS, "seed": SEED, "images": Range(1, 1), "num_inference_steps": Range(4, 50),
                 "guidance_scale": Range(0, 10)},
        spelt={"images": "input_image", "guidance_scale": "guidance"}, requires=("images",), extra=SAVED,
    )  # fmt: skip
    filling = {"seed": SEED, "images": Range(1, 1), "mask": None}
    yield listed(
        "black-forest-labs/flux-fill-pro", "FLUX.1 Fill pro", "flux-fill-pro",
        accepts={**filling, "num_inference_steps": Range(15, 50), "guidance_scale": Range(1.5, 100)},
        spelt={"images": "image", "num_inference_steps": "steps", "guidance_scale": "guidance"}, requires=("images",),
        extra="outpaint prompt_upsampling safety_tolerance output_format",
    )  # fmt: skip
    yield listed(
        "black-forest-labs/flux-fill-dev", "FLUX.1 Fill dev", "flux-fill-dev",
        accepts={**filling, "num_inference_steps": Range(1, 50), "guidance_scale": Range(0, 100), "n": Range(1, 4)},
        spelt={"images": "image", "guidance_scale": "guidance", "n": "num_outputs"}, requires=("images",),
        extra="megapixels lora_weights lora_scale output_format output_quality disable_safety_checker",
    )  # fmt: skip
