"""One HTTP/1.1 connection on asyncio: the loop's transport carries the bytes, llhttp (by httptools) reads them.

Beside a client built for every purpose, this one spends its time on little more than the bytes themselves.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

from impasto.carriers.failures import connection_lost, silence

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_HEAD = 100 * 1024
"""Bytes that status line, header fields and trailer fields of one answer may have."""

BUFFERED = 64 * 1024
"""Bytes of a body that wait for the reader before the server is made to wait."""

DRAINED = 64 * 1024
"""Bytes behind what was wanted that are read so that the connection can be used again."""

DRAIN_TIME = 1.0
"""Seconds that those may take."""


class Connection(asyncio.Protocol):
    """Carries one exchange after the other.

    Args:
        settled: called when an exchange is over: the connection is free, or closed.
    """

    def __init__(self, settled: Callable[[Connection], None]) -> None:
        self._settled = settled
        self._loop = asyncio.get_running_loop()
        self._transport: asyncio.Transport | None = None
        self._waiter: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._failure: Exception | None = None
        self._parser: HttpResponseParser | None = HttpResponseParser(self)
        self._status = 0
        self._begin(busy=False)
        self._closed = False

    def _begin(self, *, busy: bool) -> None:
        self._busy = busy
        self._headers: list[tuple[bytes, bytes]] = []
        self._reason = b""
        self._head_size = 0
        self._has_head = False
        self._sized = False
        self._complete = False
        self._keep = False
        self._draining = False
        self._body: list[bytes] = []
        self._buffered = 0
        self._reading = True

    @property
    def is_free(self) -> bool:
        """Whether another exchange can begin."""
        return not self._busy and self._transport is not None and not self._transport.is_closing()

    async def send(self, head: bytes, body: bytes, idle: float) -> tuple[int, bytes, list[tuple[bytes, bytes]]]:
        """Send a request, and return the status, reason phrase and header fields of its answer.

        Args:
            head: request line and header fields, with the empty line behind them.
            body: what follows it.
            idle: seconds that may pass without a byte while one is waited for.

        Raises:
            ProviderUnavailable: the connection broke, the server was silent, or did not speak HTTP/1.1.
        """
        assert self._transport is not None  # noqa: S101
        self._begin(busy=True)
        self._idle = idle
        self._heard = self._loop.time()
        if self._timer is None or self._timer.when() > self._heard + idle:
            self._set_timer(idle, self._check_silence)
        self._unsent = 0
        self._transport.write(head + body if len(body) < BUFFERED else head)
        if len(body) >= BUFFERED:
            self._transport.write(body)
            # What is left of this when silence is first looked for has been taken meanwhile.
            self._unsent = self._transport.get_write_buffer_size()
        while not self._has_head:
            await self._wait()
        return self._status, self._reason, self._headers

    async def read(self) -> bytes:
        """Return the next bytes of the body; none at its end.

        Raises:
            ProviderUnavailable: the connection broke, or the server was silent.
        """
        while not self._body:
            if self._complete:
                return b""
            await self._wait()
        chunk = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        self._forget_body()
        return chunk

    def finish(self, *, reuse: bool) -> None:
        """End the exchange.

        Args:
            reuse: whether the connection may be kept; for that the little is read that may be left of the answer.
        """
        if self._failure is not None or not reuse or not self._has_head:
            self.close()
        elif self._complete:
            self._free()
        else:
            self._draining = True
            self._forget_body()
            self._set_timer(DRAIN_TIME, self.close)

    def close(self) -> None:
        """Close the connection at once."""
        self._stop_timer()
        if not self._closed:
            self._closed = True
            if self._transport is not None:
                self._transport.abort()
            self._settled(self)

    def _forget_body(self) -> None:
        """Let go of what came of the body, and let more of it come."""
        self._body.clear()
        self._buffered = 0
        if not self._reading and self._transport is not None:
            self._reading = True
            self._transport.resume_reading()

    def _set_timer(self, seconds: float, call: Callable[[], None]) -> None:
        self._stop_timer()
        self._timer = self._loop.call_later(seconds, call)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _free(self) -> None:
        if self._draining:
            self._stop_timer()
        self._body.clear()
        if self._keep and not self._closed:
            self._busy = False
            self._settled(self)
        else:
            self.close()

    async def _wait(self) -> None:
        if self._failure is not None:
            raise self._failure
        self._heard = self._loop.time()
        self._waiter = self._loop.create_future()
        try:
            await self._waiter
        finally:
            self._waiter = None
        if self._failure is not None and not self._body:
            raise self._failure

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    def _fail(self, failure: Exception) -> None:
        if self._failure is None and not self._complete:
            self._failure = failure
        self._wake()

    def _check_silence(self) -> None:
        """Give up where the server has been silent for too long while it was waited for.

        The timer is not stopped with an exchange, which costs more than to look once in vain.
        """
        self._timer = None
        if not self._busy:
            return
        now = self._loop.time()
        unsent = self._transport.get_write_buffer_size() if self._transport is not None else 0
        if self._waiter is None or unsent < self._unsent:
            self._heard = now
        self._unsent = unsent
        left = self._heard + self._idle - now
        if left > 0:
            self._set_timer(left, self._check_silence)
        else:
            self._fail(silence(self._idle))

    # What the event loop calls.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Take the transport."""
        assert isinstance(transport, asyncio.Transport)  # noqa: S101
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        """Take bytes."""
        if not self._busy or self._parser is None:
            self.close()  # Nothing was asked.
            return
        self._heard = self._loop.time()
        in_head = not self._has_head
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._fail(connection_lost("the server changed the protocol"))
        except HttpParserError as error:
            self._fail(connection_lost(str(error)))
        if in_head and not self._has_head:
            self._head_size += len(data)
            if self._head_size > MAX_HEAD:
                self._fail(connection_lost(f"the answer's head is longer than {MAX_HEAD} bytes"))
        if self._draining:
            self._drain()
        elif self._buffered > BUFFERED and self._reading and self._transport is not None:
            self._reading = False
            self._transport.pause_reading()
        self._wake()

    def eof_received(self) -> None:
        """Take the end of the stream; the transport closes itself."""
        self._end(None)

    def connection_lost(self, exc: Exception | None) -> None:
        """Take the loss of the connection."""
        self._end(exc)
        self.close()
        self._transport = None
        self._parser = None  # It refers to this connection.

    def _end(self, error: Exception | None) -> None:
        if not self._busy or self._complete:
            return
        if self._has_head and not self._sized and error is None:
            self._complete = True
            self._wake()
        elif error is not None:
            self._fail(connection_lost(str(error) or type(error).__name__))
        elif self._has_head:
            self._fail(connection_lost("the server closed the connection in the middle of its answer"))
        else:
            self._fail(connection_lost("the server closed the connection without an answer"))

    def _drain(self) -> None:
        if self._complete:
            self._free()
        elif self._failure is not None or self._buffered > DRAINED:
            self.close()
        else:
            self._body.clear()

    # What the parser calls.

    def on_message_begin(self) -> None:
        """Take the beginning of an answer; a second one was not asked for."""
        if self._complete:
            self._keep = False

    def on_status(self, status: bytes) -> None:
        """Take a part of the reason phrase."""
        self._reason += status

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header field, or a trailer field, which is dropped."""
        if not self._has_head:
            self._headers.append((name.lower(), value))
            return
        self._head_size += len(name) + len(value)
        if self._head_size > MAX_HEAD:
            self._fail(connection_lost(f"the answer's trailer is longer than {MAX_HEAD} bytes"))

    def on_headers_complete(self) -> None:
        """Take the end of the head."""
        assert self._parser is not None  # noqa: S101
        self._status = self._parser.get_status_code()
        if 100 <= self._status < 200:
            return
        names = {name for name, _ in self._headers}
        self._sized = bool(names & {b"content-length", b"transfer-encoding"})
        self._has_head = True

    def on_body(self, body: bytes) -> None:
        """Take a part of the body."""
        if self._complete:
            return
        self._body.append(body)
        self._buffered += len(body)

    def on_message_complete(self) -> None:
        """Take the end of the answer; one that was only informational (1xx) is forgotten."""
        if self._has_head and not self._complete:
            self._complete = True
            self._keep = self._parser is not None and self._parser.should_keep_alive()
        elif not self._has_head:
            self._headers.clear()
            self._reason = b""
