"""What runs beside a conversation until it ends: progress that is polled, a WebSocket that tells of the job."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, TypeAlias, TypeVar

import anyio

from impasto.errors import first_cause
from impasto.payloads import LocalCall, WebSocket

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from impasto.payloads import Follow, HttpRequest

Lane: TypeAlias = "HttpRequest | WebSocket"
_T = TypeVar("_T")

_log = logging.getLogger("impasto")


class Lanes:
    """The lanes of one conversation.

    Args:
        exchange: carries one payload, and returns the `Follow` that ended it; None where it ended otherwise. It calls
            what it is given when a WebSocket is open.
        redact: takes secrets out of a message.
        opening: seconds for which the main request waits for a WebSocket to open.
    """

    def __init__(
        self,
        exchange: Callable[[Lane, Callable[[], None]], Awaitable[Follow | None]],
        *,
        redact: Callable[[str], str],
        opening: float,
    ) -> None:
        self._exchange = exchange
        self._redact = redact
        self._opening = opening
        self._begun: list[Lane] = []

    def new(self, lanes: Iterable[Lane]) -> list[Lane]:
        """Return those lanes that have not been begun."""
        fresh: list[Lane] = []
        for lane in lanes:
            if lane not in self._begun and lane not in fresh:
                fresh.append(lane)
        return fresh

    async def beside(self, lanes: list[Lane], main: Callable[[], Awaitable[_T]]) -> _T:
        """Return what `main` returns, with lanes running meanwhile."""
        result: list[_T] = []
        failure: Exception | None = None
        async with anyio.create_task_group() as running:
            for lane in lanes:
                self._begun.append(lane)
                opened = anyio.Event()
                running.start_soon(self._run, lane, opened)
                if isinstance(lane, WebSocket):
                    with anyio.move_on_after(self._opening):
                        await opened.wait()
            try:
                result.append(await main())
            except Exception as error:  # noqa: BLE001
                failure = error
            running.cancel_scope.cancel()
        if failure is not None:
            try:
                raise failure
            finally:
                # Its traceback holds this frame, which would hold it.
                failure = None
        return result[0]

    async def _run(self, lane: Lane, opened: anyio.Event) -> None:
        """Follow one lane until it ends or fails, which nobody is told of."""
        payload: Lane | None = lane
        try:
            while payload is not None:
                follow = await self._exchange(payload, opened.set)
                payload = None
                if follow is not None and not isinstance(follow.payload, LocalCall):
                    await anyio.sleep(follow.after)
                    payload = follow.payload
        except Exception as error:  # noqa: BLE001
            _log.debug("%s failed: %s", lane.describe(), self._redact(str(first_cause(error))))
        finally:
            opened.set()
