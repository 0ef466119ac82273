"""The plugins: what they offer is known beforehand, and each is imported when one of its hooks is first called."""

from __future__ import annotations

import functools
from _thread import RLock
from dataclasses import replace
from typing import TYPE_CHECKING

from impasto.catalogue import Catalogue, Plugin, open_catalogue
from impasto.errors import PluginError
from impasto.settings import Selection, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    import click

    from impasto.events import ServerEvent
    from impasto.hooks import Hooks
    from impasto.models import Model, Provider
    from impasto.payloads import Follow, HttpRequest, Outcome, Payload
    from impasto.request import ImageRequest


_NOT_INSTALLED = "IMPASTO_PLUGINS, or plugins.only in the settings, names what is not installed: {}."


class Plugins:
    """The plugins of one process. One that is broken costs only itself, and is named with its cause.

    Attributes:
        complaint: what is wrong with the settings' choice of plugins, in words; empty for nothing.

    Args:
        installed: plugins by the value of their entry points, to be imported at once, in this order.
        objects: further plugins, by name, as modules or objects that are at hand already.
        catalogue: what is known of the installed plugins, in place of both.
        only: the names of those that are to be used; one that no plugin has is in the complaint.
    """

    def __init__(
        self,
        installed: tuple[Plugin, ...] = (),
        objects: Mapping[str, object] | None = None,
        *,
        catalogue: Catalogue | None = None,
        only: Iterable[str] = (),
    ) -> None:
        if catalogue is None:
            from impasto.catalogue.building import ask_all

            catalogue = Catalogue(*ask_all((*installed, *(Plugin(name) for name in objects or {})), objects))
        self._lock = RLock()
        self._hooks = catalogue.hooks
        self._forget = catalogue.forget
        self._failed = [plugin for plugin in catalogue.plugins if plugin.error is not None]
        self._blocked = [plugin for plugin in catalogue.plugins if plugin.is_blocked]
        self._usable = {each.name: each for each in catalogue.plugins if each.error is None and not each.is_blocked}
        unknown = sorted(set(only) - {plugin.name for plugin in catalogue.plugins})
        self.complaint = _NOT_INSTALLED.format(", ".join(unknown)) if unknown else ""
        self._unsure = bool(self._failed) and catalogue.hooks is None
        # The models that a plugin itself made, by plugin and name. What it was known to offer are copies of them.
        self._own: dict[str, dict[str, Model]] = {}
        self._found_owners: dict[str, str] = {}
        self._has_opaque = any(plugin.is_opaque for plugin in self._usable.values())
        self._ways: dict[str, tuple[Model, tuple[str, Hooks, Model]]] = {}
        self._index()

    def _index(self) -> None:
        self._ways.clear()
        usable = self._usable.values()
        self._models = tuple(
            sorted((model for plugin in usable for model in plugin.models), key=lambda model: model.name)
        )
        owners = {model.provider.id: plugin.name for plugin in usable for model in plugin.models}
        self._owners = {**self._found_owners, **owners}

    @property
    def all(self) -> tuple[Plugin, ...]:
        """Every plugin by name, broken and blocked ones too; those that were known to be broken are tried anew."""
        self.mend()
        every = (*self._usable.values(), *self._failed, *self._blocked)
        return tuple(sorted(every, key=lambda plugin: plugin.name))

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model that a plugin lists, by full name."""
        self._ask_opaque()
        return self._models

    def owner_of(self, provider_id: str) -> str | None:
        """Return the name of the plugin that a provider belongs to, or None."""
        self._ask_opaque()
        return self._owners.get(provider_id) or (provider_id if provider_id in self._usable else None)

    def find_model(self, provider_id: str, name: str) -> Model | None:
        """Return a model that its plugin cannot list, or None where there is no such plugin or model.

        Raises:
            PluginError: the plugin cannot be imported, or the hook failed.
        """
        owner = self.owner_of(provider_id)
        if owner is None or "find_model" not in self._usable[owner].hooks:
            return None
        from impasto.catalogue.building import claim

        model = self._imported(owner).find_model(owner, name)
        if model is None:
            return None
        with self._lock:
            claim(self._owners, owner, (model,))
            self._found_owners[model.provider.id] = owner
        return model

    def prepare_request(self, model: Model, request: ImageRequest) -> ImageRequest:
        """Return the request after every plugin has had its say.

        Raises:
            InvalidRequest: a plugin refuses it.
            PluginError: a plugin failed.
        """
        for name in self._implementing("prepare_request"):
            request = self._imported(name).prepare_request(name, self._own_model(name, model), request)
        return request

    def build_payload(self, model: Model, request: ImageRequest) -> Payload:
        """Return the payload that begins a conversation, from the model's owner.

        Raises:
            InvalidRequest: the owner refuses the request.
            PluginError: the plugin cannot be imported, or the hook failed or returned something else.
        """
        owner, hooks, own = self._way_to(model)
        return hooks.build_payload(owner, own, request)

    def parse_event(self, model: Model, event: ServerEvent) -> list[Outcome]:
        """Return what an event means, from the model's owner.

        Raises:
            ResponseError: the service reports a failure, or said something that the plugin did not expect.
            PluginError: the plugin cannot be imported, or the hook failed or returned something else.
        """
        owner, hooks, own = self._way_to(model)
        return hooks.parse_event(owner, own, event)

    def providers_that_list(self) -> tuple[Provider, ...]:
        """Return the providers whose service may be asked which models it serves."""
        names = {plugin.name for plugin in self._usable.values() if "request_models" in plugin.hooks}
        found = {model.provider.id: model.provider for model in self.models}
        return tuple(provider for provider in found.values() if self._owners.get(provider.id) in names)

    def request_models(self, provider: Provider) -> HttpRequest | None:
        """Return what asks a provider's service which models it serves, or None where it cannot be asked.

        Raises:
            PluginError: the plugin cannot be imported, or the hook failed.
        """
        owner = self._owners[provider.id]
        return self._imported(owner).request_models(owner, provider)

    def parse_models(self, provider: Provider, event: ServerEvent) -> list[str | Follow]:
        """Return the names of models in an answer of the service's, and what else is to be asked.

        Raises:
            ResponseError: the service reports a failure, or said something that the plugin did not expect.
            PluginError: the plugin cannot be imported, or the hook failed.
        """
        owner = self._owners[provider.id]
        return self._imported(owner).parse_models(owner, provider, event)

    def register_commands(self, cli: click.Group) -> list[PluginError]:
        """Let the plugins add their commands; return the errors of those that failed."""
        errors = []
        for name in self._implementing("register_commands"):
            try:
                self._imported(name).call(name, "register_commands", cli=cli)
            except PluginError as error:
                errors.append(error)
        return errors

    def mend(self) -> bool:
        """Try those anew that were known to be broken when this began, once; tell whether one works now."""
        if not self._unsure:
            return False
        from impasto.catalogue.building import asked, taken_in

        with self._lock:
            self._unsure = False
            hooks = self._begun()
            usable, failed = dict(self._usable), []
            for plugin in self._failed:
                tried = asked(taken_in(replace(plugin, error=None), usable.values(), hooks), self._owners, hooks)
                if tried.error is None:
                    usable[plugin.name] = tried
                else:
                    failed.append(tried)
            has_mended = len(failed) < len(self._failed)
            self._usable, self._failed = usable, failed
            self._index()
            if has_mended:
                self._forget()
            return has_mended

    def _implementing(self, hook: str) -> list[str]:
        with self._lock:
            if any(hook in plugin.hooks for plugin in self._usable.values()):
                self._begun()
            return [plugin.name for plugin in self._usable.values() if hook in plugin.hooks and plugin.error is None]

    def _way_to(self, model: Model) -> tuple[str, Hooks, Model]:
        """Return a model's owner, what calls its hooks, and the model as the plugin itself made it."""
        known = self._ways.get(model.name)
        if known is not None and known[0] is model:
            return known[1]
        owner = self.owner_of(model.provider.id)
        if owner is None:
            raise PluginError("no plugin by that name is loaded", plugin=model.provider.id)
        hooks = self._imported(owner)
        way = owner, hooks, self._own_model(owner, model)
        self._ways[model.name] = model, way
        return way

    def _own_model(self, plugin: str, model: Model) -> Model:
        own = self._own.get(plugin, {}).get(model.name)
        return own if own is not None and own == model else model

    def _ask_opaque(self) -> None:
        """Import the plugins whose models are not known beforehand."""
        if not self._has_opaque:
            return
        with self._lock:
            self._import([each.name for each in self._usable.values() if each.is_opaque and each.error is None])
            self._has_opaque = False

    def _imported(self, name: str) -> Hooks:
        """Return what calls the hooks of a plugin, which is imported now if that has not been done.

        Raises:
            PluginError: it cannot be imported, or is not what it was known as.
        """
        with self._lock:
            hooks = self._begun()
            if name not in hooks and self._usable[name].error is None:
                self._import([name])
            if (error := self._usable[name].error) is not None:
                raise PluginError(error.args[0], plugin=error.plugin, hook=error.hook) from error
            return hooks

    def _begun(self) -> Hooks:
        """Return what calls hooks, with those plugins imported that have a say in the hooks of others."""
        if self._hooks is None:
            from impasto.hooks import Hooks

            self._hooks = Hooks()
            self._import([each.name for each in self._usable.values() if each.is_early])
        return self._hooks

    def _import(self, names: Iterable[str]) -> None:
        """Import plugins, all of them before the first is asked for its models."""
        from impasto.catalogue.building import ask_again

        hooks = self._begun()
        wanted = [self._usable[name] for name in names if name not in hooks]
        for plugin, models in ask_again(wanted, self._owners, hooks):
            self._usable[plugin.name] = plugin
            self._own[plugin.name] = {model.name: model for model in models}
            if plugin.error is not None:
                self._forget()
        self._index()


def default_plugins(settings: Settings | None = None) -> Plugins:
    """Return the installed plugins. There is one collection of them in a process for each selection.

    Args:
        settings: say which of them are used; None for the settings file and the environment.

    Raises:
        SettingsError: the settings file or a variable cannot be used.
    """
    return _selected((Settings.load() if settings is None else settings).plugins)


@functools.cache
def _selected(selection: Selection) -> Plugins:
    return Plugins(catalogue=open_catalogue(selection), only=selection.only or ())
