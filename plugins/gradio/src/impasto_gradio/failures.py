"""What an app's error text means: which of impasto's errors it is, and when to come back."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from impasto import (
    ContentRejected,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    plain_text,
)

HIDDEN = (
    "the app failed and does not say why: it hides its errors, as every Gradio 4 app does from callers of "
    "its API. Common causes: a value out of range, a GPU quota that is used up, a prompt that the app refuses."
)
"""What stands in for a reason that the app keeps to itself."""

_LONGEST = 2_000
_QUOTA = re.compile(
    r"exceeded your .{0,40}(quota|runs limit)|reached its GPU limit|quota (is )?exceeded"
    r"|running out of .{0,40}quota|too many ZeroGPU credits|too many requests",
    re.IGNORECASE,
)
_UNAVAILABLE = re.compile(
    r"no GPU (was|is) (currently )?available|GPU task aborted|queue is (full|stopped)"
    r"|ZeroGPU queue timeout|server stopped unexpectedly",
    re.IGNORECASE,
)
_LOST = re.compile(r"404: (session )?not found\.?", re.IGNORECASE)
_DELICATE = re.compile(
    r"\bnsfw\b|\bsafety (checker|filter|system|guidelines|policy)|content (policy|policies|filter|guidelines)"
    r"|\bmoderation\b|\b(inappropriate|unsafe|explicit|harmful|sensitive) (content|prompt|image|words?)",
    re.IGNORECASE,
)
_VERDICT = re.compile(
    r"\b(detected|flagged|blocked|reject(ed|s)?|refus(ed|es|ing)|violat(ed|es|ing|ion)|prohibited|forbidden"
    r"|(not|isn't|aren't|dis)\s?allowed|against|contains?|triggered)\b",
    re.IGNORECASE,
)
_CLOCK = re.compile(
    r"\b(?:retry|try again|wait|back) (?:in|after|for)?\s*"
    r"(?:(\d{1,3}) days?, )?(\d{1,4}):([0-5]\d):([0-5]\d)",
    re.IGNORECASE,
)
_SPAN = re.compile(
    r"\b(?:retry|try again|wait|back) (?:in|after|for)?\s*"
    r"(\d{1,6})\s*(s|sec|m|min|h|seconds?|minutes?|hours?)\b",
    re.IGNORECASE,
)
_SECONDS = {"s": 1, "m": 60, "h": 3600}


def error_of(text: str, *, status: int | None = None) -> ResponseError:
    """Return the error that an app's words stand for.

    ZeroGPU's texts are those of Hugging Face's ``spaces`` package and of its older versions.

    Args:
        text: the app's words; may hold markup.
        status: the HTTP status that came with them, where they were not told in a stream.
    """
    words = plain_text(text, _LONGEST)
    if _QUOTA.search(words):
        return QuotaExceeded(words, status=status, retry_after=retry_after(words))
    if _LOST.fullmatch(words):
        return ProviderUnavailable("the app has lost the job; it was probably restarted", status=status)
    if _UNAVAILABLE.search(words):
        return ProviderUnavailable(words, status=status, retry_after=retry_after(words))
    if _DELICATE.search(words) and _VERDICT.search(words):
        return ContentRejected(words, status=status)
    return ResponseError(words or HIDDEN, status=status)


def retry_after(text: str) -> float | None:
    """Return the seconds after which a text asks to be tried again, or None where it does not say.

    Understood are a duration as Python prints it (``retry in 0:06:53``, ``Try again in 1 day, 2:03:04``) and
    a number with its unit (``try again in 30 seconds``).
    """
    if match := _CLOCK.search(text):
        days, hours, minutes, seconds = (int(part or 0) for part in match.groups())
        return float(((days * 24 + hours) * 60 + minutes) * 60 + seconds)
    if match := _SPAN.search(text):
        return float(int(match[1]) * _SECONDS[match[2][0].lower()])
    return None


def error_of_event(event: ServerEvent) -> ResponseError:
    """Return what an ``error`` event of the stream stands for.

    Its data is an object with ``error`` and ``title``; null, or an object whose ``error`` is null, where the
    app hides its errors; a JSON string where the server itself speaks.
    """
    try:
        told: Any = json.loads(event.text)
    except (ValueError, RecursionError):
        told = event.text
    if isinstance(told, Mapping):
        title, words = told.get("title"), told.get("error")
        if words and isinstance(title, str) and title not in {"", "Error"} and title not in str(words):
            return error_of(f"{title}: {words}")
        told = words
    return error_of("" if told is None else str(told))


def error_of_answer(event: ServerEvent) -> ResponseError:
    """Return what a whole body stands for that is not the answer which the protocol calls for.

    Status 503 is a full queue or a Space that is not running, 500 an endpoint that does not exist (or an app
    that broke down), 404 an address with no such path; an HTML page is what a sleeping or missing Space
    shows.
    """
    status = event.status
    is_page = "html" in event.headers.get("content-type", "")
    words = plain_text(_detail(event))
    if status == 503 or (is_page and status != 404):
        return ProviderUnavailable(f"not serving its API now: {words or 'no reason given'}", status=status)
    where = event.payload.describe()
    if status == 404:
        return ProtocolError(f"there is no {where} here; is it this Gradio app, and this version? {words}", status=404)
    if status == 500:
        return ResponseError(f"the app broke down, or has no endpoint for {where}: {words}", status=status)
    if status is not None and status >= 400:
        return error_of(words or f"status {status}", status=status)
    return ProtocolError(f"not an answer of Gradio's: {words or 'nothing'}", status=status)


def _detail(event: ServerEvent) -> str:
    text = event.text
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return str(told["detail"]) if isinstance(told, dict) and "detail" in told else text
