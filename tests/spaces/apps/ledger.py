"""What the apps of one process have done, and what they wait for; a test reads and steers it over HTTP."""

from __future__ import annotations

import threading
from typing import Any

PATIENCE = 60.0
"""Seconds after which a held job gives up, so that a failed test leaves no thread behind."""


class Ledger:
    """Jobs as they happened, and gates at which a job stands until a test opens them. Thread-safe."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._jobs: list[dict[str, Any]] = []
        self._open: set[str] = set()

    def begin(self, app: str, prompt: str) -> None:
        """Write down that a job has begun."""
        with self._changed:
            self._jobs.append({"app": app, "prompt": prompt})
            self._changed.notify_all()

    def jobs(self) -> list[dict[str, Any]]:
        """Return the jobs that were begun, oldest first."""
        with self._changed:
            return list(self._jobs)

    def wait_for(self, prompt: str) -> bool:
        """Wait until a job with this prompt has begun; tell whether it has."""
        with self._changed:
            return self._changed.wait_for(lambda: any(job["prompt"] == prompt for job in self._jobs), PATIENCE)

    def release(self, gate: str) -> None:
        """Open a gate, for those that stand at it and those still to come."""
        with self._changed:
            self._open.add(gate)
            self._changed.notify_all()

    def hold(self, gate: str) -> None:
        """Stand at a gate until it is opened.

        Raises:
            TimeoutError: nobody opened it.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: gate in self._open, PATIENCE):
                raise TimeoutError(f"nobody opened the gate {gate!r}")


LEDGER = Ledger()
"""The ledger of this process."""
