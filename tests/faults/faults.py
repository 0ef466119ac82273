"""What can go wrong with an answer, as what is sent in its place."""

from __future__ import annotations

import enum
import functools
import gzip
import itertools
import json
import random
import struct
import zlib
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from typing import Self, TypeAlias


class End(enum.Enum):
    """What is done with a connection in the middle of an answer."""

    CLOSE = "closed"
    RESET = "reset"
    HOLD = "held open, silent, until the client leaves"


class Wait(enum.Enum):
    """What passes between two pieces of an answer."""

    A_MOMENT = 0.02


Steps: TypeAlias = Iterator[bytes | End | Wait]
"""What is sent, piece by piece, until a connection is ended; behind the last piece it is used again."""

PIECE = 24
"""Bytes that are repeated, that change places, or that are garbage."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong with one of the answers to a request.

    Attributes:
        kind: one of `KINDS`.
        answer: which answer: ``submit``, ``events`` or ``picture``.
        offset: before which byte of the answer, where the kind has a place.
        detail: a status, or the target of a redirect.
        times: how often it goes wrong for one prompt, before it goes well; None for always.
        name: tells apart requests that ask for the same fault.
    """

    kind: str
    answer: str
    offset: int = 0
    detail: str = ""
    times: int | None = None
    name: str = ""

    @property
    def prompt(self) -> str:
        """The prompt that asks for this fault."""
        return json.dumps(asdict(self))

    @classmethod
    def of_prompt(cls, prompt: str) -> Self | None:
        """Return the fault that a prompt asks for; None for any other prompt."""
        return cls(**json.loads(prompt)) if prompt.startswith("{") else None

    def steps(self, healthy: bytes, path: str) -> Steps:
        """Return what is sent in place of an answer.

        Args:
            healthy: the answer, head and body.
            path: what was asked for.
        """
        return KINDS[self.kind](replace(self, detail=self.detail or path), healthy)


def page(status: str) -> bytes:
    """Return an answer such as a Space gives that does not run."""
    return whole(b"<!DOCTYPE html><html><body><h1>Space is sleeping</h1></body></html>", status, "text/html")


def whole(body: bytes, status: str = "200 OK", media_type: str = "application/json", *more: str) -> bytes:
    """Return an answer with a whole body."""
    fields = ["server: uvicorn", f"content-length: {len(body)}", f"content-type: {media_type}", *more]
    return "\r\n".join((f"HTTP/1.1 {status}", *fields, "", "")).encode() + body


def event_head() -> bytes:
    """Return the head of an event stream, as it is sent in chunks."""
    return (
        b"HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: text/event-stream; charset=utf-8\r\n"
        b"transfer-encoding: chunked\r\n\r\n"
    )


def chunk(data: bytes) -> bytes:
    """Return one chunk of a chunked body (RFC 9112, section 7.1)."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def chunked(*events: bytes) -> bytes:
    """Return an event stream, one chunk an event, as uvicorn sends it."""
    return event_head() + b"".join(map(chunk, events)) + b"0\r\n\r\n"


def _ended(end: End) -> Callable[[Fault, bytes], Steps]:
    return lambda fault, healthy: iter((healthy[: fault.offset], end))


def _drip(fault: Fault, healthy: bytes) -> Steps:
    yield healthy[: fault.offset]
    for byte in healthy[fault.offset :]:
        yield bytes((byte,))


def _garbage(fault: Fault, healthy: bytes) -> Steps:
    junk = random.Random(fault.offset).randbytes(PIECE)
    return iter((healthy[: fault.offset] + junk + healthy[fault.offset :],))


def _repeat(fault: Fault, healthy: bytes) -> Steps:
    again = healthy[max(0, fault.offset - PIECE) :]
    return iter((healthy[: fault.offset] + again,))


def _reorder(fault: Fault, healthy: bytes) -> Steps:
    first, second, third = fault.offset, fault.offset + PIECE, fault.offset + 2 * PIECE
    return iter((healthy[:first] + healthy[second:third] + healthy[first:second] + healthy[third:],))


def _status(fault: Fault, healthy: bytes) -> Steps:
    return iter((whole(b'{"detail": "not today"}', fault.detail),))


def _page(fault: Fault, healthy: bytes) -> Steps:
    return iter((page("200 OK"),))


def _declared(change: int) -> Callable[[Fault, bytes], Steps]:
    def steps(fault: Fault, healthy: bytes) -> Steps:
        body = healthy.partition(b"\r\n\r\n")[2]
        head = whole(body).removesuffix(body)
        return iter((head.replace(b"length: %d" % len(body), b"length: %d" % (len(body) + change)) + body,))

    return steps


def _endless_line(fault: Fault, healthy: bytes) -> Steps:
    yield event_head() + chunk(b"event: complete\ndata: [")
    yield from itertools.repeat(chunk(b"x" * 65_536))


def _endless_heartbeat(fault: Fault, healthy: bytes) -> Steps:
    yield event_head()
    while True:
        yield chunk(b"event: heartbeat\ndata: null\n\n")
        yield Wait.A_MOMENT


def _endless_head(fault: Fault, healthy: bytes) -> Steps:
    yield b"HTTP/1.1 200 OK\r\n"
    yield from itertools.repeat(b"x-again: and again\r\n" * 1000)


@functools.cache
def _packed() -> bytes:
    return gzip.compress(b"\0" * 50_000_000)


def _gzip_bomb(fault: Fault, healthy: bytes) -> Steps:
    media_type = "text/event-stream" if fault.answer == "events" else "application/json"
    return iter((whole(_packed(), "200 OK", media_type, "content-encoding: gzip"),))


def _png_bomb(fault: Fault, healthy: bytes) -> Steps:
    def part(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n" + part(b"IHDR", header) + part(b"IDAT", zlib.compress(b"\0" * 100)) + part(b"IEND", b"")
    return iter((whole(bomb, "200 OK", "image/png"),))


def _redirect(fault: Fault, healthy: bytes) -> Steps:
    return iter((whole(b"", "307 Temporary Redirect", "text/plain", f"location: {fault.detail}"),))


KINDS: dict[str, Callable[[Fault, bytes], Steps]] = {
    "close": _ended(End.CLOSE),
    "reset": _ended(End.RESET),
    "stall": _ended(End.HOLD),
    "drip": _drip,
    "garbage": _garbage,
    "repeat": _repeat,
    "reorder": _reorder,
    "status": _status,
    "page": _page,
    "declared longer": _declared(10),
    "declared shorter": _declared(-10),
    "endless line": _endless_line,
    "endless heartbeat": _endless_heartbeat,
    "endless head": _endless_head,
    "gzip bomb": _gzip_bomb,
    "png bomb": _png_bomb,
    "redirect": _redirect,
}
"""The faults by name; a redirect without a target leads to where it came from."""
