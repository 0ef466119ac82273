"""What pictures cost: tokens, and what OpenAI charges for a million of them.

OpenAI's pages as of 2026-11-26: the model page of gpt-image-2.6-sunburst. That the other models from GPT Image 2 on
cost the same, and what GPT-6 Luna costs, is told by resellers (APIYI, apidog; Vercel). Of what ends on 2026-12-01 no
price was found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from impasto import Cost, Model
from impasto_openai.models import CONVERSATIONAL

AS_OF = "2026-11-26"
"""The day on which these prices were looked up."""

TEXT_IN = 5.00
CACHED_TEXT_IN = 1.25
IMAGE_IN = 8.00
CACHED_IMAGE_IN = 2.00
IMAGE_OUT = 30.00
"""US dollars for a million tokens of an image model."""

LUNA_IN = 0.10
LUNA_CACHED_IN = 0.01
LUNA_OUT = 0.50
"""US dollars for a million tokens of GPT-6 Luna."""

_MILLION = 1_000_000
_TICKS = 10_000_000_000
_PRICED = re.compile(r"gpt-image-2(\.[56]-(sunburst|flare))?(-\d{4}-\d{2}-\d{2})?")


def cost_of(model: Model, usage: Mapping[str, Any] | None) -> Cost | None:
    """Return what an answer of the Images API cost; None where no price is known, or no tokens are told.

    xAI tells the cost itself, in ticks of which 10,000,000,000 are a dollar (its REST API's documentation).

    Args:
        model: which drew.
        usage: the answer's ``usage``.
    """
    if usage is None:
        return None
    ticks = _number(usage, "cost_in_usd_ticks")
    if ticks is not None:
        return Cost(ticks / _TICKS)
    amount = _painting(usage) if _PRICED.fullmatch(model.id) else None
    return None if amount is None else Cost(amount, source="computed", as_of=AS_OF)


def cost_of_turn(model: Model, usage: object, tool_usage: object) -> Cost | None:
    """Return what a turn of a conversation cost, the words and the picture.

    Args:
        model: which answered.
        usage: the response's ``usage``, of the text model.
        tool_usage: its ``tool_usage.image_gen``, of the image tool.
    """
    if model.id != CONVERSATIONAL or not isinstance(usage, Mapping) or not isinstance(tool_usage, Mapping):
        return None
    read, written = _number(usage, "input_tokens"), _number(usage, "output_tokens")
    painting = _painting(tool_usage)
    if read is None or written is None or painting is None:
        return None
    cached = _number(usage.get("input_tokens_details"), "cached_tokens") or 0
    words = (read - cached) * LUNA_IN + cached * LUNA_CACHED_IN + written * LUNA_OUT
    return Cost(painting + words / _MILLION, source="computed", as_of=AS_OF)


def _painting(usage: Mapping[str, Any]) -> float | None:
    details, cached = usage.get("input_tokens_details"), usage.get("cached_tokens_details")
    text, images, out = (
        _number(details, "text_tokens"), _number(details, "image_tokens"), _number(usage, "output_tokens")
    )  # fmt: skip
    if text is None or images is None or out is None:
        return None
    cached_text = _number(cached, "cached_text_tokens") or 0
    cached_images = _number(cached, "cached_image_tokens") or 0
    amount = (text - cached_text) * TEXT_IN + cached_text * CACHED_TEXT_IN
    amount += (images - cached_images) * IMAGE_IN + cached_images * CACHED_IMAGE_IN
    return (amount + out * IMAGE_OUT) / _MILLION


def _number(counted: object, name: str) -> float | None:
    value = counted.get(name) if isinstance(counted, Mapping) else None
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None
