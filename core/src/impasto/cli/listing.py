"""``impasto models`` and ``impasto plugins``: what is installed and what it offers."""

from __future__ import annotations

import dataclasses
import math
import re
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import click

from impasto.cli.printing import complain, print_json, print_line
from impasto.cli.tables import table
from impasto.cli.terminal import size_of
from impasto.discovered import discovered_models
from impasto.errors import ImpastoError
from impasto.health import InProcessHealth
from impasto.models import Choices, Model, Range
from impasto.plugins import Plugins, default_plugins
from impasto.router import DEFAULT_MODEL, Router
from impasto.settings import Settings
from impasto.sizes import SizeRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.catalogue import Plugin
    from impasto.health import HealthStore

MOST_SIZES = 4
"""Sizes that are listed one by one; of more, the table says how many, and the smallest and the largest."""

_OFFLINE = f"To paint offline: pip install impasto-{DEFAULT_MODEL}"


@click.command()
@click.argument("name", required=False)
@click.option("--refresh", is_flag=True, help="Ask the services which models they serve, where they can tell.")
@click.option("--json", "as_json", is_flag=True, help="Print everything that is declared, as JSON.")
@click.pass_context
def models(ctx: click.Context, name: str | None, *, refresh: bool, as_json: bool) -> None:
    """List the models of every installed plugin.

    With NAME, those of that provider alone, or those that a model's name or alias leads to. With them stand those that
    services said they serve when they were last asked; below them, the names that lead to several, in the order in
    which these are tried.
    """
    settings = Settings.load()
    installed = default_plugins(settings)
    broken = [plugin.name for plugin in installed.all if plugin.error is not None]
    router = Router(installed, settings)
    said = _refresh(settings, installed, router, name) if refresh else {}
    asked_at = dict(discovered_models(installed, settings))
    found = tuple(sorted((*installed.models, *asked_at), key=lambda model: model.name))
    if name is not None:
        found = tuple(each for each in found if each.provider.id == name) or tuple(router.models_of(name))
    health = InProcessHealth()
    if as_json:
        orders = {each: [model.name for model in _routes(router, each)] for each in names_of(found, settings)}
        print_json([_described(model, orders, health, asked_at.get(model)) for model in found])
    elif found:
        print_line(table(model_rows(found, health), width()))
        if len(rows := alias_rows(found, router, settings)) > 1:
            print_line()
            print_line(table(rows, width()))
    else:
        print_line(f"No plugin is installed that offers a model. {_OFFLINE}")
    if broken:
        complain(f"broken, and not listed: {', '.join(broken)}. Why: impasto plugins.")
    if installed.complaint:
        complain(installed.complaint)
    failed = {name: each for name, each in said.items() if isinstance(each, ImpastoError)}
    for provider, error in failed.items():
        complain(f"{provider} did not say which models it serves: {error}")
    if refresh and not said:
        complain("no installed plugin's service can be asked which models it serves.")
    if refresh and len(failed) == len(said):
        ctx.exit(1)


def _refresh(
    settings: Settings, installed: Plugins, router: Router, name: str | None
) -> dict[str, tuple[str, ...] | ImpastoError]:
    """Ask the services, or those alone that a name leads to, which models they serve."""
    import anyio

    from impasto.client import Client

    providers = () if name is None else _askable(name, installed, router)

    async def ask() -> dict[str, tuple[str, ...] | ImpastoError]:
        async with Client(settings=settings, plugins=installed) as client:
            return await client.refresh_models(*providers)

    return anyio.run(ask)


def _askable(name: str, installed: Plugins, router: Router) -> tuple[str, ...]:
    """Return the providers that a name leads to and that can be asked; the name itself where there is none."""
    if any(model.provider.id == name for model in installed.models):
        return (name,)
    askable = {provider.id for provider in installed.providers_that_list()}
    serving = dict.fromkeys(model.provider.id for model in router.models_of(name))
    return tuple(each for each in serving if each in askable) or (name,)


def model_rows(found: Sequence[Model], health: HealthStore) -> list[tuple[str, ...]]:
    """Return the table of models, headings first; with a column for those that rest, where one does.

    Args:
        found: the models.
        health: what knows of those that rest.
    """
    rests = {model.name: health.resting(model.name) for model in found}
    heading = ("RESTS",) if any(rests.values()) else ()
    rows: list[tuple[str, ...]] = [("MODEL", "ALIASES", *heading, "SIZE", "TAKES")]
    for model in found:
        name = model.name if model.provider.working else f"{model.name} (down)"
        name = f"{name} (deprecated)" if model.deprecated else name
        rest = (f"{rests[model.name]:.0f} s" if rests[model.name] else "-",) if heading else ()
        rows.append((name, ", ".join(model.aliases) or "-", *rest, _size(model), _takes(model)))
    return rows


def alias_rows(found: Sequence[Model], router: Router, settings: Settings) -> list[tuple[str, ...]]:
    """Return the table of the names that have several routes or that are the user's own, headings first.

    Args:
        found: the models.
        router: knows the order.
        settings: knows the user's own names.
    """
    rows: list[tuple[str, ...]] = [("ALIAS", "ORDERED BY", "ROUTES, FIRST CHOICE FIRST")]
    for name in names_of(found, settings):
        routes = {model.name: model for model in _routes(router, name)}
        if name in settings.aliases:
            rows.append((name, "your settings", ", ".join(routes or settings.aliases[name])))
        elif len(routes) > 1:
            priorities = {model.priority for model in routes.values()}
            rows.append((name, "priority" if len(priorities) > 1 else "name", ", ".join(routes)))
    return rows


def names_of(found: Sequence[Model], settings: Settings) -> list[str]:
    """Return the short names that models go by: their aliases and ids, and the user's own aliases."""
    return sorted({name for model in found for name in (model.id, *model.aliases)} | set(settings.aliases))


def _routes(router: Router, name: str) -> list[Model]:
    """Return a name's routes, first choice first; none where it leads nowhere."""
    try:
        return router.models_of(name)
    except ImpastoError:
        return []


@click.command()
@click.option("--available", is_flag=True, help="List those that can be installed, instead.")
@click.option("--json", "as_json", is_flag=True, help="Print the list as JSON.")
def plugins(*, available: bool, as_json: bool) -> None:
    """List the installed plugins: version, hooks, models; and why one is broken."""
    settings = Settings.load()
    installed = default_plugins(settings)
    found = installed.all
    if available:
        _list_available(found, settings, as_json=as_json)
        return
    if as_json:
        print_json([_plugin(plugin) for plugin in found])
        return
    if not found:
        print_line(f"No plugin is installed. {_OFFLINE}")
        return
    rows = [("PLUGIN", "VERSION", "MODELS", "HOOKS")]
    for plugin in found:
        version = plugin.version or "-"
        if plugin.is_blocked:
            rows.append((plugin.name, version, "-", _why_blocked(plugin, settings)))
        elif plugin.error is None:
            rows.append((plugin.name, version, str(len(plugin.models)), ", ".join(plugin.hooks)))
        else:
            rows.append((plugin.name, version, "-", "broken, see below"))
    print_line(table(rows, width()))
    for plugin in found:
        if plugin.error is not None:
            print_line(f"\n{plugin.error}")
        if plugin.misfit:
            print_line(f"\n{plugin.name} {plugin.misfit}.")
    if installed.complaint:
        complain(installed.complaint)


def _list_available(installed: Sequence[Plugin], settings: Settings, *, as_json: bool) -> None:
    """Print what the package index has, and which of it is installed."""
    from impasto.cli.available import available

    versions = {re.sub(r"[-_.]+", "-", plugin.distribution).lower(): plugin.version for plugin in installed}
    names = available(settings.proxy)
    if as_json:
        print_json([{"name": name, "installed": versions.get(name)} for name in names])
    elif names:
        rows = [("PLUGIN", "INSTALLED"), *((name, versions.get(name, "-")) for name in names)]
        print_line(table(rows, width()))
        print_line("\nTo install one: impasto install NAME")
    else:
        print_line("The package index has no distribution whose name begins with impasto-.")


def _why_blocked(plugin: Plugin, settings: Settings) -> str:
    if plugin.name in settings.plugins.block:
        return "blocked, by plugins.block in the settings or IMPASTO_PLUGINS_BLOCK"
    return "blocked, not being in plugins.only in the settings or IMPASTO_PLUGINS"


def width() -> int | None:
    """Return how wide a table may be: as wide as the terminal; anything for a program that reads it."""
    return size_of(sys.stdout)[0] if sys.stdout is not None and sys.stdout.isatty() else None


def _size(model: Model) -> str:
    if model.size is None:
        return "the server's"
    if isinstance(model.size, SizeRule):
        return f"{model.size.minimum}-{model.size.maximum}"
    if len(model.size) <= MOST_SIZES:
        return ", ".join(f"{width}x{height}" for width, height in model.size)
    smallest, largest = min(model.size, key=math.prod), max(model.size, key=math.prod)
    return f"{len(model.size)} sizes, {smallest[0]}x{smallest[1]} to {largest[0]}x{largest[1]}"


def _takes(model: Model) -> str:
    """Return the fields that a model takes, in words, with a mark at those without which it draws nothing."""
    fields = sorted({*model.accepts, *model.requires} - {"session"})
    return ", ".join(f"{each} (required)" if each in model.requires else each for each in fields) or "a prompt alone"


def _described(
    model: Model, orders: dict[str, list[str]], health: HealthStore, asked_at: float | None
) -> dict[str, Any]:
    provider = model.provider
    return {
        "name": model.name,
        "label": model.label,
        "aliases": list(model.aliases),
        "priority": model.priority,
        "place": {name: order.index(model.name) + 1 for name, order in orders.items() if model.name in order},
        "rests": round(health.resting(model.name), 1),
        "provider": {
            "id": provider.id,
            "label": provider.label,
            "url": model.url or provider.url,
            "working": provider.working,
            "key": provider.auth.env if provider.auth else None,
        },
        "deprecated": model.deprecated or None,
        "asked_at": None if asked_at is None else datetime.fromtimestamp(asked_at, UTC).isoformat(timespec="seconds"),
        "requires": list(model.requires),
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
        return dataclasses.asdict(model.size)
    return [list(size) for size in model.size] if model.size else None


def _plugin(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "hooks": list(plugin.hooks),
        "models": [model.name for model in plugin.models],
        "error": str(plugin.error) if plugin.error else None,
        "blocked": plugin.is_blocked,
        "misfit": plugin.misfit or None,
    }
