"""What a plugin asks the core to do: plain data, without keys and without I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeAlias

from impasto.events import ImagePreview, ImageResponse, Progress

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

File: TypeAlias = tuple[str, bytes, str]
"""A file of a multipart form: file name, bytes, media type."""

_IDEMPOTENT_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"})


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One HTTP exchange. The core sends and signs it, and hands each answer to ``parse_event``.

    An answer of type ``text/event-stream`` comes as one event for each SSE event; any other as one event with the
    whole body.

    Attributes:
        method: such as ``GET`` or ``POST``.
        url: appended to the provider's url; or absolute, if it begins with a scheme or ``//``.
        json: a value to send as JSON.
        content: bytes to send as they are.
        data: form fields; one whose value is a list is sent once for each of its values.
        files: files of a multipart form, by field name: a `File`, or a tuple of several under that name. Where this is
            not None, ``data`` travels in the same form, also if there is no file.
        headers: headers beside those of the core; never a key.
        params: query fields; never a key.
        step: the plugin's own memory, plain data; it comes back as ``event.payload.step``.
        beside: what is done beside this exchange, and beside those that follow it, until the conversation ends:
            progress to be polled during a long answer, a `WebSocket` that tells of a job. A `Follow` from there goes
            on there; what fails there is ignored. What is under way already is not begun again.
        on_cancel: sent if the conversation is abandoned from here on; the last one declared holds.
        idle: seconds that may pass without a byte, where the user's setting would be too short.
        statuses: statuses other than 2xx that the plugin reads itself; the core maps all others to errors.
        idempotent: whether sending it twice does no harm; None means that the method says so (RFC 9110, 9.2.2). What
            is not idempotent is never sent again once bytes may have left.
    """

    method: str
    url: str
    json: Any = None
    content: bytes | None = field(default=None, repr=False)
    data: Mapping[str, Any] | None = None
    files: Mapping[str, File | tuple[File, ...]] | None = field(default=None, repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    step: object = None
    beside: tuple[HttpRequest | WebSocket, ...] = ()
    on_cancel: HttpRequest | None = None
    idle: float | None = None
    statuses: tuple[int, ...] = ()
    idempotent: bool | None = None

    @property
    def repeatable(self) -> bool:
        """Whether sending it a second time does no harm."""
        if self.idempotent is not None:
            return self.idempotent
        return self.method.upper() in _IDEMPOTENT_METHODS

    def describe(self) -> str:
        """Return method and path, without query: where an error happened."""
        return f"{self.method.upper()} {self.url.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class WebSocket:
    """A WebSocket (RFC 6455). Each message comes to ``parse_event`` as ``event.data``, text or bytes.

    It needs a library that only those plugins bring that use it: they depend on ``impasto[websocket]``.

    Attributes:
        url: as in `HttpRequest`; of ``http`` or ``https``, or of ``ws`` or ``wss``, which mean the same here.
        send: messages to send once it is open, text or bytes.
        headers: headers of the handshake; never a key.
        params: query fields; never a key.
        step: the plugin's own memory, plain data; it comes back as ``event.payload.step``.
        idle: seconds that may pass without a message, where the user's setting would be too short.
    """

    url: str
    send: tuple[str | bytes, ...] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    params: Mapping[str, str] = field(default_factory=dict)
    step: object = None
    idle: float | None = None

    def describe(self) -> str:
        """Return the path, without query: where an error happened."""
        return f"WebSocket {self.url.partition('?')[0]}"


@dataclass(frozen=True, slots=True)
class LocalCall:
    """Work done on this machine, in a worker thread.

    Attributes:
        function: a generator function. Each object that it yields comes to ``parse_event`` as ``event.data``; a None
            is only a chance to be cancelled.
        kwargs: its arguments. Kept apart from the function, so that payloads compare equal.
        step: the plugin's own memory, plain data.
    """

    function: Callable[..., Iterator[object]]
    kwargs: Mapping[str, Any] = field(default_factory=dict)
    step: object = None

    def describe(self) -> str:
        """Return the function's name: where an error happened."""
        return getattr(self.function, "__name__", repr(self.function))


Payload: TypeAlias = HttpRequest | WebSocket | LocalCall
"""What a plugin can ask the core to do."""


@dataclass(frozen=True, slots=True)
class Follow:
    """The conversation goes on with another payload.

    Attributes:
        payload: what to do next.
        after: seconds to wait before that.
    """

    payload: Payload
    after: float = 0.0


Outcome: TypeAlias = Progress | ImagePreview | ImageResponse | Follow
"""What ``parse_event`` can make of an event."""
