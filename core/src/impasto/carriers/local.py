"""Work on this machine: a generator function, run in a worker thread."""

from __future__ import annotations

import threading
from collections.abc import Generator
from typing import TYPE_CHECKING

import anyio
import anyio.from_thread
import anyio.to_thread

from impasto.events import ServerEvent

if TYPE_CHECKING:
    from impasto.carriers import Deliver
    from impasto.payloads import LocalCall
    from impasto.request import ImageRequest


class LocalCarrier:
    """Carries local calls, in threads of their own so that they cannot starve or be starved by other work.

    Args:
        threads: how many calls run at once; further ones wait.
    """

    def __init__(self, threads: int = 8) -> None:
        self._threads = threads
        self._limiter: anyio.CapacityLimiter | None = None

    async def exchange(self, payload: LocalCall, request: ImageRequest, deliver: Deliver) -> None:
        """Run the call to its end, or until enough was said, handing each object that it yields to `deliver`.

        When this is cancelled, the thread stops at its next yield; what it makes until then is dropped.
        """
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(self._threads)
        abandoned = threading.Event()

        async def hand_over(value: object) -> bool:
            return await deliver(ServerEvent(name="object", data=value, payload=payload, request=request))

        def run() -> None:
            values = payload.function(**payload.kwargs)
            try:
                for value in values:
                    if abandoned.is_set():
                        return
                    if value is not None and anyio.from_thread.run(hand_over, value):
                        return
            finally:
                if isinstance(values, Generator):
                    values.close()

        try:
            await anyio.to_thread.run_sync(run, abandon_on_cancel=True, limiter=self._limiter)
        finally:
            abandoned.set()
