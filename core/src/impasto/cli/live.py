"""A line on the terminal that says how the work goes, while it goes."""

from __future__ import annotations

import os
import shutil
import sys
import threading
import time
from typing import TYPE_CHECKING, Self, TextIO

from impasto.events import ImagePreview, Progress
from impasto.plaintext import plain_text

if TYPE_CHECKING:
    from types import TracebackType

_SPINNER = "⠋⠙⠹⠸⠼⠴⠦⠧⠇⠏"
_BAR = 20


class LiveLine:
    """Stage, progress and elapsed time, on stderr where that is a terminal; nothing where it is not."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream or sys.stderr
        self._shown = self._stream.isatty() and os.environ.get("TERM") != "dumb"
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
            self._stream.write("\r\x1b[2K")
            self._stream.flush()

    def update(self, event: object) -> None:
        """Take note of an event, and draw the line anew."""
        if isinstance(event, Progress):
            self._progress = event
        elif isinstance(event, ImagePreview):
            self._previews += 1
        self.draw()

    def draw(self) -> None:
        """Draw the line."""
        if not self._shown:
            return
        with self._drawing:
            width = shutil.get_terminal_size().columns
            self._stream.write("\r\x1b[2K" + self.text()[: max(0, width - 1)])
            self._stream.flush()

    def text(self) -> str:
        """Return the line."""
        spinner = _SPINNER[int(self.elapsed * 10) % len(_SPINNER)]
        parts = [f"{spinner} {plain_text(self._progress.stage, 40)}"]
        if self._progress.fraction is not None:
            done = min(1.0, max(0.0, self._progress.fraction))
            filled = round(done * _BAR)
            parts.append(f"{'█' * filled}{'░' * (_BAR - filled)} {done:4.0%}")
        if self._progress.detail:
            parts.append(plain_text(self._progress.detail, 60))
        if self._previews:
            parts.append(f"{self._previews} preview{'s' if self._previews > 1 else ''}")
        return "  ".join([*parts, f"{self.elapsed:.1f} s"])

    def _tick(self) -> None:
        """Keep the elapsed time moving, also while nothing happens."""
        while not self._ended.wait(0.1):
            self.draw()
