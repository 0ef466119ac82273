"""Which of the installed plugins are used."""

from __future__ import annotations

from dataclasses import dataclass

from impasto.settings import rules

SELECTION_NAMES = ("only", "block")
"""The keys of the ``plugins`` table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Which of the installed plugins are used. Those that are not are not even imported.

    Attributes:
        only: the names of those that are; None for all.
        block: the names of those that are not, whatever ``only`` says.
    """

    only: tuple[str, ...] | None = None
    block: tuple[str, ...] = ()

    def admits(self, plugin: str) -> bool:
        """Tell whether the plugin of a name is used."""
        return plugin not in self.block and (self.only is None or plugin in self.only)


def read_selection(value: object) -> Selection:
    """Return what the ``plugins`` table says.

    Args:
        value: the table, or a selection read before; None for all plugins.

    Raises:
        SettingsError: it breaks a rule.
    """
    if isinstance(value, Selection):
        return value
    said = rules.table({} if value is None else value, ("plugins",), SELECTION_NAMES)
    names = {key: rules.plugin_names(each, ("plugins", key)) for key, each in said.items() if each is not None}
    if names.get("only") == ():
        raise rules.Fault(("plugins", "only"), "the list is empty; leave it out to use every plugin")
    return Selection(only=names.get("only"), block=names.get("block", ()))
