"""The stream of events that a user iterates over, and the worker that feeds it."""

from __future__ import annotations

import functools
import threading
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import anyio

from impasto import checkpoints
from impasto.channel import Channel
from impasto.deadlines import Clock
from impasto.errors import ImpastoError, first_cause
from impasto.events import Attempt, ImagePreview, ImageResponse, Progress

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine
    from types import TracebackType

    from impasto.failover import Emit, Failover

Event: TypeAlias = Attempt | Progress | ImagePreview | ImageResponse
"""What a user iterates over; an `ImageResponse` is the last."""


class Worker:
    """Runs one request in the client's task group, and hands over its events one by one.

    An object of its own, so that a stream which is dropped without being closed does not live on in its own task.

    Args:
        begin: makes what runs the request; its clock stands still while the consumer lets an event wait.
    """

    def __init__(self, begin: Callable[[Clock, Emit], Failover]) -> None:
        self._clock = Clock()
        self._scope = anyio.CancelScope()
        self.channel: Channel[Event] = Channel()
        self.failover = begin(self._clock, functools.partial(_emit, self.channel, self._clock))
        self.error: Exception | None = None
        self.is_done = False
        self._done: anyio.Event | None = None

    async def run(self) -> None:
        """Do the job; what goes wrong is kept in `error`."""
        try:
            with self._scope:
                await self._work()
        except Exception as error:  # noqa: BLE001
            self.error = first_cause(error)
        finally:
            self.close()

    def abandon(self) -> None:
        """Stop the job at its next await."""
        self._scope.cancel()
        self.channel.drop()

    def close(self) -> None:
        """Close the channel; what was handed over can still be taken."""
        self.is_done = True
        self.channel.close()
        if self._done is not None:
            self._done.set()

    async def wait(self) -> None:
        """Return when the job is done, and nothing of it is left."""
        if not self.is_done:
            self._done = self._done or anyio.Event()
            await self._done.wait()

    async def _work(self) -> None:
        self.channel.put(await self.failover.run())


async def _emit(channel: Channel[Event], clock: Clock, event: Attempt | Progress | ImagePreview) -> None:
    if isinstance(event, Attempt) or channel.is_awaited:
        # An attempt need not wait until it is looked at: a stream that is entered is at work.
        channel.put(event)
    else:
        with clock.paused():
            await channel.send(event)


class Stream:
    """The events of one request: `Progress`, `ImagePreview`, and in the end one `ImageResponse`.

    Use it as ``async with client.stream(…) as stream: async for event in stream: …``; leaving the block at any time
    stops the work and closes its connection. A bare ``async for`` works too, but one that is left early goes on until
    the stream is garbage-collected.
    """

    def __init__(
        self,
        spawn: Callable[[Callable[[], Coroutine[Any, Any, None]]], None],
        begin: Callable[[Clock, Emit], Failover],
    ) -> None:
        self._spawn = spawn
        self._begin = begin
        self._worker: Worker | None = None
        self._thread = threading.get_ident()

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        worker = self._start()
        try:
            return await worker.channel.receive()
        except anyio.EndOfStream:
            await self.aclose()
            error, worker.error = worker.error, None
            if error is not None:
                raise error from error.__cause__
            raise StopAsyncIteration from None

    async def response(self) -> ImageResponse:
        """Return the finished picture, passing over everything before it.

        Raises:
            ImpastoError: there is no picture, and why.
        """
        async for event in self:
            if isinstance(event, ImageResponse):
                return event
        raise ImpastoError("This stream has been read to its end already.")

    def checkpoint(self) -> dict[str, Any] | None:
        """Return the place of the conversation between two steps, as plain data that JSON can hold.

        `Client.resume` takes it up, in another process too, so that a job that is paid for survives a crash. It holds
        the prompt and what the service said of the job, but no key. None while there is no such place: before the
        service has taken the job, while a submit is on its way that must not be repeated, after the end, while several
        attempts or pictures are in the making at once.

        Raises:
            PluginError: the plugin remembers something that is not plain data.
        """
        trace = self._worker.failover.trace if self._worker is not None else None
        return None if trace is None else checkpoints.write(trace)

    async def aclose(self) -> None:
        """Stop the work, and return when its connection is closed and nothing of it is left."""
        worker = self._worker
        if worker is None:
            return
        if worker.is_done:
            worker.channel.drop()
            return
        worker.abandon()
        with anyio.CancelScope(shield=True):
            await worker.wait()

    def _start(self) -> Worker:
        if self._worker is None:
            worker = Worker(self._begin)
            try:
                self._spawn(worker.run)
            except BaseException:
                worker.close()
                raise
            self._worker = worker
        return self._worker

    def __del__(self) -> None:
        worker = self._worker
        if worker is not None and not worker.is_done and threading.get_ident() == self._thread:
            worker.abandon()
