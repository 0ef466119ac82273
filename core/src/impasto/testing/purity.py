"""Watches hooks while they run: files, sockets, processes, clocks, chance and the environment are none of theirs.

Two means, because neither sees everything: audit hooks (PEP 578) for what reaches the operating system, wherever it
was called from; and the interpreter's profiling for the C functions behind clocks and random numbers, however they were
imported. Imports are allowed, and what a module does while it is imported.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import gc
import os
import random
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from unittest import mock

from impasto.errors import ImpastoError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

_CLOCKS = frozenset(
    getattr(time, name)
    for name in (
        "time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns", "process_time",
        "process_time_ns", "thread_time", "thread_time_ns", "sleep",
    )
    if hasattr(time, name)
)  # fmt: skip
_NOW = frozenset({"now", "utcnow", "today"})
_CHANCE = frozenset(
    {os.urandom, getattr(os, "getrandom", os.urandom), getattr(uuid, "_generate_time_safe", os.urandom)}
)
_FILES = ("os.", "shutil.", "glob.", "pathlib.", "tempfile.")
_PROCESSES = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn"}
)
_THREADS = frozenset({"_thread.start_new_thread", "_thread.start_joinable_thread"})
_ENVIRONMENT = frozenset({"os.putenv", "os.unsetenv"})

_WAY_OUT = {
    "clock": "What depends on the time belongs to the core: Follow(after=seconds), deadlines, retries.",
    "chance": "Use request.id, which the core draws anew for each attempt, or request.seed.",
    "environment": "Declare the key in Provider(auth=Bearer(env=…)), and the core signs with it; settings are the "
    "core's too.",
    "files": "Read data when the module is imported, or put long work into a LocalCall.",
    "network": "Return an HttpRequest, or a Follow to one, and the core sends it.",
    "processes": "Long work belongs into a LocalCall, whose function may do what it likes.",
    "output": "Return Progress(…), or use impasto's debug log.",
}


class NotPure(ImpastoError):
    """A hook reached out of itself; raised in the hook, and written down, should it be caught there."""


@dataclass(slots=True)
class Watch:
    """What a hook did beside computing: in words, one for each way."""

    thread: int
    seen: dict[str, str] = field(default_factory=dict)

    def note(self, kind: str, what: str) -> None:
        """Write down the first thing of a kind."""
        if kind not in self.seen:
            self.seen[kind] = f"{what}{_place()}. Hooks are pure. {_WAY_OUT[kind]}"


_watch: Watch | None = None
_installed = False


@contextlib.contextmanager
def watched() -> Iterator[Watch]:
    """Watch what this thread does until the block ends. What reaches files, network or processes fails."""
    global _watch
    _install()
    watch = Watch(threading.get_ident())
    before = sys.getprofile()
    collecting = gc.isenabled()
    environ = type(os.environ)
    reads = environ.__getitem__
    counts = environ.__iter__

    def getitem(self: Any, name: str) -> str:
        _note_environment(name)
        return reads(self, name)

    def iterate(self: Any) -> Iterator[str]:
        _note_environment("all of it")
        return counts(self)

    with mock.patch.object(environ, "__getitem__", getitem), mock.patch.object(environ, "__iter__", iterate):
        gc.disable()  # what a collection finalizes, and whom it tells, is not the hook's doing
        _watch = watch
        sys.setprofile(_profile)
        try:
            yield watch
        finally:
            sys.setprofile(before)
            _watch = None
            if collecting:
                gc.enable()


def _install() -> None:
    global _installed
    if not _installed:
        _installed = True
        sys.addaudithook(_audit)


def _current() -> Watch | None:
    watch = _watch
    return watch if watch is not None and watch.thread == threading.get_ident() else None


def _note_environment(name: str) -> None:
    watch = _current()
    if watch is not None and not _is_importing(sys._getframe(1)):  # noqa: SLF001
        watch.note("environment", f"it reads the environment ({name})")


def _audit(event: str, arguments: tuple[Any, ...]) -> None:
    watch = _current()
    if watch is None:
        return
    found = _audited(event, arguments)
    if found is None or _is_importing(sys._getframe(1)):  # noqa: SLF001
        return
    watch.note(*found)
    raise NotPure(f"hooks are pure: {found[1]}")


def _audited(event: str, arguments: tuple[Any, ...]) -> tuple[str, str] | None:
    """Return kind and words of an audit event that no hook may cause; None for all others."""
    if event == "open":
        return "files", f"it opens a file ({arguments[0]!r:.80})"
    if event.startswith("socket.") and event != "socket.__new__":
        return "network", f"it uses the network ({event})"
    if event == "socket.__new__":
        return "network", "it makes a socket"
    if event in _PROCESSES:
        return "processes", f"it starts a process ({event})"
    if event in _THREADS:
        return "processes", "it starts a thread"
    if event in _ENVIRONMENT:
        return "environment", "it changes the environment"
    if event.startswith(_FILES):
        return "files", f"it touches the file system ({event})"
    return None


def _profile(frame: FrameType, event: str, argument: Any) -> None:
    if event != "c_call":
        return
    found = _called(argument)
    if found is None:
        return
    watch = _current()
    if watch is not None and frame.f_globals.get("__name__") != "impasto.hooks" and not _is_importing(frame):
        watch.note(*found)


def _called(function: Any) -> tuple[str, str] | None:
    """Return kind and words of a call to a C function that no hook may make; None for all others."""
    try:
        if function in _CLOCKS:
            return "clock", f"it reads the clock (time.{function.__name__})"
        if function in _CHANCE:
            return "chance", f"it draws at random ({function.__module__}.{function.__name__})"
    except TypeError:
        return None
    owner = getattr(function, "__self__", None)
    name = getattr(function, "__name__", "")
    if name in _NOW and isinstance(owner, type) and issubclass(owner, dt.date):
        return "clock", f"it reads the clock ({owner.__name__}.{name})"
    if owner is random.random.__self__ and name in {"random", "getrandbits", "seed"}:  # type: ignore[attr-defined]
        return "chance", "it draws at random (random)"
    if function is print:
        return "output", "it prints"
    return None


def _is_importing(frame: FrameType | None) -> bool:
    while frame is not None and frame.f_globals.get("__name__") != "impasto.testing.subject":
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _place() -> str:
    """Return file and line of the innermost frame that belongs neither to the standard library nor to impasto."""
    frame: FrameType | None = sys._getframe(1)  # noqa: SLF001
    while frame is not None:
        package = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if package not in sys.stdlib_module_names and package != "impasto":
            name = os.path.basename(frame.f_code.co_filename)  # noqa: PTH119
            return f", at {name}, line {frame.f_lineno}" if package != "pluggy" else ""
        frame = frame.f_back
    return ""
