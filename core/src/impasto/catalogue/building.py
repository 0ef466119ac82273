"""Plugins imported and asked: how it is found out what they offer, and whether that is still so."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from impasto.catalogue.installed import installed_plugins, load
from impasto.errors import PluginError, described
from impasto.hooks import Hooks

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from impasto.catalogue.entries import Plugin
    from impasto.models import Model
    from impasto.settings import Selection


def ask_installed(selection: Selection) -> tuple[tuple[Plugin, ...], Hooks]:
    """Import every installed plugin that is used, and ask it for its models, as in `ask_all`."""
    return ask_all(replace(each, is_blocked=not selection.admits(each.name)) for each in installed_plugins())


def ask_all(plugins: Iterable[Plugin], objects: Mapping[str, object] | None = None) -> tuple[tuple[Plugin, ...], Hooks]:
    """Import plugins and ask them for their models; one that is broken costs only itself.

    All of them are imported before the first is asked, so that those that wrap ``list_models`` see every list.

    Args:
        plugins: what is known of each plugin, in the order in which they come to own providers. One that is blocked
            stays as it is.
        objects: those that are imported already, by name.

    Returns:
        The plugins, in the same order, and what calls the hooks of those that are not broken.
    """
    hooks = Hooks()
    found: list[Plugin] = []
    for plugin in plugins:
        found.append(plugin if plugin.is_blocked else taken_in(plugin, found, hooks, objects))
    while (asked := _all_asked(found, hooks)) is None:
        pass
    return tuple(asked), hooks


def ask_again(
    plugins: Iterable[Plugin], owners: dict[str, str], hooks: Hooks
) -> list[tuple[Plugin, tuple[Model, ...]]]:
    """Import plugins of which it is known what they offer.

    Args:
        plugins: what is known of them.
        owners: the plugin that owns each provider, by the provider's id; changed where models were not known.
        hooks: takes them in.

    Returns:
        Each plugin, with its error where it is broken or not what it was known as; and the models that it made now.
    """
    again = [(plugin, taken_in(plugin, (), hooks)) for plugin in plugins]
    return [_compared(known, asked(found, owners, hooks), hooks) for known, found in again]


def taken_in(
    plugin: Plugin, others: Iterable[Plugin], hooks: Hooks, objects: Mapping[str, object] | None = None
) -> Plugin:
    """Import a plugin; return it with its hooks, or with the error that this led to.

    Args:
        plugin: what is known of it.
        others: those that come before it.
        hooks: takes it in.
        objects: plugins that are imported already, by name.
    """
    try:
        taken = next((each for each in others if each.name == plugin.name and each.error is None), None)
        if taken is not None:
            raise PluginError(
                f"distribution {taken.distribution!r} brings a plugin of that name already", plugin=plugin.name
            )
        at_hand = objects is not None and not plugin.value and plugin.name in objects
        names = hooks.register(plugin.name, objects[plugin.name] if objects and at_hand else load(plugin.value))
        is_early = "prepare_request" in names or hooks.wraps(plugin.name)
        return replace(plugin, hooks=names, is_early=is_early)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        return _broken(plugin, error)


def asked(plugin: Plugin, owners: dict[str, str], hooks: Hooks) -> Plugin:
    """Ask a plugin for its models; return it with them, or with the error that this led to.

    Args:
        plugin: one that was taken in; one that is broken or blocked stays as it is.
        owners: the plugin that owns each provider, by the provider's id; it is added to.
        hooks: calls its hooks; one that is broken is let go.
    """
    if plugin.error is not None or plugin.is_blocked:
        return plugin
    try:
        models = hooks.list_models(plugin.name)
        claim(owners, plugin.name, models)
        return replace(plugin, models=models)
    except (Exception, SystemExit) as error:  # noqa: BLE001
        hooks.unregister(plugin.name)
        return _broken(plugin, error)


def claim(owners: dict[str, str], plugin: str, models: Iterable[Model]) -> None:
    """Make a plugin the owner of the providers of its models.

    Args:
        owners: the plugin that owns each provider, by the provider's id; changed only if there is no error.
        plugin: the plugin's name.
        models: its models.

    Raises:
        PluginError: a provider belongs to another plugin.
    """
    providers = {model.provider.id: plugin for model in models}
    for provider in providers:
        if (owner := owners.get(provider, plugin)) != plugin:
            raise PluginError(f"provider {provider!r} belongs to plugin {owner!r}", plugin=plugin)
    owners.update(providers)


def _all_asked(found: list[Plugin], hooks: Hooks) -> list[Plugin] | None:
    """Return the plugins with their models; or None if all have to be asked anew.

    That is so when one turns out broken that has wrapped the lists of others.
    """
    owners: dict[str, str] = {}
    done: list[Plugin] = []
    for place, plugin in enumerate(found):
        wraps = plugin.name in hooks and hooks.wraps(plugin.name, "list_models")
        done.append(asked(plugin, owners, hooks))
        if wraps and done[-1].error is not None:
            found[place] = done[-1]
            return None
    return done


def _compared(known: Plugin, found: Plugin, hooks: Hooks) -> tuple[Plugin, tuple[Model, ...]]:
    """Return a plugin that has been imported, with its error where it is not what it was known as."""
    error = found.error
    if error is None:
        what = "hooks" if found.hooks != known.hooks else "models" if found.models != known.models else ""
        if what and not (what == "models" and known.is_opaque):
            hooks.unregister(known.name)
            error = PluginError(
                f"has other {what} than when it was last asked, though nothing of it has changed; list_models must "
                "return the same each time, whatever the environment",
                plugin=known.name,
            )
    if error is not None:
        return replace(known, error=error), ()
    return replace(found, is_opaque=False), found.models


def _broken(plugin: Plugin, error: BaseException) -> Plugin:
    if not isinstance(error, PluginError):
        cause = error
        error = PluginError(described(cause), plugin=plugin.name)
        error.__cause__ = cause
    return replace(plugin, hooks=(), models=(), is_early=False, error=error)
