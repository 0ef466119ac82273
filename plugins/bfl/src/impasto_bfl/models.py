"""The models, and what each takes.

From the service's own schemas: https://api.bfl.ai/openapi.json as of 2026-04-29 (``tryAGI/BlackForestLabs`` keeps
copies), and what others tell of it in October 2026: FLUX 3, and ``disable_pup`` of FLUX.2. It draws one picture a
request. `Model.accepts` has what impasto has a word for; whatever else the schemas name is in ``extra``, by the
service's own names.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from impasto import ApiKeyHeader, Choices, Model, Provider, Range, SizeRule

if TYPE_CHECKING:
    from impasto.models import Accepted

PROVIDER = Provider(
    id="bfl",
    label="Black Forest Labs",
    url="https://api.bfl.ai",
    auth=ApiKeyHeader("x-key", env="BFL_API_KEY", help_url="https://dashboard.bfl.ai"),
    origins=(
        "https://api.eu.bfl.ai",
        "https://api.us.bfl.ai",
        "https://api.eu1.bfl.ai",
        "https://api.us1.bfl.ai",
    ),
    default_model="flux-2-pro",
    max_concurrency=24,
)
"""The service. Its regions, and the limit of 24 tasks at once, are from https://docs.bfl.ai; the global host sends some
tasks to a region, and the address to ask there has that region's host. Of FLUX.1 Kontext [max] it draws 6 at once: what
is beyond them is refused for now, see `failures.BUSY`."""

SEED = Range(0, 2**32 - 1)
"""The schemas name no bounds; these 32 bits are what all samplers take."""

RATIOS = Choices(
    "21:9", "2:1", "16:9", "3:2", "7:5", "4:3", "5:4", "1:1", "4:5", "3:4", "5:7", "2:3", "9:16", "1:2", "9:21"
)
"""The aspect ratios of FLUX 3; without one it takes what the prompt says, or that of the first picture."""

_FLUX_2_SIZES = SizeRule(minimum=64, maximum=4096, multiple=16, area=2048 * 2048)
_FLUX_1_SIZES = SizeRule(minimum=256, maximum=1440, multiple=32)
_SQUARE = {"width": 1024, "height": 1024}
_LANDSCAPE = {"width": 1024, "height": 768}
_COMMON = ("safety_tolerance", "output_format")


def _flux_2(
    name: str,
    label: str,
    *extra: str,
    aliases: tuple[str, ...] = (),
    pictures: int = 8,
    accepts: dict[str, Accepted] | None = None,
) -> Model:
    """Return a model of ``Flux2Inputs``, ``Flux2FlexInputs`` or ``Flux2KleinInputs``."""
    taken: dict[str, Accepted] = {"seed": SEED, "images": Range(1, pictures), **(accepts or {})}
    taken["extra"] = Choices(*_COMMON, *extra)
    return Model(PROVIDER, name, aliases, taken, _SQUARE, _FLUX_2_SIZES, label=label)


def _flux_1(
    name: str,
    label: str,
    *extra: str,
    aliases: tuple[str, ...] = (),
    accepts: dict[str, Accepted],
    requires: tuple[str, ...] = (),
    size: SizeRule | None = None,
) -> Model:
    """Return a model of the FLUX.1 family, all of which take ``prompt_upsampling``."""
    taken: dict[str, Accepted] = {"seed": SEED, **accepts}
    taken["extra"] = Choices(*_COMMON, "prompt_upsampling", *extra)
    return Model(PROVIDER, name, aliases, taken, _LANDSCAPE if size else {}, size, label=label, requires=requires)


_FILL: dict[str, Accepted] = {
    "images": Range(1, 1),
    "guidance_scale": Range(1.5, 100),
    "num_inference_steps": Range(15, 50),
}

MODELS = (
    Model(
        PROVIDER,
        "flux-3-image",
        ("flux-3",),
        {
            "images": Range(1, 10),
            "aspect_ratio": RATIOS,
            "extra": Choices("resolution", "safety_tolerance", "grounding", "version"),
        },
        label="FLUX 3 Image",
    ),
    _flux_2("flux-2-pro", "FLUX.2 [pro]", "disable_pup", aliases=("flux-2",)),
    _flux_2("flux-2-pro-preview", "FLUX.2 [pro], preview", "disable_pup"),
    _flux_2("flux-2-max", "FLUX.2 [max]", "disable_pup"),
    _flux_2(
        "flux-2-flex",
        "FLUX.2 [flex]",
        "prompt_upsampling",
        accepts={"guidance_scale": Range(1.5, 10), "num_inference_steps": Range(1, 50)},
    ),
    _flux_2("flux-2-klein-4b", "FLUX.2 [klein] 4B", pictures=4),
    _flux_2("flux-2-klein-9b", "FLUX.2 [klein] 9B", aliases=("flux", "flux-2-klein"), pictures=4),
    _flux_2("flux-2-klein-9b-preview", "FLUX.2 [klein] 9B, preview", pictures=4),
    _flux_1(
        "flux-kontext-pro",
        "FLUX.1 Kontext [pro]",
        aliases=("flux-kontext",),
        accepts={"images": Range(1, 4), "aspect_ratio": None},
    ),
    _flux_1("flux-kontext-max", "FLUX.1 Kontext [max]", accepts={"images": Range(1, 4), "aspect_ratio": None}),
    _flux_1(
        "flux-pro-1.1-ultra",
        "FLUX1.1 [pro] Ultra",
        "raw",
        aliases=("flux-ultra", "flux-1.1-pro-ultra"),
        accepts={"images": Range(1, 1), "strength": Range(0, 1), "aspect_ratio": None},
    ),
    _flux_1(
        "flux-pro-1.1",
        "FLUX1.1 [pro]",
        aliases=("flux-pro", "flux-1.1-pro"),
        accepts={"images": Range(1, 1)},
        size=_FLUX_1_SIZES,
    ),
    _flux_1(
        "flux-dev",
        "FLUX.1 [dev]",
        accepts={"images": Range(1, 1), "guidance_scale": Range(1.5, 5), "num_inference_steps": Range(1, 50)},
        size=_FLUX_1_SIZES,
    ),
    _flux_1(
        "flux-pro-1.0-fill",
        "FLUX.1 Fill [pro]",
        aliases=("flux-fill", "flux-fill-pro"),
        accepts={**_FILL, "mask": None},
        requires=("images", "mask"),
    ),
    _flux_1(
        "flux-pro-1.0-expand",
        "FLUX.1 Expand [pro]",
        "top",
        "bottom",
        "left",
        "right",
        aliases=("flux-expand",),
        accepts=_FILL,
        requires=("images",),
    ),
)

_BY_NAME = {model.id: model for model in MODELS}
_NAME = re.compile(r"flux-[a-z0-9]+(?:[.-][a-z0-9]+){0,8}")
_NOT_SERVED = re.compile(r"flux-schnell|flux-2-dev|flux-pro-1\.0-(?:canny|depth)|.*-finetuned|.*video.*")
"""Weights that are published and not served, models that are gone, those that take a finetune, those of films."""


def find(name: str) -> Model | None:
    """Return the model of a name: one of `MODELS`, or one that is newer than this list.

    Of a newer one only the prompt is known; of a newer FLUX.2, what all of that family take. Fields beyond that can be
    given in ``extra``, by the service's own names, whatever they are.
    """
    if name in _BY_NAME:
        return _BY_NAME[name]
    if not _NAME.fullmatch(name) or _NOT_SERVED.fullmatch(name):
        return None
    if name.startswith("flux-2-"):
        return Model(PROVIDER, name, (), {"seed": SEED, "images": Range(1, 4), "extra": None}, _SQUARE, _FLUX_2_SIZES)
    return Model(PROVIDER, name, (), {"extra": None})
