"""The file of the catalogue: whole, private and of this version, or as if it were not there."""

from __future__ import annotations

import contextlib
import os
import stat
import time
import zlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

FORMAT = 3
"""Raised whenever the meaning of the file changes."""

MOST = 32
"""Files, one for each environment; the oldest go first."""

LARGEST = 64 * 1024 * 1024
"""Bytes."""

_NAME = "catalogue-"
_LEFTOVER = 3600.0


def path_of(environment: str) -> Path | None:
    """Return where the catalogue of an environment is kept, in the platform's cache folder; None where there is none.

    Args:
        environment: what tells it from others.
    """
    from platformdirs import user_cache_path

    try:
        folder = user_cache_path("impasto")
    except (OSError, RuntimeError):
        return None
    key = zlib.crc32(environment.encode(errors="surrogatepass"))
    return folder / f"{_NAME}{key:08x}" if folder.is_absolute() else None


def read_file(path: Path) -> bytes | None:
    """Return what was written; None where nothing was, or where it is damaged or may be somebody else's.

    On POSIX the file has to be the user's own, and nobody else's to write.
    """
    flags = os.O_RDONLY | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    try:
        with os.fdopen(os.open(path, flags), "rb") as file:
            found = os.fstat(file.fileno())
            if not stat.S_ISREG(found.st_mode) or found.st_size > LARGEST:
                return None
            if os.name == "posix" and (found.st_uid != os.geteuid() or found.st_mode & 0o022):
                return None
            head, _, content = file.read().partition(b"\n")
    except (OSError, ValueError):
        return None
    return content if head == _head(content) else None


def write_file(path: Path, content: bytes) -> None:
    """Write the file, and remove what is too old; where that is not possible, nothing happens."""
    from impasto.atomic import replace_file

    with contextlib.suppress(OSError, ValueError):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        replace_file(path, _head(content) + b"\n" + content, mode=0o600)
        _prune(path.parent)


def remove_file(path: Path) -> None:
    """Remove the file, if it is there and that is possible."""
    with contextlib.suppress(OSError, ValueError):
        path.unlink()


def _head(content: bytes) -> bytes:
    return f"impasto catalogue {FORMAT} {zlib.crc32(content):08x}".encode()


def _prune(folder: Path) -> None:
    files = sorted(folder.glob(f"{_NAME}*"), key=lambda file: file.stat().st_mtime, reverse=True)
    leftovers = [file for file in folder.glob(".impasto-*.tmp") if file.stat().st_mtime < time.time() - _LEFTOVER]
    for file in (*files[MOST:], *leftovers):
        file.unlink()
