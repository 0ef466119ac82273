"""What fal counted, and what it costs at the prices on its pages for the models."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impasto import Cost

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

AS_OF = "2026-11-26"
"""The day on which the prices were read."""

UNITS = "x-fal-billable-units"
"""The header of a result that says how many units are billed."""

_MEGAPIXEL = 1024 * 1024
"""Pixels: 1920x1080 is billed as two megapixels, and 1024x1024 as one (https://fal.ai/models/fal-ai/flux-2-flex)."""

_DEARER = frozenset({"enable_prompt_expansion", "enable_web_search", "resolution", "thinking_level"})
"""Fields of ``extra`` that change the price."""


@dataclass(frozen=True, slots=True)
class Price:
    """A published price.

    Attributes:
        amount: US dollars for each unit.
        unit: ``image``; or ``megapixel``, rounded up for each picture.
        inputs: whether pictures that go in are counted too.
    """

    amount: float
    unit: str
    inputs: bool = False


PRICES = {
    "fal-ai/flux/schnell": Price(0.003, "megapixel"),
    "fal-ai/flux-1/schnell": Price(0.003, "megapixel"),
    "fal-ai/flux/dev": Price(0.025, "megapixel"),
    "fal-ai/flux-1/dev": Price(0.025, "megapixel"),
    "fal-ai/flux-pro/v1.1": Price(0.04, "megapixel"),
    "fal-ai/flux-pro/v1.1-ultra": Price(0.06, "image"),
    "fal-ai/flux-pro/v1/fill": Price(0.05, "megapixel"),
    "fal-ai/flux-pro/kontext": Price(0.04, "image"),
    "fal-ai/flux-pro/kontext/multi": Price(0.04, "image"),
    "fal-ai/flux-pro/kontext/text-to-image": Price(0.04, "image"),
    "fal-ai/flux-2-flex": Price(0.05, "megapixel", inputs=True),
    "fal-ai/flux-2-flex/edit": Price(0.05, "megapixel", inputs=True),
    "fal-ai/stable-diffusion-v35-medium": Price(0.02, "megapixel"),
    "fal-ai/z-image/turbo": Price(0.005, "megapixel"),
    "fal-ai/nano-banana-2": Price(0.08, "image"),
    "fal-ai/nano-banana-2/edit": Price(0.08, "image"),
}
"""By endpoint, from https://fal.ai/models/ID/llms.txt or the model's page; those not seen are left out."""


def units_in(headers: Mapping[str, str]) -> float | None:
    """Return how many units a result is billed as; None where it does not say."""
    try:
        units = float(headers.get(UNITS, ""))
    except ValueError:
        return None
    return units if 0 <= units < math.inf else None


def cost_of(
    endpoint: str, units: float | None, sizes: Sequence[tuple[Any, Any]], extra: Mapping[str, Any]
) -> Cost | None:
    """Return what a result costs at the published price; None where that cannot be known.

    Args:
        endpoint: the endpoint's id.
        units: how many units fal says that it bills; None where it does not say.
        sizes: width and height of each picture, as fal says them.
        extra: what was asked beside: some of it changes the price.
    """
    price = PRICES.get(endpoint)
    if price is None or not _DEARER.isdisjoint(extra):
        return None
    if units is None and not price.inputs:
        units = _counted(price.unit, sizes)
    return None if units is None else Cost(round(units * price.amount, 6), "USD", "computed", AS_OF)


def _counted(unit: str, sizes: Sequence[tuple[Any, Any]]) -> float | None:
    """Return the units in pictures of these sizes; None where a size is not known."""
    if unit == "image":
        return len(sizes)
    areas = [width * height for width, height in sizes if _is_side(width) and _is_side(height)]
    return sum(math.ceil(area / _MEGAPIXEL) for area in areas) if len(areas) == len(sizes) else None


def _is_side(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 < value < 100_000
