"""What must hold of a payload, so that the core can send it, sign it and write it down."""

from __future__ import annotations

import inspect
import json
import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import httpx

from impasto import checkpoints
from impasto.auth import ApiKeyHeader, ApiKeyQuery
from impasto.conversation import Trace
from impasto.errors import ImpastoError
from impasto.payloads import HttpRequest, LocalCall, WebSocket
from impasto.testing.matching import built

if TYPE_CHECKING:
    from impasto.models import Model
    from impasto.payloads import Payload
    from impasto.request import ImageRequest

_METHOD = re.compile(r"[A-Z]{1,20}")
_KEY_HEADERS = frozenset(
    {
        "authorization", "proxy-authorization", "cookie", "x-api-key", "x-key", "api-key", "apikey", "x-api-token",
        "x-auth-token", "x-access-token", "x-goog-api-key",
    }
)  # fmt: skip
_KEY_FIELDS = frozenset(
    {"api_key", "apikey", "api-key", "access_token", "auth_token", "secret_key", "client_secret", "password"}
)
_KEY_PARAMS = _KEY_FIELDS | {"key", "token"}
_HEADERS_OF_THE_CORE = frozenset({"host", "content-length", "transfer-encoding", "connection"})
_SIGNING = "A plugin never sees a key: declare Provider(auth=…), and the core signs."
_BODIES = ("json", "content", "data", "files")


def faults_of_payload(payload: Payload, model: Model, request: ImageRequest) -> Iterator[str]:
    """Yield what is wrong with a payload, each in words that say what to do.

    Args:
        payload: from ``build_payload``, or from a `Follow`.
        model: the model that it is for.
        request: the request that it is for.
    """
    if isinstance(payload, LocalCall):
        yield from _faults_of_call(payload)
        return
    yield from _faults_of_url(payload, model)
    yield from _faults_of_headers(payload, model)
    yield from _faults_of_idle(payload)
    if isinstance(payload, WebSocket):
        if not isinstance(payload.send, tuple) or not all(isinstance(each, str | bytes) for each in payload.send):
            yield f"send must be a tuple of text or bytes, not {payload.send!r:.60}."
        yield from _faults_of_memory(HttpRequest("GET", "/", beside=(payload,)), model, request)
        return
    yield from _faults_of_body(payload)
    yield from _faults_of_numbers(payload)
    yield from _faults_of_memory(payload, model, request)
    for lane in payload.beside:
        if not isinstance(lane, HttpRequest | WebSocket):
            yield f"beside holds {lane!r:.60}: a lane is an HttpRequest or a WebSocket."
        elif isinstance(lane, HttpRequest) and (lane.beside or lane.on_cancel):
            yield f"beside: {lane.describe()} is a lane, and has none of its own, nor an on_cancel: leave it out."
        else:
            yield from (f"beside: {fault}" for fault in faults_of_payload(lane, model, request))
    if payload.on_cancel is not None:
        if not isinstance(payload.on_cancel, HttpRequest):
            yield f"on_cancel must be an HttpRequest, not {payload.on_cancel!r:.60}."
        elif payload.on_cancel.on_cancel is not None:
            yield "on_cancel has an on_cancel of its own, which is never sent: leave it out."
        else:
            for fault in faults_of_payload(payload.on_cancel, model, request):
                yield f"on_cancel: {fault}"


def _faults_of_url(payload: HttpRequest | WebSocket, model: Model) -> Iterator[str]:
    schemes = {"ws", "wss", "http", "https", ""} if isinstance(payload, WebSocket) else {"http", "https", ""}
    url = payload.url
    if not isinstance(url, str):
        yield f"url must be text, not {url!r:.60}."
        return
    if any(not "!" <= c <= "~" for c in url):
        yield f"url {url!r:.120} holds signs that no address has: urllib.parse.quote(…, safe='') what a user wrote."
    if "#" in url:
        yield f"url {url!r:.120} holds '#', and what is behind it is never sent: quote it, or leave it out."
    if "://" not in url.partition("?")[0] and not url.startswith("//"):
        if not (model.url or model.provider.url):
            yield f"url {url!r:.120} is relative, and neither the provider nor the model has a url."
    elif urlsplit(url).scheme not in schemes or not urlsplit(url).hostname:
        yield f"url {url!r:.120} is no http(s) address; one below the provider's url needs no host: '/path'."


def _faults_of_headers(payload: HttpRequest | WebSocket, model: Model) -> Iterator[str]:
    for what, pairs in (("headers", payload.headers), ("params", payload.params)):
        if not isinstance(pairs, Mapping):
            yield f"{what} must be a mapping, not {pairs!r:.60}."
            return
        for name, value in pairs.items():
            if not isinstance(name, str) or (what == "headers" and not isinstance(value, str)):
                yield f"{what}[{name!r}] must be text to text, not {value!r:.60}."
            elif what == "params" and (isinstance(value, bool) or not isinstance(value, str | int | float)):
                yield f"params[{name!r}] must be text or a number, not {value!r:.60}."
    for name, value in payload.headers.items():
        if str(name).lower() in _HEADERS_OF_THE_CORE:
            yield f"headers[{name!r}] is the core's to set: leave it out."
        if isinstance(value, str) and not all(" " <= c <= "~" for c in value):
            yield f"headers[{name!r}]={value!r:.60} cannot be sent: header fields are printable ASCII."


def _faults_of_body(payload: HttpRequest) -> Iterator[str]:
    given = [name for name in _BODIES if getattr(payload, name) is not None]
    if len(given) > 1 and given != ["data", "files"]:
        yield f"it has {' and '.join(given)}: a request has one body; only data and files go together."
    try:
        json.dumps(payload.json, allow_nan=False)
    except (TypeError, ValueError, RecursionError) as error:
        yield f"json cannot be sent: {error}. JSON holds text, finite numbers, True, False, None, lists and mappings."
        return
    if wrong := next(_unnamed(payload.json, "json"), None):
        yield f"{wrong}: the names of JSON's fields are text."
    try:
        built(payload)
    except (TypeError, ValueError, AttributeError, httpx.InvalidURL) as error:
        yield f"it cannot be sent: {type(error).__name__}: {error}."


def _unnamed(value: Any, place: str) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, each in value.items():
            if not isinstance(name, str):
                yield f"{place}[{name!r}]"
            yield from _unnamed(each, f"{place}[{name!r}]")
    elif isinstance(value, list | tuple):
        for index, each in enumerate(value):
            yield from _unnamed(each, f"{place}[{index}]")


def _faults_of_idle(payload: HttpRequest | WebSocket) -> Iterator[str]:
    idle = payload.idle
    if idle is not None and (isinstance(idle, bool) or not isinstance(idle, int | float) or not 0 < idle < math.inf):
        yield f"idle must be a positive number of seconds, or None, not {idle!r}."


def _faults_of_numbers(payload: HttpRequest) -> Iterator[str]:
    if not isinstance(payload.method, str) or not _METHOD.fullmatch(payload.method):
        yield f"method must be one of HTTP's, in capitals, such as POST, not {payload.method!r}."
    for status in payload.statuses:
        if not isinstance(status, int) or not 300 <= status <= 599:
            yield f"statuses holds {status!r}: it names the failures (300 to 599) that the plugin reads itself."
    if not isinstance(payload.idempotent, bool | None):
        yield f"idempotent must be True, False or None, not {payload.idempotent!r}."


def key_faults(payload: Payload, model: Model, keys: Mapping[str, str]) -> Iterator[str]:
    """Yield where a payload has a key, or a place for one.

    Args:
        payload: from ``build_payload``, or from a `Follow`.
        model: the model that it is for.
        keys: the values that must not be in it, by the variables that hold them.
    """
    if isinstance(payload, LocalCall):
        for place, _, value in _leaves({"kwargs": payload.kwargs, "step": payload.step}, ""):
            yield from _keys_in(place, value, keys)
        return
    if isinstance(payload, HttpRequest):
        for what, each in (("on_cancel", payload.on_cancel), *(("beside", lane) for lane in payload.beside)):
            if isinstance(each, HttpRequest | WebSocket):
                yield from (f"{what}: {fault}" for fault in key_faults(each, model, keys))
    auth = model.provider.auth
    own_header = auth.name.lower() if isinstance(auth, ApiKeyHeader) else ""
    own_param = auth.name.lower() if isinstance(auth, ApiKeyQuery) else ""
    for name in payload.headers:
        if str(name).lower() in _KEY_HEADERS | {own_header}:
            yield f"headers[{name!r}] is where a key travels. {_SIGNING}"
    for name in payload.params:
        if str(name).lower() in _KEY_PARAMS | {own_param}:
            yield f"params[{name!r}] is where a key travels. {_SIGNING}"
    parts = ("send", "step") if isinstance(payload, WebSocket) else ("json", "data", "step")
    for place, name, value in _leaves({part: getattr(payload, part) for part in parts}, ""):
        if name.lower() in _KEY_FIELDS:
            yield f"{place} is where a key travels. {_SIGNING}"
        yield from _keys_in(place, value, keys)
    for what, pairs in (("headers", payload.headers), ("params", payload.params), ("", {"url": payload.url})):
        for name, value in pairs.items():
            yield from _keys_in(f"{what}[{name!r}]" if what else name, value, keys)


def _keys_in(place: str, value: object, keys: Mapping[str, str]) -> Iterator[str]:
    for variable, key in keys.items():
        if len(key) >= 4 and isinstance(value, str) and key in value:
            yield f"{place} holds the value of {variable}. {_SIGNING}"


def _leaves(value: Any, place: str, name: str = "") -> Iterator[tuple[str, str, Any]]:
    if isinstance(value, Mapping):
        for each, inner in value.items():
            yield from _leaves(inner, f"{place}.{each}" if place else str(each), str(each))
    elif isinstance(value, list | tuple):
        for index, inner in enumerate(value):
            yield from _leaves(inner, f"{place}[{index}]", name)
    else:
        yield place, name, value


def _faults_of_memory(payload: HttpRequest, model: Model, request: ImageRequest) -> Iterator[str]:
    """Yield why a payload could not be written down between two steps, and be taken up in another process."""
    asked = replace(payload, idempotent=True, on_cancel=None)
    try:
        written = checkpoints.write(Trace(model=model.name, request=request, payload=asked))
        read = checkpoints.read(json.loads(json.dumps(written)))
    except (ImpastoError, TypeError, ValueError, RecursionError) as error:
        words = error.args[0] if error.args else error
        yield (
            f"it cannot be written down ({words}): step and all other parts must be plain data: text, numbers, bytes, "
            "lists, tuples, mappings, None. So a paid job survives a crash."
        )
        return
    if read.payload != asked:
        yield f"written down and read again, it is another one: {asked!r:.200} and {read.payload!r:.200}."


def _faults_of_call(call: LocalCall) -> Iterator[str]:
    if not callable(call.function):
        yield f"function must be a generator function, not {call.function!r:.60}."
        return
    if not isinstance(call.kwargs, Mapping):
        yield f"kwargs must be a mapping, not {call.kwargs!r:.60}."
        return
    try:
        inspect.signature(call.function).bind(**call.kwargs)
    except (TypeError, ValueError) as error:
        yield f"{call.describe()} cannot be called with kwargs={dict(call.kwargs)!r:.120}: {error}."
