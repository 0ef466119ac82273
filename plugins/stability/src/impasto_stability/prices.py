"""What a picture costs: no answer tells it, the API reference does, in credits for each successful generation."""

from __future__ import annotations

from impasto import Cost

AS_OF = "2026-11-26"
"""The day on which the API reference was read; the vendor's newest dated list, in force since 2025-08-01, agrees."""

CREDITS_A_DOLLAR = 100
"""One credit is one cent (https://platform.stability.ai/pricing)."""

CREDITS: dict[str, float] = {
    "stable-image-core": 3,
    "stable-image-ultra": 8,
    "sd3.5-large": 6.5,
    "sd3.5-large-turbo": 4,
    "sd3.5-medium": 3.5,
    "sd3.5-flash": 2.5,
    "inpaint": 5,
    "outpaint": 4,
    "search-and-replace": 5,
    "search-and-recolor": 5,
    "replace-background-and-relight": 8,
    "control-sketch": 5,
    "control-structure": 5,
    "style-guide": 5,
    "style-transfer": 8,
    "upscale-conservative": 40,
    "upscale-creative": 60,
}
"""Credits for one picture, by model: the section "Credits" of each endpoint's page."""


def cost_of(model: str) -> Cost:
    """Return what one picture of a model costs.

    Args:
        model: the model's id.
    """
    return Cost(CREDITS[model] / CREDITS_A_DOLLAR, "USD", "computed", AS_OF)
