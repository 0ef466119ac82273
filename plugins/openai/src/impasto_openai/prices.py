"""What pictures cost: tokens, and what OpenAI charges for a million of them.

OpenAI's pages as of 2026-11-26: the model page of gpt-image-2.6-sunburst. That the other models from GPT Image 2 on
cost the same, and what GPT-6 Luna costs, is told by resellers (APIYI, apidog; Vercel). What Luna's cache costs to
write, and for how many tokens these prices hold: merefield/codexometer v0.18.4, which quotes OpenAI's page of
2026-09-22. Of what ends on 2026-12-01 no price was found.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from impasto import Cost, Model
from impasto_openai.models import is_conversational

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
LUNA_CACHE_WRITE = 0.125
LUNA_OUT = 0.50
"""US dollars for a million tokens of GPT-6 Luna; what it writes to its cache, to keep for half an hour."""

LUNA_LONGEST = 272_000
"""Tokens that go in, at most, for these prices to hold."""

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
    """Return what a turn of a conversation with a picture cost, the words and the picture; None where it is not known.

    Counts that are left out are unknown rather than zero, and a picture without tokens was skipped in counting: the SDK
    ``openai`` 3.57.0, ``types/responses/response.py``, ``ToolUsage``.

    Args:
        model: which answered.
        usage: the response's ``usage``, of the text model.
        tool_usage: its ``tool_usage.image_gen``, of the image tool.
    """
    if not is_conversational(model.id) or not isinstance(usage, Mapping) or not isinstance(tool_usage, Mapping):
        return None
    words, painting = _words(usage), _painting(tool_usage)
    is_counted = _number(tool_usage, "output_tokens") and (
        isinstance(tool_usage.get("cached_tokens_details"), Mapping) or _number(tool_usage, "cached_tokens") == 0
    )
    if words is None or painting is None or not is_counted:
        return None
    return Cost(painting + words, source="computed", as_of=AS_OF)


def _words(usage: Mapping[str, Any]) -> float | None:
    details = usage.get("input_tokens_details")
    read, written = _number(usage, "input_tokens"), _number(usage, "output_tokens")
    cached, stored = _number(details, "cached_tokens"), _number(details, "cache_write_tokens")
    if read is None or written is None or cached is None or stored is None or read > LUNA_LONGEST:
        return None
    if isinstance(details, Mapping) and _number(details.get("cache_write_tokens_details"), "ttl_12h_tokens"):
        return None  # twice as dear, as others tell
    amount = (read - cached - stored) * LUNA_IN + cached * LUNA_CACHED_IN + stored * LUNA_CACHE_WRITE
    return (amount + written * LUNA_OUT) / _MILLION


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
