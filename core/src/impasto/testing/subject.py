"""The plugin that is tested: loaded as the core loads it, and called as the core calls it, but watched."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

from impasto.catalogue.installed import GROUP, installed_plugins, load, module_of
from impasto.errors import ImpastoError, PluginError, ResponseError
from impasto.payloads import LocalCall
from impasto.plugins import Plugins
from impasto.testing.faults import Fault
from impasto.testing.purity import watched
from impasto.testing.state import changed, fingerprint, global_state

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from impasto.catalogue import Plugin
    from impasto.events import ServerEvent
    from impasto.models import Model
    from impasto.payloads import Outcome, Payload
    from impasto.request import ImageRequest


_FIRST_PAYLOADS = """
import importlib, sys
from impasto.fitting import fit
from impasto.plugins import Plugins
from impasto.testing.requests import plain_request

plugins = Plugins(objects={"subject": importlib.import_module(sys.argv[1])})
for model in plugins.models:
    sys.stdout.write(repr(plugins.build_payload(model, fit(model, plain_request(model)))))
"""


class Subject:
    """A plugin under test.

    Args:
        plugin: its entry point's name; or the module, or object, itself.

    Attributes:
        plugins: the core's view of it.
        loaded: what became of loading it.
        value: the module or object.
    """

    def __init__(self, plugin: object) -> None:
        self.value: object = None
        if isinstance(plugin, str):
            installed = tuple(each for each in installed_plugins() if each.name == plugin)
            if not installed:
                names = ", ".join(each.name for each in installed_plugins()) or "none"
                raise Fault(
                    f"No plugin {plugin!r} is installed; installed are: {names}. Register the module under "
                    f'[project.entry-points.{GROUP}] in pyproject.toml, as {plugin} = "MODULE", and install it: '
                    "pip install -e ."
                )
            self.plugins = Plugins(installed[:1])
            self.home = module_of(installed[0].value)
        else:
            name = getattr(plugin, "__name__", type(plugin).__name__)
            self.plugins = Plugins(objects={name: plugin})
            self.home = name if isinstance(plugin, ModuleType) else type(plugin).__module__
        self.loaded: Plugin = self.plugins.all[0]
        if self.loaded.error is None:
            self.value = plugin if not isinstance(plugin, str) else load(installed[0].value)

    @property
    def models(self) -> tuple[Model, ...]:
        """The models that it lists."""
        return self.loaded.models

    def model(self, name: str) -> Model:
        """Return a model by its full name: one that is listed, or one that is found.

        Raises:
            Fault: there is none of that name.
        """
        for each in self.models:
            if each.name == name:
                return each
        provider, _, rest = name.partition("/")
        try:
            found = self.plugins.find_model(provider, rest)
        except ImpastoError as error:
            raise Fault(f"find_model({rest!r}) failed: {error}") from None
        if found is None:
            names = ", ".join(each.name for each in self.models)
            raise Fault(f"The plugin has no model {name!r}; it lists {names}.")
        return found

    def canaries(self) -> Iterator[tuple[str, str]]:
        """Yield the variables in which keys of the plugin's providers are kept, each with what it is set to now."""
        for variable in {model.provider.auth.env for model in self.models if model.provider.auth is not None}:
            if variable:
                yield variable, os.environ.get(variable, "")

    def first_payloads(self, variables: Mapping[str, str]) -> str:
        """Return, as text, the payloads for a prompt alone of a new process, with variables set from its start.

        Empty where the plugin is an object of this process.

        Args:
            variables: beside those of this process.

        Raises:
            Fault: the plugin cannot be imported then.
        """
        if not isinstance(self.value, ModuleType):
            return ""
        environ = {**os.environ, **variables, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        command = [sys.executable, "-W", "ignore", "-c", _FIRST_PAYLOADS, self.value.__name__]
        done = subprocess.run(command, env=environ, capture_output=True, text=True, check=False)  # noqa: S603
        if done.returncode:
            raise Fault(f"It cannot be imported in a new process: {done.stderr.strip().splitlines()[-1]}")
        return done.stdout

    def build_payload(self, model: Model, request: ImageRequest) -> Payload:
        """Call the hook once, and again; return what it gives both times.

        Raises:
            Fault: it is not pure, or failed.
            InvalidRequest: it refuses the request.
        """
        payload: Payload = self._called(
            "build_payload", lambda: self.plugins.build_payload(model, request), (model, request)
        )
        return payload

    def parse_event(self, model: Model, event: ServerEvent) -> list[Outcome]:
        """Call the hook once, and again; return what it gives both times.

        Raises:
            Fault: it is not pure, or failed.
            ResponseError: the event tells of a failure.
        """
        outcomes: list[Outcome] = self._called(
            "parse_event", lambda: self.plugins.parse_event(model, event), (model, event)
        )
        return outcomes

    def _called(self, hook: str, call: Callable[[], Any], arguments: tuple[object, ...]) -> Any:
        asked = fingerprint(arguments)
        first, second = self._watched(hook, call), self._watched(hook, call)
        if fingerprint(arguments) != asked:
            raise Fault(
                f"{hook} changes what it is given: the request, the event, the model, or a mapping in one of them. "
                "Make a copy: {**event.payload.json, …}, dataclasses.replace(…)."
            )
        if not _alike(first, second):
            raise Fault(
                f"{hook} gives another result the second time, for the same arguments:\n  {_shown(first)}\n  "
                f"{_shown(second)}\n{_why(first, second)}"
            )
        if isinstance(first, ImpastoError):
            raise first
        return first

    def _watched(self, hook: str, call: Callable[[], Any]) -> Any:
        result: Any
        with watched() as watch:
            try:
                result = call()
            except PluginError as error:
                result = error
            except ImpastoError as error:
                result = error
        if watch.seen:
            raise Fault("\n".join(f"{hook}: {what}" for what in watch.seen.values()))
        if isinstance(result, PluginError):
            raise Fault(f"{hook} failed. {result}. {_what_hooks_return(hook)}")
        return result

    def watching(self, hook: str, call: Callable[[], Any]) -> Any:
        """Return what a call gives.

        Raises:
            Fault: it is not pure, or failed.
        """
        return self._watched(hook, call)

    def keeps(self, hook: str, call: Callable[[], Any]) -> None:
        """Make a call twice, and see that the plugin is the same after the second as before it.

        Raises:
            Fault: it keeps something.
        """
        self._attempt(call)
        before = global_state(self.home, self.value)
        self._attempt(call)
        if names := changed(before, global_state(self.home, self.value)):
            raise Fault(
                f"{hook} changes {', '.join(names)}: requests run side by side, and would see each other. What must "
                "be remembered from one step to the next goes into the payload: HttpRequest(…, step={…}) comes back "
                "as event.payload.step."
            )

    @staticmethod
    def _attempt(call: Callable[[], Any]) -> None:
        try:
            call()
        except (ImpastoError, ResponseError):
            return


@functools.lru_cache(maxsize=32)
def subject_of(plugin: object) -> Subject:
    """Return the plugin under test, loaded once.

    Raises:
        Fault: no plugin of that name is installed.
    """
    return Subject(plugin)


def _alike(first: object, second: object) -> bool:
    if isinstance(first, ImpastoError):
        return type(first) is type(second) and str(first) == str(second)
    return first == second or fingerprint(first) == fingerprint(second)


def _why(first: object, second: object) -> str:
    if isinstance(first, LocalCall) and isinstance(second, LocalCall) and first.function != second.function:
        return "Its function is made anew each time: name a function of the module, and put the rest into kwargs."
    return "Use request.id where something must be unique; the core draws it anew for each attempt."


def _what_hooks_return(hook: str) -> str:
    if hook == "build_payload":
        return (
            "It returns an HttpRequest or a LocalCall, or raises InvalidRequest for what the model's declaration "
            "cannot say."
        )
    return (
        "It returns a list of Progress, ImagePreview, ImageResponse and Follow, possibly empty. What it does not "
        "understand it raises a ResponseError for; KeyError, TypeError, AttributeError, IndexError and ValueError "
        "become one."
    )


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 400 else text[:399] + "…"
