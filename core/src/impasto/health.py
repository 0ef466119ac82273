"""Routes that keep failing rest for a while."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

FAILURES = 3
"""Failures in a row after which a route rests."""

FIRST_REST = 30.0
"""Seconds of the first rest; every further failure doubles it."""

LONGEST_REST = 600.0
"""Seconds."""


class HealthStore(Protocol):
    """Remembers how routes fare. Several processes may share one behind this interface.

    Routes are known by their full name, ``provider/model``.
    """

    def resting(self, route: str) -> float:
        """Return the seconds that a route has still to rest; 0 where it may be tried."""

    def begin(self, route: str) -> bool:
        """Tell whether a route may be tried now. After a rest that is so for one request at a time."""

    def succeeded(self, route: str) -> None:
        """A request to the route was answered."""

    def failed(self, route: str) -> None:
        """A request to the route failed, through no fault of the request."""

    def left(self, route: str) -> None:
        """A request to the route was given up; it says nothing of the route."""


@dataclass(slots=True)
class _Record:
    failures: int = 0
    rests_until: float = 0.0
    on_trial: bool = False


class InProcessHealth:
    """Remembers within one process.

    Args:
        now: seconds that only grow.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._records: dict[str, _Record] = {}

    def resting(self, route: str) -> float:
        """Return the seconds that a route has still to rest; 0 where it may be tried."""
        record = self._records.get(route)
        return max(0.0, record.rests_until - self._now()) if record else 0.0

    def begin(self, route: str) -> bool:
        """Tell whether a route may be tried now. After a rest that is so for one request at a time."""
        record = self._records.get(route)
        if record is None or record.failures < FAILURES:
            return True
        if record.on_trial or self.resting(route) > 0:
            return False
        record.on_trial = True
        return True

    def succeeded(self, route: str) -> None:
        """A request to the route was answered: it is well."""
        self._records.pop(route, None)

    def failed(self, route: str) -> None:
        """A request to the route failed, through no fault of the request.

        Failures while it rests do not count: they are of requests that had begun before, or had nowhere else to go.
        """
        record = self._records.setdefault(route, _Record())
        if self.resting(route) > 0:
            return
        record.failures += 1
        record.on_trial = False
        if record.failures >= FAILURES:
            rest = min(LONGEST_REST, FIRST_REST * 2 ** min(16, record.failures - FAILURES))
            record.rests_until = self._now() + rest

    def left(self, route: str) -> None:
        """A request to the route was given up; it says nothing of the route."""
        if record := self._records.get(route):
            record.on_trial = False
