"""``impasto models`` and ``impasto plugins``: what is installed and what it offers."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import click

from impasto.models import Choices, Model, Range
from impasto.plugins import Plugin, default_plugins
from impasto.sizes import SizeRule

if TYPE_CHECKING:
    from collections.abc import Sequence


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print everything that is declared, as JSON.")
def models(*, as_json: bool) -> None:
    """List the models of every installed plugin."""
    found = default_plugins().models
    if as_json:
        click.echo(json.dumps([_described(model) for model in found], ensure_ascii=False, indent=2, default=str))
        return
    if not found:
        click.echo("No plugin is installed that offers a model. To paint offline: pip install impasto-sketch")
        return
    rows = [("MODEL", "ALIASES", "SIZE", "TAKES")]
    for model in found:
        name = model.name if model.provider.working else f"{model.name} (down)"
        takes = ", ".join(sorted(model.accepts)) or "a prompt alone"
        rows.append((name, ", ".join(model.aliases) or "-", _size(model), takes))
    click.echo(table(rows))


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def plugins(*, as_json: bool) -> None:
    """List the installed plugins: version, hooks, models; and why one is broken."""
    found = default_plugins().all
    if as_json:
        click.echo(json.dumps([_plugin(plugin) for plugin in found], ensure_ascii=False, indent=2))
        return
    if not found:
        click.echo("No plugin is installed. The offline painter: pip install impasto-sketch")
        return
    rows = [("PLUGIN", "VERSION", "MODELS", "HOOKS")]
    for plugin in found:
        if plugin.error is not None:
            rows.append((plugin.name, plugin.version or "-", "-", "broken, see below"))
        else:
            rows.append((plugin.name, plugin.version or "-", str(len(plugin.models)), ", ".join(plugin.hooks)))
    click.echo(table(rows))
    for plugin in found:
        if plugin.error is not None:
            click.echo(f"\n{plugin.error}")


def table(rows: Sequence[tuple[str, ...]]) -> str:
    """Return rows as lines with aligned columns; the last column is as long as it is."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join(
        "  ".join([*(cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)), row[-1]])
        for row in rows
    )


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


def _rule(rule: object) -> Any:
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
