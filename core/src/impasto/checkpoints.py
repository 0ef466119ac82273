"""The place of a conversation between two steps, as plain data: written down in one process, taken up in another."""

from __future__ import annotations

import base64
import dataclasses
from collections.abc import Mapping
from typing import Any

from impasto.conversation import Trace
from impasto.errors import ImpastoError, InvalidRequest, PluginError
from impasto.events import Image
from impasto.payloads import HttpRequest, WebSocket
from impasto.request import ImageRequest

VERSION = 1
"""Of the data's form; another one is refused."""

_BYTES, _TUPLE, _MAPPING = "$bytes", "$tuple", "$mapping"


def write(trace: Trace) -> dict[str, Any] | None:
    """Return the place that a conversation has come to; None where it has come to none that can be taken up.

    Raises:
        PluginError: the plugin put something else than plain data into its payload.
    """
    if trace.model is None or trace.request is None or trace.place is None:
        return None
    try:
        return {
            "version": VERSION,
            "model": trace.model,
            "request": _fields(trace.request),
            "payload": _fields(trace.place),
            "on_cancel": trace.on_cancel and _fields(trace.on_cancel),
            "may_be_charged": trace.may_be_charged,
        }
    except (TypeError, RecursionError) as error:
        raise PluginError(
            f"what it remembers cannot be written down: {error}", plugin=trace.model.partition("/")[0]
        ) from error


def read(checkpoint: Mapping[str, Any]) -> Trace:
    """Return the place that a checkpoint tells of.

    Raises:
        InvalidRequest: it is not a checkpoint, is damaged, or is one of another version.
    """
    if not isinstance(checkpoint, Mapping) or checkpoint.get("version") != VERSION:
        raise InvalidRequest(f"not a checkpoint of version {VERSION}.", parameter="checkpoint")
    try:
        on_cancel = checkpoint["on_cancel"]
        trace = Trace(
            model=_a(str, checkpoint["model"]),
            request=_request(checkpoint["request"]),
            payload=_http_request(checkpoint["payload"]),
            on_cancel=None if on_cancel is None else _http_request(on_cancel),
            may_be_charged=_a(bool, checkpoint["may_be_charged"]),
        )
        if trace.place is None:
            raise ValueError("the payload must not be sent again")
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError, ImpastoError) as error:
        raise InvalidRequest(f"the checkpoint is damaged: {error}.", parameter="checkpoint") from error
    return trace


def _request(value: Any) -> ImageRequest:
    fields = _named(value)
    images, mask = fields["images"], fields["mask"]
    fields["images"] = tuple(_image(image) for image in images)
    fields["mask"] = None if mask is None else _image(mask)
    _a(str, fields["id"])
    return ImageRequest(**fields)


def _image(value: Any) -> Image:
    image = Image(**_named(value))
    _a((str, type(None)), image.url)
    _a((bytes, type(None)), image.data)
    return image


def _lane(value: Any) -> HttpRequest | WebSocket:
    if "method" in value:
        return _http_request(value)
    socket = WebSocket(**_named(value))
    _a(str, socket.url)
    for message in _a((list, tuple), socket.send):
        _a((str, bytes), message)
    _check_fields(socket)
    return socket


def _http_request(value: Any) -> HttpRequest:
    lanes = _rich(value.get("beside", ()))
    fields = _named({name: each for name, each in value.items() if name != "beside"})
    if fields["on_cancel"] is not None:
        fields["on_cancel"] = _http_request(fields["on_cancel"])
    fields["beside"] = tuple(_lane(each) for each in _a((list, tuple), lanes))
    request = HttpRequest(**fields)
    _a(str, request.method)
    _a(str, request.url)
    _a((bytes, type(None)), request.content)
    _a((Mapping, type(None)), request.data)
    for given in _a(Mapping, request.files or {}).values():
        for name, content, media_type in (given,) if isinstance(given[0], str) else given:
            _a(str, name), _a(bytes, content), _a(str, media_type)
    _check_fields(request)
    for status in _a((list, tuple), request.statuses):
        _a(int, status)
    _a((bool, type(None)), request.idempotent)
    return request


def _check_fields(payload: HttpRequest | WebSocket) -> None:
    for name, each in {**_a(Mapping, payload.headers), **_a(Mapping, payload.params)}.items():
        _a(str, name), _a((str, int, float), each)
    _a((int, float, type(None)), payload.idle)


def _a(kind: Any, value: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r:.60} is not what belongs there")
    return value


def _fields(value: Any) -> dict[str, Any]:
    """Return the fields of a request or payload, by name."""
    return {each.name: _plain(getattr(value, each.name)) for each in dataclasses.fields(value)}


def _named(value: Any) -> dict[str, Any]:
    """Return the fields of a request or payload, from what `_fields` made of them."""
    return {_a(str, name): _rich(each) for name, each in _a(Mapping, value).items()}


def _plain(value: Any) -> Any:
    if value is None or isinstance(value, str | int | float):
        return value
    if isinstance(value, Image | HttpRequest | WebSocket):
        return _fields(value)
    if isinstance(value, bytes):
        return {_BYTES: base64.b64encode(value).decode()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, tuple):
        return {_TUPLE: [_plain(each) for each in value]}
    if isinstance(value, Mapping):
        if all(isinstance(name, str) and not name.startswith("$") for name in value):
            return {name: _plain(each) for name, each in value.items()}
        return {_MAPPING: [[_plain(name), _plain(each)] for name, each in value.items()]}
    raise TypeError(f"{value!r:.60} is not plain data")


def _rich(value: Any) -> Any:
    if isinstance(value, list):
        return [_rich(each) for each in value]
    if not isinstance(value, Mapping):
        return value
    if set(value) == {_BYTES}:
        return base64.b64decode(value[_BYTES], validate=True)
    if set(value) == {_TUPLE}:
        return tuple(_rich(each) for each in _a(list, value[_TUPLE]))
    if set(value) == {_MAPPING}:
        return {_rich(name): _rich(each) for name, each in _a(list, value[_MAPPING])}
    return {name: _rich(each) for name, each in value.items()}
