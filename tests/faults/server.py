"""A server on loopback that speaks both Gradio wires and plain HTTP, and fails as its prompts ask it to.

What it says is recorded from real servers (``tests/plugins/gradio/transcripts``). ``python -m faults.server``,
in the folder ``tests``, runs it as a process of its own, until its standard input ends.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import itertools
import json
import random
import re
import socket
import ssl
import struct
import subprocess
import sys
import threading
import urllib.request
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import trustme

from faults.faults import End, Fault, Steps, Wait, chunked, whole
from spaces.recording import read
from standins.pictures import picture
from standins.server import PATIENCE, Received, _read_request

PICTURE = picture("WEBP", (16, 16))
"""What every request is answered with in the end."""

ACCOUNT = "/account"
"""Where the server tells how many answers went wrong, and what it was asked for."""

HANG_UP = "/hang-up"
"""Where the server is told to close every other connection."""

JOB = "{job}"
"""What stands for a job's id in a recorded answer."""

_HOSTS = re.compile(r"http://gradio\.test")
_FOLDERS = re.compile(r"hash-\d")
_UNVERIFIED = ssl._create_unverified_context()
_JOBS = re.compile(r"[0-9a-f]{32}")

AT_RANDOM = ("close", "reset", "stall", "garbage", "repeat", "reorder", "status", "page", "declared shorter")
"""The kinds of fault that come without being asked for."""

WIRES = {
    "/gradio4": ("4.44.1", "drawn", ""),
    "/gradio6": ("6.31.0", "previewed", "/gradio_api"),
}
"""The base path of each Gradio wire: its version, what is played of it, and its root."""


@functools.cache
def recorded(base: str) -> tuple[str, ...]:
    """Return the recorded events of a wire: the first that is a preview, if there is one, and the last."""
    version, scene, _ = WIRES[base]
    lines = read(version, scene)[-1].body.decode()
    events = _FOLDERS.sub(JOB, _HOSTS.sub("http://127.0.0.1", lines)).rstrip("\n").split("\n\n")
    return tuple(f"{event}\n\n" for event in dict.fromkeys((events[0], events[-1])))


def healthy(base: str, answer: str, job: str = "0" * 32) -> bytes:
    """Return what is answered where nothing goes wrong.

    Args:
        base: the wire's base path.
        answer: ``submit``, ``events`` or ``picture``.
        job: the job's id, of 32 hexadecimal digits.
    """
    if answer == "picture":
        return whole(PICTURE, "200 OK", "image/webp")
    if base not in WIRES:
        return whole(json.dumps({"kind": "done", "url": f"/picture/{job}"}).encode())
    if answer == "submit":
        return whole(json.dumps({"event_id": job}).encode())
    return chunked(*(event.replace(JOB, job).encode() for event in recorded(base)))


def needed(base: str, answer: str) -> int:
    """Return how many bytes of an answer must come for it to do its service."""
    data = healthy(base, answer)
    return data.rindex(b"\n\n\r\n0\r\n") + 2 if answer == "events" else len(data)


class FaultServer:
    """Answers as the prompts ask, and counts what it did.

    Args:
        chance: the part of the answers, 0 to 1, that go wrong without being asked to.
        tls: what makes connections secure.
    """

    def __init__(self, *, chance: float = 0.0, tls: ssl.SSLContext | None = None) -> None:
        self.chance = chance
        self.tls = tls
        self.url = ""
        self.injected: Counter[str] = Counter()
        self.received: list[str] = []
        self._asked: dict[str, str] = {}
        self._times: Counter[Fault] = Counter()
        self._random = random.Random(7)
        self._numbers = itertools.count()
        self._connections: dict[threading.Thread, socket.socket] = {}
        self._lock = threading.Lock()
        self._over = threading.Event()

    def answer(self, request: Received) -> Steps:
        """Return what a request is answered with."""
        if request.path == ACCOUNT:
            return iter((whole(json.dumps([self.injected.total(), self.received]).encode()),))
        if request.path == HANG_UP:
            self._hang_up()
            return iter((whole(b"", "200 OK", "text/plain"),))
        base = next((each for each in WIRES if request.path.startswith(each)), "")
        with self._lock:
            if self.chance == 0:
                self.received.append(f"{request.method} {request.path}")
            if request.method == "POST":
                answer, job = "submit", f"{next(self._numbers):032x}"
                said = request.json()
                self._asked[job] = str(said["data"][0] if base else said["prompt"])
            else:
                answer = "events" if "/call/" in request.path else "picture"
                job = match[0] if (match := _JOBS.search(request.path)) else ""
            data = healthy(base, answer, job)
            fault = self._fault(answer, self._asked.get(job, ""), len(data))
            if fault is None:
                return iter((data,))
            self.injected[fault.kind] += 1
            return fault.steps(data, request.path)

    def _fault(self, answer: str, prompt: str, length: int) -> Fault | None:
        if self._random.random() < self.chance:
            kind = self._random.choice(AT_RANDOM)
            return Fault(kind, answer, self._random.randrange(length), "503 Service Unavailable")
        fault = Fault.of_prompt(prompt)
        if fault is None or fault.answer != answer:
            return None
        self._times[fault] += 1
        return fault if fault.times is None or self._times[fault] <= fault.times else None

    def serve(self, connection: socket.socket) -> None:
        """Answer the requests of one connection; one that is not whole, because its client has left, ends it."""
        with contextlib.suppress(OSError, ValueError), contextlib.ExitStack() as stack:
            stack.enter_context(connection)
            if self.tls is not None:
                connection = stack.enter_context(self.tls.wrap_socket(connection, server_side=True))
            reader = stack.enter_context(connection.makefile("rb"))
            while (request := _read_request(reader)) is not None:
                for step in self.answer(request):
                    if isinstance(step, bytes):
                        connection.sendall(step)
                    elif isinstance(step, Wait):
                        self._over.wait(step.value)
                    else:
                        if step is End.HOLD:
                            connection.recv(1)
                        if step is End.RESET:
                            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                        return

    def _hang_up(self) -> None:
        with self._lock:
            others = [each for thread, each in self._connections.items() if thread is not threading.current_thread()]
        for connection in others:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    @contextlib.contextmanager
    def running(self) -> Iterator[FaultServer]:
        """Serve on a free port of loopback."""
        with socket.create_server(("127.0.0.1", 0), backlog=512) as listener:
            self.url = f"{'https' if self.tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"

            def accept() -> None:
                with contextlib.suppress(OSError):
                    while True:
                        connection, _ = listener.accept()
                        connection.settimeout(PATIENCE)
                        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                        thread = threading.Thread(target=self.serve, args=(connection,), daemon=True)
                        with self._lock:
                            for gone in [each for each in self._connections if not each.is_alive()]:
                                del self._connections[gone]
                            self._connections[thread] = connection
                            thread.start()

            accepting = threading.Thread(target=accept, daemon=True)
            accepting.start()
            try:
                yield self
            finally:
                self._over.set()
                with contextlib.suppress(OSError):
                    listener.shutdown(socket.SHUT_RDWR)
                listener.close()
                accepting.join(PATIENCE)
                self._hang_up()
                for thread in self._connections:
                    thread.join(PATIENCE)


@dataclass
class Apart:
    """A server that runs as a process of its own, so that what it holds is not counted with what is held here.

    Attributes:
        url: where it is.
    """

    url: str
    _begun: tuple[int, int] = (0, 0)

    def begin(self) -> Self:
        """Count from here."""
        faults, received = self._account()
        self._begun = (faults, len(received))
        return self

    @property
    def faults(self) -> int:
        """How many answers went wrong."""
        return self._account()[0] - self._begun[0]

    @property
    def received(self) -> list[str]:
        """What was asked for, method and path."""
        return self._account()[1][self._begun[1] :]

    def hang_up(self) -> None:
        """Close every connection, so that those that wait for a request are at their end when this returns."""
        urllib.request.urlopen(self.url + HANG_UP, context=_UNVERIFIED).close()

    def _account(self) -> tuple[int, list[str]]:
        with urllib.request.urlopen(self.url + ACCOUNT, context=_UNVERIFIED) as answer:
            faults, received = json.load(answer)
        return faults, received


@contextlib.contextmanager
def apart(*options: str) -> Iterator[Apart]:
    """Run a server as a process of its own, with the options of `main`."""
    command = [sys.executable, "-m", "faults.server", *options]
    tests = Path(__file__).resolve().parents[1]
    with subprocess.Popen(command, cwd=tests, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            yield Apart(process.stdout.readline().strip())
        finally:
            process.stdin.close()
            process.wait(PATIENCE)


def untrusted() -> ssl.SSLContext:
    """Return what makes connections secure with a certificate that nobody vouches for."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("127.0.0.1").configure_cert(context)
    return context


def main() -> None:
    """Serve until standard input ends."""
    options = argparse.ArgumentParser()
    options.add_argument("--chance", type=float, default=0.0)
    options.add_argument("--untrusted", action="store_true")
    given = options.parse_args()
    with FaultServer(chance=given.chance, tls=untrusted() if given.untrusted else None).running() as server:
        print(server.url, flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
