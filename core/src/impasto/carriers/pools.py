"""Exchanges over httpx: on trio, through proxies, and to other origins than the provider's own.

The connections are in pools of bounded size, of which there are as many as are needed.
"""

from __future__ import annotations

import contextlib
import logging
import socket
from contextvars import ContextVar
from dataclasses import dataclass
from http.cookiejar import DefaultCookiePolicy
from typing import TYPE_CHECKING

import anyio
import httpcore
import httpx
from httpx_secure import SSRFProtectionError

from impasto.carriers.answer import Answer
from impasto.carriers.failures import connection_lost, no_connection, no_connection_within, reason_of, silence
from impasto.carriers.guard import guard, not_public
from impasto.errors import InvalidRequest, NotSent, ProtocolError

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from impasto.carriers.answer import ByteStream, Outgoing
    from impasto.errors import ResponseError

POOL_SIZE = 16
"""Exchanges at once in one pool.

httpcore looks through all connections of a pool, and asks each idle one whether it is still open, whenever a request
begins or ends: 200 exchanges at once cost three times as much in one pool as in pools of this size.
"""


PIECE = 65_536
"""Bytes of a body that are sent at once."""

_sending: ContextVar[bool] = ContextVar("_sending", default=False)


class _WithoutOurRequests(logging.Filter):
    """Keeps our requests out of httpx's log, which prints URLs with the keys that their queries may hold."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _sending.get()


logging.getLogger("httpx").addFilter(_WithoutOurRequests())


class _Body(httpx.AsyncByteStream):
    """A request's body, in pieces, because httpx allows each of them its time.

    Not a generator, as httpx's own is, which is leaked on trio when sending is cancelled.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Pieces(self._content)


class _Pieces:
    def __init__(self, content: bytes) -> None:
        self._left = memoryview(content)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        piece, self._left = bytes(self._left[:PIECE]), self._left[PIECE:]
        return piece


@dataclass(slots=True)
class _Pool:
    client: httpx.AsyncClient
    exchanges: int = 0


class _Upgraded:
    """A connection that httpcore has handed over."""

    def __init__(self, stream: httpcore.AsyncNetworkStream, outgoing: Outgoing) -> None:
        self._stream = stream
        self._outgoing = outgoing

    async def read(self, size: int, idle: float) -> bytes:
        try:
            return await self._stream.read(size, timeout=idle)
        except httpcore.ReadTimeout as error:
            raise silence(idle) from error
        except httpcore.NetworkError as error:
            raise connection_lost(reason_of(error)) from error

    async def write(self, data: bytes) -> None:
        try:
            await self._stream.write(data, timeout=self._outgoing.idle)
        except (httpcore.NetworkError, httpcore.TimeoutException) as error:
            raise connection_lost(reason_of(error)) from error


class PooledAnswer(Answer):
    """An answer that httpx reads."""

    def __init__(self, response: httpx.Response, pool: _Pool, outgoing: Outgoing) -> None:
        fields = [(name.lower(), value) for name, value in response.headers.multi_items()]
        super().__init__(response.status_code, response.reason_phrase, fields)
        self._response = response
        self._pool = pool
        self._outgoing = outgoing

    async def pump(self, take: Callable[[bytes], Awaitable[bool]]) -> None:
        """Feed the body to `take`, piece by piece, until it ends or `take` returns True.

        Whatever goes wrong here, cancellation included, is held back until httpx's nested generators have unwound by
        being cancelled at their next await: leaving them half-run would leak them on trio.
        """
        failure: BaseException | None = None
        with _translated(self._outgoing), anyio.CancelScope() as scope:
            async for chunk in self._response.aiter_raw():
                if scope.cancel_called:
                    continue
                try:
                    if await take(chunk):
                        scope.cancel()
                except BaseException as error:  # noqa: BLE001
                    failure = error
                    scope.cancel()
        if failure is not None:
            raise failure

    def upgraded(self) -> ByteStream:
        """Return what the connection carries after an answer of status 101."""
        return _Upgraded(self._response.extensions["network_stream"], self._outgoing)

    async def aclose(self) -> None:
        """End the exchange; after a server's failure close its connection too, which some servers leave unusable."""
        try:
            stream = self._response.extensions.get("network_stream")
            if self.status >= 500 and stream is not None:
                with contextlib.suppress(OSError):
                    # Shut down, not closed: the pool finds it at its end, and drops it in its own time.
                    stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
            await self._response.aclose()
        finally:
            self._pool.exchanges -= 1


class Pools:
    """Owns the connections.

    Args:
        tls: makes the TLS context.
    """

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._pools: dict[tuple[str | None, bool], list[_Pool]] = {}
        self._tls = tls

    async def send(self, outgoing: Outgoing, *, proxy: str | None, guarded: bool) -> PooledAnswer:
        """Send a request, and return its answer when the head is there.

        Args:
            outgoing: the request.
            proxy: the proxy's URL; None for what the environment says.
            guarded: whether it reaches public addresses only.

        Raises:
            InvalidRequest: the proxy's URL cannot be used.
            ResponseError: no connection, or it broke; or the URL cannot be requested.
        """
        pool = self._with_room(proxy, guarded=guarded)
        pool.exchanges += 1
        try:
            with _translated(outgoing):
                request = pool.client.build_request(
                    outgoing.method,
                    outgoing.url,
                    headers=dict(outgoing.headers),
                    timeout=httpx.Timeout(outgoing.idle, connect=outgoing.connect, pool=None),
                )
                request.stream = _Body(outgoing.body)
                token = _sending.set(True)
                try:
                    response = await pool.client.send(request, stream=True)
                finally:
                    _sending.reset(token)
        except BaseException:
            pool.exchanges -= 1
            raise
        return PooledAnswer(response, pool, outgoing)

    async def aclose(self) -> None:
        """Close all connections."""
        while self._pools:
            _, pools = self._pools.popitem()
            for pool in pools:
                await pool.client.aclose()

    def _with_room(self, proxy: str | None, *, guarded: bool) -> _Pool:
        """Return the first pool that has room, so that connections are used again."""
        pools = self._pools.setdefault((proxy, guarded), [])
        pool = next((each for each in pools if each.exchanges < POOL_SIZE), None)
        if pool is None:
            client = self._made(proxy)
            pool = _Pool(guard(client, proxy) if guarded else client)
            pools.append(pool)
        return pool

    def _made(self, proxy: str | None) -> httpx.AsyncClient:
        try:
            client = httpx.AsyncClient(
                proxy=proxy,
                verify=self._tls(),
                follow_redirects=False,
                limits=httpx.Limits(max_connections=None, max_keepalive_connections=100),
            )
        except (ValueError, httpx.InvalidURL, ImportError) as error:
            source = "proxy" if proxy else "the environment's proxy (HTTP_PROXY, HTTPS_PROXY, ALL_PROXY)"
            raise InvalidRequest(f"{source} cannot be used: {error}", parameter="proxy") from error
        client.headers = httpx.Headers()
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=[]))
        return client


@contextlib.contextmanager
def _translated(outgoing: Outgoing) -> Iterator[None]:
    """Raise what httpx raises as impasto's own errors."""
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        if isinstance(error, httpx.RequestError):
            error.request = httpx.Request(outgoing.method, "https://redacted.invalid")
        raise _error_of(error, outgoing) from error


def _error_of(error: Exception, outgoing: Outgoing) -> ResponseError:
    reason = reason_of(error)
    match error:
        case SSRFProtectionError():
            return not_public(error.hostname)
        case httpx.ConnectTimeout():
            return no_connection_within(outgoing.connect)
        case httpx.TimeoutException():
            return silence(outgoing.idle)
        case httpx.ProxyError():
            return NotSent(f"the proxy failed: {reason}")
        case httpx.ConnectError():
            return no_connection(reason)
        case httpx.DecodingError():
            return ProtocolError(f"the body cannot be decoded: {reason}")
        case httpx.InvalidURL() | httpx.UnsupportedProtocol():
            return ProtocolError(f"not an address that can be fetched: {reason}")
        case httpx.NetworkError() | httpx.RemoteProtocolError():
            return connection_lost(reason)
        case _:
            return ProtocolError(reason)
