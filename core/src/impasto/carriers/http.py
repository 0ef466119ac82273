"""HTTP: sends what a payload describes, signs it, and hands over what comes back."""

from __future__ import annotations

import contextlib
import functools
import logging
import os
import re
from typing import TYPE_CHECKING, NamedTuple, TypeVar
from urllib.parse import urljoin, urlsplit

from impasto.carriers.answer import Answer, Outgoing
from impasto.carriers.encoding import cookie_header, encoded, with_params
from impasto.carriers.failures import error_of_answer
from impasto.carriers.guard import check_literal, is_proxied
from impasto.carriers.unpacking import unpacker
from impasto.errors import ImpastoError, ProtocolError, ProviderUnavailable, ResponseError
from impasto.events import ServerEvent
from impasto.loops import is_asyncio
from impasto.settings import rules
from impasto.sse import Decoder

if TYPE_CHECKING:
    import ssl
    from collections.abc import Awaitable, Callable, Mapping

    import httpx

    from impasto.carriers import Deliver
    from impasto.carriers.direct import DirectConnections
    from impasto.carriers.pools import Pools
    from impasto.payloads import HttpRequest, WebSocket
    from impasto.request import ImageRequest
    from impasto.settings import Bounds
    from impasto.signing import Destination

_ERROR_BODY = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_HEADERS = {"Accept": "*/*", "Accept-Encoding": "identity", "User-Agent": "impasto"}
_DIRECT_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE"})
_BODILESS_METHODS = frozenset({"GET", "HEAD", "DELETE", "OPTIONS"})
_FIELD = re.compile(r"[\t\x20-\x7e\x80-\xff]*")
_HTTP_OF = {"ws": "http", "wss": "https"}
_T = TypeVar("_T")

_log = logging.getLogger("impasto")


class HttpCarrier:
    """Carries HTTP exchanges; owns their connections.

    On asyncio, requests to a provider's own origins go over connections of our own, which cost a fraction of the time
    that httpx's pool takes, and none of the time that importing it takes. All others go over httpx: those on trio,
    through proxies, and to other origins.

    Args:
        bounds: how much of an answer is read before it is refused.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._pools: Pools | None = None
        self._direct: DirectConnections | None = None
        self._tls_context: ssl.SSLContext | None = None

    def session(self, to: Destination) -> HttpSession:
        """Return a session: exchanges with one provider that share its cookies and with nobody else."""
        return HttpSession(self, to)

    async def send(self, outgoing: Outgoing, *, proxy: str | None, guarded: bool) -> Answer:
        """Send a request, and return its answer when the head is there.

        Args:
            outgoing: the request.
            proxy: the proxy's URL; None for what the environment says.
            guarded: whether it reaches public addresses only.

        Raises:
            InvalidRequest: the proxy's URL cannot be used.
            ResponseError: no connection, or it broke; or the URL cannot be requested.
        """
        if (
            guarded
            or proxy
            or outgoing.method not in _DIRECT_METHODS
            or "Upgrade" in outgoing.headers
            or self._is_proxied
            or not is_asyncio()
        ):
            return await self._over_httpx().send(outgoing, proxy=proxy, guarded=guarded)
        if self._direct is None:
            from impasto.carriers.direct import DirectConnections

            self._direct = DirectConnections(self._tls)
        return await self._direct.send(outgoing)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._direct is not None:
            await self._direct.aclose()
        if self._pools is not None:
            await self._pools.aclose()

    def _over_httpx(self) -> Pools:
        if self._pools is None:
            from impasto.carriers.pools import Pools

            self._pools = Pools(self._tls)
        return self._pools

    @functools.cached_property
    def _is_proxied(self) -> bool:
        return is_proxied(None)

    def _tls(self) -> ssl.SSLContext:
        if self._tls_context is None:
            from impasto.carriers.tls import tls_context

            self._tls_context = tls_context(os.environ)
        return self._tls_context


class HttpSession:
    """The exchanges of one conversation."""

    def __init__(self, carrier: HttpCarrier, to: Destination) -> None:
        self._carrier = carrier
        self._to = to
        self._bounds = carrier.bounds
        self._cookies: httpx.Cookies | None = None

    async def exchange(self, payload: HttpRequest, request: ImageRequest, deliver: Deliver) -> None:
        """Send the payload and hand over each thing that the server says, until it ends or enough was said.

        Raises:
            ResponseError: the server cannot be reached, fails, or breaks the protocol or a bound.
        """
        body, headers = encoded(payload)

        async def read(answer: Answer) -> None:
            if not answer.is_success and answer.status not in payload.statuses:
                raise await self._error_of(answer)

            def event(name: str, data: object) -> ServerEvent:
                return ServerEvent(
                    name=name,
                    data=data,
                    payload=payload,
                    request=request,
                    status=answer.status,
                    headers=answer.headers,
                )

            if answer.is_success and _media_type(answer) == "text/event-stream":
                await self._read_events(answer, lambda name, data: deliver(event(name, data)))
            else:
                await deliver(event("response", await _read_body(answer, self._bounds.body_size)))

        asked = _Asked(
            payload.method.upper(),
            self._to.resolve_request(payload.url),
            headers,
            payload.params,
            body,
            self.idle_of(payload),
            payload.repeatable,
        )
        await self._ask(asked, read)

    async def messages(
        self, payload: WebSocket, request: ImageRequest, deliver: Deliver, opened: Callable[[], None]
    ) -> None:
        """Open a WebSocket and hand over each message, until it is closed or enough was said.

        Raises:
            ResponseError: it cannot be opened, or breaks the protocol or a bound.
        """
        from impasto.carriers import websocket

        await websocket.exchange(self, payload, request, deliver, opened)

    @property
    def largest_message(self) -> int:
        """Bytes of a WebSocket's message."""
        return self._bounds.event_size

    def idle_of(self, payload: HttpRequest | WebSocket) -> float:
        """Return the seconds that may pass without a byte."""
        return payload.idle or self._to.timeouts.idle

    async def upgrade(
        self, payload: WebSocket, handshake: Mapping[str, str], read: Callable[[Answer], Awaitable[None]]
    ) -> None:
        """Ask for another protocol, and have the connection read when the server has agreed.

        Raises:
            ResponseError: it has not.
        """

        async def checked(answer: Answer) -> None:
            if answer.status >= 400:
                error = await self._error_of(answer)
                error.args = (f"the WebSocket was refused: {error.args[0]}", *error.args[1:])
                raise error
            if answer.status != 101:
                raise ProtocolError(f"the WebSocket was not opened: status {answer.status}", status=answer.status)
            await read(answer)

        url = self._to.resolve_request(_over_http(payload.url))
        asked = _Asked("GET", url, handshake, payload.params, b"", self.idle_of(payload), repeatable=True)
        await self._ask(asked, checked)

    async def download(self, url: str, limit: int) -> bytes:
        """Return what a URL serves.

        Args:
            url: an absolute URL.
            limit: the most that is read, in bytes.

        Raises:
            ResponseError: it cannot be had whole, or is longer than `limit`.
        """

        async def read(answer: Answer) -> bytes:
            if not answer.is_success:
                raise await self._error_of(answer)
            return await _read_body(answer, limit)

        return await self._ask(_Asked("GET", url, {}, {}, b"", self._to.timeouts.idle, repeatable=True), read)

    async def _ask(self, asked: _Asked, read: Callable[[Answer], Awaitable[_T]]) -> _T:
        """Send a request, follow its redirects, have the answer read, and close it in the end."""
        redirected = False
        try:
            for _ in range(self._bounds.redirects + 1):
                answer = await self._send(asked)
                try:
                    target = answer.headers.get("location") if answer.status in _REDIRECTS else None
                    if target is None:
                        return await read(answer)
                except BaseException:
                    answer.abandon()
                    raise
                finally:
                    await answer.aclose()
                redirected = True
                asked = asked.redirected(self._to.resolve(_joined(asked.url, target)), answer.status)
            raise ProtocolError(f"more than {self._bounds.redirects} redirects")
        except ResponseError as error:
            error.redirected = redirected
            raise

    async def _send(self, asked: _Asked) -> Answer:
        url, guarded = asked.url, not self._to.private_addresses and not self._to.is_own(asked.url)
        if guarded:
            check_literal(url)
        secret_headers, secret_params = self._to.secrets_for(url)
        if params := {**asked.params, **secret_params}:
            url = with_params(url, params)
        headers = {**_HEADERS, **asked.headers, **secret_headers}
        for name, value in headers.items():
            if not rules.HEADER_NAME.fullmatch(name) or not _FIELD.fullmatch(value):
                raise ProtocolError(f"the header {name!r} cannot be sent: it has characters that no header has")
        if self._cookies and (cookie := cookie_header(self._cookies, url)):
            headers["Cookie"] = cookie
        if asked.body or asked.method not in _BODILESS_METHODS:
            headers["Content-Length"] = str(len(asked.body))
        outgoing = Outgoing(asked.method, url, headers, asked.body, self._to.timeouts.connect, asked.idle)
        try:
            try:
                answer = await self._carrier.send(outgoing, proxy=self._to.proxy, guarded=guarded)
            except ProviderUnavailable as error:
                if not error.connection_lost or not asked.repeatable:
                    raise
                answer = await self._carrier.send(outgoing, proxy=self._to.proxy, guarded=guarded)
        except ImpastoError:
            raise
        except (TypeError, ValueError) as error:
            raise ProtocolError(f"the request cannot be sent: {error}") from error
        if "set-cookie" in answer.headers:
            import httpx

            self._cookies = self._cookies or httpx.Cookies()
            self._cookies.extract_cookies(
                httpx.Response(answer.status, headers=answer.fields, request=httpx.Request(asked.method, url))
            )
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("%s %s: %d", asked.method, urlsplit(url).path, answer.status)
        return answer

    async def _error_of(self, answer: Answer) -> ResponseError:
        body = bytearray()

        async def take(chunk: bytes) -> bool:
            body.extend(chunk)
            return len(body) >= _ERROR_BODY

        with contextlib.suppress(ResponseError):
            await _pump(answer, take)
        words = self._to.redact(bytes(body[:_ERROR_BODY]).decode(errors="replace"))
        return error_of_answer(answer.status, answer.reason, answer.headers, words.encode())

    async def _read_events(self, answer: Answer, deliver: Callable[[str, str], Awaitable[bool]]) -> None:
        decoder = Decoder(self._bounds.event_size)
        enough = False

        async def take(chunk: bytes) -> bool:
            nonlocal enough
            for each in decoder.feed(chunk):
                if await deliver(each.event, each.data):
                    enough = True
                    return True
            return False

        await _pump(answer, take)
        if not enough and decoder.pending:
            raise ProtocolError("the event stream ended in the middle of an event")


class _Asked(NamedTuple):
    """A request before it is signed."""

    method: str
    url: str
    headers: Mapping[str, str]
    params: Mapping[str, str]
    body: bytes
    idle: float
    repeatable: bool

    def redirected(self, url: str, status: int) -> _Asked:
        """Return the request that a redirect asks for (RFC 9110, section 15.4)."""
        if status in {307, 308} or self.method in {"GET", "HEAD"}:
            return self._replace(url=url, params={})
        headers = {name: value for name, value in self.headers.items() if name.lower() != "content-type"}
        return self._replace(method="GET", url=url, params={}, body=b"", headers=headers)


async def _read_body(answer: Answer, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0

    async def take(chunk: bytes) -> bool:
        nonlocal size
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:
            raise ProtocolError(f"the answer is longer than {limit} bytes")
        return False

    length = answer.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limit:
        raise ProtocolError(f"the answer is longer than {limit} bytes")
    await _pump(answer, take)
    return b"".join(chunks)


async def _pump(answer: Answer, take: Callable[[bytes], Awaitable[bool]]) -> None:
    """Feed an answer's body to `take`, without its content coding, until it returns True."""
    coding = answer.headers.get("content-encoding")
    if coding is None:
        await answer.pump(take)
        return
    unpack = unpacker(coding)

    async def take_packed(chunk: bytes) -> bool:
        for piece in unpack(chunk):
            if await take(piece):
                return True
        return False

    await answer.pump(take_packed)


def _over_http(url: str) -> str:
    """Return a WebSocket's url with the scheme of its handshake (RFC 6455, section 3)."""
    scheme, colon, rest = url.partition("://")
    return f"{_HTTP_OF[scheme.lower()]}://{rest}" if colon and scheme.lower() in _HTTP_OF else url


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise ProtocolError(f"a redirect to what is no address: {target}") from error


def _media_type(answer: Answer) -> str:
    return answer.headers.get("content-type", "").partition(";")[0].strip().lower()
