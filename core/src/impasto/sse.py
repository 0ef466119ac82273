"""Bytes to server-sent events: incremental, bounded, and without any notion of HTTP.

The rules are those of https://html.spec.whatwg.org/multipage/server-sent-events.html#event-stream-interpretation
with one departure: bytes that are not UTF-8 end the stream with an error, where a browser would put U+FFFD in
their place. What comes here is JSON and base64; with a character replaced it would look right, and be wrong.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from impasto.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Iterator

_BOM = b"\xef\xbb\xbf"
_LONGEST_RETRY = 15
"""Digits of a retry that are believed: thirty thousand years in milliseconds."""
_QUOTED = 1000
"""Bytes of a value that is not UTF-8 that its error repeats, at most."""
_LONG = 65_536
"""Bytes from which on a line that came in several chunks is not copied any more."""
_usual_event = re.compile(rb"(?:event: ?([^\n]++)\n)?data: ?([^\n]*+)\n\n").match


class ServerSentEvent(NamedTuple):
    """One event of a stream. A tuple, because it is made in half the time of a frozen dataclass.

    Attributes:
        event: the event's type; ``message`` where it names none.
        data: its data lines, joined by line feeds.
        id: the last event id that the stream has given so far, with this event or before it.
        retry: milliseconds to wait before connecting again, where this event says so.
    """

    event: str = "message"
    data: str = ""
    id: str = ""
    retry: int | None = None


class Decoder:
    """Makes events of a stream's bytes, however these are cut into chunks.

    Args:
        max_event_size: the most bytes that one event may have: all its lines without their ends, comments
            not counted. A line that never ends, or a comment, is held to the same bound together with what
            the event has so far.
    """

    __slots__ = ("_after_cr", "_begun", "_data", "_event", "_id", "_line", "_max", "_retry", "_size")

    def __init__(self, max_event_size: int) -> None:
        self._max = max_event_size
        self._begun = False
        self._after_cr = False
        self._line = bytearray()
        self._size = 0
        self._data: list[bytes | bytearray] = []
        self._event = ""
        self._id = ""
        self._retry: int | None = None

    @property
    def pending(self) -> bool:
        """Whether an event has begun and is not complete.

        When the stream is over, such an event is to be dropped, and the stream was cut short.
        """
        return self._size > 0 or (bool(self._line) and not self._line.startswith(b":"))

    def feed(self, chunk: bytes) -> Iterator[ServerSentEvent]:
        """Yield the events that are complete with this chunk; iterate to the end before feeding the next one.

        An error comes after the events that were complete before it, wherever the chunks were cut; the
        decoder is of no use after that.

        Args:
            chunk: the stream's next bytes, of any length.

        Raises:
            ProtocolError: an event is larger than the bound, or not UTF-8.
        """
        if not self._begun or self._after_cr or b"\r" in chunk:
            chunk = self._with_line_feeds(chunk)
        cut = chunk.rfind(b"\n") + 1
        lines, rest = chunk[:cut], chunk[cut:]
        at, data, made = 0, self._data, tuple.__new__
        try:
            if self._line and lines:
                lines = self._joined(lines)
            end = len(lines)
            while at < end:
                if not self._size and (usual := _usual_event(lines, at)):
                    event, text = usual.groups()
                    if usual.end(2) - at <= self._max:
                        name = event.decode() if event else "message"
                        yield made(ServerSentEvent, (name, text.decode(), self._id, self._retry))
                        at = usual.end()
                        continue
                start, at = at, lines.index(b"\n", at) + 1
                if at - start > 1:
                    self._take(lines[start : at - 1])
                    continue
                if data:
                    text = (data[0] if len(data) == 1 else b"\n".join(data)).decode()
                    data.clear()
                    yield ServerSentEvent(self._event or "message", text, self._id, self._retry)
                self._event = ""
                self._retry = None
                self._size = 0
        except UnicodeDecodeError as error:
            words = error.object[:_QUOTED].decode(errors="replace")
            raise ProtocolError(f"the event stream is not UTF-8: {words}") from error
        if rest:
            self._check(len(self._line) + len(rest))
            self._line += rest

    def _with_line_feeds(self, chunk: bytes) -> bytes:
        """Return the chunk without the stream's byte order mark, and with line feeds at the ends of lines."""
        if not self._begun:
            chunk = bytes(self._line) + chunk
            self._line.clear()
            if len(chunk) < len(_BOM) and _BOM.startswith(chunk):
                self._line += chunk
                return b""
            self._begun = True
            chunk = chunk.removeprefix(_BOM)
        if self._after_cr and chunk:
            self._after_cr = False
            chunk = chunk.removeprefix(b"\n")
        if b"\r" in chunk:
            self._after_cr = chunk.endswith(b"\r")
            chunk = chunk.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        return chunk

    def _joined(self, lines: bytes) -> bytes:
        """Return complete lines with the beginning of the first; without that one, where it is long and taken here."""
        line, self._line = self._line, bytearray()
        if len(line) < _LONG:
            return bytes(line) + lines
        end = lines.index(b"\n")
        line += lines[:end]
        self._take_long(line)
        return lines[end + 1 :]

    def _take(self, line: bytes) -> None:
        self._check(len(line))
        if line.startswith(b":"):
            return
        self._size += len(line)
        if line.startswith(b"data: "):
            self._data.append(line[6:])
        else:
            self._field(line)

    def _take_long(self, line: bytearray) -> None:
        """Take a line, as `_take` does, without a copy of the data in it."""
        if not line.startswith(b"data:"):
            self._take(bytes(line))
            return
        self._check(len(line))
        self._size += len(line)
        del line[: 6 if line.startswith(b"data: ") else 5]
        self._data.append(line)

    def _check(self, more: int) -> None:
        if self._size + more > self._max:
            raise ProtocolError(
                f"an event of the stream is larger than the {self._max} bytes allowed (bounds.event_size)"
            )

    def _field(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            self._data.append(value)
        elif name == b"event":
            self._event = value.decode()
        elif name == b"id":
            if b"\0" not in value:
                self._id = value.decode()
        elif name == b"retry" and value.isdigit():
            digits = value.lstrip(b"0") or b"0"
            if len(digits) <= _LONGEST_RETRY:
                self._retry = int(digits)
