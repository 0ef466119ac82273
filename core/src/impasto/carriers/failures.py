"""What a failed HTTP exchange means: statuses, and failures of the connection, as impasto's own errors."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

from impasto.errors import (
    AuthenticationError,
    NotSent,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from impasto.plaintext import plain_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto.events import ServerEvent

_CLASS_OF_STATUS: dict[int, type[ResponseError]] = {
    401: AuthenticationError,
    402: QuotaExceeded,
    403: AuthenticationError,
    404: ProviderUnavailable,
    407: ProviderUnavailable,
    408: ProviderUnavailable,
    410: ProviderUnavailable,
    425: ProviderUnavailable,
    429: QuotaExceeded,
}
_WORDS = ("message", "detail", "error", "error_description", "msg", "title", "reason")


def error_of_status(event: ServerEvent) -> ResponseError:
    """Return the error that an answer is whose status is a failure: the one that the core raises for it.

    For plugins that read some answers of a status themselves (``HttpRequest.statuses``), and leave the others to the
    core.

    Args:
        event: a whole body, with its status.
    """
    body = event.data if isinstance(event.data, bytes) else str(event.data).encode()
    return error_of_answer(event.status or 0, reason_phrase(event.status or 0), event.headers, body)


def reason_phrase(status: int) -> str:
    """Return what a status is called (RFC 9110, section 15); nothing for one that is not known."""
    import http

    try:
        return http.HTTPStatus(status).phrase
    except ValueError:
        return ""


def error_of_answer(status: int, reason: str, headers: Mapping[str, str], body: bytes) -> ResponseError:
    """Return the error that a status other than 2xx means, in the server's own words where it has any.

    Args:
        status: the HTTP status (RFC 9110, section 15).
        reason: its reason phrase.
        headers: the response's headers; ``Retry-After`` is read.
        body: the response's body, or its beginning.
    """
    words = words_of(body)
    cls = _CLASS_OF_STATUS.get(status, ProviderUnavailable if status >= 500 else ResponseError)
    label = f"{status} {reason}".strip()
    return cls(
        f"{label}: {words}" if words else label,
        status=status,
        retry_after=retry_after(headers.get("retry-after")),
    )


def words_of(body: bytes) -> str:
    """Return what a body says to a person: the message of a JSON error, the text of a page, or the text itself."""
    text = body.decode(errors="replace")
    try:
        return plain_text(_message_in(json.loads(text)) or text)
    except (ValueError, RecursionError):
        return plain_text(text)


def _message_in(value: Any, depth: int = 0) -> str:
    if isinstance(value, str):
        return value
    if depth > 4:
        return ""
    if isinstance(value, dict):
        return next((words for name in _WORDS if (words := _message_in(value.get(name), depth + 1))), "")
    if isinstance(value, list):
        return "; ".join(words for item in value[:3] if (words := _message_in(item, depth + 1)))
    return ""


def retry_after(value: str | None) -> float | None:
    """Return the seconds that a ``Retry-After`` header means (RFC 9110, section 10.2.3); None if it means none."""
    if not value:
        return None
    if value.strip().isdecimal():
        return float(value)
    from email.utils import parsedate_to_datetime

    try:
        return max(0.0, parsedate_to_datetime(value).timestamp() - time.time())
    except (ValueError, TypeError, OverflowError):
        return None


def connection_lost(reason: str) -> ProviderUnavailable:
    """Return the error that a connection is which broke."""
    error = ProviderUnavailable(f"the connection broke: {reason}")
    error.connection_lost = True
    return error


def silence(seconds: float) -> ProviderUnavailable:
    """Return the error that so many seconds without a byte are."""
    return ProviderUnavailable(f"nothing was heard for {seconds:g} s")


def no_connection(reason: str) -> NotSent:
    """Return the error that a connection is which cannot be had."""
    return NotSent(f"no connection: {reason}")


def no_connection_within(seconds: float) -> NotSent:
    """Return the error that a connection is which takes longer than that."""
    return NotSent(f"no connection within {seconds:g} s")


def reason_of(error: Exception) -> str:
    """Return an error's words, or those of what caused it: trio's own errors often have none."""
    cause: BaseException | None = error
    while cause is not None:
        if words := plain_text(str(cause)):
            return words
        cause = cause.__cause__ or cause.__context__
    return type(error).__name__
