"""A server of our own that costs next to nothing: it speaks the wire of Gradio 4's ``/call``, and draws nothing.

``POST /call/infer`` answers with an ``event_id``; ``GET /call/infer/EVENT_ID`` streams three ``generating`` events and
one ``complete``, as ``tests/plugins/gradio/transcripts/4.44.1/previewed.http`` has them. Every event is a chunk and a
write of its own, one a turn of the loop: they come when they come, as those of a real server do. ``python -m
benchmarks.stub``, in the folder ``tests``, runs it as a process of its own, until its standard input ends.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import os
import resource
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from pathlib import Path

PREVIEWS = 3
"""``generating`` events before the ``complete``."""

HOLD = "hold"
"""The prompt whose last event comes when somebody asks for `RELEASE`."""

HELD = "/held"
"""``/held/N`` answers when so many generations wait for their last event, with their number."""

RELEASE = "/release"
"""Sends all of these their last event."""

_SUBMIT = b"POST /call/infer "
_FOLLOW = b"GET /call/infer/"
_HELD = f"GET {HELD}/".encode()
_RELEASE = f"GET {RELEASE} ".encode()
_PICTURE = "/tmp/gradio/d1f0c0de/image.webp"


def file_data(origin: str, number: int) -> dict[str, object]:
    """Return how Gradio tells of a picture."""
    path = _PICTURE.replace("image", f"image-{number}")
    return {
        "path": path,
        "url": f"{origin}/file={path}",
        "size": None,
        "orig_name": "image.webp",
        "mime_type": None,
        "is_stream": False,
        "meta": {"_type": "gradio.FileData"},
    }


def events(origin: str) -> list[bytes]:
    """Return the events of one generation, as bytes of a stream."""
    names = ["generating"] * PREVIEWS + ["complete"]
    return [
        f"event: {name}\ndata: {json.dumps([file_data(origin, min(number, PREVIEWS)), 7])}\n\n".encode()
        for number, name in enumerate(names, 1)
    ]


def _whole(value: object) -> bytes:
    body = json.dumps(value).encode()
    head = f"HTTP/1.1 200 OK\r\nserver: stub\r\ncontent-type: application/json\r\ncontent-length: {len(body)}\r\n\r\n"
    return head.encode() + body


def _chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


class Stub:
    """What the connections share.

    Attributes:
        parts: what is written for one stream, part by part.
        held: the connections that wait for their last part.
        asking: those that wait until so many are held.
    """

    def __init__(self) -> None:
        self.parts: tuple[bytes, ...] = ()
        self.held: list[Connection] = []
        self.asking: list[tuple[int, Connection]] = []
        self.numbers = itertools.count(1)

    def at(self, origin: str) -> None:
        """Make what is written, now that the origin is known."""
        head = (
            b"HTTP/1.1 200 OK\r\nserver: stub\r\ncontent-type: text/event-stream\r\ncache-control: no-cache\r\n"
            b"transfer-encoding: chunked\r\n\r\n"
        )
        *first, last = (_chunk(event) for event in events(origin))
        self.parts = (head, *first, last + b"0\r\n\r\n")

    def tell(self) -> None:
        """Answer those who wait for as many as are held now."""
        ready = [each for each in self.asking if len(self.held) >= each[0]]
        self.asking = [each for each in self.asking if each not in ready]
        for _, connection in ready:
            connection.transport.write(_whole(len(self.held)))

    def release(self) -> int:
        """Send what was held; return to how many."""
        held, self.held = self.held, []
        for connection in held:
            connection.transport.write(self.parts[-1])
        return len(held)


class Connection(asyncio.Protocol):
    """One connection, kept alive; requests are answered one after the other."""

    transport: asyncio.Transport

    def __init__(self, stub: Stub) -> None:
        self.stub = stub
        self._received = b""
        self._loop = asyncio.get_running_loop()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        if self in self.stub.held:
            self.stub.held.remove(self)

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            length = end + 4 + _content_length(self._received[:end])
            if len(self._received) < length:
                return
            request, self._received = self._received[:length], self._received[length:]
            self._answer(request)

    def _answer(self, request: bytes) -> None:
        if request.startswith(_SUBMIT):
            mark = "f" if f'"{HOLD}"'.encode() in request else "0"
            self.transport.write(_whole({"event_id": f"{mark}{next(self.stub.numbers):031x}"}))
        elif request.startswith(_FOLLOW):
            self._write(0, hold=request[len(_FOLLOW) :].startswith(b"f"))
        elif request.startswith(_HELD):
            self.stub.asking.append((int(request[len(_HELD) :].split()[0]), self))
            self.stub.tell()
        elif request.startswith(_RELEASE):
            self.transport.write(_whole(self.stub.release()))
        else:
            self.transport.write(b"HTTP/1.1 404 Not Found\r\ncontent-length: 0\r\n\r\n")

    def _write(self, number: int, *, hold: bool) -> None:
        parts = self.stub.parts
        last = number == len(parts) - 1
        if last and hold:
            self.stub.held.append(self)
            self.stub.tell()
            return
        self.transport.write(parts[number])
        if not last:
            self._loop.call_soon(lambda: self._write(number + 1, hold=hold))


def _content_length(head: bytes) -> int:
    for line in head.split(b"\r\n")[1:]:
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            return int(value)
    return 0


@contextlib.asynccontextmanager
async def serving() -> AsyncIterator[str]:
    """Serve on a free port of loopback, in this event loop; gives the address."""
    stub = Stub()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(stub), "127.0.0.1", 0, backlog=2048)
    origin = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    stub.at(origin)
    async with server:
        yield origin


def allow_many_descriptors() -> None:
    """Raise the soft limit of open files to the hard one: a thousand generations at once are as many sockets."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@dataclass(frozen=True)
class Apart:
    """A stub that runs as a process of its own.

    Attributes:
        url: where it is.
        pid: its process.
    """

    url: str
    pid: int


@contextlib.contextmanager
def apart() -> Iterator[Apart]:
    """Run a stub as a process of its own for the time of the block."""
    tests = Path(__file__).resolve().parents[1]
    command = [sys.executable, "-m", "benchmarks.stub"]
    with subprocess.Popen(command, cwd=tests, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Apart(process.stdout.readline().strip(), process.pid)
        finally:
            process.stdin.close()
            process.wait(10)


async def _until_standard_input_ends() -> None:
    async with serving() as origin:
        print(origin, flush=True)
        await asyncio.to_thread(_drain, sys.stdin.fileno())


def _drain(descriptor: int) -> None:
    while os.read(descriptor, 1024):
        pass


if __name__ == "__main__":
    allow_many_descriptors()
    asyncio.run(_until_standard_input_ends())
