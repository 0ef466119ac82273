"""What a payload looks like on the wire: its body, the headers that this asks for, its query, and cookies.

httpx is imported where more than JSON is to be encoded.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from impasto.errors import ProtocolError

if TYPE_CHECKING:
    from collections.abc import Mapping

    import httpx

    from impasto.payloads import HttpRequest

_as_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def encoded(payload: HttpRequest) -> tuple[bytes, Mapping[str, str]]:
    """Return a payload's body, and its headers with those that the body asks for.

    Raises:
        ProtocolError: it cannot be encoded.
    """
    headers = payload.headers
    if payload.json is None and payload.content is None and payload.data is None and payload.files is None:
        return b"", headers
    given = {name.lower() for name in headers}
    try:
        if payload.json is not None and payload.data is None and payload.files is None and payload.content is None:
            body = _as_json(payload.json).encode()
            return body, headers if "content-type" in given else {**headers, "Content-Type": "application/json"}
        import httpx

        request = httpx.Request("POST", "https://encoding.invalid", **body_arguments(payload))
        body = request.read()
    except (TypeError, ValueError, RecursionError) as error:
        raise ProtocolError(f"the request cannot be sent: {error}") from error
    media_type = request.headers.get("content-type")
    if media_type is None or "content-type" in given:
        return body, headers
    return body, {**headers, "Content-Type": media_type}


def body_arguments(payload: HttpRequest) -> dict[str, Any]:
    """Return a payload's body, as the arguments of httpx's requests that make it."""
    said = {name: value for name in ("json", "content", "data") if (value := getattr(payload, name)) is not None}
    if payload.files is None:
        return said
    # Fields in the place of files, because httpx makes a multipart form of files alone.
    parts: list[tuple[str, Any]] = []
    for name, value in dict(said.pop("data", {})).items():
        parts += [(name, (None, _text(each))) for each in (value if isinstance(value, list | tuple) else [value])]
    for name, file in payload.files.items():
        several: Any = (file,) if isinstance(file[0], str) else file
        parts += [(name, each) for each in several]
    return {**said, "files": parts}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str | int | float):
        raise TypeError(f"a form's field cannot be {value!r:.60}")
    return str(value)


def with_params(url: str, params: Mapping[str, str]) -> str:
    """Return a URL with these query fields beside, or in place of, its own.

    Raises:
        ProtocolError: it is no URL.
    """
    import httpx

    try:
        return str(httpx.URL(url).copy_merge_params(params))
    except httpx.InvalidURL as error:
        raise ProtocolError(f"not an address that can be fetched: {error}") from error


def cookie_header(cookies: httpx.Cookies, url: str) -> str | None:
    """Return the value of the ``Cookie`` header for a URL; None where there is none."""
    import httpx

    request = httpx.Request("GET", url)
    cookies.set_cookie_header(request)
    value: str | None = request.headers.get("cookie")
    return value
