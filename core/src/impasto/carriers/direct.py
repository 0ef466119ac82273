"""Exchanges straight with an origin, on asyncio: connections that are kept and used again."""

from __future__ import annotations

import asyncio
import re
from typing import TYPE_CHECKING

import anyio

from impasto.carriers.answer import Answer
from impasto.carriers.connecting import Origin, first_to_connect
from impasto.carriers.failures import no_connection, no_connection_within
from impasto.errors import ProtocolError

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable

    from impasto.carriers.answer import Outgoing
    from impasto.carriers.connection import Connection

KEPT = 5.0
"""Seconds for which a connection is kept that nothing uses; many servers close theirs after as many."""

_PLAIN_URL = re.compile(r"(https?)://([A-Za-z0-9.-]+)(?::([0-9]{1,5}))?(/[A-Za-z0-9/._~!$&'()*+,;=:@%?-]*)?")
_PORTS = {"http": 80, "https": 443}


class DirectAnswer(Answer):
    """An answer that is being read from a connection of its own."""

    def __init__(self, connection: Connection, status: int, reason: str, fields: list[tuple[str, str]]) -> None:
        super().__init__(status, reason, fields)
        self._connection = connection
        self._failed = False

    async def pump(self, take: Callable[[bytes], Awaitable[bool]]) -> None:
        """Feed the body to `take`, piece by piece, until it ends or `take` returns True."""
        read = self._connection.read
        try:
            while chunk := await read():
                if await take(chunk):
                    return
        except BaseException:
            self._failed = True
            raise

    async def aclose(self) -> None:
        """End the exchange; the connection is kept unless something went wrong with this one.

        After a server's failure it is not: some servers leave it unusable.
        """
        self._connection.finish(reuse=not self._failed and self.status < 500)

    def abandon(self) -> None:
        """Close the connection at once."""
        self._failed = True


class DirectConnections:
    """Owns the connections to every origin. Free ones are found without looking at the others.

    Args:
        tls: makes the TLS context when the first https origin is met.
    """

    def __init__(self, tls: Callable[[], ssl.SSLContext]) -> None:
        self._tls = tls
        self._free: dict[Origin, list[tuple[float, Connection]]] = {}
        self._origin_of: dict[Connection, Origin] = {}
        self._sweeping: asyncio.TimerHandle | None = None

    async def send(self, outgoing: Outgoing) -> DirectAnswer:
        """Send a request, and return its answer when the head is there.

        Raises:
            ProviderUnavailable: no connection, or it broke.
            ProtocolError: the URL cannot be requested.
        """
        origin, host, target = _address_of(outgoing.url)
        head = _head_of(outgoing, host, target)
        connection = self._take(origin) or await self._connect(origin, outgoing.connect)
        try:
            status, reason, fields = await connection.send(head, outgoing.body, outgoing.idle)
        except BaseException:
            connection.finish(reuse=False)
            raise
        return DirectAnswer(connection, status, _text(reason), [(_text(name), _text(value)) for name, value in fields])

    async def aclose(self) -> None:
        """Close all connections."""
        if self._sweeping is not None:
            self._sweeping.cancel()
            self._sweeping = None
        if self._origin_of:
            for connection in list(self._origin_of):
                connection.close()
            await asyncio.sleep(0)  # The loop closes the sockets in its next round.

    def _take(self, origin: Origin) -> Connection | None:
        free = self._free.get(origin)
        while free:
            _, connection = free.pop()
            if connection.is_free:
                return connection
        return None

    async def _connect(self, origin: Origin, within: float) -> Connection:
        try:
            with anyio.fail_after(within):
                connection = await first_to_connect(origin, self._tls if origin[0] == "https" else None, self._settled)
        except TimeoutError as error:
            raise no_connection_within(within) from error
        except OSError as error:
            raise no_connection(error.strerror or str(error)) from error
        self._origin_of[connection] = origin
        return connection

    def _settled(self, connection: Connection) -> None:
        origin = self._origin_of.get(connection)
        if origin is None:
            return
        if not connection.is_free:
            del self._origin_of[connection]
            return
        loop = asyncio.get_running_loop()
        self._free.setdefault(origin, []).append((loop.time(), connection))
        if self._sweeping is None:
            self._sweeping = loop.call_later(KEPT, self._sweep)

    def _sweep(self) -> None:
        """Close what nothing has used for a while, and look again later."""
        loop = asyncio.get_running_loop()
        latest = loop.time() - KEPT
        for origin, free in list(self._free.items()):
            fresh = [(since, connection) for since, connection in free if connection.is_free and since > latest]
            stale = [connection for since, connection in free if since <= latest]
            if fresh:
                self._free[origin] = fresh
            else:
                del self._free[origin]
            for connection in stale:
                connection.close()
        self._sweeping = loop.call_later(KEPT, self._sweep) if self._free else None


def _address_of(url: str) -> tuple[Origin, str, str]:
    """Return a URL's origin, and what the request says as its host and target."""
    if plain := _PLAIN_URL.fullmatch(url):
        scheme, host, port, target = plain.groups()
        number = int(port) if port else _PORTS[scheme]
        if number < 65_536:
            default = number == _PORTS[scheme]
            return (scheme, host.lower(), number), host if default else f"{host}:{number}", target or "/"
    import httpx  # Not needed for usual addresses, and dear to import.

    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ProtocolError(f"not an address that can be fetched: {error}") from error
    if parsed.scheme not in _PORTS or not parsed.host:
        raise ProtocolError(f"not an http(s) address: {url}")
    host = parsed.raw_host.decode("ascii")
    netloc = parsed.netloc.decode("ascii")
    return (parsed.scheme, host, parsed.port or _PORTS[parsed.scheme]), netloc, parsed.raw_path.decode("ascii")


def _head_of(outgoing: Outgoing, host: str, target: str) -> bytes:
    """Return request line and header fields (RFC 9112, sections 3 and 5)."""
    lines = [f"{outgoing.method} {target} HTTP/1.1", f"Host: {host}"]
    lines += [f"{name}: {value}" for name, value in outgoing.headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _text(field: bytes) -> str:
    try:
        return field.decode()
    except UnicodeDecodeError:
        return field.decode("latin-1")
