"""``impasto models`` and ``impasto plugins``: what is installed and what it offers."""

from __future__ import annotations

import sys
from typing import Any

import click

from impasto.cli.printing import complain, print_json, print_line
from impasto.cli.tables import table
from impasto.cli.terminal import size_of
from impasto.models import Choices, Model, Range
from impasto.plugins import Plugin, default_plugins
from impasto.router import DEFAULT_MODEL
from impasto.settings import Settings
from impasto.sizes import SizeRule

_OFFLINE = f"To paint offline: pip install impasto-{DEFAULT_MODEL}"


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything that is declared, as JSON.")
def models(*, as_json: bool) -> None:
    """List the models of every installed plugin."""
    found = default_plugins().models
    if as_json:
        print_json([_described(model) for model in found])
    elif found:
        rows = [("MODEL", "ALIASES", "SIZE", "TAKES")]
        for model in found:
            name = model.name if model.provider.working else f"{model.name} (down)"
            takes = ", ".join(sorted(model.accepts)) or "a prompt alone"
            rows.append((name, ", ".join(model.aliases) or "-", _size(model), takes))
        print_line(table(rows, _width()))
        if aliases := Settings.load().aliases:
            print_line()
            own = [("YOUR ALIAS", "MODELS"), *((name, ", ".join(aliases[name])) for name in sorted(aliases))]
            print_line(table(own, _width()))
    else:
        print_line(f"No plugin is installed that offers a model. {_OFFLINE}")
    broken = [plugin.name for plugin in default_plugins().all if plugin.error is not None]
    if broken:
        complain(f"broken, and not listed: {', '.join(broken)}. Why: impasto plugins.")


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def plugins(*, as_json: bool) -> None:
    """List the installed plugins: version, hooks, models; and why one is broken."""
    found = default_plugins().all
    if as_json:
        print_json([_plugin(plugin) for plugin in found])
        return
    if not found:
        print_line(f"No plugin is installed. {_OFFLINE}")
        return
    rows = [("PLUGIN", "VERSION", "MODELS", "HOOKS")]
    for plugin in found:
        version = plugin.version or "-"
        if plugin.error is None:
            rows.append((plugin.name, version, str(len(plugin.models)), ", ".join(plugin.hooks)))
        else:
            rows.append((plugin.name, version, "-", "broken, see below"))
    print_line(table(rows, _width()))
    for plugin in found:
        if plugin.error is not None:
            print_line(f"\n{plugin.error}")


def _width() -> int | None:
    """Return how wide a table may be: as wide as the terminal; anything for a program that reads it."""
    return size_of(sys.stdout)[0] if sys.stdout is not None and sys.stdout.isatty() else None


def _size(model: Model) -> str:
    if model.size is None:
        return "the server's"
    if isinstance(model.size, SizeRule):
        return f"{model.size.minimum}-{model.size.maximum}"
    return ", ".join(f"{width}x{height}" for width, height in model.size)


def _described(model: Model) -> dict[str, Any]:
    provider = model.provider
    return {
        "name": model.name,
        "label": model.label,
        "aliases": list(model.aliases),
        "provider": {
            "id": provider.id,
            "label": provider.label,
            "url": model.url or provider.url,
            "working": provider.working,
            "key": provider.auth.env if provider.auth else None,
        },
        "accepts": {name: _rule(rule) for name, rule in model.accepts.items()},
        "defaults": dict(model.defaults),
        "size": _size_rule(model),
    }


def _rule(rule: object) -> dict[str, Any]:
    if isinstance(rule, Range):
        return {"minimum": rule.minimum, "maximum": rule.maximum}
    if isinstance(rule, Choices):
        return {"choices": list(rule.values)}
    return {}


def _size_rule(model: Model) -> Any:
    if isinstance(model.size, SizeRule):
        return {"minimum": model.size.minimum, "maximum": model.size.maximum, "multiple": model.size.multiple}
    return [list(size) for size in model.size] if model.size else None


def _plugin(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "hooks": list(plugin.hooks),
        "models": [model.name for model in plugin.models],
        "error": str(plugin.error) if plugin.error else None,
    }
