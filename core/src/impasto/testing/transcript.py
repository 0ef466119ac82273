"""Transcripts: conversations between impasto and a service, as text that people read and tests replay.

A transcript is UTF-8. It begins with a head, and then has one block for each exchange: what was sent stands behind
``>``, what was answered behind ``<``, each as in HTTP a first line, header fields, an empty line and the body::

    # impasto transcript 1
    model: easel/easel-2
    request: {"prompt": "a red fox", "seed": 7}
    ends: picture

    > POST /paintings
    > content-type: application/json
    >
    > {"prompt": "a red fox", "seed": 7}
    < 200 OK
    < content-type: application/json
    <
    < {"id": "p1", "status": "waiting"}

Bodies stand as they came, line by line. In place of the empty line, ``[crlf]`` says that the body's lines end in CR LF;
``[base64]``, that what follows is not text; ``[picture PNG 64x48]``, that a plain picture of that size stands for the
real one. A WebSocket is the ``GET`` of its handshake, answered with status 101; each line of the body is a message, one
that is not text behind ``[base64]``. Urls are as in payloads: below the provider's url, or absolute. Lines that begin
with ``#`` are remarks.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
import textwrap
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from impasto.carriers.failures import reason_phrase
from impasto.errors import ImpastoError
from impasto.testing.pictures import described, plain_picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

SUFFIX = ".http"
"""Of the files that hold transcripts."""

PICTURE = "picture"
"""How most conversations end; others with the name of an error's class."""

_FIRST_LINE = "# impasto transcript 1"
_FIELDS = ("model", "request", "ends")
_METHOD = re.compile(r"[A-Z]{1,20}")
_FIELD_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_PICTURE = re.compile(r"\[picture ([A-Z0-9]{1,10}) (\d{1,5})x(\d{1,5})\]")
_NOT_TEXT = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


class TranscriptError(ImpastoError, ValueError):
    """A transcript cannot be read; the message says where and why."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its answer.

    Attributes:
        method: in capitals.
        url: below the provider's url, or absolute.
        sent_headers: the request's header fields that matter, names in lower case.
        sent: the request's body.
        status: the answer's HTTP status.
        headers: the answer's header fields that matter, names in lower case.
        body: the answer's body.
    """

    method: str
    url: str
    sent_headers: Mapping[str, str] = field(default_factory=dict)
    sent: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    def __post_init__(self) -> None:
        if not _METHOD.fullmatch(self.method):
            raise TranscriptError(f"{self.method!r} is no HTTP method")
        if not self.url or any(c.isspace() or not c.isprintable() for c in self.url):
            raise TranscriptError(f"{self.url!r} is no url: it is empty, or holds spaces")
        if not 100 <= self.status <= 599:
            raise TranscriptError(f"{self.status!r} is no HTTP status")
        for name, value in (*self.sent_headers.items(), *self.headers.items()):
            if not _FIELD_NAME.fullmatch(name) or value != value.strip() or not value.isprintable():
                raise TranscriptError(f"{name!r}: {value!r} is no header field with its name in lower case")

    @property
    def media_type(self) -> str:
        """The answer's media type, without parameters; empty where it has none."""
        return self.headers.get("content-type", "").partition(";")[0].strip().lower()


@dataclass(frozen=True, slots=True)
class Transcript:
    """A conversation.

    Attributes:
        exchanges: in the order in which they were begun.
        model: the model's full name, ``provider/model``; empty where none is named.
        request: what was asked for: fields of `ImageRequest` by name.
        ends: ``picture``, or the name of the error's class with which it ends.
    """

    exchanges: tuple[Exchange, ...]
    model: str = ""
    request: Mapping[str, Any] = field(default_factory=dict)
    ends: str = PICTURE

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the transcript that a text holds.

        Raises:
            TranscriptError: it breaks the format; the message names the line.
        """
        # As a checkout on Windows may have it; within a transcript, no line ends so.
        lines = text.replace("\r\n", "\n").removesuffix("\n").split("\n")
        if lines[0].rstrip() != _FIRST_LINE:
            raise TranscriptError(f"line 1: a transcript begins with {_FIRST_LINE!r}, not {lines[0][:40]!r}")
        head: dict[str, Any] = {}
        blocks: list[tuple[list[tuple[int, str]], list[tuple[int, str]]]] = []
        for number, line in enumerate(lines[1:], 2):
            sign = line[:1]
            if sign == ">" and (not blocks or blocks[-1][1]):
                blocks.append(([], []))
            if sign in {">", "<"}:
                if not blocks:
                    raise TranscriptError(f"line {number}: an answer without a request before it")
                blocks[-1][sign == "<"].append((number, line[1:].removeprefix(" ")))
            elif line.strip() and sign != "#":
                if blocks:
                    raise TranscriptError(
                        f"line {number}: lines of an exchange begin with '>' or '<', not {line!r:.60}"
                    )
                _read_field(head, number, line)
        return cls(tuple(_exchange(asked, answered) for asked, answered in blocks), **head)

    @classmethod
    def read(cls, path: Path) -> Self:
        """Return the transcript in a file.

        Raises:
            TranscriptError: it cannot be read, or breaks the format; the message names file and line.
        """
        try:
            return cls.parse(path.read_bytes().decode())
        except (OSError, UnicodeDecodeError) as error:
            raise TranscriptError(f"{path} cannot be read: {error}") from error
        except TranscriptError as error:
            raise TranscriptError(f"{path}, {error}") from None

    def text(self) -> str:
        """Return the transcript as text, from which `parse` makes an equal one."""
        lines = [_FIRST_LINE]
        if self.model:
            lines.append(f"model: {self.model}")
        if self.request:
            lines.append(f"request: {json.dumps(dict(self.request), ensure_ascii=False)}")
        if self.ends != PICTURE or self.model:
            lines.append(f"ends: {self.ends}".rstrip())
        for each in self.exchanges:
            lines.append("")
            lines += _lines(">", f"{each.method} {each.url}", each.sent_headers, each.sent)
            lines += _lines("<", _status_line(each.status), each.headers, each.body)
        return "\n".join(lines) + "\n"


def _read_field(head: dict[str, Any], number: int, line: str) -> None:
    name, colon, value = line.partition(":")
    value = value.strip()
    if not colon or name not in _FIELDS:
        raise TranscriptError(f"line {number}: the head has the fields {', '.join(_FIELDS)}, not {line!r:.60}")
    if name in head:
        raise TranscriptError(f"line {number}: {name} is said twice")
    if name != "request":
        head[name] = value
        return
    try:
        head[name] = json.loads(value)
    except (ValueError, RecursionError) as error:
        raise TranscriptError(f"line {number}: the request is not JSON: {error}") from error
    if not isinstance(head[name], dict):
        raise TranscriptError(f"line {number}: the request must be a JSON object of ImageRequest's fields")


def _exchange(asked: list[tuple[int, str]], answered: list[tuple[int, str]]) -> Exchange:
    number, line = asked[0]
    method, _, url = line.partition(" ")
    if not answered:
        raise TranscriptError(f"line {number}: {line!r:.60} has no answer, whose lines would begin with '<'")
    sent_headers, sent = _message(asked[1:])
    headers, body = _message(answered[1:])
    status = answered[0][1].split(" ", 1)[0]
    try:
        if not (status.isascii() and status.isdecimal()):
            raise TranscriptError(f"an answer begins with its status, not {answered[0][1]!r:.40}")
        return Exchange(method, url.strip(), sent_headers, sent, int(status), headers, body)
    except TranscriptError as error:
        raise TranscriptError(f"line {number}: {error}") from None


def _message(lines: list[tuple[int, str]]) -> tuple[dict[str, str], bytes]:
    """Return header fields and body of what stands behind a first line."""
    headers: dict[str, str] = {}
    for index, (number, line) in enumerate(lines):
        if not line or line.startswith("["):
            try:
                return headers, _body(line, [text for _, text in lines[index + 1 :]])
            except ValueError as error:
                raise TranscriptError(f"line {number}: {error}") from error
        name, colon, value = line.partition(":")
        if not colon:
            raise TranscriptError(f"line {number}: a header field is 'name: value', not {line!r:.60}")
        headers[name.strip().lower()] = value.strip()
    return headers, b""


def _body(kind: str, lines: list[str]) -> bytes:
    if picture := _PICTURE.fullmatch(kind):
        return plain_picture(picture[1], int(picture[2]), int(picture[3]))
    match kind:
        case "":
            return "\n".join(lines).encode()
        case "[crlf]":
            return "\r\n".join(lines).encode()
        case "[base64]":
            try:
                return base64.b64decode("".join(lines), validate=True)
            except binascii.Error as error:
                raise ValueError(f"broken base64: {error}") from error
        case _:
            raise ValueError(f"a body is [crlf], [base64] or [picture FORMAT WxH], not {kind!r:.60}")


def _lines(sign: str, first: str, headers: Mapping[str, str], body: bytes) -> Iterator[str]:
    yield f"{sign} {first}"
    for name, value in headers.items():
        yield f"{sign} {name}: {value}".rstrip()
    if body:
        kind, lines = _written(body)
        for line in (kind, *lines):
            yield f"{sign} {line}" if line else sign


def _written(body: bytes) -> tuple[str, list[str]]:
    """Return what stands for the empty line before a body, and the body's lines."""
    if picture := described(body):
        return f"[picture {picture}]", []
    try:
        text = body.decode()
    except UnicodeDecodeError:
        text = "\0"
    for kind, end in (("", "\n"), ("[crlf]", "\r\n")):
        lines = text.split(end)
        if not any(_NOT_TEXT.search(line) or "\n" in line for line in lines):
            return kind, lines
    return "[base64]", textwrap.wrap(base64.b64encode(body).decode(), 100)


def _status_line(status: int) -> str:
    return f"{status} {reason_phrase(status)}".rstrip()
