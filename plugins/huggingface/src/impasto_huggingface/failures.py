"""What a failure means that a provider tells in its own words."""

from __future__ import annotations

import re

from impasto import (
    ContentRejected,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    error_of_status,
)

_REFUSED = re.compile(
    r"\bnsfw\b|\bE005\b|flagged (as|by)|content[ _](policy|checker|moderation)|content_policy_violation"
    r"|safety (checker|system|filter)|unsafe or sensitive",
    re.IGNORECASE,
)
"""fal: "flagged by a content checker", type ``content_policy_violation``; Replicate: "NSFW content detected", "flagged
as sensitive … (E005)"; others in these words."""

_UNPAID = re.compile(r"exhausted balance|reason: top_up|insufficient (credits?|balance|funds)", re.IGNORECASE)
"""fal answers 403 where the balance of a key of the user's own, kept at Hugging Face, is used up."""

_DOWN = re.compile(
    r"\b(E1000|E6716|E003|E004)\b|\binterrupted; please retry\b|service is \w+ unavailable", re.IGNORECASE
)
"""Replicate: "Service is currently unavailable due to high demand … (E003)", "Service is temporarily unavailable …
(E004)", and what its own page of error codes calls worth a retry."""

_UNSERVED = re.compile(r"not supported by provider", re.IGNORECASE)
"""The router's 400 for a model that a provider does not serve any more."""


def error_of(event: ServerEvent) -> ResponseError:
    """Return the error that an answer stands for whose status is a failure.

    Args:
        event: the answer of the router, or of a provider behind it.
    """
    error = error_of_status(event)
    words = str(error.args[0])
    if event.status in {400, 403, 422} and _REFUSED.search(f"{words} {event.text}"):
        return ContentRejected(words, status=event.status)
    if event.status in {400, 403} and _UNPAID.search(words):
        return QuotaExceeded(words, status=event.status)
    if event.status == 400 and _UNSERVED.search(words):
        return ProviderUnavailable(f"{words}: extra={{'provider': …}} chooses another", status=event.status)
    return error


def error_of_words(words: str) -> ResponseError:
    """Return the error that a job's failure stands for.

    Args:
        words: the provider's.
    """
    if _REFUSED.search(words):
        return ContentRejected(words)
    if _DOWN.search(words):
        return ProviderUnavailable(words)
    return ResponseError(words)
