"""What Replicate's words for a failure mean: which of impasto's errors it is, and when to come back."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from impasto import ContentRejected, ProtocolError, ProviderUnavailable, ResponseError, plain_text

if TYPE_CHECKING:
    from impasto import ServerEvent

_REFUSED = re.compile(r"\bE005\b|flagged as sensitive|\bNSFW\b", re.IGNORECASE)
_UNAVAILABLE = re.compile(
    r"\b(E1000|E6716|E003|E004)\b|\binterrupted; please retry\b|service is \w+ unavailable", re.IGNORECASE
)
_RESET = re.compile(r"\bresets in ~?(\d{1,6})s\b", re.IGNORECASE)


def error_of_prediction(status: object, words: object) -> ResponseError:
    """Return the error that a prediction ended in.

    Args:
        status: its status, other than ``succeeded``.
        words: its ``error``.
    """
    said = plain_text(words) if isinstance(words, str) else ""
    match status:
        case "failed" if _REFUSED.search(said):
            return ContentRejected(said)
        case "failed" if _UNAVAILABLE.search(said):
            return ProviderUnavailable(said)
        case "failed":
            return ResponseError(said or "the prediction failed, and Replicate does not say why")
        case "canceled":
            return ResponseError(said or "the prediction was cancelled, by somebody else or at its deadline")
        case "aborted":
            return ProviderUnavailable(said or "the prediction was dropped before it started; it costs nothing")
        case _:
            return ProtocolError(f"a prediction of an unknown status: {plain_text(repr(status), 60)}")


def throttled_for(event: ServerEvent) -> tuple[str, float | None]:
    """Return the words of a 429, and the seconds after which to come back, where they say so.

    Replicate says it in the body: in ``retry_after``, or in the words themselves.
    """
    try:
        told: Any = json.loads(event.text)
    except (ValueError, RecursionError):
        told = {}
    told = told if isinstance(told, dict) else {}
    detail = told.get("detail")
    words = plain_text(detail) if isinstance(detail, str) else ""
    wait = told.get("retry_after", event.headers.get("retry-after"))
    if isinstance(wait, str) and wait.isdecimal():
        wait = float(wait)
    if isinstance(wait, bool) or not isinstance(wait, int | float) or not 0 <= wait < 1e6:
        match = _RESET.search(words)
        wait = float(match[1]) if match else None
    return words or "too many requests", None if wait is None else float(wait)
