"""What an error of OpenAI's API means: which of impasto's errors it is, and when to come back.

The envelope is ``{"error": {"message", "type", "param", "code"}}`` (openai/openai-openapi, ``openapi.yaml`` of
2026-08-21); types and codes are those of the guide on error codes, of the help page on spend limits, and of bodies that
people have reported. Servers in OpenAI's place say less, or say it in another form: the core reads those.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from impasto import (
    AuthenticationError,
    ContentRejected,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    error_of_status,
)
from impasto_openai.models import PROVIDER, RETIRED

if TYPE_CHECKING:
    from collections.abc import Mapping

STATUSES = (400, 403, 404, 409, 422, 429, 451, 503)
"""Statuses whose meaning the error's type and code decide, read here rather than by the core."""

_REFUSALS = frozenset(
    {
        "moderation_blocked", "content_policy_violation", "image_content_policy_violation", "bio_policy",
        "content_filter", "misalignment_policy_violation",
    }
)  # fmt: skip
_QUOTAS = frozenset(
    {
        "insufficient_quota", "credit_balance_exhausted", "organization_spend_limit_exceeded",
        "project_spend_limit_exceeded", "organization_usage_limit_exceeded", "billing_hard_limit_reached",
    }
)  # fmt: skip
_LIMITS = frozenset({"rate_limit_exceeded", "rate_limit_error", "slow_down"})
_OUTAGES = frozenset({"server_error", "service_unavailable_error", "server_is_overloaded"})
_KEYS = frozenset({"invalid_api_key", "authentication_error"})
_SAFETY = re.compile(r"\bsafety system\b|\bcontent (policy|filter|moderation)", re.IGNORECASE)
_POLICY = re.compile(r"\busage polic(y|ies)\b", re.IGNORECASE)
_WAIT = re.compile(
    r"try again (?:after|in) (?:(?P<minutes>\d{1,4})m(?!s))?(?:(?P<number>\d{1,6}(?:\.\d{1,6})?) ?(?P<unit>ms|s))?",
    re.IGNORECASE,
)


def error_of_answer(event: ServerEvent) -> ResponseError:
    """Return the error that an answer with a status other than 2xx means, in the service's words."""
    usual = error_of_status(event)
    said = _envelope(event)
    if said is None:
        return ContentRejected(usual.args[0], status=event.status) if event.status == 451 else usual
    if event.status == 403 and not _kinds(said) & _REFUSALS:
        return usual
    return error_of(said, status=event.status, retry_after=_header_wait(event, usual), usual=type(usual))


def error_of(
    said: Mapping[str, Any],
    *,
    status: int | None = None,
    retry_after: float | None = None,
    usual: type[ResponseError] = ResponseError,
) -> ResponseError:
    """Return the error that the inside of an envelope means, in the service's words.

    Args:
        said: ``message``, ``type``, ``param``, ``code``; any of them may be missing.
        status: the HTTP status; None in a stream.
        retry_after: what the headers say of it, in seconds.
        usual: what it is if neither type nor code says.
    """
    kinds, words = _kinds(said), _words(said)
    if kinds & _REFUSALS or _SAFETY.search(words) or ("invalid_prompt" in kinds and _POLICY.search(words)):
        return ContentRejected(words, status=status)
    if kinds & _QUOTAS:
        return QuotaExceeded(words, status=status)
    if kinds & _LIMITS or status == 429:
        return QuotaExceeded(words, status=status, retry_after=_wait_in(words) if retry_after is None else retry_after)
    if kinds & _OUTAGES or status == 409:
        return ProviderUnavailable(words, status=status, retry_after=retry_after)
    if kinds & _KEYS:
        return AuthenticationError(words, status=status)
    if "model_not_found" in kinds:
        return ResponseError(words + _retired_in(words), status=status)
    return usual(words, status=status, retry_after=retry_after)


def _envelope(event: ServerEvent) -> Mapping[str, Any] | None:
    if not isinstance(event.data, str | bytes):
        return None
    try:
        said = json.loads(event.data)
    except (ValueError, RecursionError):
        return None
    error = said.get("error") if isinstance(said, dict) else None
    if isinstance(error, str) and error:  # xAI has it beside the code
        return {"message": error, "code": said.get("code")}
    return error if isinstance(error, dict) else None


def _kinds(said: Mapping[str, Any]) -> set[str]:
    return {value for name in ("code", "type") if isinstance(value := said.get(name), str)}


def _words(said: Mapping[str, Any]) -> str:
    message = said.get("message")
    if isinstance(message, str) and message.strip():
        return message
    told = ", ".join(f"{name} {said[name]}" for name in ("type", "code", "param") if said.get(name))
    return f"the service gives no reason ({told})" if told else "the service gives no reason"


def _header_wait(event: ServerEvent, usual: ResponseError) -> float | None:
    """Return the seconds of ``retry-after-ms`` or ``retry-after``, which OpenAI's SDK obeys in this order."""
    precise = event.headers.get("retry-after-ms", "")
    return float(precise) / 1000 if precise.isascii() and precise.isdecimal() else usual.retry_after


def _wait_in(words: str) -> float | None:
    """Return the seconds in "try again after 51.84 seconds", "in 12s", "in 1m30s"; None where it is not said."""
    match = _WAIT.search(words)
    if match is None or not (match["minutes"] or match["number"]):
        return None
    seconds = float(match["number"] or 0) / (1000 if match["unit"] and match["unit"].lower() == "ms" else 1)
    return int(match["minutes"] or 0) * 60 + seconds


def _retired_in(words: str) -> str:
    name = next((each for each in RETIRED if re.search(rf"\b{each}(?![\w.-])", words)), None)
    if name is None:
        return " (models are listed by 'impasto models --refresh')"
    return f" (OpenAI shut {name} down on {RETIRED[name]}; use {PROVIDER.id}/{PROVIDER.default_model})"
