"""WebSocket (RFC 6455): a handshake over HTTP, and messages, each bounded."""

from __future__ import annotations

import base64
import contextlib
import hashlib
import os
from typing import TYPE_CHECKING, Any

import anyio

from impasto.errors import ImpastoError, PluginError, ProtocolError, ProviderUnavailable
from impasto.events import ServerEvent

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from impasto.carriers import Deliver
    from impasto.carriers.answer import Answer, ByteStream
    from impasto.carriers.http import HttpSession
    from impasto.payloads import WebSocket
    from impasto.request import ImageRequest

_GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CHUNK = 65_536
_GOODBYE = 1.0
_USUAL_ENDS = frozenset({1000, 1001, 1005})


async def exchange(
    session: HttpSession,
    payload: WebSocket,
    request: ImageRequest,
    deliver: Deliver,
    opened: Callable[[], None],
) -> None:
    """Open a WebSocket and hand over each message, until the server closes it or enough was said.

    Args:
        session: sends the handshake.
        payload: what to open.
        request: what the conversation is about.
        deliver: takes the messages.
        opened: called when the WebSocket is open.

    Raises:
        ResponseError: it cannot be opened, breaks, or breaks the protocol or a bound.
        PluginError: the library for WebSockets is not installed.
    """
    _check_library(payload)
    key = base64.b64encode(os.urandom(16)).decode()
    handshake = {
        **payload.headers,
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Key": key,
        "Sec-WebSocket-Version": "13",
    }

    async def take(message: str | bytes) -> bool:
        return await deliver(ServerEvent(name="message", data=message, payload=payload, request=request))

    async def read(answer: Answer) -> None:
        # https://www.rfc-editor.org/rfc/rfc6455#section-4.1
        accepted = base64.b64encode(hashlib.sha1(f"{key}{_GUID}".encode()).digest()).decode()  # noqa: S324
        if answer.headers.get("sec-websocket-accept") != accepted:
            raise ProtocolError("the server took the WebSocket's handshake for another one")
        opened()
        await _converse(answer.upgraded(), payload, take, session.largest_message, session.idle_of(payload))

    await session.upgrade(payload, handshake, read)


def _check_library(payload: WebSocket) -> None:
    try:
        import wsproto  # noqa: F401
    except ModuleNotFoundError as error:
        raise PluginError(
            f"{payload.describe()} needs a library that is not installed: pip install 'impasto[websocket]'"
        ) from error


async def _converse(
    stream: ByteStream,
    payload: WebSocket,
    take: Callable[[str | bytes], Awaitable[bool]],
    limit: int,
    idle: float,
) -> None:
    from wsproto.connection import Connection, ConnectionType
    from wsproto.events import BytesMessage, CloseConnection, Ping, TextMessage
    from wsproto.utilities import LocalProtocolError

    connection = Connection(ConnectionType.CLIENT)
    parts: list[Any] = []
    size = 0
    try:
        for message in payload.send:
            said = TextMessage(message) if isinstance(message, str) else BytesMessage(message)
            await stream.write(connection.send(said))
        while True:
            data = await stream.read(_CHUNK, idle)
            if not data:
                raise ProviderUnavailable("the WebSocket broke off")
            connection.receive_data(data)
            for event in connection.events():
                if isinstance(event, Ping):
                    await stream.write(connection.send(event.response()))
                elif isinstance(event, CloseConnection):
                    if event.code in _USUAL_ENDS:
                        return
                    raise ProtocolError(f"the WebSocket was closed: {int(event.code)} {event.reason or ''}".rstrip())
                elif isinstance(event, TextMessage | BytesMessage):
                    parts.append(event.data)
                    size += len(event.data)
                    if size > limit:
                        raise ProtocolError(f"a message is longer than {limit} bytes")
                    if event.message_finished:
                        whole = "".join(parts) if isinstance(event, TextMessage) else b"".join(parts)
                        parts, size = [], 0
                        if await take(whole):
                            return
    finally:
        with anyio.move_on_after(_GOODBYE, shield=True), contextlib.suppress(ImpastoError, LocalProtocolError):
            await stream.write(connection.send(CloseConnection(code=1000)))
