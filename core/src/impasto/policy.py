"""What follows from a failure: try again, try the next route, or tell the user. One table, by the error's class."""

from __future__ import annotations

import enum
import random

from impasto.errors import (
    AuthenticationError,
    ContentRejected,
    DeadlineExceeded,
    ImpastoError,
    InvalidRequest,
    PluginError,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)

TRIES = 3
"""How often one route is tried for one request, at most."""

SHORT_WAIT = 5.0
"""Seconds for which a route that says when to come back is waited for, although another one could be tried."""

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 8.0


class Verdict(enum.Enum):
    """What follows from a failure."""

    RETRY = "the same route may do better the next time"
    PASS = "another route may do better"  # noqa: S105
    FINAL = "no route can do better"


_VERDICTS: dict[type[ImpastoError], Verdict] = {
    InvalidRequest: Verdict.FINAL,
    ContentRejected: Verdict.FINAL,
    ProviderUnavailable: Verdict.RETRY,
    QuotaExceeded: Verdict.RETRY,
    AuthenticationError: Verdict.PASS,
    ProtocolError: Verdict.PASS,
    DeadlineExceeded: Verdict.PASS,
    ResponseError: Verdict.PASS,
    PluginError: Verdict.PASS,
}

UNHEALTHY = (ProviderUnavailable, ProtocolError, DeadlineExceeded, AuthenticationError, QuotaExceeded, PluginError)
"""Failures that speak against the route, not against the request."""


def verdict_of(error: ImpastoError) -> Verdict:
    """Return what follows from an error, by the nearest of its classes that the table names."""
    return next((_VERDICTS[cls] for cls in type(error).__mro__ if cls in _VERDICTS), Verdict.PASS)


def pause_before_retry(
    error: ImpastoError, tries: int, *, left: float, alone: bool, under_way: bool = False
) -> float | None:
    """Return the seconds to wait before the same route is tried again, or None where that makes no sense.

    Where the service says when to come back, that is honoured, unless it is longer than the time that is left, or
    another route could be tried meanwhile. Otherwise the pause is drawn at random up to a bound that doubles with
    every try ("full jitter", https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/).

    Args:
        error: why the last try failed.
        tries: how many were made.
        left: seconds that the route has left.
        alone: whether no other route is left.
        under_way: whether a paid job is asked for again, rather than submitted again; that is worth a wait.
    """
    if verdict_of(error) is not Verdict.RETRY or tries >= TRIES:
        return None
    asked = error.retry_after if isinstance(error, ResponseError) else None
    if asked is None:
        if isinstance(error, QuotaExceeded) and not under_way:
            return None
        asked = random.uniform(0, min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**tries))  # noqa: S311
    elif asked > SHORT_WAIT and not (alone or under_way):
        return None
    return max(0.0, asked) if asked < left else None
