"""What a transport is given and what it gives back. There are two: `direct` and `pools`."""

from __future__ import annotations

import abc
from typing import TYPE_CHECKING, NamedTuple, Protocol

from impasto.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping


class Outgoing(NamedTuple):
    """A request as it goes out.

    Attributes:
        method: the HTTP method, in capitals.
        url: an absolute URL.
        headers: all header fields but ``Host``; each is one that can be sent.
        body: the body.
        connect: seconds for opening a connection.
        idle: seconds that may pass without a byte.
    """

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes
    connect: float
    idle: float


class ByteStream(Protocol):
    """A connection that carries another protocol than HTTP."""

    async def read(self, size: int, idle: float) -> bytes:
        """Return what has come, `size` bytes at the most; nothing where the other side is gone.

        Raises:
            ResponseError: the connection broke, or nothing came for `idle` seconds.
        """
        ...

    async def write(self, data: bytes) -> None:
        """Send bytes.

        Raises:
            ResponseError: the connection broke.
        """
        ...


class Answer(abc.ABC):
    """An answer whose head is there and whose body is not read yet.

    Args:
        status: its HTTP status.
        reason: its reason phrase.
        fields: its header fields as they came, names in lower case.
    """

    def __init__(self, status: int, reason: str, fields: list[tuple[str, str]]) -> None:
        self.status = status
        self.reason = reason
        self.fields = fields
        self.headers: dict[str, str] = {}
        for name, value in fields:
            self.headers[name] = f"{self.headers[name]}, {value}" if name in self.headers else value

    @property
    def is_success(self) -> bool:
        """Whether the status is 2xx."""
        return 200 <= self.status < 300

    @abc.abstractmethod
    async def pump(self, take: Callable[[bytes], Awaitable[bool]]) -> None:
        """Feed the body to `take`, piece by piece, until it ends or `take` returns True.

        Raises:
            ResponseError: the connection broke.
        """

    @abc.abstractmethod
    async def aclose(self) -> None:
        """End the exchange."""

    def upgraded(self) -> ByteStream:
        """Return what the connection carries after an answer of status 101.

        Raises:
            ProtocolError: this transport upgrades no connection.
        """
        raise ProtocolError("the connection cannot be upgraded")

    def abandon(self) -> None:  # noqa: B027
        """Say that the exchange ends before its time, so that its connection is closed and not kept.

        Nothing needs saying to a transport that sees for itself whether an answer was read to its end.
        """
