"""Pseudo-terminals: one to run ``impasto`` in, and one to write to."""

from __future__ import annotations

import codecs
import contextlib
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from typing import Any, TextIO

from cli.installed import Installed
from standins.server import PATIENCE

_IN_FOREGROUND = """
import os, sys
os.close(os.open(os.ttyname(2), os.O_RDWR))
os.execv(sys.argv[1], sys.argv[1:])
"""


class Running:
    """A process whose terminal is ours: what it writes is read, and what is typed goes to it."""

    def __init__(self, master: int, process: subprocess.Popen[bytes]) -> None:
        self.master = master
        self.process = process
        self.written = ""
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def wait_for(self, text: str) -> None:
        """Read until a text has been written."""
        self._read_until(lambda: text in self.written, text)

    def type(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def status(self) -> int:
        """Read to the end, and return the exit status."""
        self._read_until(lambda: False, None)
        return self.process.wait(PATIENCE)

    def screen(self) -> list[str]:
        """Return the lines that are left, each as its last writing made it; enough of a terminal for one live line."""
        lines = []
        for line in self.written.replace("\r\n", "\n").split("\n"):
            plain = re.sub(r"\x1b\[[?\d;]*[hlm]", "", line)
            row: list[str] = []
            column = 0
            for part in re.findall(r"\r|\x1b\[K|[^\r\x1b]", plain):
                if part == "\r":
                    column = 0
                elif part == "\x1b[K":
                    del row[column:]
                else:
                    row[column : column + 1] = [part]
                    column += 1
            lines.append("".join(row))
        return [line for line in lines if line.strip()]

    def _read_until(self, is_met: Any, awaited: str | None) -> None:
        deadline = time.monotonic() + PATIENCE
        while not is_met():
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{awaited!r} did not come within {PATIENCE} s, but: {self.written!r}"
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b""
            if not data:
                assert awaited is None, f"{awaited!r} did not come, but: {self.written!r}"
                return
            self.written += self._decoder.decode(data)


@contextlib.contextmanager
def running(
    installed: Installed, *arguments: str, columns: int = 80, stdout: int | None = None, **environ: str
) -> Iterator[Running]:
    """Run ``impasto`` in a terminal of its own, in which Ctrl-C reaches it."""
    master, slave = pty.openpty()
    _resize(slave, columns)
    process = subprocess.Popen(
        [sys.executable, "-c", _IN_FOREGROUND, *installed.command(as_module=True), *arguments],
        stdin=slave,
        stdout=slave if stdout is None else stdout,
        stderr=slave,
        cwd=installed.folder,
        env={**os.environ, **installed.environ, **environ},
        start_new_session=True,
    )
    os.close(slave)
    try:
        yield Running(master, process)
    finally:
        process.kill()
        process.wait()
        os.close(master)


@contextlib.contextmanager
def open_terminal(columns: int = 80, lines: int = 24, encoding: str = "utf-8") -> Iterator[tuple[TextIO, int]]:
    """Open a terminal: the stream to write to, and the descriptor on which that is read, byte for byte."""
    master, slave = pty.openpty()
    attributes = termios.tcgetattr(slave)
    attributes[1] &= ~termios.OPOST
    termios.tcsetattr(slave, termios.TCSANOW, attributes)
    _resize(slave, columns, lines)
    with os.fdopen(slave, "w", encoding=encoding, errors="backslashreplace", newline="") as stream:
        try:
            yield stream, master
        finally:
            os.close(master)


def _resize(slave: int, columns: int, lines: int = 24) -> None:
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", lines, columns, 0, 0))
