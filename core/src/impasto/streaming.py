"""The stream of events that a user iterates over, and the worker that feeds it."""

from __future__ import annotations

import math
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, Self, TypeAlias

import anyio

from impasto.errors import DeadlineExceeded, ImpastoError
from impasto.events import ImagePreview, ImageResponse, Progress

if TYPE_CHECKING:
    from types import TracebackType

    from impasto.models import Model

Event: TypeAlias = Progress | ImagePreview | ImageResponse
"""What a user iterates over; an `ImageResponse` is the last."""

Paint: TypeAlias = Callable[[Callable[[Progress | ImagePreview], Awaitable[None]]], Awaitable[ImageResponse]]


class Worker:
    """Runs one job in the client's task group, and hands over its events one by one.

    An object of its own, so that a stream which is dropped without being closed does not live on in its own task.

    Args:
        model: what the job is done with.
        paint: the job.
        deadline: seconds for the whole job; those during which the consumer lets an event wait do not count.
    """

    def __init__(self, model: Model, paint: Paint, deadline: float) -> None:
        self._model = model
        self._paint = paint
        self._seconds = deadline
        self._scope = anyio.CancelScope()
        self._clock = anyio.CancelScope()
        self._waiting = 0
        self._left = 0.0
        self._sender, self.receiver = anyio.create_memory_object_stream[Event](0)
        self.error: Exception | None = None
        self.done = anyio.Event()

    async def run(self) -> None:
        """Do the job; what goes wrong is kept in `error`."""
        try:
            with self._scope:
                await self._work()
        except Exception as error:  # noqa: BLE001
            self.error = _first_cause(error)
        finally:
            self.close()

    def abandon(self) -> None:
        """Stop the job at its next await."""
        self._scope.cancel()
        self.receiver.close()

    def close(self) -> None:
        """Close the channel. Nothing is lost by it: what was sent was received, since the channel holds nothing."""
        self._sender.close()
        self.receiver.close()
        self.done.set()

    async def _work(self) -> None:
        response = None
        self._clock.deadline = anyio.current_time() + self._seconds
        with self._clock:
            response = await self._paint(self._emit)
        if response is None:
            error = DeadlineExceeded(f"no picture within {self._seconds:g} s")
            raise error.at(provider=self._model.provider.id, model=self._model.id, step="")
        await self._sender.send(response)

    async def _emit(self, event: Progress | ImagePreview) -> None:
        if not self._waiting:
            self._left = self._clock.deadline - anyio.current_time()
            self._clock.deadline = math.inf
        self._waiting += 1
        try:
            await self._sender.send(event)
        finally:
            self._waiting -= 1
            if not self._waiting:
                self._clock.deadline = anyio.current_time() + self._left


class Stream:
    """The events of one request: `Progress`, `ImagePreview`, and in the end one `ImageResponse`.

    Use it as ``async with client.stream(…) as stream: async for event in stream: …``; leaving the block at any time
    stops the work and closes its connection. A bare ``async for`` works too, but one that is left early goes on until
    the stream is garbage-collected.
    """

    def __init__(
        self,
        spawn: Callable[[Callable[[], Coroutine[Any, Any, None]]], None],
        model: Model,
        paint: Paint,
        deadline: float,
    ) -> None:
        self._spawn = spawn
        self._model = model
        self._paint = paint
        self._deadline = deadline
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
            return await worker.receiver.receive()
        except (anyio.EndOfStream, anyio.ClosedResourceError):
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

    async def aclose(self) -> None:
        """Stop the work, and return when its connection is closed and nothing of it is left."""
        worker = self._worker
        if worker is None:
            return
        worker.abandon()
        with anyio.CancelScope(shield=True):
            await worker.done.wait()

    def _start(self) -> Worker:
        if self._worker is None:
            worker = Worker(self._model, self._paint, self._deadline)
            try:
                self._spawn(worker.run)
            except BaseException:
                worker.close()
                raise
            self._worker = worker
        return self._worker

    def __del__(self) -> None:
        worker = self._worker
        if worker is not None and not worker.done.is_set() and threading.get_ident() == self._thread:
            worker.abandon()


def _first_cause(error: Exception) -> Exception:
    """Return the exception that a group is about: the first that is impasto's own, else the first."""
    while isinstance(error, ExceptionGroup):
        inner = error.exceptions
        error = next((each for each in inner if isinstance(each, ImpastoError)), inner[0])
    return error
