"""What a plugin keeps: compared before and after a call, so that nothing is kept that changes."""

from __future__ import annotations

import dataclasses
import enum
import sys
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from types import ModuleType
from typing import Any

_DEEPEST = 12


def fingerprint(value: object, depth: int = 0) -> object:
    """Return what a value is made of, as something that can be compared later, whatever becomes of the value.

    Plain data, and dataclasses of it, count by their content; everything else by its identity.
    """
    if value is None or isinstance(value, bool | int | str | bytes | enum.Enum):
        return type(value), value
    if isinstance(value, float):
        return float, repr(value)
    if depth > _DEEPEST:
        return "deep"
    if isinstance(value, Mapping):
        return dict, [(fingerprint(name, depth + 1), fingerprint(each, depth + 1)) for name, each in value.items()]
    if isinstance(value, list | tuple | bytearray):
        return type(value), [fingerprint(each, depth + 1) for each in value]
    if isinstance(value, AbstractSet):
        return set, frozenset(hash(each) for each in value)
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), [fingerprint(getattr(value, each.name), depth + 1) for each in dataclasses.fields(value)]
    return "object", id(value)


def global_state(home: str, plugin: object) -> dict[str, object]:
    """Return the values that a plugin keeps between calls, by their names.

    Args:
        home: the name of the plugin's module or package.
        plugin: the plugin itself, whose attributes count where it is an object.
    """
    kept: dict[str, object] = {}
    modules = {name: each for name, each in sys.modules.items() if name == home or name.startswith(f"{home}.")}
    for module_name, module in sorted(modules.items()):
        for name, value in _values(module):
            kept[f"{module_name}.{name}"] = fingerprint(value)
            if isinstance(value, type) and value.__module__ == module_name:
                kept |= {f"{module_name}.{name}.{each}": fingerprint(part) for each, part in _values(value)}
    if not isinstance(plugin, ModuleType):
        kept |= {f"self.{name}": fingerprint(value) for name, value in getattr(plugin, "__dict__", {}).items()}
    return kept


def _values(owner: Any) -> list[tuple[str, object]]:
    return [
        (name, value)
        for name, value in list(vars(owner).items())
        if not name.startswith("__") and not isinstance(value, ModuleType)
    ]


def changed(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return the names of values that were changed between two looks at a plugin; new names do not count."""
    return [name for name, value in before.items() if name in after and after[name] != value]
