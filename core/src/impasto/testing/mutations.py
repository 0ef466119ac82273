"""Transcripts as broken, old, new and hostile servers would have made them."""

from __future__ import annotations

import copy
import json
import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from impasto.events import ServerEvent
    from impasto.testing.transcript import Exchange

PAGE = (
    b"<!doctype html><html><head><title>502 Bad Gateway</title></head>"
    b"<body><h1>Bad Gateway</h1><p>The server is tired.</p><script>alert(1)</script></body></html>"
)
"""What stands in front of a service that is down."""

SAYS_NOTHING = (b"", b"null", b"[]", b"{}", b'""', PAGE)
"""Bodies that no service means anything by."""

_BODIES = (*SAYS_NOTHING, b"0", b"true", b'"impasto"', b"[[]]", b"\xff\xfe\x00", b"{" * 3, b"[" * 5_000)
_OTHERS: tuple[Any, ...] = (None, True, 7, 7.5, "impasto", [], {})
_OBJECTS: tuple[Any, ...] = (7, "impasto", b"", b"impasto", [], {}, object())
_MOST_CUTS = 24
_MOST_PATHS = 120
_MOST_EVENTS = 3
_BLOCK = re.compile(rb"(?:(?!\r?\n\r?\n).)*(?:\r?\n\r?\n|\Z)", re.DOTALL)


def few_of_each(events: Sequence[ServerEvent]) -> Iterator[tuple[int, ServerEvent]]:
    """Yield events with their numbers from 1: of those that look alike, the first few."""
    counted: dict[object, int] = {}
    for number, event in enumerate(events, 1):
        key = event.name, type(event.data), event.payload.describe(), event.status
        counted[key] = counted.get(key, 0) + 1
        if counted[key] <= _MOST_EVENTS:
            yield number, event


def changed_events(event: ServerEvent) -> Iterator[tuple[str, ServerEvent]]:
    """Yield an event as it should not be, each with words that say how it was changed."""
    data = event.data
    if not isinstance(data, str | bytes):
        for other in _OBJECTS:
            yield f"replaced by {other!r:.40}", replace(event, data=other)
        return
    raw = data.encode() if isinstance(data, str) else data
    for at in _cuts(len(raw)):
        yield f"cut after {at} of {len(raw)} bytes", _with(event, raw[:at])
    for body in _BODIES:
        yield f"replaced by {_quoted(body)}", _with(event, body)
    if event.name == "response":
        headers = {**event.headers, "content-type": "text/html"}
        yield "replaced by a web page", replace(_with(event, PAGE), headers=headers)
    else:
        for name in ("message", "impasto-unknown"):
            yield f"of another type, {name}", replace(event, name=name)
    for words, body in _changed_json(raw):
        yield words, _with(event, body)


def changed_conversations(exchanges: Sequence[Exchange]) -> Iterator[tuple[str, tuple[Exchange, ...]]]:
    """Yield a conversation as it should not be, each with words that say how it was changed."""
    whole = tuple(exchanges)
    for index, each in enumerate(whole):
        before, after = whole[:index], whole[index + 1 :]
        where = f"answer {index + 1} ({each.method} {each.url:.60})"
        yield f"{where} is left out", (*before, *after)
        yield f"{where} comes twice", (*before, each, each, *after)
        if after:
            yield f"{where} and the next have changed places", (*before, after[0], each, *after[1:])
        for status in (204, 400, 404, 500):
            yield f"{where} has status {status}", (*before, replace(each, status=status), *after)
        for body in SAYS_NOTHING:
            yield f"{where} is {_quoted(body)}", (*before, replace(each, body=body), *after)
        page = replace(each, body=PAGE, headers={"content-type": "text/html"})
        yield f"{where} is a web page", (*before, page, *after)
        other = "application/json" if each.media_type == "text/event-stream" else "text/event-stream"
        yield f"{where} is of type {other}", (*before, replace(each, headers={"content-type": other}), *after)
        for at in _cuts(len(each.body)):
            words = f"{where} is cut after {at} of {len(each.body)} bytes"
            yield words, (*before, replace(each, body=each.body[:at]), *after)
        if each.media_type == "text/event-stream":
            for words, body in _changed_streams(each.body):
                yield f"{where}: {words}", (*before, replace(each, body=body), *after)


def _changed_streams(body: bytes) -> Iterator[tuple[str, bytes]]:
    blocks = [block for block in _BLOCK.findall(body) if block.strip()]
    for index in range(min(len(blocks), _MOST_CUTS)):
        rest = blocks[:index] + blocks[index + 1 :]
        yield f"event {index + 1} is left out", b"".join(rest)
        yield f"event {index + 1} comes twice", b"".join([*blocks[: index + 1], *blocks[index:]])
        yield f"event {index + 1} comes first", b"".join([blocks[index], *rest])
        yield f"event {index + 1} comes last", b"".join([*rest, blocks[index]])


def _changed_json(raw: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        value = json.loads(raw)
    except (ValueError, RecursionError):
        return
    paths = list(_paths(value, ()))
    step = max(1, -(-len(paths) // _MOST_PATHS))
    for path in paths[::step]:
        place = "".join(f"[{each!r}]" for each in path)
        found = _at(value, path)
        for other in _OTHERS:
            if type(other) is not type(found) or (isinstance(other, str) and other != found):
                yield f"with {place} = {json.dumps(other)}", json.dumps(_set(value, path, other)).encode()
        if isinstance(path[-1], str):
            yield f"without {place}", json.dumps(_set(value, path, ...)).encode()


def _paths(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if path:
        yield path
    if isinstance(value, dict):
        for name, each in value.items():
            yield from _paths(each, (*path, name))
    elif isinstance(value, list):
        for index, each in enumerate(value[:5]):
            yield from _paths(each, (*path, index))


def _at(value: Any, path: tuple[str | int, ...]) -> Any:
    for each in path:
        value = value[each]
    return value


def _set(value: Any, path: tuple[str | int, ...], other: Any) -> Any:
    """Return a copy in which another value stands at a place; with ``...``, none."""
    value = copy.deepcopy(value)
    owner = _at(value, path[:-1])
    if other is ...:
        del owner[path[-1]]
    else:
        owner[path[-1]] = other
    return value


def _cuts(length: int) -> list[int]:
    step = max(1, -(-length // _MOST_CUTS))
    return sorted({*range(0, length, step), max(0, length - 1)} - ({0} if not length else set()))


def _with(event: ServerEvent, raw: bytes) -> ServerEvent:
    return replace(event, data=raw if isinstance(event.data, bytes) else raw.decode(errors="replace"))


def _quoted(body: bytes) -> str:
    if body == PAGE:
        return "a web page"
    return repr(body[:20].decode(errors="replace")) + ("…" if len(body) > 20 else "") if body else "nothing"
