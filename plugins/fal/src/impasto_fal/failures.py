"""What fal's failures mean: https://fal.ai/docs/documentation/model-apis/errors and .../request-errors, 2026-11-26.

There are two forms. A model's: ``{"detail": [{"loc": …, "msg": …, "type": …}, …]}``, with the caller's own words under
``input``, which are not repeated. The queue's and the gateway's: ``{"detail": "words", "error_type": "…"}``.
"""

from __future__ import annotations

import json
from typing import Any

from impasto import (
    AuthenticationError,
    ContentRejected,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    error_of_status,
)

SUBMIT = (400, 403, 422)
"""Failures of a submit that say more than their status."""

RESULT = (400, 403, 422, 499, 500, 502, 503, 504)
"""Failures of a result: the model's own."""

_REFUSALS = frozenset({"content_policy_violation", "no_media_generated"})
"""Failures that are the model's refusal. The second is how Nano Banana words it, in whose message the reason stands."""

_LISTED = 5
"""Failures of one request that are told."""


def error_of(event: ServerEvent) -> ResponseError:
    """Return what an answer that is a failure means, in fal's own words."""
    detail = _detail_of(event)
    if isinstance(detail, list):
        return _error_of_model(event, [each for each in detail if isinstance(each, dict)])
    if not isinstance(detail, str):
        return error_of_status(event)
    status, words = event.status, detail.lower()
    if status == 403 and "locked" in words:
        # "Reason: Exhausted balance" and "Reason: TOP_UP" are about money; anything else is for fal to lift.
        spent = "balance" in words or "top_up" in words
        return (QuotaExceeded if spent else AuthenticationError)(detail, status=status)
    if status == 400 and "in progress" in words:
        return ProviderUnavailable(detail, status=status)
    if status in {400, 422, 499}:
        return ResponseError(detail, status=status)
    return error_of_status(event)


def _detail_of(event: ServerEvent) -> Any:
    try:
        said = json.loads(event.text)
    except (ValueError, RecursionError):
        return None
    return said.get("detail") if isinstance(said, dict) else None


def _error_of_model(event: ServerEvent, details: list[dict[str, Any]]) -> ResponseError:
    kinds = {str(each.get("type")) for each in details}
    words = "; ".join(filter(None, (_told(each) for each in details[:_LISTED])))
    status = event.status
    if not words:
        return error_of_status(event)
    if kinds & _REFUSALS:
        return ContentRejected(words, status=status)
    if kinds & {"downstream_service_error"} or (status is not None and status >= 500):
        return ProviderUnavailable(words, status=status)
    return ResponseError(words, status=status)


def _told(detail: dict[str, Any]) -> str:
    """Return one failure in words: which field, what is wrong with it, and within what it must be."""
    words = detail.get("msg")
    if not isinstance(words, str) or not words:
        return ""
    kind, loc, context = detail.get("type"), detail.get("loc"), detail.get("ctx")
    place = ".".join(str(each) for each in loc if each != "body") if isinstance(loc, list) else ""
    more: list[str] = []
    if kind == "content_policy_violation":
        categories = detail.get("categories")
        more = [str(each) for each in categories] if isinstance(categories, list) else []
        place = ""
    elif isinstance(context, dict) and str(kind).startswith(("image_", "file_", "sequence_", "unsupported_")):
        more = [f"{name} {value}" for name, value in context.items()]
    if more:
        words = f"{words.rstrip('.')} ({', '.join(more)})."
    return f"{place}: {words}" if place else words
