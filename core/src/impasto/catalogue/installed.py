"""Which plugins are installed: their entry points, and the distributions that bring them."""

from __future__ import annotations

import functools
import importlib
import re

from impasto.catalogue.entries import Plugin

GROUP = "impasto"
"""The entry point group in which plugins register."""

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
        )
        found[plugin.name, plugin.distribution] = plugin
    return tuple(found[key] for key in sorted(found))


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
