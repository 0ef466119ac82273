"""The way of events from the worker that makes them to the user who takes them."""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

import anyio

_T = TypeVar("_T")


class Channel(Generic[_T]):
    """Hands over events in order. What is sent waits for its taker, so that a slow one holds up the sender."""

    def __init__(self) -> None:
        self._events: deque[_T] = deque()
        self._arrived: anyio.Event | None = None
        self._taken: anyio.Event | None = None
        self._waiting = 0
        self._closed = False

    @property
    def is_awaited(self) -> bool:
        """Whether somebody is waiting, and will take the next event at once."""
        return self._waiting > 0 and not self._events

    def put(self, event: _T) -> None:
        """Hand over an event without waiting until it is taken."""
        self._events.append(event)
        self._notify()

    async def send(self, event: _T) -> None:
        """Hand over an event, and return when it, and all before it, was taken or somebody is about to take it."""
        awaited = self.is_awaited
        self.put(event)
        if not awaited:
            while self._events and not self._closed:
                self._taken = self._taken or anyio.Event()
                await self._taken.wait()

    async def receive(self) -> _T:
        """Return the next event.

        Raises:
            anyio.EndOfStream: there will be none.
        """
        while not self._events:
            if self._closed:
                raise anyio.EndOfStream
            self._arrived = self._arrived or anyio.Event()
            self._waiting += 1
            try:
                await self._arrived.wait()
            finally:
                self._waiting -= 1
        event = self._events.popleft()
        if self._taken is not None and not self._events:
            taken, self._taken = self._taken, None
            taken.set()
        return event

    def close(self) -> None:
        """Let nobody wait any longer; what was put before can still be taken."""
        self._closed = True
        self._notify()
        if self._taken is not None:
            self._taken.set()
            self._taken = None

    def drop(self) -> None:
        """Close, and forget what nobody has taken."""
        self._events.clear()
        self.close()

    def _notify(self) -> None:
        if self._arrived is not None:
            arrived, self._arrived = self._arrived, None
            arrived.set()
