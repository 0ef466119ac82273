"""Plugins, loaded and called. One that is broken costs only itself, and is named with its cause."""

from __future__ import annotations

import functools
import traceback
from dataclasses import dataclass, field
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from impasto import hookspecs
from impasto.catalogue import InstalledPlugin, installed_plugins
from impasto.errors import ImpastoError, PluginError, ProtocolError
from impasto.events import ImagePreview, ImageResponse, Progress, ServerEvent
from impasto.models import Model
from impasto.payloads import Follow, HttpRequest, LocalCall, Outcome, Payload
from impasto.plaintext import plain_text
from impasto.request import ImageRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    import click

SLOWEST_HOOK = 5.0
"""Seconds beyond which a hook that was slow has failed. Long work belongs into a `LocalCall`, which has a thread."""

_OWNER_HOOKS = ("build_payload", "parse_event")
_PROVIDER_HOOKS = ("list_models", "find_model")
_NOT_UNDERSTOOD = (KeyError, TypeError, AttributeError, IndexError, ValueError)


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin, and what became of loading it.

    Attributes:
        name: its entry point's name.
        distribution: the distribution that brings it.
        version: that distribution's version.
        hooks: the hooks that it implements.
        models: the models that it lists.
        error: why it cannot be used; None when it can.
    """

    name: str
    distribution: str = ""
    version: str = ""
    hooks: tuple[str, ...] = ()
    models: tuple[Model, ...] = ()
    error: PluginError | None = field(default=None, compare=False)


class Plugins:
    """The plugins of one process, and the only place that calls their hooks.

    Args:
        installed: plugins to load through their entry points, in this order.
        objects: further plugins, by name, as modules or objects that are at hand already.
    """

    def __init__(
        self, installed: tuple[InstalledPlugin, ...] = (), objects: Mapping[str, object] | None = None
    ) -> None:
        self._manager = pluggy.PluginManager("impasto")
        self._manager.add_hookspecs(hookspecs)
        self._plugins: dict[str, Plugin] = {}
        self._failed: list[Plugin] = []
        self._models: tuple[Model, ...] = ()
        self._owner_of_provider: dict[str, str] = {}
        self._callers: dict[tuple[str, str], pluggy.HookCaller] = {}
        self._homes: dict[str, str] = {}
        for each in installed:
            self._load(Plugin(each.name, each.distribution, each.version), each.entry_point.load)
        for name, value in (objects or {}).items():
            self._load(Plugin(name), functools.partial(_same, value))

    @property
    def all(self) -> tuple[Plugin, ...]:
        """Every plugin by name, broken ones included."""
        return tuple(sorted((*self._plugins.values(), *self._failed), key=lambda plugin: plugin.name))

    @property
    def models(self) -> tuple[Model, ...]:
        """Every model that a plugin lists, by full name."""
        return self._models

    def owner_of(self, provider_id: str) -> str | None:
        """Return the name of the plugin that a provider belongs to, or None."""
        return self._owner_of_provider.get(provider_id) or (provider_id if provider_id in self._plugins else None)

    def find_model(self, provider_id: str, name: str) -> Model | None:
        """Return a model that its plugin cannot list, or None where there is no such plugin or model.

        Raises:
            PluginError: the hook failed.
        """
        owner = self.owner_of(provider_id)
        if owner is None or "find_model" not in self._plugins[owner].hooks:
            return None
        model = self._call(owner, "find_model", name=name)
        if model is None:
            return None
        if not isinstance(model, Model):
            raise PluginError(f"returned {_kind(model)} instead of a Model", plugin=owner, hook="find_model")
        self._claim(owner, (model,))
        return model

    def prepare_request(self, model: Model, request: ImageRequest) -> ImageRequest:
        """Return the request after every plugin has had its say.

        Raises:
            InvalidRequest: a plugin refuses it.
            PluginError: a plugin failed.
        """
        for name in [plugin.name for plugin in self._plugins.values() if "prepare_request" in plugin.hooks]:
            for result in self._call(name, "prepare_request", model=model, request=request):
                if not isinstance(result, ImageRequest):
                    raise PluginError(
                        f"returned {_kind(result)} instead of an ImageRequest",
                        plugin=name,
                        hook="prepare_request",
                    )
                request = result
        return request

    def build_payload(self, model: Model, request: ImageRequest) -> Payload:
        """Return the payload that begins a conversation, from the model's owner.

        Raises:
            InvalidRequest: the owner refuses the request.
            PluginError: the hook failed, or returned something else.
        """
        owner = self._owner(model)
        payload = self._call(owner, "build_payload", model=model, request=request)
        if not isinstance(payload, HttpRequest | LocalCall):
            raise PluginError(f"returned {_kind(payload)} instead of a payload", plugin=owner, hook="build_payload")
        return payload

    def parse_event(self, model: Model, event: ServerEvent) -> list[Outcome]:
        """Return what an event means, from the model's owner.

        Raises:
            ResponseError: the service reports a failure, or said something that the plugin did not expect.
            PluginError: the hook failed, or returned something else.
        """
        owner = self._owner(model)
        try:
            outcomes = self._call(owner, "parse_event", model=model, event=event)
        except PluginError as error:
            if isinstance(error.__cause__, _NOT_UNDERSTOOD):
                raise ProtocolError(f"the answer was not understood ({error.args[0]}): {_quoted(event)}") from error
            raise
        if not isinstance(outcomes, list | tuple):
            raise PluginError(
                f"returned {_kind(outcomes)} instead of a list of outcomes", plugin=owner, hook="parse_event"
            )
        for outcome in outcomes:
            if not isinstance(outcome, Progress | ImagePreview | ImageResponse | Follow):
                raise PluginError(f"returned {_kind(outcome)} among its outcomes", plugin=owner, hook="parse_event")
            if isinstance(outcome, Follow) and (wrong := _not_taken_from_an_answer(outcome)):
                raise ProtocolError(f"the answer was not understood ({wrong}): {_quoted(event)}")
        return list(outcomes)

    def register_commands(self, cli: click.Group) -> list[PluginError]:
        """Let the plugins add their commands; return the errors of those that failed."""
        errors = []
        for plugin in list(self._plugins.values()):
            if "register_commands" in plugin.hooks:
                try:
                    self._call(plugin.name, "register_commands", cli=cli)
                except PluginError as error:
                    errors.append(error)
        return errors

    def _owner(self, model: Model) -> str:
        owner = self.owner_of(model.provider.id)
        if owner is None:
            raise PluginError("no plugin by that name is loaded", plugin=model.provider.id)
        return owner

    def _load(self, plugin: Plugin, load: Callable[[], object]) -> None:
        try:
            if plugin.name in self._plugins:
                taken = self._plugins[plugin.name].distribution
                raise PluginError(f"distribution {taken!r} brings a plugin of that name already", plugin=plugin.name)
            loaded = load()
            self._register(plugin, loaded)
        except (Exception, SystemExit) as error:  # noqa: BLE001
            self._failed.append(_with_error(plugin, error))

    def _register(self, plugin: Plugin, loaded: object) -> None:
        try:
            hash(loaded)
        except TypeError:
            raise TypeError(f"{_kind(loaded)} cannot be a plugin, because it is not hashable") from None
        self._manager.register(loaded, plugin.name)
        self._homes[plugin.name] = loaded.__name__ if isinstance(loaded, ModuleType) else type(loaded).__module__
        self._callers.clear()
        try:
            self._manager.check_pending()
            hooks = self._check_hooks(plugin.name, loaded)
            self._plugins[plugin.name] = Plugin(plugin.name, plugin.distribution, plugin.version, hooks)
            models = self._list_models(plugin.name) if "list_models" in hooks else ()
            self._claim(plugin.name, models)
            self._plugins[plugin.name] = Plugin(plugin.name, plugin.distribution, plugin.version, hooks, models)
            self._models = tuple(sorted((*self._models, *models), key=lambda model: model.name))
        except BaseException:
            self._plugins.pop(plugin.name, None)
            self._owner_of_provider = {
                provider: owner for provider, owner in self._owner_of_provider.items() if owner != plugin.name
            }
            self._manager.unregister(loaded)
            self._callers.clear()
            raise

    def _check_hooks(self, name: str, loaded: object) -> tuple[str, ...]:
        callers = self._manager.get_hookcallers(loaded) or []
        plain = {caller.name for caller in callers if self._implements(caller, name)}
        is_provider = not plain.isdisjoint(_PROVIDER_HOOKS)
        for hook in _OWNER_HOOKS:
            if hook in plain and not is_provider:
                raise TypeError(
                    f"implements {hook} but lists no models; to see what other plugins do there, use "
                    "@hookimpl(wrapper=True)"
                )
            if is_provider and hook not in plain:
                raise TypeError(f"lists models but does not implement {hook}")
        if not callers:
            raise TypeError("implements no hook; mark its functions with @impasto.hookimpl")
        return tuple(sorted(caller.name for caller in callers))

    def _list_models(self, name: str) -> tuple[Model, ...]:
        listed = next(iter(self._call(name, "list_models")), None)
        if not isinstance(listed, list | tuple) or not all(isinstance(model, Model) for model in listed):
            raise PluginError(f"returned {_kind(listed)} instead of a list of Models", plugin=name, hook="list_models")
        names = [model.name for model in listed]
        if len(set(names)) < len(names):
            raise PluginError("lists two models of one name", plugin=name, hook="list_models")
        return tuple(listed)

    def _claim(self, plugin: str, models: tuple[Model, ...]) -> None:
        for model in models:
            owner = self._owner_of_provider.setdefault(model.provider.id, plugin)
            if owner != plugin:
                raise PluginError(f"provider {model.provider.id!r} belongs to plugin {owner!r}", plugin=plugin)

    def _implements(self, caller: pluggy.HookCaller, name: str) -> bool:
        return any(
            each.plugin_name == name and not (each.wrapper or each.hookwrapper) for each in caller.get_hookimpls()
        )

    def _caller(self, owner: str, hook: str) -> pluggy.HookCaller:
        """Return a caller that reaches one plugin's implementation, and everybody's wrappers.

        It is made anew after every registration, because its list of removed plugins is fixed when it is made.
        """
        key = owner, hook
        if key not in self._callers:
            everybody: pluggy.HookCaller = getattr(self._manager.hook, hook)
            others = [
                each.plugin
                for each in everybody.get_hookimpls()
                if each.plugin_name != owner and not (each.wrapper or each.hookwrapper)
            ]
            self._callers[key] = self._manager.subset_hook_caller(hook, others)
        return self._callers[key]

    def _call(self, plugin: str, hook: str, **arguments: object) -> Any:
        started = monotonic()
        try:
            result = self._caller(plugin, hook)(**arguments)
        except ImpastoError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(
                f"{type(error).__name__}: {error}", plugin=self._culprit(error, plugin), hook=hook
            ) from error
        if (seconds := monotonic() - started) > SLOWEST_HOOK and hook in _OWNER_HOOKS:
            raise PluginError(
                f"took {seconds:.1f} s, while nothing else could be done; hooks only make and read plain data",
                plugin=plugin,
                hook=hook,
            )
        return result

    def _culprit(self, error: BaseException, called: str) -> str:
        """Return the plugin in whose code an exception was raised: a wrapper may be to blame, not the one called."""
        modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
        for module in reversed(modules):
            for plugin in (called, *self._homes):
                home = self._homes[plugin]
                if module == home or module.startswith(f"{home}."):
                    return plugin
        return called


def _same(value: object) -> object:
    return value


@functools.cache
def default_plugins() -> Plugins:
    """Return the installed plugins, loaded once for the process."""
    return Plugins(installed_plugins())


def _with_error(plugin: Plugin, error: BaseException) -> Plugin:
    if not isinstance(error, PluginError):
        cause = error
        error = PluginError(f"{type(cause).__name__}: {cause}", plugin=plugin.name)
        error.__cause__ = cause
    return Plugin(plugin.name, plugin.distribution, plugin.version, error=error)


def _not_taken_from_an_answer(follow: Follow) -> str:
    """Return what is wrong with a part of a `Follow` that plugins take from answers as it comes; empty for nothing."""
    if isinstance(follow.payload, HttpRequest) and not isinstance(follow.payload.url, str):
        return f"to go on at {_kind(follow.payload.url)}"
    if not isinstance(follow.after, int | float):
        return f"to go on after {_kind(follow.after)}"
    return ""


def _kind(value: object) -> str:
    return f"{type(value).__name__} {plain_text(repr(value), 60)}" if value is not None else "nothing"


def _quoted(event: ServerEvent) -> str:
    data = event.data
    text = data if isinstance(data, str) else data.decode(errors="replace") if isinstance(data, bytes) else repr(data)
    return plain_text(text, 120) or "nothing"
