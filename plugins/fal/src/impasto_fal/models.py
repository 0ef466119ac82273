"""The applications for pictures that fal documents, and what each of them takes.

Ids, fields and defaults are those of the schemas in ``@fal-ai/client`` (fal-js, ``endpoints.ts``, 2026-08-02); ranges
are those of fal's pages for the models (https://fal.ai/models/ID/llms.txt and https://fal.ai/docs/model-api-reference,
seen 2026-11-26). The README tells which were not to be seen there.
"""

from __future__ import annotations

import re
from typing import Any

from impasto import Model, Range, SizeRule
from impasto_fal import gpt_image
from impasto_fal.endpoint import FLUX_SIZES, PROVIDER, endpoint

_SDXL_SIZES = SizeRule(minimum=16, maximum=14142, multiple=8)
_FLUX_2_SIZES = SizeRule(minimum=512, maximum=2048, multiple=16)
_SQUARE = (1024, 1024)

_RATIOS = ("21:9", "16:9", "4:3", "3:2", "1:1", "2:3", "3:4", "9:16", "9:21")
_KONTEXT_DEV_RATIOS = ("1:1", "16:9", "21:9", "3:2", "2:3", "4:5", "5:4", "3:4", "4:3", "9:16", "9:21")
_BANANA_RATIOS = ("21:9", "16:9", "3:2", "4:3", "5:4", "1:1", "4:5", "3:4", "2:3", "9:16")
_BANANA_2_RATIOS = (*_BANANA_RATIOS, "4:1", "1:4", "8:1", "1:8")

_OPEN = ("acceleration", "enable_safety_checker", "output_format", "sync_mode")
_PRO = ("enhance_prompt", "output_format", "safety_tolerance", "sync_mode")
_PRO_2 = ("enable_safety_checker", "output_format", "safety_tolerance", "sync_mode")
_KLEIN = ("enable_safety_checker", "output_format", "sync_mode")
_EXPANDING = (*_OPEN, "enable_prompt_expansion")
_SDXL = (
    "embeddings", "enable_safety_checker", "expand_prompt", "format", "loras", "request_id", "safety_checker_version",
    "sync_mode",
)  # fmt: skip
_BANANA = ("limit_generations", "output_format", "safety_tolerance", "sync_mode")
_BANANA_PRO = (*_BANANA, "aspect_ratio", "enable_web_search", "resolution", "system_prompt")
_BANANA_2 = (*_BANANA_PRO, "thinking_level")
_GPT = ("image_size", "output_format", "quality", "sync_mode")
"""``image_size`` and ``aspect_ratio`` are in these where fal takes ``auto`` for them, for which impasto has no word."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9][A-Za-z0-9._-]*){1,6}")
_RESERVED = frozenset({"requests"})
"""Below an application, this is where the queue keeps its jobs."""


def _flux_1() -> list[Model]:
    schnell: dict[str, Any] = {"steps": (1, 12, 4), "guidance": (1, 20, 3.5), "size": FLUX_SIZES, "extra": _OPEN}
    dev: dict[str, Any] = {**schnell, "steps": (1, 50, 28)}
    changed: dict[str, Any] = {
        "steps": (10, 50, 40), "guidance": (1, 20, 3.5), "strength": (0.01, 1, 0.95), "images": 1, "extra": _OPEN,
    }  # fmt: skip
    return [
        endpoint("fal-ai/flux/schnell", "FLUX.1 [schnell]", "flux", "flux-schnell", **schnell),
        endpoint("fal-ai/flux-1/schnell", "FLUX.1 [schnell], newer servers", **schnell),
        endpoint("fal-ai/flux/dev", "FLUX.1 [dev]", "flux-dev", **dev),
        endpoint("fal-ai/flux/dev/image-to-image", "FLUX.1 [dev], image to image", "flux-dev", **changed),
        endpoint("fal-ai/flux-1/dev", "FLUX.1 [dev], newer servers", **dev),
        endpoint("fal-ai/flux-1/dev/image-to-image", "FLUX.1 [dev], image to image, newer servers", **changed),
        endpoint("fal-ai/flux/krea", "FLUX.1 Krea [dev]", "flux-krea", **{**dev, "guidance": (1, 20, None)}),
    ]


def _flux_pro() -> list[Model]:
    ultra = (*_PRO, "image_prompt_strength", "raw")
    models = [
        endpoint(
            "fal-ai/flux-pro/v1.1", "FLUX1.1 [pro]", "flux-pro", "flux-pro-1.1", "flux-1.1-pro",
            size=FLUX_SIZES, extra=_PRO,
        ),
        endpoint(
            "fal-ai/flux-pro/v1.1-ultra", "FLUX1.1 [pro] ultra", "flux-ultra", "flux-pro-1.1-ultra",
            "flux-1.1-pro-ultra", ratios=_RATIOS, images=1, needed=False, extra=ultra,
        ),
        endpoint(
            "fal-ai/flux-pro/v1/fill", "FLUX.1 Fill [pro]", "flux-fill", "flux-fill-pro",
            images=1, mask=True, extra=_PRO,
        ),
    ]  # fmt: skip
    for path, aliases, label in (
        ("fal-ai/flux-pro/kontext", ("flux-kontext", "flux-kontext-pro"), "FLUX.1 Kontext [pro]"),
        ("fal-ai/flux-pro/kontext/max", ("flux-kontext-max",), "FLUX.1 Kontext [max]"),
    ):
        fields: dict[str, Any] = {"guidance": (1, 20, 3.5), "ratios": _RATIOS, "extra": _PRO}
        models += [
            endpoint(path, label, *aliases, images=1, **fields),
            endpoint(f"{path}/multi", f"{label}, several pictures", *aliases, images=None, **fields),
            endpoint(f"{path}/text-to-image", f"{label}, text to image", *aliases, **fields),
        ]
    return [
        *models,
        endpoint(
            "fal-ai/flux-kontext/dev", "FLUX.1 Kontext [dev]", "flux-kontext-dev",
            steps=(10, 50, 28), guidance=(1, 20, 2.5), ratios=_KONTEXT_DEV_RATIOS, images=1,
            extra=(*_OPEN, "resolution_mode"),
        ),
    ]  # fmt: skip


def _flux_2() -> list[Model]:
    dev: dict[str, Any] = {
        "steps": (4, 50, 28), "guidance": (0, 20, 2.5), "size": _FLUX_2_SIZES, "extra": _EXPANDING,
    }  # fmt: skip
    pro: dict[str, Any] = {"n": 1, "size": FLUX_SIZES, "extra": _PRO_2}
    flex: dict[str, Any] = {**pro, "steps": (2, 50, 28), "guidance": (1.5, 10, 3.5)}
    klein: dict[str, Any] = {"steps": (4, 8, 4), "size": FLUX_SIZES, "extra": _KLEIN}
    models = []
    four = Range(1, 4)
    for path, label, aliases, fields, most in (
        ("fal-ai/flux-2", "FLUX.2 [dev]", ("flux-2-dev",), dev, four),
        ("fal-ai/flux-2-pro", "FLUX.2 [pro]", ("flux-2", "flux-2-pro"), pro, None),
        ("fal-ai/flux-2-flex", "FLUX.2 [flex]", ("flux-2-flex",), flex, None),
        ("fal-ai/flux-2-max", "FLUX.2 [max]", ("flux-2-max",), pro, None),
        ("fal-ai/flux-2/klein/4b", "FLUX.2 [klein] 4B", ("flux-2-klein-4b",), klein, four),
        ("fal-ai/flux-2/klein/9b", "FLUX.2 [klein] 9B", ("flux-2-klein", "flux-2-klein-9b"), klein, four),
    ):
        automatic = ("image_size",) if most is None else ()
        edited: dict[str, Any] = {**fields, "images": most, "extra": (*fields["extra"], *automatic)}
        models += [
            endpoint(path, label, *aliases, **fields),
            endpoint(f"{path}/edit", f"{label}, editing", *aliases, **edited),
        ]
    return models


def _stable_diffusion() -> list[Model]:
    fields: dict[str, Any] = {"negative": True, "size": FLUX_SIZES}
    sdxl: dict[str, Any] = {
        "steps": (1, 50, 25), "guidance": (0, 20, 7.5), "n": 8, "negative": True, "size": _SDXL_SIZES, "usual": _SQUARE,
    }  # fmt: skip
    checked = ("enable_safety_checker", "output_format", "sync_mode")
    changed: dict[str, Any] = {**sdxl, "images": 1, "strength": (0.01, 1, 0.95)}
    return [
        endpoint(
            "fal-ai/stable-diffusion-v35-large", "Stable Diffusion 3.5 Large", "sd-3.5", "sd-3.5-large",
            steps=(1, 50, 28), guidance=(0, 20, 3.5), extra=(*checked, "controlnet", "ip_adapter", "loras"), **fields,
        ),
        endpoint(
            "fal-ai/stable-diffusion-v35-medium", "Stable Diffusion 3.5 Medium", "sd-3.5-medium",
            steps=(1, 50, 40), guidance=(0, 20, 4.5), extra=(*checked, "auto_fix"), **fields,
        ),
        endpoint("fal-ai/fast-sdxl", "Stable Diffusion XL", "sdxl", extra=_SDXL, **sdxl),
        endpoint(
            "fal-ai/fast-sdxl/image-to-image", "Stable Diffusion XL, image to image", "sdxl",
            extra=(*_SDXL, "crop_output", "preserve_aspect_ratio"), **changed,
        ),
        endpoint(
            "fal-ai/fast-sdxl/inpainting", "Stable Diffusion XL, inpainting", "sdxl", mask=True, extra=_SDXL, **changed
        ),
    ]  # fmt: skip


def _others() -> list[Model]:
    turbo: dict[str, Any] = {"steps": (1, 8, 8), "size": FLUX_SIZES}
    gpt: dict[str, Any] = {"seed": False, "extra": _GPT, "priority": -1}
    models = [
        endpoint(
            "fal-ai/qwen-image", "Qwen-Image", "qwen-image", negative=True, size=FLUX_SIZES,
            steps=(1, 50, 30), guidance=(0, 20, 2.5), extra=(*_OPEN, "loras", "use_turbo"),
        ),
        endpoint(
            "fal-ai/qwen-image-edit", "Qwen-Image-Edit", "qwen-image-edit", negative=True, size=FLUX_SIZES, images=1,
            steps=(1, 50, 30), guidance=(0, 20, 4), extra=_OPEN,
        ),
        endpoint("fal-ai/z-image/turbo", "Z-Image Turbo", "z-image-turbo", extra=_EXPANDING, **turbo),
        endpoint(
            "fal-ai/z-image/turbo/image-to-image", "Z-Image Turbo, image to image", "z-image-turbo", images=1,
            strength=(0, 1, 0.6), extra=(*_EXPANDING, "image_size"), **turbo,
        ),
        endpoint(
            "fal-ai/z-image/turbo/inpaint", "Z-Image Turbo, inpainting", "z-image-turbo", images=1, mask=True,
            strength=(0, 1, 1), extra=(*_EXPANDING, "control_end", "control_scale", "control_start", "image_size"),
            **turbo,
        ),
        endpoint(gpt_image.PATH, "GPT Image 2", "gpt-image-2", size=gpt_image.RULE, **gpt),
        endpoint(
            gpt_image.EDIT, "GPT Image 2, editing", "gpt-image-2", images=Range(1, 16), maskable=True,
            sides=gpt_image.SIDES, **gpt,
        ),
    ]  # fmt: skip
    files = ("audio_url", "pdf_url", "video_url")
    for path, label, ratios, extra, edited in (
        ("nano-banana", "Nano Banana", _BANANA_RATIOS, _BANANA, (*_BANANA, "aspect_ratio")),
        ("nano-banana-pro", "Nano Banana Pro", _BANANA_RATIOS, _BANANA_PRO, _BANANA_PRO),
        ("nano-banana-2", "Nano Banana 2", _BANANA_2_RATIOS, _BANANA_2, (*_BANANA_2, *files)),
    ):
        models += [
            endpoint(f"fal-ai/{path}", label, path, ratios=ratios, extra=extra),
            endpoint(f"fal-ai/{path}/edit", f"{label}, editing", path, ratios=ratios, images=None, extra=edited),
        ]
    return models


MODELS: tuple[Model, ...] = (*_flux_1(), *_flux_pro(), *_flux_2(), *_stable_diffusion(), *_others())
"""The models that are listed; any other application of fal's is a name away, see `found`."""

_LISTED = {model.id: model for model in MODELS}


def found(name: str) -> Model | None:
    """Return a model for any application, or None where the name cannot be one.

    What one takes that is not listed here is fal's to say: whatever is asked is sent under the names that fal's
    applications have in common, and ``extra`` adds any other.

    Args:
        name: such as ``fal-ai/aura-flow``: an owner, an application, perhaps a path.
    """
    if name in _LISTED:
        return _LISTED[name]
    if not _NAME.fullmatch(name) or len(name) > 200 or not _RESERVED.isdisjoint(name.split("/")):
        return None
    taken = (
        "negative_prompt", "width", "height", "aspect_ratio", "guidance_scale", "num_inference_steps", "seed",
        "randomize_seed", "images", "mask", "strength", "extra",
    )  # fmt: skip
    return Model(PROVIDER, name, accepts=dict.fromkeys(taken))
