"""HTTP: sends what a payload describes, signs it, and hands over what comes back."""

from __future__ import annotations

import contextlib
import logging
import socket
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import anyio
import httpx

from impasto.carriers.failures import error_of_status, error_of_transport
from impasto.carriers.guard import check_literal
from impasto.carriers.pools import Pools
from impasto.carriers.unpacking import unpacker
from impasto.errors import ProtocolError, ResponseError
from impasto.events import ServerEvent
from impasto.sse import Decoder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping

    from impasto.carriers import Deliver
    from impasto.payloads import HttpRequest
    from impasto.request import ImageRequest
    from impasto.settings import Bounds
    from impasto.signing import Destination

_ERROR_BODY = 65_536
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_LOST_BEFORE_AN_ANSWER = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)

_log = logging.getLogger("impasto")

_sending: ContextVar[bool] = ContextVar("_sending", default=False)


class _WithoutOurRequests(logging.Filter):
    """Keeps our requests out of httpx's log, which prints URLs with the keys that their queries may hold."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not _sending.get()


logging.getLogger("httpx").addFilter(_WithoutOurRequests())


class _Body(httpx.AsyncByteStream):
    """A request's body. Not a generator, as httpx's own is, which is leaked on trio when sending is cancelled."""

    def __init__(self, content: bytes) -> None:
        self._content = content

    def __aiter__(self) -> AsyncIterator[bytes]:
        return _Once(self._content)


class _Once:
    def __init__(self, content: bytes) -> None:
        self._left = [content] if content else []

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        if not self._left:
            raise StopAsyncIteration
        return self._left.pop()


class HttpCarrier:
    """Carries HTTP exchanges; owns their connections.

    Args:
        bounds: how much of an answer is read before it is refused.
    """

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self.pools = Pools()

    def session(self, to: Destination) -> HttpSession:
        """Return a session: exchanges with one provider that share its cookies and with nobody else."""
        return HttpSession(self, to)

    async def aclose(self) -> None:
        """Close all connections."""
        await self.pools.aclose()


class HttpSession:
    """The exchanges of one conversation."""

    def __init__(self, carrier: HttpCarrier, to: Destination) -> None:
        self._pools = carrier.pools
        self._to = to
        self._bounds = carrier.bounds
        self._cookies = httpx.Cookies()

    async def exchange(self, payload: HttpRequest, request: ImageRequest, deliver: Deliver) -> None:
        """Send the payload and hand over each thing that the server says, until it ends or enough was said.

        Raises:
            ResponseError: the server cannot be reached, fails, or breaks the protocol or a bound.
        """
        body = {
            name: value
            for name in ("json", "content", "data", "files")
            if (value := getattr(payload, name)) is not None
        }
        idle = payload.idle or self._to.timeouts.idle
        async with self._open(
            payload.method,
            self._to.resolve(payload.url),
            headers=payload.headers,
            params=payload.params,
            body=body,
            idle=idle,
            repeatable=payload.repeatable,
        ) as response:
            if not response.is_success and response.status_code not in payload.statuses:
                raise await self._error_of(response)

            def event(name: str, data: object) -> ServerEvent:
                return ServerEvent(
                    name=name,
                    data=data,
                    payload=payload,
                    request=request,
                    status=response.status_code,
                    headers=dict(response.headers),
                )

            if response.is_success and _media_type(response) == "text/event-stream":
                await self._read_events(response, lambda name, data: deliver(event(name, data)))
            else:
                await deliver(event("response", await _read_body(response, self._bounds.body_size)))

    async def download(self, url: str, limit: int) -> bytes:
        """Return what a URL serves.

        Args:
            url: an absolute URL.
            limit: the most that is read, in bytes.

        Raises:
            ResponseError: it cannot be had whole, or is longer than `limit`.
        """
        async with self._open("GET", url, idle=self._to.timeouts.idle, repeatable=True) as response:
            if not response.is_success:
                raise await self._error_of(response)
            return await _read_body(response, limit)

    @contextlib.asynccontextmanager
    async def _open(
        self,
        method: str,
        url: str,
        *,
        idle: float,
        repeatable: bool,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        body: Mapping[str, Any] | None = None,
    ) -> AsyncIterator[httpx.Response]:
        """Send a request, follow its redirects, and close the answer in the end."""
        connect = self._to.timeouts.connect
        timeout = httpx.Timeout(idle, connect=connect, pool=None)
        redirected = False
        try:
            for _ in range(self._bounds.redirects + 1):
                with self._client_for(url) as client:
                    response = await self._send(
                        client, method, url, headers, params, body, within=timeout, repeatable=repeatable
                    )
                    try:
                        target = response.headers.get("location")
                        if response.status_code not in _REDIRECTS or target is None:
                            yield response
                            return
                    finally:
                        await self._close(response)
                redirected = True
                url = self._to.resolve(_joined(url, target))
                params = None
                if response.status_code not in {307, 308} and method not in {"GET", "HEAD"}:
                    method, body = "GET", None
            raise ProtocolError(f"more than {self._bounds.redirects} redirects")
        except ResponseError as error:
            error.redirected = redirected
            raise
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            if isinstance(error, httpx.RequestError):
                error.request = httpx.Request(method, "https://redacted.invalid")
            failure = error_of_transport(error, idle=idle, connect=connect)
            failure.redirected = redirected
            raise failure from error

    async def _send(
        self,
        client: httpx.AsyncClient,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        params: Mapping[str, str] | None,
        body: Mapping[str, Any] | None,
        *,
        within: httpx.Timeout,
        repeatable: bool,
    ) -> httpx.Response:
        secret_headers, secret_params = self._to.secrets_for(url)
        all_params = {**(params or {}), **secret_params}
        try:
            request = client.build_request(
                method,
                httpx.URL(url).copy_merge_params(all_params) if all_params else url,
                headers={**(headers or {}), **secret_headers},
                timeout=within,
                **(body or {}),
            )
        except (TypeError, ValueError) as error:
            raise ProtocolError(f"the request cannot be sent: {error}") from error
        request.stream = _Body(request.read())
        self._cookies.set_cookie_header(request)
        token = _sending.set(True)
        try:
            try:
                response = await client.send(request, stream=True)
            except _LOST_BEFORE_AN_ANSWER:
                if not repeatable:
                    raise
                response = await client.send(request, stream=True)
        finally:
            _sending.reset(token)
        self._cookies.extract_cookies(response)
        _log.debug("%s %s: %d", method, request.url.path, response.status_code)
        return response

    def _client_for(self, url: str) -> contextlib.AbstractContextManager[httpx.AsyncClient]:
        guarded = not self._to.private_addresses and not self._to.is_own(url)
        if guarded:
            check_literal(url)
        return self._pools.client(self._to.proxy, guarded=guarded)

    async def _close(self, response: httpx.Response) -> None:
        """Close an answer; after a server's failure its connection too, which some servers leave unusable."""
        stream = response.extensions.get("network_stream")
        if response.status_code >= 500 and stream is not None:
            with contextlib.suppress(OSError):
                # Shut down, not closed: the pool finds it at its end, and drops it in its own time.
                stream.get_extra_info("socket").shutdown(socket.SHUT_RDWR)
        await response.aclose()

    async def _error_of(self, response: httpx.Response) -> ResponseError:
        body = bytearray()

        async def take(chunk: bytes) -> bool:
            body.extend(chunk)
            return len(body) >= _ERROR_BODY

        with contextlib.suppress(httpx.HTTPError, ProtocolError):
            await _pump(response, take)
        words = self._to.redact(bytes(body[:_ERROR_BODY]).decode(errors="replace"))
        return error_of_status(response.status_code, response.reason_phrase, response.headers, words.encode())

    async def _read_events(self, response: httpx.Response, deliver: Callable[[str, str], Awaitable[bool]]) -> None:
        decoder = Decoder(self._bounds.event_size)
        enough = False

        async def take(chunk: bytes) -> bool:
            nonlocal enough
            for each in decoder.feed(chunk):
                if await deliver(each.event, each.data):
                    enough = True
                    return True
            return False

        await _pump(response, take)
        if not enough and decoder.pending:
            raise ProtocolError("the event stream ended in the middle of an event")


async def _read_body(response: httpx.Response, limit: int) -> bytes:
    body = bytearray()

    async def take(chunk: bytes) -> bool:
        body.extend(chunk)
        if len(body) > limit:
            raise ProtocolError(f"the answer is longer than {limit} bytes")
        return False

    if int(response.headers.get("content-length") or 0) > limit:
        raise ProtocolError(f"the answer is longer than {limit} bytes")
    await _pump(response, take)
    return bytes(body)


async def _pump(response: httpx.Response, take: Callable[[bytes], Awaitable[bool]]) -> None:
    """Feed an answer's body to `take`, chunk by chunk, until it returns True.

    Whatever goes wrong here, cancellation included, is held back until httpx's nested generators have unwound by
    being cancelled at their next await: leaving them half-run would leak them on trio.
    """
    failure: BaseException | None = None
    with anyio.CancelScope() as scope:
        unpack = unpacker(response.headers.get("content-encoding", ""))
        async for chunk in response.aiter_raw():
            if scope.cancel_called:
                continue
            try:
                for piece in unpack(chunk):
                    if await take(piece):
                        scope.cancel()
                        break
            except BaseException as error:  # noqa: BLE001
                failure = error
                scope.cancel()
    if failure is not None:
        raise failure


def _joined(url: str, target: str) -> str:
    try:
        return urljoin(url, target)
    except ValueError as error:
        raise ProtocolError(f"a redirect to what is no address: {target}") from error


def _media_type(response: httpx.Response) -> str:
    return str(response.headers.get("content-type", "")).partition(";")[0].strip().lower()
