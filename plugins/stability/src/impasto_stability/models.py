"""The models that are offered, and what each endpoint calls what a request has.

From the API reference of v2beta (https://platform.stability.ai/docs/api-reference), as read on 2026-11-26. Left out are
the endpoints that take no prompt (erase, remove-background, upscale/fast), and the engines of v1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from impasto import Bearer, Choices, Model, Provider, Range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto.models import Accepted

PROVIDER = Provider(
    id="stability",
    label="Stability AI",
    url="https://api.stability.ai",
    auth=Bearer(env="STABILITY_API_KEY", help_url="https://platform.stability.ai/account/keys"),
    default_model="stable-image-core",
)

ASPECT_RATIOS = ("1:1", "16:9", "9:16", "3:2", "2:3", "5:4", "4:5", "21:9", "9:21")
"""All that the service draws; the pixels are its own affair."""

SEEDS = Range(1, 4_294_967_294)
"""The service takes 0 too, and means by it that it draws a seed itself."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model is served, and the names of its form's fields.

    Attributes:
        path: below ``/v2beta/stable-image/``.
        fixed: fields that are always sent.
        prompt: the field for the prompt.
        images: the fields for the pictures to start from, in their order.
        from_image: fields that are sent where there is a picture to start from, but needs not be.
        strength: how far to go from a picture where the user does not say; None where that is no field.
        later: whether the answer is a job's id, and the picture is asked for.
    """

    path: str
    fixed: Mapping[str, str] = field(default_factory=dict)
    prompt: str = "prompt"
    images: tuple[str, ...] = ()
    from_image: Mapping[str, str] = field(default_factory=dict)
    strength: float | None = None
    later: bool = False


ENDPOINTS: dict[str, Endpoint] = {
    "stable-image-core": Endpoint("generate/core"),
    "stable-image-ultra": Endpoint("generate/ultra", images=("image",), strength=0.6),
    "inpaint": Endpoint("edit/inpaint", images=("image",)),
    "outpaint": Endpoint("edit/outpaint", images=("image",)),
    "search-and-replace": Endpoint("edit/search-and-replace", images=("image",)),
    "search-and-recolor": Endpoint("edit/search-and-recolor", images=("image",)),
    "replace-background-and-relight": Endpoint(
        "edit/replace-background-and-relight",
        prompt="background_prompt",
        images=("subject_image", "background_reference", "light_reference"),
        later=True,
    ),
    "control-sketch": Endpoint("control/sketch", images=("image",)),
    "control-structure": Endpoint("control/structure", images=("image",)),
    "style-guide": Endpoint("control/style", images=("image",)),
    "style-transfer": Endpoint("control/style-transfer", images=("init_image", "style_image")),
    "upscale-conservative": Endpoint("upscale/conservative", images=("image",)),
    "upscale-creative": Endpoint("upscale/creative", images=("image",), later=True),
    **{
        model: Endpoint(
            "generate/sd3",
            fixed={"model": model},
            images=("image",),
            from_image={"mode": "image-to-image"},
            strength=strength,
        )
        for model, strength in {
            "sd3.5-large": 0.6,
            "sd3.5-large-turbo": 0.6,
            "sd3.5-medium": 0.6,
            "sd3.5-flash": 0.95,
        }.items()
    },
}
"""Where each model is served.

A strength is required beside a picture, and the service has no default. That of sd3.5-flash is the middle of what the
reference recommends for it (0.94 to 0.97); the others' is diffusers' default for Stable Diffusion 3.
"""

_ASPECT_RATIO: dict[str, Accepted] = {"aspect_ratio": Choices(*ASPECT_RATIOS)}
_NEGATIVE: dict[str, Accepted] = {"negative_prompt": None}
_ONE_IMAGE: dict[str, Accepted] = {"images": Range(1, 1)}
_STRENGTH: dict[str, Accepted] = {**_ONE_IMAGE, "strength": Range(0, 1)}


def _model(
    id: str,  # noqa: A002
    label: str,
    *accepts: Mapping[str, Accepted],
    aliases: tuple[str, ...] = (),
    extra: tuple[str, ...] = ("style_preset",),
    guidance_scale: float | None = None,
    requires: tuple[str, ...] = (),
) -> Model:
    taken: dict[str, Accepted] = {"seed": SEEDS}
    for each in accepts:
        taken |= each
    return Model(
        PROVIDER,
        id,
        aliases=aliases,
        accepts={**taken, "extra": Choices(*extra, "output_format")},
        defaults={} if guidance_scale is None else {"guidance_scale": guidance_scale},
        label=label,
        requires=requires,
    )


def _stable_diffusion(id: str, label: str, alias: str, *more: str, guidance_scale: float) -> Model:  # noqa: A002
    taken = (_NEGATIVE, _ASPECT_RATIO, _STRENGTH, {"guidance_scale": Range(1, 10)})
    return _model(id, label, *taken, aliases=(alias, *more), guidance_scale=guidance_scale)


def _editor(
    id: str,  # noqa: A002
    label: str,
    *accepts: Mapping[str, Accepted],
    extra: tuple[str, ...] = ("style_preset",),
    images: Range | None = None,
) -> Model:
    taken: dict[str, Accepted] = {"images": images or Range(1, 1)}
    return _model(id, label, taken, *accepts, extra=extra, requires=("images",))


_OF_SEARCHING = ("grow_mask", "style_preset")
_OF_RELIGHTING = (
    "foreground_prompt",
    "preserve_original_subject",
    "original_background_depth",
    "keep_original_background",
    "light_source_direction",
    "light_source_strength",
)

MODELS = (
    _model("stable-image-core", "Stable Image Core", _NEGATIVE, _ASPECT_RATIO),
    _model("stable-image-ultra", "Stable Image Ultra", _NEGATIVE, _ASPECT_RATIO, _STRENGTH),
    _stable_diffusion("sd3.5-large", "Stable Diffusion 3.5 Large", "sd-3.5", "sd-3.5-large", guidance_scale=4),
    _stable_diffusion("sd3.5-large-turbo", "Stable Diffusion 3.5 Large Turbo", "sd-3.5-large-turbo", guidance_scale=1),
    _stable_diffusion("sd3.5-medium", "Stable Diffusion 3.5 Medium", "sd-3.5-medium", guidance_scale=4),
    _stable_diffusion("sd3.5-flash", "Stable Diffusion 3.5 Flash", "sd-3.5-flash", guidance_scale=1),
    _editor("inpaint", "Inpaint", _NEGATIVE, {"mask": None}, extra=("style_preset", "grow_mask")),
    _editor("outpaint", "Outpaint", extra=("left", "right", "up", "down", "creativity", "style_preset")),
    _editor(
        "search-and-replace", "Search and Replace", _NEGATIVE, extra=("search_prompt", "grow_mask", "style_preset")
    ),
    _editor(
        "search-and-recolor", "Search and Recolor", _NEGATIVE, extra=("select_prompt", "grow_mask", "style_preset")
    ),
    _editor(
        "replace-background-and-relight",
        "Replace Background and Relight",
        _NEGATIVE,
        extra=_OF_RELIGHTING,
        images=Range(1, 3),
    ),
    _editor("control-sketch", "Sketch", _NEGATIVE, extra=("control_strength", "style_preset")),
    _editor("control-structure", "Structure", _NEGATIVE, extra=("control_strength", "style_preset")),
    _editor("style-guide", "Style Guide", _NEGATIVE, _ASPECT_RATIO, extra=("fidelity", "style_preset")),
    _editor(
        "style-transfer",
        "Style Transfer",
        _NEGATIVE,
        extra=("style_strength", "composition_fidelity", "change_strength"),
        images=Range(2, 2),
    ),
    _editor("upscale-conservative", "Conservative Upscale", _NEGATIVE, extra=("creativity",)),
    _editor("upscale-creative", "Creative Upscale", _NEGATIVE, extra=("creativity", "style_preset")),
)
"""All models that are offered."""
