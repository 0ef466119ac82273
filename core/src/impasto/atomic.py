"""Files that are written whole or not at all."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path


def replace_file(path: Path, data: bytes, *, mode: int | None = None) -> None:
    """Write a file under a temporary name beside its place, then move it there in one step.

    Whatever goes wrong on the way, be it a full disk or Ctrl-C, what was at `path` before is still there,
    whole, and the temporary file is gone. A symbolic link stays, and the file it points to is replaced.

    Args:
        path: the file; its folder exists.
        data: all that the file is to hold.
        mode: the file's permissions from its first byte on. None for those of the file that is replaced, or,
            where there is none, those that any new file gets (the umask, or the folder's default ACL).

    Raises:
        OSError: the file cannot be written.
    """
    place = Path(os.path.realpath(path))
    temporary = place.with_name(f".impasto-{os.urandom(8).hex()}.tmp")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    try:
        with os.fdopen(os.open(temporary, flags, 0o666 if mode is None else mode), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if mode is None:
            with contextlib.suppress(FileNotFoundError):
                temporary.chmod(stat.S_IMODE(place.stat().st_mode))
        temporary.replace(place)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
