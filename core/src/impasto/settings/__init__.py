"""Settings: from a TOML file, from the environment over it, or from the program itself."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Self

from impasto.errors import SettingsError
from impasto.settings import rules
from impasto.settings.file import default_environ, line_of, parse, read_text, settings_path
from impasto.settings.limits import BOUND_NAMES, TIMEOUT_NAMES, Bounds, Timeouts
from impasto.settings.provider import ProviderSection, ProviderSettings, read_section
from impasto.settings.secret import Secret
from impasto.settings.selection import Selection, read_selection

if TYPE_CHECKING:
    import os
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Bounds", "ProviderSection", "ProviderSettings", "Secret", "Selection", "Settings", "Timeouts"]

_TOP_LEVEL = ("aliases", "bounds", "default_model", "plugins", "providers", "proxy", "timeouts")
_PROVIDER_VARIABLE = re.compile(r"IMPASTO_PROVIDER_(?P<provider>[A-Z0-9_]+)_(?P<setting>URL|KEY|HEADERS)")


@dataclass(frozen=True, slots=True, init=False)
class Settings:
    """What the user wants to hold for every request.

    Tables may be given as plain mappings, with the keys that they have in the settings file.

    Args:
        default_model: the model that is meant where none is named.
        aliases: a user's own names, each for one model or for several in order of preference.
        providers: what holds for a provider, by its id, or for one model, by ``provider/model``.
        proxy: the proxy's URL; it may hold a password.
        timeouts: how long to wait.
        bounds: the most that is taken from a server.
        environment: what the environment says of providers, by id in capitals; filled in by `load`.
        plugins: which of the installed plugins are used: ``only`` those of some names, or all but those to ``block``.

    Raises:
        SettingsError: a setting breaks its rule, or there is no such setting; the message names its key.
    """

    default_model: str | None
    aliases: Mapping[str, tuple[str, ...]]
    providers: Mapping[str, ProviderSection]
    proxy: str | None = field(repr=False)
    timeouts: Timeouts
    bounds: Bounds
    environment: Mapping[str, ProviderSection] = field(repr=False)
    plugins: Selection

    def __init__(
        self,
        *,
        default_model: str | None = None,
        aliases: Mapping[str, str | Sequence[str]] | None = None,
        providers: Mapping[str, ProviderSection | Mapping[str, Any]] | None = None,
        proxy: str | None = None,
        timeouts: Timeouts | Mapping[str, Any] | None = None,
        bounds: Bounds | Mapping[str, Any] | None = None,
        environment: Mapping[str, ProviderSection | Mapping[str, Any]] | None = None,
        plugins: Selection | Mapping[str, Any] | None = None,
    ) -> None:
        if default_model is not None:
            default_model = rules.model_name(default_model, ("default_model",))
        if proxy is not None:
            proxy = rules.proxy(proxy, ("proxy",))
        if timeouts is None or not isinstance(timeouts, Timeouts):
            timeouts = Timeouts(**_table(timeouts, "timeouts", TIMEOUT_NAMES))
        if bounds is None or not isinstance(bounds, Bounds):
            bounds = Bounds(**_table(bounds, "bounds", BOUND_NAMES))
        names = {
            rules.model_name(name, ("aliases", name)): rules.model_names(value, ("aliases", name))
            for name, value in _table(aliases, "aliases").items()
        }
        sections = {
            rules.section_name(name, ("providers", name)): read_section(value, ("providers", name))
            for name, value in _table(providers, "providers").items()
        }
        variables = {
            name: read_section(value, ("environment", name))
            for name, value in _table(environment, "environment").items()
        }
        selection = read_selection(plugins)
        values = (default_model, names, sections, proxy, timeouts, bounds, variables, selection)
        for each, value in zip(dataclasses.fields(self), values, strict=True):
            object.__setattr__(self, each.name, value)

    @classmethod
    def load(cls, environ: Mapping[str, str] | None = None, path: str | os.PathLike[str] | None = None) -> Settings:
        """Return the settings of the file, and of the environment over it.

        Args:
            environ: the environment; None for the process's own.
            path: the file; None for the one that ``IMPASTO_CONFIG`` names, or else for the platform's own, which
                need not exist.

        Raises:
            SettingsError: the file cannot be read, or a setting breaks its rule; the message names file, line and
                key, or the variable. It never repeats a key, an address or a header.
        """
        environ = default_environ(environ)
        named = path is not None or bool(environ.get("IMPASTO_CONFIG", "").strip())
        file = settings_path(environ if path is None else {"IMPASTO_CONFIG": str(path)})
        try:
            text = read_text(file)
        except FileNotFoundError as error:
            if named:
                origin = "" if path is not None else " IMPASTO_CONFIG names it."
                raise SettingsError(f"{file}: there is no such file.{origin}") from error
            text = ""
        content = parse(text, file)
        try:
            settings = cls(**rules.table(content, (), _TOP_LEVEL))  # type: ignore[arg-type]
        except rules.Fault as fault:
            raise SettingsError(f"{file}, line {line_of(text, fault.place)}: {fault}") from None
        return settings._with_environment(environ)

    def provider(self, provider_id: str, model_name: str | None = None) -> ProviderSettings:
        """Return what holds for a provider, or for a model of it.

        The environment holds over the section ``provider/model``, that over the section ``provider``, and that over
        the general timeouts, wherever those are set.

        Args:
            provider_id: the provider's id.
            model_name: the model's id, or its full name ``provider/model``.
        """
        said = self.providers.get(provider_id, ProviderSection())
        if model_name is not None:
            for name in (f"{provider_id}/{model_name}", model_name):
                if name in self.providers and name.startswith(f"{provider_id}/"):
                    said = self.providers[name].over(said)
                    break
        said = self.environment.get(_in_capitals(provider_id), ProviderSection()).over(said)
        return ProviderSettings(
            url=said.url,
            key=said.key,
            headers=said.headers,
            origins=said.origins,
            timeouts=dataclasses.replace(self.timeouts, **said.timeouts),
            max_concurrency=said.max_concurrency,
            private_addresses=bool(said.private_addresses),
        )

    def _with_environment(self, environ: Mapping[str, str]) -> Self:
        settings = self
        for variable, change in _VARIABLES.items():
            if value := environ.get(variable, "").strip():
                try:
                    settings = dataclasses.replace(settings, **change(settings, value))
                except rules.Fault as fault:
                    raise SettingsError(f"{variable}: {fault.reason}") from None
        sections: dict[str, ProviderSection] = {}
        for variable in sorted(environ):
            if variable.startswith("IMPASTO_PROVIDER_") and (value := environ[variable].strip()):
                name, section = _section_of(variable, value)
                sections[name] = section.over(sections.get(name, ProviderSection()))
        return dataclasses.replace(settings, environment=sections)


def _table(value: object, name: str, known: Sequence[str] | None = None) -> dict[str, Any]:
    return dict(rules.table({} if value is None else value, (name,), known))


def _in_capitals(provider_id: str) -> str:
    return re.sub(r"[^A-Z0-9]", "_", provider_id.upper())


def _section_of(variable: str, value: str) -> tuple[str, ProviderSection]:
    match = _PROVIDER_VARIABLE.fullmatch(variable)
    if match is None:
        raise SettingsError(f"{variable}: there is no such setting; it must end in _URL, _KEY or _HEADERS.")
    setting = match["setting"].lower()
    content: object = value
    if setting == "headers":
        import json

        try:
            content = json.loads(value)
        except (ValueError, RecursionError):
            raise SettingsError(f"{variable}: must be a JSON object of headers.") from None
    try:
        return match["provider"], read_section({setting: content}, ())
    except rules.Fault as fault:
        inner = rules.dotted(fault.place[1:])
        raise SettingsError(f"{variable}: {f'{inner}: ' if inner else ''}{fault.reason}") from None


def _timeout(name: str) -> Callable[[Settings, str], dict[str, Any]]:
    def change(settings: Settings, value: str) -> dict[str, Any]:
        try:
            seconds = float(value)
        except ValueError:
            raise rules.Fault((name,), f"must be a number of seconds, not {value!r}") from None
        return {"timeouts": dataclasses.replace(settings.timeouts, **{name: seconds})}

    return change


def _aliases(settings: Settings, value: str) -> dict[str, Any]:
    aliases: dict[str, str | Sequence[str]] = dict(settings.aliases)
    for each in filter(None, (part.strip() for part in value.split(","))):
        name, equals, models = each.partition("=")
        if not equals:
            raise rules.Fault(("aliases",), "must be like fast=NAME,best=NAME|NAME")
        aliases[name.strip()] = [model.strip() for model in models.split("|")]
    return {"aliases": aliases}


def _selected(key: str) -> Callable[[Settings, str], dict[str, Any]]:
    def change(settings: Settings, value: str) -> dict[str, Any]:
        names = tuple(filter(None, (name.strip() for name in value.split(","))))
        said = {"only": settings.plugins.only, "block": settings.plugins.block, key: names}
        return {"plugins": read_selection(said)}

    return change


_VARIABLES: Mapping[str, Callable[[Settings, str], dict[str, Any]]] = {
    "IMPASTO_MODEL": lambda _, value: {"default_model": value},
    "IMPASTO_PROXY": lambda _, value: {"proxy": value},
    "IMPASTO_CONNECT_TIMEOUT": _timeout("connect"),
    "IMPASTO_IDLE_TIMEOUT": _timeout("idle"),
    "IMPASTO_DEADLINE": _timeout("deadline"),
    "IMPASTO_ALIASES": _aliases,
    "IMPASTO_PLUGINS": _selected("only"),
    "IMPASTO_PLUGINS_BLOCK": _selected("block"),
}
