"""Whether a request is the one that a transcript has, and how it differs."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, unquote, urlsplit

import httpx

from impasto.carriers.encoding import body_arguments
from impasto.testing.pictures import holds_picture

if TYPE_CHECKING:
    from impasto.payloads import HttpRequest
    from impasto.testing.transcript import Exchange

_ANYWHERE = "https://relative.invalid"


def built(payload: HttpRequest) -> httpx.Request:
    """Return what a payload becomes on the wire, unsigned; a relative url is put below a host of no meaning.

    Raises:
        TypeError, ValueError: it cannot be sent; or another error of a part that is not what it should be.
    """
    url = payload.url if "://" in payload.url.partition("?")[0] else f"{_ANYWHERE}/{payload.url.lstrip('/')}"
    address = httpx.URL(f"https:{payload.url}" if payload.url.startswith("//") else url)
    if payload.params:
        address = address.copy_merge_params(dict(payload.params))
    request = httpx.Request(payload.method, address, headers=dict(payload.headers), **body_arguments(payload))
    request.read()
    return request


def differences(payload: HttpRequest, exchange: Exchange, ignored: str = "", bases: Sequence[str] = ()) -> list[str]:
    """Return in words how a payload differs from what was sent when a transcript was recorded.

    Args:
        payload: what a plugin asks for.
        exchange: what was recorded.
        ignored: text that is another one every time, such as the request's id: values that hold it are not compared.
        bases: the provider's url and origins, any of which a recorded url may leave out.
    """
    request = built(payload)
    url = str(request.url).removeprefix(_ANYWHERE)
    if "://" not in exchange.url:
        base = next((each for each in bases if each and url.startswith(f"{each.rstrip('/')}/")), "")
        url = url.removeprefix(base.rstrip("/"))
    found = line_differences(request.method, url, exchange, ignored)
    if found:
        return found
    return list(body_differences(request.content, request.headers.get("content-type", ""), exchange, ignored))


def line_differences(method: str, url: str, exchange: Exchange, ignored: str = "") -> list[str]:
    """Return how method and url differ from a recorded exchange; a key that was left out of the query is no matter."""
    sent, recorded = urlsplit(url), urlsplit(exchange.url)
    where = f"{method} {url}"
    if (method, sent.netloc) != (exchange.method, recorded.netloc) or _path(sent.path) != _path(recorded.path):
        return [f"it asks for {where}, where the transcript has {exchange.method} {exchange.url}"]
    mine, theirs = dict(parse_qsl(sent.query, True)), dict(parse_qsl(recorded.query, True))
    return list(json_differences(mine, theirs, "query", ignored))


def body_differences(sent: bytes, media_type: str, exchange: Exchange, ignored: str = "") -> Iterator[str]:
    """Yield how a request's body differs from the recorded one; bodies in several parts are not compared."""
    if media_type.startswith("multipart/") or sent == exchange.sent:
        return
    try:
        mine, theirs = json.loads(sent), json.loads(exchange.sent)
    except (ValueError, RecursionError):
        if not ignored or ignored.encode() not in sent:
            yield f"the body is {sent[:80]!r}, where the transcript has {exchange.sent[:80]!r}"
        return
    yield from json_differences(mine, theirs, "body", ignored)


def json_differences(mine: Any, theirs: Any, place: str, ignored: str = "") -> Iterator[str]:
    """Yield how two JSON values differ, each difference with its place."""
    if isinstance(mine, Mapping) and isinstance(theirs, Mapping):
        for name in [*theirs, *(name for name in mine if name not in theirs)]:
            here = f"{place}.{name}"
            if name not in mine:
                yield f"{here} is missing; the transcript has {_short(theirs[name])}"
            elif name not in theirs:
                yield f"{here} is {_short(mine[name])}; the transcript has no such field"
            else:
                yield from json_differences(mine[name], theirs[name], here, ignored)
    elif isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        for index, (one, other) in enumerate(zip(mine, theirs, strict=True)):
            yield from json_differences(one, other, f"{place}[{index}]", ignored)
    elif isinstance(mine, str) and isinstance(theirs, str) and holds_picture(mine) and holds_picture(theirs):
        return  # the same pixels are other bytes from one version of an encoder to the next
    elif (mine != theirs or isinstance(mine, bool) != isinstance(theirs, bool)) and not (
        ignored and isinstance(mine, str) and ignored in mine.replace("-", "")  # as a UUID has it, too
    ):
        yield f"{place} is {_short(mine)}, where the transcript has {_short(theirs)}"


def _path(path: str) -> str:
    return unquote(path).lstrip("/")


def _short(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"
