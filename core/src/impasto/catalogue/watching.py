"""What the catalogue depends on: chosen once, when it is made, and looked at again at every start."""

from __future__ import annotations

import contextlib
import itertools
import os
import sys
import time
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

import impasto
from impasto.catalogue.installed import module_of
from impasto.catalogue.places import metadata_files, trace, trace_of, traces

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from impasto.catalogue.entries import Plugin
    from impasto.catalogue.places import Place

MOST_FILES = 1_000
"""Files of a package that are watched. Of one that has more, it is those that were imported, and their folders."""

RACY = 2.0
"""Seconds: the coarsest clock of a common file system (FAT). A file may be written twice under one time."""

_DAY = 86_400.0
_CORE = os.path.dirname(os.path.abspath(impasto.__file__))  # noqa: PTH100, PTH120
_STANDARD = os.path.dirname(os.path.abspath(os.__file__)) + os.sep  # noqa: PTH100, PTH120
_INSTALLED = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


@dataclass(frozen=True, slots=True)
class Watched:
    """What to look at.

    Attributes:
        modules: names of top-level modules: those that the plugins imported, and those that a broken one did not find.
        folders: packages, watched with everything in them.
        files: single files, and folders without what is in the folders in them.
    """

    modules: tuple[str, ...]
    folders: tuple[str, ...]
    files: tuple[str, ...]


def look(watched: Watched, found: tuple[Place, ...]) -> list[str]:
    """Return what is there now. Equal to what was there before: nothing of it has been written or replaced since.

    Args:
        watched: what to look at.
        found: the entries of ``sys.path``.
    """
    lines = traces(found, frozenset(watched.modules))
    for folder in (_CORE, *watched.folders):
        lines.append(folder)
        lines += [f"{path[len(folder) :]} {trace_of(stat)}" for path, stat in _tree(folder)]
    lines += [f"{path} {trace(path)}" for path in watched.files]
    return lines


def watched_of(plugins: Sequence[Plugin], before: frozenset[str]) -> Watched:
    """Return what to watch, so that it is noticed when plugins that were asked now would say something else.

    Args:
        plugins: all that are installed, broken ones too.
        before: the modules that had been imported before the plugins were.
    """
    own = _own(plugins)
    imported = dict(_imported_since(before))
    modules = own | {_top(name) for name in imported}
    files = set(imported.values())
    for plugin in plugins:
        for cause in _causes(plugin.error):
            files |= set(_files_of(cause))
            if isinstance(cause, ModuleNotFoundError) and cause.name:
                modules.add(_top(cause.name))
    folders: set[str] = set()
    for origin in {origin for module in own for origin in _origins(module)}:
        if not os.path.isdir(origin):  # noqa: PTH112
            files.add(origin)
        elif len(list(itertools.islice(_tree(origin), MOST_FILES + 1))) <= MOST_FILES:
            folders.add(origin)
        else:
            inside = {file for file in files if file.startswith(origin + os.sep)}
            files |= {origin, *map(os.path.dirname, inside)}
    watched_already = tuple(folder + os.sep for folder in (_CORE, *folders))
    files = {file for file in files if not file.startswith(watched_already)}
    return Watched(tuple(sorted(modules)), tuple(sorted(folders)), tuple(sorted(files)))


def is_sure(watched: Watched, plugins: Sequence[Plugin], found: tuple[Place, ...], before: frozenset[str]) -> bool:
    """Tell whether what the process has imported is what is there now, and any later change will show.

    It is not where something was written since impasto was imported, or so shortly before that it may be written once
    more under the same time (the rule by which git knows its index); what lies more than a day ahead was not written
    just now. Nor where a program had imported, before the plugins were asked, one of them, or a module that is not
    installed: it may have been edited since.

    Args:
        watched: what to look at.
        plugins: all that are installed, broken ones too.
        found: the entries of ``sys.path``.
        before: the modules that had been imported before the plugins were.
    """
    own = _own(plugins)
    if any(_top(name) in own or _is_loose(name) for name in before):
        return False
    begin, end = impasto.IMPORTED_AT - RACY, time.time() + _DAY
    stats = [stat for folder in (_CORE, *watched.folders) for _, stat in _tree(folder)]
    archives = [place.path for place in found if place.is_archive]
    metadata = [path for place in found for name in place.metadata for path in metadata_files(place, name)]
    for path in (*watched.files, *archives, *metadata):
        with contextlib.suppress(OSError, ValueError):
            stats.append(os.stat(path))  # noqa: PTH116
    return not any(begin <= stat.st_mtime <= end for stat in stats)


def _own(plugins: Sequence[Plugin]) -> set[str]:
    return {_top(module_of(plugin.value)) for plugin in plugins} - {""}


def _top(module: str) -> str:
    return module.partition(".")[0]


def _tree(folder: str) -> Iterator[tuple[str, os.stat_result]]:
    """Return the files below a folder, sorted, but for bytecode; of a link to a folder, the folder alone."""
    try:
        with os.scandir(folder) as scanned:
            entries = sorted(scanned, key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        if entry.name == "__pycache__":
            continue
        if entry.is_dir(follow_symlinks=False):
            yield from _tree(entry.path)
            continue
        try:
            yield entry.path, entry.stat()
        except OSError:
            # A link that leads nowhere.
            continue


def _imported_since(before: frozenset[str]) -> Iterator[tuple[str, str]]:
    for name in [name for name in sys.modules if name not in before]:
        file = _file_of(name)
        if file is not None and not _is_standard(file):
            yield name, file


def _is_loose(name: str) -> bool:
    """Tell whether a module was imported from where nothing says when it is written: from a folder of sources."""
    file = None if name in {"__main__", "__mp_main__"} or _top(name) == "impasto" else _file_of(name)
    return file is not None and not _is_standard(file) and not any(part in file for part in _INSTALLED)


def _file_of(module: str) -> str | None:
    found = sys.modules.get(module)
    file = vars(found).get("__file__") if isinstance(found, ModuleType) else None
    return os.path.abspath(file) if isinstance(file, str) else None  # noqa: PTH100


def _is_standard(file: str) -> bool:
    return file.startswith(_STANDARD) and not any(part in file for part in _INSTALLED)


def _origins(module: str) -> list[str]:
    """Return the folders of a top-level package, or the file of a module."""
    import importlib.util

    try:
        spec = importlib.util.find_spec(module)
    except (ImportError, AttributeError, ValueError):
        spec = None
    if spec is None:
        return []
    if spec.submodule_search_locations is not None:
        return [os.path.abspath(each) for each in spec.submodule_search_locations]  # noqa: PTH100
    return [os.path.abspath(spec.origin)] if spec.origin and spec.has_location else []  # noqa: PTH100


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    while error is not None and error not in seen:
        seen.append(error)
        yield error
        error = error.__cause__ or error.__context__


def _files_of(error: BaseException) -> Iterator[str]:
    """Return the files in which an error arose: modules that fail to be imported are not among the imported."""
    import traceback

    names = [frame.f_code.co_filename for frame, _ in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError) and error.filename:
        names.append(error.filename)
    for name in names:
        path = os.path.abspath(name)  # noqa: PTH100
        if os.path.isfile(path) and not _is_standard(path):  # noqa: PTH113
            yield path
