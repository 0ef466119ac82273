"""A stand-in service: a Starlette application on loopback that writes down what it is asked, and forgives nothing."""

from __future__ import annotations

import contextlib
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from pydantic import BaseModel, ConfigDict
from starlette.applications import Starlette
from starlette.requests import Request

PATIENCE = 20.0
"""Seconds after which a wait in here has failed."""


class Strict(BaseModel):
    """A request body as a service documents it: no other field, no other type."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


@dataclass(frozen=True)
class Upload:
    """A file of a multipart form."""

    name: str
    media_type: str
    data: bytes


@dataclass(frozen=True)
class Asked:
    """A request that a stand-in was sent.

    Attributes:
        line: method and path, such as ``POST /v1/images``.
        headers: names in lower case.
        query: its query fields.
        fields: the JSON body; or a form's fields, in which one that is sent several times is a list, and files are
            `Upload`.
        body: the body, where it is neither.
    """

    line: str
    headers: dict[str, str]
    query: dict[str, str]
    fields: dict[str, Any]
    body: bytes = field(default=b"", repr=False)


@dataclass
class Journal:
    """What a stand-in was asked, in order; a test reads it, and can wait for it."""

    asked: list[Asked] = field(default_factory=list)
    _news: threading.Condition = field(default_factory=threading.Condition)

    async def write(self, request: Request) -> Asked:
        """Write a request down, and return it."""
        entry = await _read(request)
        with self._news:
            self.asked.append(entry)
            self._news.notify_all()
        return entry

    def lines(self) -> list[str]:
        """Return method and path of each request."""
        return [each.line for each in self.asked]

    def of(self, line: str) -> list[Asked]:
        """Return the requests with this method and path."""
        return [each for each in self.asked if each.line == line]

    def wait_for(self, line: str, times: int = 1) -> bool:
        """Tell whether a request came so often, waiting for it."""
        with self._news:
            return self._news.wait_for(lambda: len(self.of(line)) >= times, PATIENCE)


async def _read(request: Request) -> Asked:
    media_type = request.headers.get("content-type", "").partition(";")[0]
    fields: dict[str, Any] = {}
    body = b""
    if media_type in {"multipart/form-data", "application/x-www-form-urlencoded"}:
        async with request.form(max_part_size=64 * 1024 * 1024) as form:
            for name in form:
                values = [
                    each
                    if isinstance(each, str)
                    else Upload(each.filename or "", each.content_type or "", await each.read())
                    for each in form.getlist(name)
                ]
                fields[name] = values if len(values) > 1 else values[0]
    else:
        body = await request.body()
        if media_type == "application/json":
            with contextlib.suppress(ValueError):
                said = await request.json()
                fields = said if isinstance(said, dict) else {}
    path = request.url.path
    return Asked(f"{request.method} {path}", dict(request.headers), dict(request.query_params), fields, body)


@contextlib.contextmanager
def serving(app: Starlette) -> Iterator[str]:
    """Serve an application on a free port of loopback until the block ends; the block gets its address."""
    # Of a socket that does not say that it is TCP's, asyncio lets every answer wait for 40 ms (Nagle's algorithm).
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        server = _Server(
            uvicorn.Config(app, log_level="critical", access_log=False, lifespan="off", timeout_graceful_shutdown=1)
        )
        thread = threading.Thread(target=server.run, args=([listener],), name="stand-in service", daemon=True)
        thread.start()
        try:
            assert server.is_up.wait(PATIENCE), "the stand-in did not start"
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(PATIENCE)


class _Server(uvicorn.Server):
    """Tells when it is up."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.is_up = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.is_up.set()
