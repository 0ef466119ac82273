"""A server on loopback that answers, byte for byte, as a test has written down."""

from __future__ import annotations

import contextlib
import json
import socket
import struct
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

SERVING = "stand-in server"
"""The name of the threads that serve a connection, and may outlive its client by a moment."""

PATIENCE = 20.0
"""Seconds after which a wait in here has failed."""


@dataclass(frozen=True)
class Received:
    """A request as it came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(frozen=True)
class Answer:
    """What to send, and what to do then: ``keep`` the connection, ``close``, ``reset``, or ``hold`` it open, silent."""

    data: bytes
    then: str = "keep"


def reply(
    body: bytes | str = b"",
    *,
    status: str = "200 OK",
    media_type: str = "application/json",
    headers: dict[str, str] | None = None,
    length: int | None = None,
    then: str = "keep",
) -> Answer:
    """Return an answer with a whole body; ``length`` makes its Content-Length lie."""
    raw = body.encode() if isinstance(body, str) else body
    fields = {"Content-Type": media_type, "Content-Length": str(len(raw) if length is None else length)}
    head = "".join(f"{name}: {value}\r\n" for name, value in {**fields, **(headers or {})}.items())
    return Answer(f"HTTP/1.1 {status}\r\n{head}\r\n".encode() + raw, then)


def event_stream(*events: tuple[str, str], tail: bytes = b"", then: str = "close") -> Answer:
    """Return an answer of server-sent events, (type, data) each; ``tail`` is sent after them as it is."""
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    text = "".join(f"event: {name}\ndata: {data}\n\n" for name, data in events)
    return Answer(head + text.encode() + tail, then)


@dataclass
class ScriptedServer:
    """Answers each path with its answers, one after the other; the last one again and again."""

    url: str
    received: list[Received] = field(default_factory=list)
    answers: dict[str, list[Answer]] = field(default_factory=dict)
    left: threading.Event = field(default_factory=threading.Event)
    arrived: threading.Event = field(default_factory=threading.Event)
    connections: int = 0
    news: threading.Condition = field(default_factory=threading.Condition)

    def script(self, path: str, *answers: Answer) -> None:
        self.answers[path] = list(answers)

    def paths(self) -> list[str]:
        return [f"{each.method} {each.path}" for each in self.received]

    def wait_until_left(self) -> bool:
        """Tell whether the client left a connection that was held open."""
        return self.left.wait(PATIENCE)

    def wait_until_asked(self, line: str, times: int = 1) -> bool:
        """Tell whether a request, such as ``POST /draw``, came so often."""
        with self.news:
            return self.news.wait_for(lambda: self.paths().count(line) >= times, PATIENCE)

    def _next_answer(self, path: str) -> Answer:
        answers = self.answers.get(path.partition("?")[0])
        if not answers:
            return reply('{"detail": "Not Found"}', status="404 Not Found")
        return answers.pop(0) if len(answers) > 1 else answers[0]

    def _serve(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            reader = connection.makefile("rb")
            while (request := _read_request(reader)) is not None:
                with self.news:
                    self.received.append(request)
                    self.news.notify_all()
                answer = self._next_answer(request.path)
                connection.sendall(answer.data)
                self.arrived.set()
                if answer.then == "hold":
                    with contextlib.suppress(OSError):
                        connection.recv(1)
                    self.left.set()
                    return
                if answer.then == "reset":
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                if answer.then != "keep":
                    reader.close()
                    return


def _read_request(reader: Any) -> Received | None:
    line = reader.readline().decode("latin-1").split()
    if len(line) != 3:
        return None
    headers = {}
    while (field_line := reader.readline().decode("latin-1").strip()) != "":
        name, _, value = field_line.partition(":")
        headers[name.lower()] = value.strip()
    if headers.get("transfer-encoding") == "chunked":
        body = b""
        while size := int(reader.readline(), 16):
            body += reader.read(size)
            reader.readline()
        reader.readline()
    else:
        body = reader.read(int(headers.get("content-length", 0)))
    return Received(line[0], line[1], headers, body)


@contextlib.contextmanager
def running_server() -> Iterator[ScriptedServer]:
    """Run a scripted server on a free port of loopback."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        server = ScriptedServer(url=f"http://127.0.0.1:{listener.getsockname()[1]}")
        threads = []
        open_connections: list[socket.socket] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                connection.settimeout(PATIENCE)
                server.connections += 1
                open_connections.append(connection)
                thread = threading.Thread(target=server._serve, args=(connection,), name=SERVING, daemon=True)
                thread.start()
                threads.append(thread)

        accepting = threading.Thread(target=accept, daemon=True)
        accepting.start()
        try:
            yield server
        finally:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
            for connection in open_connections:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
            accepting.join(PATIENCE)
            for thread in threads:
                thread.join(PATIENCE)
