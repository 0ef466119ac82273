"""Which plugins are installed: their entry points, and the distributions that bring them."""

from __future__ import annotations

import functools
import importlib
import re
from typing import TYPE_CHECKING

from impasto.catalogue.entries import Plugin

if TYPE_CHECKING:
    from importlib.metadata import Distribution

GROUP = "impasto"
"""The entry point group in which plugins register."""

_MADE_FOR = re.compile(r"\bimpasto-hooks-(?P<major>\d{1,4})\.(?P<minor>\d{1,4})\b")

# As packaging.python.org/en/latest/specifications/entry-points has it; extras are out of use.
_VALUE = re.compile(r"(?P<module>\w+(\.\w+)*)\s*(:\s*(?P<object>\w+(\.\w+)*)\s*)?(\[.*\]\s*)?")


def installed_plugins() -> tuple[Plugin, ...]:
    """Return the plugins that are installed, by name; none of them is imported."""
    import importlib.metadata

    # What the process has seen of its folders before may be out of date.
    importlib.invalidate_caches()
    found = {}
    for each in importlib.metadata.entry_points(group=GROUP):
        distribution = each.dist
        plugin = Plugin(
            each.name,
            distribution.name if distribution else "",
            distribution.version if distribution else "",
            value=each.value,
            misfit=_misfit(distribution) if distribution else "",
        )
        found[plugin.name, plugin.distribution] = plugin
    return tuple(found[key] for key in sorted(found))


def _misfit(distribution: Distribution) -> str:
    """Return why a distribution's hooks may not be those of this impasto; empty where they are, or where it is silent.

    It says for which version it is made in its keywords, which can be read without importing it.
    """
    from impasto.hookspecs import HOOK_API

    match = _MADE_FOR.search(distribution.metadata["Keywords"] or "")
    if match is None:
        return ""
    made_for = int(match["major"]), int(match["minor"])
    said = f"is made for version {made_for[0]}.{made_for[1]} of the hooks, and this impasto has {_dotted(HOOK_API)}"
    if made_for > HOOK_API:
        return f"{said}; upgrade impasto"
    if made_for[0] < HOOK_API[0]:
        return f"{said}; look for a newer {distribution.name}"
    return ""


def _dotted(version: tuple[int, int]) -> str:
    return ".".join(map(str, version))


def module_of(value: str) -> str:
    """Return the module that the value of an entry point names; empty where it names none."""
    match = _VALUE.fullmatch(value)
    return match["module"] if match else ""


def load(value: str) -> object:
    """Import what the value of an entry point names, without reading any metadata.

    Args:
        value: ``module`` or ``module:object``.

    Raises:
        ValueError: it is neither.
        Exception: whatever the import raises.
    """
    match = _VALUE.fullmatch(value)
    if match is None:
        raise ValueError(f"the entry point {value!r} is neither a module nor module:object")
    module = importlib.import_module(match["module"])
    return functools.reduce(getattr, (match["object"] or "").split("."), module) if match["object"] else module
