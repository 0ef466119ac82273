"""Which plugins are installed: their entry points, and the distributions that bring them."""

from __future__ import annotations

import importlib.metadata
from dataclasses import dataclass, field

GROUP = "impasto"
"""The entry point group in which plugins register."""


@dataclass(frozen=True, slots=True)
class InstalledPlugin:
    """An entry point in the group ``impasto``.

    Attributes:
        name: the entry point's name, by which the plugin is known.
        distribution: the distribution that brings it.
        version: that distribution's version.
        entry_point: what loads it.
    """

    name: str
    distribution: str
    version: str
    entry_point: importlib.metadata.EntryPoint = field(repr=False)


def installed_plugins() -> tuple[InstalledPlugin, ...]:
    """Return the plugins that are installed, by name; none of them is imported."""
    found = {}
    for each in importlib.metadata.entry_points(group=GROUP):
        distribution = each.dist
        plugin = InstalledPlugin(
            name=each.name,
            distribution=distribution.name if distribution else "",
            version=distribution.version if distribution else "",
            entry_point=each,
        )
        found[plugin.name, plugin.distribution] = plugin
    return tuple(found[key] for key in sorted(found))
