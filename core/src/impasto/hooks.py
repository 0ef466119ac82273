"""The plugins that are imported, and the calls to their hooks. What goes wrong there names the plugin to blame."""

from __future__ import annotations

import traceback
from time import monotonic
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pluggy

from impasto import hookspecs
from impasto.errors import ImpastoError, PluginError, ProtocolError, described
from impasto.events import ImagePreview, ImageResponse, Progress, ServerEvent
from impasto.models import Model, Provider
from impasto.payloads import Follow, HttpRequest, LocalCall, Outcome, Payload, WebSocket
from impasto.plaintext import plain_text
from impasto.request import ImageRequest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SLOWEST_HOOK = 5.0
"""Seconds beyond which a hook that was slow has failed. Long work belongs into a `LocalCall`, which has a thread."""

_OWNER_HOOKS = ("build_payload", "parse_event")
_PROVIDER_HOOKS = ("list_models", "find_model")
_NOT_UNDERSTOOD = (KeyError, TypeError, AttributeError, IndexError, ValueError)


class Hooks:
    """The plugins that are imported, by name, and the only place that calls their hooks.

    Args:
        specifications: the module or class with the hooks' signatures.
    """

    def __init__(self, specifications: ModuleType | type = hookspecs) -> None:
        self._manager = pluggy.PluginManager("impasto")
        self._manager.add_hookspecs(specifications)
        self._callers: dict[tuple[str, str], Callable[..., Any]] = {}
        self._homes: dict[str, str] = {}

    def __contains__(self, name: str) -> bool:
        return name in self._homes

    def register(self, name: str, loaded: object) -> tuple[str, ...]:
        """Take a plugin in, and return the names of the hooks that it implements.

        Args:
            name: its entry point's name.
            loaded: the module or object.

        Raises:
            TypeError: it is no plugin: not hashable, without hooks, or with only some of a provider's.
            ValueError: there is a plugin of that name, or this one goes by another.
            pluggy.PluginValidationError: a hook is not known, or takes an argument that is not.
        """
        try:
            hash(loaded)
        except TypeError:
            raise TypeError(f"{_kind(loaded)} cannot be a plugin, because it is not hashable") from None
        if name in self:
            raise ValueError(f"there is a plugin {name!r} already")
        self._homes[name] = loaded.__name__ if isinstance(loaded, ModuleType) else type(loaded).__module__
        self._callers.clear()
        try:
            self._manager.register(loaded, name)
            self._manager.check_pending()
            return self._check(name, loaded)
        except BaseException:
            self.unregister(name)
            raise

    def unregister(self, name: str) -> None:
        """Let a plugin go."""
        self._manager.unregister(name=name)
        del self._homes[name]
        self._callers.clear()

    def wraps(self, name: str, hook: str | None = None) -> bool:
        """Tell whether a plugin wraps a hook of others, or any hook at all."""
        return any(
            (each.wrapper or each.hookwrapper) and hook in {None, caller.name}
            for caller, each in self._implementations(name)
        )

    def list_models(self, name: str) -> tuple[Model, ...]:
        """Return the models that a plugin lists; none where it is no provider.

        Raises:
            PluginError: the hook failed, or returned something else.
        """
        if "list_models" not in self._plain(name):
            return ()
        listed = next(iter(self.call(name, "list_models")), None)
        if not isinstance(listed, list | tuple) or not all(isinstance(model, Model) for model in listed):
            raise PluginError(f"returned {_kind(listed)} instead of a list of Models", plugin=name, hook="list_models")
        names = [model.name for model in listed]
        if len(set(names)) < len(names):
            raise PluginError("lists two models of one name", plugin=name, hook="list_models")
        return tuple(listed)

    def find_model(self, name: str, wanted: str) -> Model | None:
        """Return a model that a plugin cannot list, or None.

        Raises:
            PluginError: the hook failed, or returned something else.
        """
        model = self.call(name, "find_model", name=wanted)
        if model is not None and not isinstance(model, Model):
            raise PluginError(f"returned {_kind(model)} instead of a Model", plugin=name, hook="find_model")
        return model

    def prepare_request(self, name: str, model: Model, request: ImageRequest) -> ImageRequest:
        """Return the request as a plugin leaves it.

        Raises:
            InvalidRequest: the plugin refuses it.
            PluginError: the hook failed, or returned something else.
        """
        for result in self.call(name, "prepare_request", model=model, request=request):
            if not isinstance(result, ImageRequest):
                raise PluginError(
                    f"returned {_kind(result)} instead of an ImageRequest", plugin=name, hook="prepare_request"
                )
            request = result
        return request

    def build_payload(self, name: str, model: Model, request: ImageRequest) -> Payload:
        """Return the payload that begins a conversation.

        Raises:
            InvalidRequest: the plugin refuses the request.
            PluginError: the hook failed, or returned something else.
        """
        payload = self.call(name, "build_payload", model=model, request=request)
        if not isinstance(payload, HttpRequest | WebSocket | LocalCall):
            raise PluginError(f"returned {_kind(payload)} instead of a payload", plugin=name, hook="build_payload")
        return payload

    def parse_event(self, name: str, model: Model, event: ServerEvent) -> list[Outcome]:
        """Return what an event means.

        Raises:
            ResponseError: the service reports a failure, or said something that the plugin did not expect.
            PluginError: the hook failed, or returned something else.
        """
        outcomes = self._read(name, "parse_event", event, model=model)
        if not isinstance(outcomes, list | tuple):
            raise PluginError(
                f"returned {_kind(outcomes)} instead of a list of outcomes", plugin=name, hook="parse_event"
            )
        for outcome in outcomes:
            if not isinstance(outcome, Progress | ImagePreview | ImageResponse | Follow):
                raise PluginError(f"returned {_kind(outcome)} among its outcomes", plugin=name, hook="parse_event")
            _check_follow(outcome, event)
        return list(outcomes)

    def request_models(self, name: str, provider: Provider) -> HttpRequest | None:
        """Return what asks a plugin's service which models it serves, or None.

        Raises:
            PluginError: the hook failed, or returned something else.
        """
        payload = self.call(name, "request_models", provider=provider)
        if payload is not None and not isinstance(payload, HttpRequest):
            raise PluginError(f"returned {_kind(payload)} instead of a request", plugin=name, hook="request_models")
        return payload

    def parse_models(self, name: str, provider: Provider, event: ServerEvent) -> list[str | Follow]:
        """Return the names of models in an answer, and what else is to be asked.

        Raises:
            ResponseError: the service reports a failure, or said something that the plugin did not expect.
            PluginError: the hook failed, or returned something else.
        """
        found = self._read(name, "parse_models", event, provider=provider)
        if not isinstance(found, list | tuple) or not all(isinstance(each, str | Follow) for each in found):
            raise PluginError(f"returned {_kind(found)} instead of a list of names", plugin=name, hook="parse_models")
        for each in found:
            _check_follow(each, event)
        return list(found)

    def _read(self, plugin: str, hook: str, event: ServerEvent, **arguments: object) -> Any:
        """Return what a hook makes of an event; what it stumbles over is the event's fault."""
        try:
            return self.call(plugin, hook, event=event, **arguments)
        except PluginError as error:
            if isinstance(error.__cause__, _NOT_UNDERSTOOD):
                raise ProtocolError(f"the answer was not understood ({error.args[0]}): {_quoted(event)}") from error
            raise

    def call(self, plugin: str, hook: str, **arguments: object) -> Any:
        """Return what a hook of one plugin returns, called through everybody's wrappers.

        Raises:
            ImpastoError: whatever the hook raised of that kind.
            PluginError: it raised anything else, or took too long.
        """
        started = monotonic()
        try:
            result = self._caller(plugin, hook)(**arguments)
        except ImpastoError:
            raise
        except (Exception, SystemExit) as error:
            raise PluginError(described(error), plugin=self._culprit(error, plugin), hook=hook) from error
        if (seconds := monotonic() - started) > SLOWEST_HOOK and hook in _OWNER_HOOKS:
            raise PluginError(
                f"took {seconds:.1f} s, while nothing else could be done; hooks only make and read plain data",
                plugin=plugin,
                hook=hook,
            )
        return result

    def _check(self, name: str, loaded: object) -> tuple[str, ...]:
        callers = self._manager.get_hookcallers(loaded) or []
        plain = self._plain(name)
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

    def _implementations(self, name: str) -> Iterator[tuple[pluggy.HookCaller, pluggy.HookImpl]]:
        for caller in self._manager.get_hookcallers(self._manager.get_plugin(name)) or ():
            for each in caller.get_hookimpls():
                if each.plugin_name == name:
                    yield caller, each

    def _plain(self, name: str) -> set[str]:
        """Return the hooks that a plugin implements, other than those that it wraps."""
        return {caller.name for caller, each in self._implementations(name) if not (each.wrapper or each.hookwrapper)}

    def _caller(self, owner: str, hook: str) -> Callable[..., Any]:
        """Return what reaches one plugin's implementation, and everybody's wrappers.

        It is made anew after every registration, because its list of removed plugins is fixed when it is made.
        """
        key = owner, hook
        if key not in self._callers:
            everybody: pluggy.HookCaller = getattr(self._manager.hook, hook)
            others = [
                each
                for each in everybody.get_hookimpls()
                if each.plugin_name != owner and not (each.wrapper or each.hookwrapper)
            ]
            reached = [each for each in everybody.get_hookimpls() if each not in others]
            if hook in _OWNER_HOOKS and len(reached) == 1 and reached[0].plugin_name == owner:
                self._callers[key] = _straight_to(reached[0])
            else:
                self._callers[key] = self._manager.subset_hook_caller(hook, [each.plugin for each in others])
        return self._callers[key]

    def _culprit(self, error: BaseException, called: str) -> str:
        """Return the plugin in whose code an exception was raised: a wrapper may be to blame, not the one called."""
        modules = [frame.f_globals.get("__name__", "") for frame, _ in traceback.walk_tb(error.__traceback__)]
        for module in reversed(modules):
            for plugin in (called, *self._homes):
                home = self._homes[plugin]
                if module == home or module.startswith(f"{home}."):
                    return plugin
        return called


def _straight_to(implementation: pluggy.HookImpl) -> Callable[..., Any]:
    """Return what calls one implementation that nobody wraps, in a fraction of the time of a call to many."""
    function, taken = implementation.function, implementation.argnames

    def call(**arguments: object) -> Any:
        return function(*[arguments[name] for name in taken])

    return call


def _check_follow(outcome: object, event: ServerEvent) -> None:
    """Raise `ProtocolError` where a `Follow` has a part that was taken from an answer and is none."""
    if isinstance(outcome, Follow) and (wrong := _not_taken_from_an_answer(outcome)):
        raise ProtocolError(f"the answer was not understood ({wrong}): {_quoted(event)}")


def _not_taken_from_an_answer(follow: Follow) -> str:
    """Return what is wrong with a part of a `Follow` that plugins take from answers as it comes; empty for nothing."""
    if isinstance(follow.payload, HttpRequest | WebSocket) and not isinstance(follow.payload.url, str):
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
