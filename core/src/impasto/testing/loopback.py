"""A server on loopback for one function: what replays transcripts and what records them have in common."""

from __future__ import annotations

import contextlib
import http.server
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

_LARGEST_BODY = 256 * 1024 * 1024
_PATIENCE = 60.0
_WITHOUT_BODY = frozenset({204, 304})


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came.

    Attributes:
        method: in capitals.
        target: path and query.
        headers: names in lower case.
        body: as it came.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes


class Reply:
    """The answer to one request: first `begin`, then any number of `write`."""

    def __init__(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        self._handler = handler
        self._has_body = True
        self.begun = False

    def begin(self, status: int, headers: Mapping[str, str]) -> None:
        """Send status and header fields; the body is sent in chunks, so that one cut short is seen to be."""
        self.begun = True
        self._has_body = status not in _WITHOUT_BODY and self._handler.command != "HEAD"
        self._handler.send_response(status)
        for name, value in headers.items():
            self._handler.send_header(name, value)
        if self._has_body:
            self._handler.send_header("Transfer-Encoding", "chunked")
        self._handler.send_header("Connection", "close")
        self._handler.end_headers()

    def write(self, data: bytes) -> None:
        """Send a part of the body.

        Raises:
            OSError: the client has left.
        """
        if data and self._has_body:
            self._handler.wfile.write(b"%x\r\n%b\r\n" % (len(data), data))

    def end(self) -> None:
        """Send the end of the body."""
        if self._has_body:
            self._handler.wfile.write(b"0\r\n\r\n")


Answer: TypeAlias = Callable[[Asked, Reply], None]
"""Answers a request; raises what breaks the connection off."""


@contextlib.contextmanager
def serving(answer: Answer, port: int = 0) -> Iterator[str]:
    """Serve on loopback until the block ends; requests run in threads of their own, which are waited for.

    Args:
        answer: called for each request.
        port: 0 for a free one.

    Yields:
        Scheme, host and port of the server.

    Raises:
        OSError: the port is taken.
    """
    server = http.server.ThreadingHTTPServer(("127.0.0.1", port), _handler(answer))
    server.daemon_threads = False
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), name="impasto on loopback", daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _handler(answer: Answer) -> type[http.server.BaseHTTPRequestHandler]:
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        timeout = _PATIENCE

        def __getattr__(self, name: str) -> Any:
            """Have every method answered alike; the base class looks for ``do_GET`` and its like."""
            if name.startswith("do_"):
                return self._answer
            raise AttributeError(name)

        def _answer(self) -> None:
            self.close_connection = True
            length = self.headers.get("content-length", "0")
            body = self.rfile.read(min(int(length) if length.isdecimal() else 0, _LARGEST_BODY))
            headers = {name.lower(): value for name, value in self.headers.items()}
            reply = Reply(self)
            with contextlib.suppress(OSError):  # the client has left, which is its right
                answer(Asked(self.command, self.path, headers, body), reply)
                reply.end()

        def log_message(self, *_: object) -> None:
            """Say nothing: what is to be said is told by `answer`."""

    return Handler
