"""What is installed and what it offers, kept in a file, so that a start imports no plugin that it does not need.

The file holds for as long as nothing that it depends on has been written, replaced, added or removed. What that is, and
why nothing is forgotten, stands in ``docs/architecture.md``. Where it cannot be read, written or trusted, the plugins
are imported and asked, as if there were none; nobody is told.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto.catalogue.entries import Plugin, read, written
from impasto.catalogue.file import path_of, read_file, remove_file, write_file
from impasto.catalogue.places import Unwatchable, environment, places, traces
from impasto.catalogue.watching import Watched, is_sure, look, watched_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from impasto.catalogue.places import Place
    from impasto.hooks import Hooks
    from impasto.settings import Selection

__all__ = ["Catalogue", "Plugin", "open_catalogue"]


def _nothing() -> None:
    """There is no file to forget."""


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Plugins, and what is known of them.

    Attributes:
        plugins: all of them, broken ones too, by name.
        hooks: calls their hooks, where they have been imported; None where they are known from the file.
        forget: removes the file, when it turns out to be wrong.
    """

    plugins: tuple[Plugin, ...]
    hooks: Hooks | None = None
    forget: Callable[[], None] = _nothing


def open_catalogue(selection: Selection) -> Catalogue:
    """Return the installed plugins: from the file if it still holds, else by importing and asking them.

    Args:
        selection: which of them are used; others are not imported, and returned as blocked.
    """
    try:
        found = places()
    except (Unwatchable, OSError):
        return Catalogue(*_asked(selection))
    key = environment(found)
    path = path_of(key)
    if path is None:
        return Catalogue(*_asked(selection))

    def forget() -> None:
        remove_file(path)

    known = _selected(_read(path, key, found), selection)
    if known is not None:
        return Catalogue(known, None, forget)
    before = frozenset(sys.modules)
    plugins, hooks = _asked(selection)
    if content := _content(plugins, key, before, found):
        write_file(path, content)
    return Catalogue(plugins, hooks, forget)


def _asked(selection: Selection) -> tuple[tuple[Plugin, ...], Hooks]:
    from impasto.catalogue.building import ask_installed

    return ask_installed(selection)


def _selected(known: tuple[Plugin, ...] | None, selection: Selection) -> tuple[Plugin, ...] | None:
    """Return what is known of the plugins that are used, and the others as blocked.

    None where the file does not tell that: one that is used now was blocked when the file was written; or one that is
    blocked now may have changed what others list.
    """
    for each in known or ():
        if each.is_blocked if selection.admits(each.name) else each.is_early and "list_models" in each.hooks:
            return None
    return known and tuple(each if selection.admits(each.name) else _blocked(each) for each in known)


def _blocked(plugin: Plugin) -> Plugin:
    return Plugin(
        plugin.name, plugin.distribution, plugin.version, value=plugin.value, is_blocked=True, misfit=plugin.misfit
    )


def _read(path: Path, key: str, found: tuple[Place, ...]) -> tuple[Plugin, ...] | None:
    content = read_file(path)
    if content is None:
        return None
    try:
        said = json.loads(content)
        watched = Watched(*(tuple(map(str, each)) for each in said["watched"]))
        if said["environment"] != key or said["seen"] != look(watched, found):
            return None
        return tuple(read(each) for each in said["plugins"])
    except (AttributeError, IndexError, KeyError, RecursionError, TypeError, ValueError):
        # Whatever is wrong with it: it is as if there were no file.
        return None


def _content(plugins: tuple[Plugin, ...], key: str, before: frozenset[str], found: tuple[Place, ...]) -> bytes | None:
    """Return what the file is to hold; None where nothing is sure enough to be written down."""
    try:
        now = places()
    except (Unwatchable, OSError):
        return None
    watched = watched_of(plugins, before)
    modules = frozenset(watched.modules)
    if (
        environment(now) != key
        or traces(now, modules) != traces(found, modules)
        or not is_sure(watched, plugins, now, before)
    ):
        return None
    said = {
        "environment": key,
        "watched": dataclasses.astuple(watched),
        "seen": look(watched, now),
        "plugins": [written(plugin) for plugin in plugins],
    }
    return json.dumps(said).encode()
