"""Where distributions are installed, and everything there that says which: looked at afresh at every start."""

from __future__ import annotations

import os
import stat
import sys
from dataclasses import dataclass

import impasto

_METADATA = (".dist-info", ".egg-info")


class Unwatchable(Exception):
    """Something is installed in a way that cannot be watched, so that the catalogue has to do without a file."""


@dataclass(frozen=True, slots=True)
class Place:
    """An entry of ``sys.path``.

    Attributes:
        path: the folder or archive, absolute.
        names: what is in the folder; empty for an archive.
        metadata: the folders of metadata among them, sorted.
        is_archive: whether it is a file.
    """

    path: str
    names: tuple[str, ...]
    metadata: tuple[str, ...]
    is_archive: bool = False


def places() -> tuple[Place, ...]:
    """Return the entries of ``sys.path`` that exist, in order, as `importlib.metadata` would see them.

    Raises:
        Unwatchable: the interpreter finds distributions in another way too.
        OSError: the working folder is gone.
    """
    for finder in sys.meta_path:
        home = getattr(finder, "__module__", "")
        if hasattr(finder, "find_distributions") and home != "_frozen_importlib_external":
            raise Unwatchable(f"{finder!r} finds distributions in its own way")
    found = {}
    for entry in sys.path:
        if not isinstance(entry, str):
            raise Unwatchable(f"sys.path holds {entry!r}")
        path = os.path.abspath(entry)  # noqa: PTH100
        if path not in found and (place := _place(path)) is not None:
            found[path] = place
    return tuple(found.values())


def environment(found: tuple[Place, ...]) -> str:
    """Return what tells one environment from another: the interpreter, the core, and where distributions are."""
    installed = [place.path for place in found if place.metadata or place.is_archive]
    return "\n".join([sys.prefix, sys.version, str(sys.implementation.cache_tag), impasto.__version__, *installed])


def traces(found: tuple[Place, ...], modules: frozenset[str]) -> list[str]:
    """Return the traces of every distribution, and of everything that could be imported under some names.

    Args:
        found: the entries of ``sys.path``.
        modules: names of top-level modules.
    """
    lines = []
    for place in found:
        homonyms = sorted(name for name in place.names if name.partition(".")[0] in modules)
        if not place.metadata:
            # Such as the folder of the command, where a script may go by the name of its package.
            homonyms = [name for name in homonyms if "." in name or os.path.isdir(os.path.join(place.path, name))]  # noqa: PTH112, PTH118
        if place.is_archive:
            lines.append(f"{place.path} {trace(place.path)}")
        elif place.metadata or homonyms:
            lines.append(f"{place.path} {' '.join(homonyms)}")
            for name in place.metadata:
                lines.append(name)
                lines += [trace(path) for path in metadata_files(place, name)]
    return lines


def metadata_files(place: Place, name: str) -> tuple[str, ...]:
    """Return the paths that an installer makes anew, and what is read of a distribution: name, version, entry points.

    Args:
        place: where it is installed.
        name: of its folder of metadata, or of its one file of metadata.
    """
    folder = f"{place.path}{os.sep}{name}"
    about = "METADATA" if name.lower().endswith(".dist-info") else "PKG-INFO"
    return folder, f"{folder}{os.sep}{about}", f"{folder}{os.sep}entry_points.txt"


def trace(path: str) -> str:
    """Return what changes whenever a file or folder is written or replaced."""
    try:
        return trace_of(os.stat(path))  # noqa: PTH116
    except (OSError, ValueError):
        return "-"


def trace_of(found: os.stat_result) -> str:
    """Return the same of a file that has been looked at.

    The inode's time is left out for a file of several names, such as those that installers link into each environment:
    it changes whenever one more name is given to it.
    """
    changed = 0 if found.st_nlink > 1 and stat.S_ISREG(found.st_mode) else found.st_ctime_ns
    return f"{found.st_mtime_ns} {changed} {found.st_size} {found.st_ino}"


def _place(path: str) -> Place | None:
    try:
        names = tuple(os.listdir(path))  # noqa: PTH208
    except NotADirectoryError:
        return Place(path, (), (), is_archive=True)
    except (OSError, ValueError):
        return None
    is_egg = path.lower().endswith(".egg")
    metadata = [name for name in names if name.lower().endswith(_METADATA) or (is_egg and name.lower() == "egg-info")]
    return Place(path, names, tuple(sorted(metadata)))
