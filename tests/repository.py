"""The repository as files: what a clone of it would hold, told without git, which a fresh machine may not have."""

from __future__ import annotations

import fnmatch
import os
from pathlib import Path

ROOT = Path(__file__).parents[1]


def files() -> list[Path]:
    """Return every file that ``.gitignore`` does not exclude.

    Of the patterns that git knows, those are understood that are in use there: a name, or a folder's with ``/`` at
    its end, each at any depth and with wildcards.
    """
    patterns = (ROOT / ".gitignore").read_text(encoding="utf-8").split()
    assert not [each for each in patterns if each.startswith(("#", "!")) or "/" in each.rstrip("/")]
    folders = [".git", *(each.rstrip("/") for each in patterns)]
    names = [each for each in patterns if not each.endswith("/")]
    found = []
    for folder, subfolders, inside in os.walk(ROOT):
        subfolders[:] = sorted(name for name in subfolders if not _any(folders, name))
        found += [Path(folder, name) for name in sorted(inside) if not _any(names, name) and name != ".git"]
    return found


def _any(patterns: list[str], name: str) -> bool:
    return any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns)
