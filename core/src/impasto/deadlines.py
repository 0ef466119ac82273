"""Deadlines that stand still while the consumer of a stream takes its time."""

from __future__ import annotations

import contextlib
import math
from typing import TYPE_CHECKING

import anyio

if TYPE_CHECKING:
    from collections.abc import Iterator


class Clock:
    """Limits the time of several pieces of work, and stops for all of them at once."""

    def __init__(self) -> None:
        self._left: dict[anyio.CancelScope, float] = {}
        self._pauses = 0

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[anyio.CancelScope]:
        """Cancel the block after so many seconds during which the clock was running."""
        with anyio.CancelScope() as scope:
            self._left[scope] = seconds
            if not self._pauses:
                scope.deadline = anyio.current_time() + seconds
            try:
                yield scope
            finally:
                del self._left[scope]

    def left(self, scope: anyio.CancelScope) -> float:
        """Return the seconds that a block has left."""
        return self._left[scope] if self._pauses else scope.deadline - anyio.current_time()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Stop the clock during the block."""
        if not self._pauses:
            now = anyio.current_time()
            for scope in self._left:
                self._left[scope] = scope.deadline - now
                scope.deadline = math.inf
        self._pauses += 1
        try:
            yield
        finally:
            self._pauses -= 1
            if not self._pauses:
                now = anyio.current_time()
                for scope, left in self._left.items():
                    scope.deadline = now + left
