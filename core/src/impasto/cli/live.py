"""A line on the terminal that says how the work goes, while it goes."""

from __future__ import annotations

import contextlib
import sys
import threading
import time
from typing import TYPE_CHECKING, Self, TextIO

from impasto.cli.terminal import cells, shortened, size_of, takes_controls, writes
from impasto.events import Attempt, ImagePreview, Progress
from impasto.plaintext import plain_text

if TYPE_CHECKING:
    from types import TracebackType

_INTERVAL = 0.1
_BAR = 20
_UNICODE = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏", "█░"
_ASCII = "|/-\\", "#-"
_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
_CLEAR_REST = "\x1b[K"


class LiveLine:
    """Stage, progress and elapsed time, on stderr where that is a terminal; nothing where it is not.

    The line never wraps: where it is too long, first what is least needed goes, and the elapsed time last.

    Args:
        stream: where to draw it; None for stderr.
        subject: what the line is about; a later attempt takes its place.
    """

    def __init__(self, stream: TextIO | None = None, subject: str = "") -> None:
        self._stream = stream or sys.stderr
        self._subject = subject
        self._shown = takes_controls(self._stream)
        self._spinner, self._bar = _UNICODE if self._shown and writes(self._stream, "⠋█…") else _ASCII
        self._progress = Progress("starting")
        self._previews = 0
        self._started = time.monotonic()
        self._drawing = threading.Lock()
        self._ended = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    @property
    def elapsed(self) -> float:
        """Seconds since the line was made."""
        return time.monotonic() - self._started

    def __enter__(self) -> Self:
        if self._shown:
            self._ticker.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if self._shown:
            self._ended.set()
            self._ticker.join()
            self._write(_CLEAR_REST)

    def update(self, event: object) -> None:
        """Take note of an event, and draw the line anew."""
        if isinstance(event, Progress):
            self._progress = event
        elif isinstance(event, ImagePreview):
            self._previews += 1
        elif isinstance(event, Attempt) and event.number > 1:
            self._begin(event)
        self.draw()

    def _begin(self, attempt: Attempt) -> None:
        self._subject = f"attempt {attempt.number}, {attempt.route}"
        if not attempt.hedge:
            # What the last one was at, and its previews, are of no use any more.
            self._progress = Progress("starting")
            self._previews = 0

    def draw(self) -> None:
        """Draw the line."""
        if self._shown:
            width, _ = size_of(self._stream)
            self._write(f"{_NO_WRAP}{self.text(width - 1)}{_CLEAR_REST}{_WRAP}")

    def text(self, width: int) -> str:
        """Return the line, in at most `width` cells of the terminal."""
        progress = self._progress
        stage = f"{self._turn()} {plain_text(progress.stage, 40)}"
        elapsed = f"{self.elapsed:.1f} s"
        fraction = None if progress.fraction is None else min(1.0, max(0.0, progress.fraction))
        percent = [] if fraction is None else [f"{fraction:.0%}"]
        bar = [] if fraction is None else [f"{self._filled(fraction)} {fraction:4.0%}"]
        detail = [plain_text(progress.detail, 60)] if progress.detail else []
        previews = [f"{self._previews} preview{'s' if self._previews > 1 else ''}"] if self._previews else []
        subject = [plain_text(self._subject, 80)] if self._subject else []
        layouts = (
            [stage, *bar, *detail, *previews, *subject, elapsed],
            [stage, *bar, *detail, *subject, elapsed],
            [stage, *bar, *subject, elapsed],
            [stage, *percent, *subject, elapsed],
            [stage, *bar, elapsed],
            [stage, *percent, elapsed],
            [stage, elapsed],
        )
        lines = ["  ".join(parts) for parts in layouts]
        fitting = (line for line in lines if cells(line) <= width)
        return next(fitting, None) or self._least(stage, elapsed, width)

    def _least(self, stage: str, elapsed: str, width: int) -> str:
        room = width - cells(elapsed) - 2
        return f"{shortened(stage, room)}  {elapsed}" if room > 2 else shortened(elapsed, width)

    def _turn(self) -> str:
        return self._spinner[int(self.elapsed / _INTERVAL) % len(self._spinner)]

    def _filled(self, fraction: float) -> str:
        done = round(fraction * _BAR)
        return self._bar[0] * done + self._bar[1] * (_BAR - done)

    def _write(self, text: str) -> None:
        with self._drawing, contextlib.suppress(OSError, UnicodeError):
            self._stream.write(f"\r{text}")
            self._stream.flush()

    def _tick(self) -> None:
        """Keep the elapsed time moving, also while nothing happens."""
        while not self._ended.wait(_INTERVAL):
            self.draw()
