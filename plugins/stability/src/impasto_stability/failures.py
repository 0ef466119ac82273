"""What the service's errors mean. They all have one form: ``{"id": …, "name": "short-hand", "errors": ["words", …]}``.

Names and words are those of the API reference, but for 401 and 402, which it does not have: they are as users of the
service have reported them.
"""

from __future__ import annotations

import re

from impasto import (
    AuthenticationError,
    Choices,
    ContentRejected,
    Model,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    error_of_status,
)

STATUSES = (400, 401, 402, 403, 404, 413, 422, 429, 500)
"""Statuses of answers in that form. Others (502, …) come from what stands in front of the service."""

TIMED_OUT = 60.0
"""Seconds for which the service shuts out who asks too often, as its words say; it sends no ``Retry-After``."""

_CLASSES: dict[str, type[ResponseError]] = {
    "unauthorized": AuthenticationError,
    "payment_required": QuotaExceeded,
    "content_moderation": ContentRejected,
    "public_figure": ContentRejected,
    "rate_limit_exceeded": QuotaExceeded,
    "internal_error": ProviderUnavailable,
}

_SECONDS = re.compile(r"timed out for (\d{1,6}) seconds")
_REQUIRED = re.compile(r"(\w{1,60}): is required")


def error_of(model: Model, event: ServerEvent) -> ResponseError:
    """Return the error that an answer stands for, in the service's words.

    Args:
        model: what was asked of; a field that only ``extra`` can hold is named as such.
        event: an answer of one of `STATUSES`.
    """
    usual = error_of_status(event)
    name, words = _said(event)
    if not words:
        return usual
    # 404: the service is there, and says that a job or its result is not.
    cls = _CLASSES.get(name, ResponseError if event.status == 404 else type(usual))
    retry_after = usual.retry_after
    if retry_after is None and event.status == 429:
        told = _SECONDS.search(words)
        retry_after = float(told[1]) if told else TIMED_OUT
    return cls(words + _hint(model, words), status=event.status, retry_after=retry_after)


def _said(event: ServerEvent) -> tuple[str, str]:
    """Return name and words of an answer; empty where it is not of the service's form."""
    try:
        said = event.json()
    except ProtocolError:
        return "", ""
    if not isinstance(said, dict) or not isinstance(said.get("errors"), list):
        return "", ""
    name = said.get("name")
    return name if isinstance(name, str) else "", "; ".join(each for each in said["errors"] if isinstance(each, str))


def _hint(model: Model, words: str) -> str:
    """Return where a user gives the field that the service misses."""
    rule = model.accepts.get("extra")
    lacking = [name for name in _REQUIRED.findall(words) if isinstance(rule, Choices) and name in rule.values]
    return "".join(f". Give it as extra={{{name!r}: …}}" for name in lacking)
