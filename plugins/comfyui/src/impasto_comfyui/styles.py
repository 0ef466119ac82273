"""How a checkpoint likes to be asked, as far as its file's name tells.

A server says nothing of a checkpoint but its name. The settings are those of the models' own cards: FLUX.1 dev and
schnell, Stable Diffusion 3.5, SDXL Turbo and Lightning, LCM; with ComfyUI's samplers as its examples use them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Style:
    """Settings for a family of checkpoints.

    Attributes:
        side: of a square picture, in pixels.
        multiple: of which sides are, in pixels.
        steps: denoising steps.
        guidance: how closely the prompt is followed.
        sampler: ComfyUI's name of it.
        scheduler: ComfyUI's name of it.
        latent: the node that makes an empty latent.
        is_flux: whether guidance is the model's own input, by ``FluxGuidance``, rather than that of the sampler.
        takes_guidance: whether another guidance makes a difference.
        is_inpainting: whether it was trained to fill masks.
    """

    side: int = 1024
    multiple: int = 8
    steps: int = 20
    guidance: float = 7.0
    sampler: str = "euler"
    scheduler: str = "normal"
    latent: str = "EmptyLatentImage"
    is_flux: bool = False
    takes_guidance: bool = True
    is_inpainting: bool = False


_SD3_LATENT = "EmptySD3LatentImage"
_FLUX = Style(
    multiple=16, guidance=3.5, scheduler="simple", latent=_SD3_LATENT, is_flux=True
)  # https://huggingface.co/black-forest-labs/FLUX.1-dev
_SCHNELL = replace(_FLUX, steps=4, takes_guidance=False)  # https://huggingface.co/black-forest-labs/FLUX.1-schnell
_SD3 = Style(multiple=16, steps=28, guidance=4.5, scheduler="sgm_uniform", latent=_SD3_LATENT)
_SD3_TURBO = replace(_SD3, steps=4, guidance=1.0)  # https://huggingface.co/stabilityai/stable-diffusion-3.5-large-turbo

_XL = re.compile(r"xl|pony|illustrious|noobai|animagine")
_SD1 = re.compile(r"(^|[^a-z0-9])v1[-_.]?[45]|sd[-_ ]?v?1[-_.]?[45]|stable-diffusion-v1|(^|[^0-9])1[.]5([^0-9]|$)")
_SD2 = re.compile(r"(^|[^a-z0-9])v2[-_.]?[01]|sd[-_ ]?v?2[-_.]?[01]|stable-diffusion-2")
_SD3_NAME = re.compile(r"sd[-_ ]?v?3|stable-diffusion-3")
_STEPS = re.compile(r"(\d{1,2})[-_ ]?steps?")


def style_of(name: str) -> Style:
    """Return the settings for a checkpoint.

    Args:
        name: its file's name, perhaps with folders before it.
    """
    stem = name.replace("\\", "/").rpartition("/")[2].lower()
    return replace(_family(stem), is_inpainting="inpaint" in stem)


def _family(stem: str) -> Style:
    if "schnell" in stem:
        return _SCHNELL
    if "flux" in stem:
        return _FLUX
    if _SD3_NAME.search(stem):
        return _SD3_TURBO if "turbo" in stem else _SD3
    return _hurried(stem, replace(Style(), side=_side(stem)))


def _side(stem: str) -> int:
    if _XL.search(stem):
        return 1024
    if _SD2.search(stem):
        return 512 if "512" in stem else 768
    return 512 if _SD1.search(stem) or "sd_turbo" in stem else 1024


def _hurried(stem: str, style: Style) -> Style:
    """Return the settings of a model that was distilled to a few steps; others as they are."""
    told = _STEPS.search(stem)
    if "lightning" in stem or "hyper" in stem:
        return replace(style, steps=int(told[1]) if told else 4, guidance=1.0, scheduler="sgm_uniform")
    if "lcm" in stem:
        return replace(style, steps=4, guidance=1.0, sampler="lcm", scheduler="sgm_uniform")
    if re.search(r"sd_?(xl)?[-_]?turbo", stem):
        return replace(style, side=512, steps=1, guidance=1.0, sampler="euler_ancestral")
    return style
