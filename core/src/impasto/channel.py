"""The way of events from the worker that makes them to the user who takes them."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

import anyio

from impasto.loops import bells

if TYPE_CHECKING:
    from impasto.loops import Bell

_T = TypeVar("_T")


class Channel(Generic[_T]):
    """Hands over events in order. What is sent waits for its taker, so that a slow one holds up the sender."""

    def __init__(self) -> None:
        self._bell = bells()
        self._events: deque[_T] = deque()
        self._takers: list[Bell] = []
        self._senders: list[Bell] = []
        self._closed = False

    @property
    def is_awaited(self) -> bool:
        """Whether somebody is waiting, and will take the next event at once."""
        return bool(self._takers) and not self._events

    def put(self, event: _T) -> None:
        """Hand over an event without waiting until it is taken."""
        self._events.append(event)
        _ring(self._takers)

    async def send(self, event: _T) -> None:
        """Hand over an event, and return when it, and all before it, was taken or somebody is about to take it."""
        awaited = self.is_awaited
        self.put(event)
        if not awaited:
            while self._events and not self._closed:
                await self._wait_among(self._senders)

    async def receive(self) -> _T:
        """Return the next event.

        Raises:
            anyio.EndOfStream: there will be none.
        """
        while not self._events:
            if self._closed:
                raise anyio.EndOfStream
            await self._wait_among(self._takers)
        event = self._events.popleft()
        if self._senders and not self._events:
            _ring(self._senders)
        return event

    def close(self) -> None:
        """Let nobody wait any longer; what was put before can still be taken."""
        self._closed = True
        _ring(self._takers)
        _ring(self._senders)

    def drop(self) -> None:
        """Close, and forget what nobody has taken."""
        self._events.clear()
        self.close()

    async def _wait_among(self, others: list[Bell]) -> None:
        bell = self._bell()
        others.append(bell)
        try:
            await bell.wait()
        finally:
            others.remove(bell)


def _ring(bells: list[Bell]) -> None:
    for bell in bells:
        bell.set()
