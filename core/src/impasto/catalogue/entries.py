"""What is known of a plugin, and how that is written down: exactly, or not at all."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from impasto.auth import ApiKeyHeader, ApiKeyQuery, BasicAuth, Bearer
from impasto.errors import PluginError
from impasto.models import Choices, Model, Provider, Range
from impasto.sizes import SizeRule


@dataclass(frozen=True, slots=True)
class Plugin:
    """A plugin: what it offers, or why it cannot be used.

    Attributes:
        name: its entry point's name.
        distribution: the distribution that brings it.
        version: that distribution's version.
        hooks: the hooks that it implements.
        models: the models that it lists.
        error: why it cannot be used; None when it can.
        value: its entry point's value, such as ``module:object``; empty for a plugin that came as an object.
        is_early: whether it is imported before a hook of any other plugin is called, because it wraps hooks or
            prepares requests.
        is_opaque: whether its models cannot be written down, so that it is imported when models are asked for.
        is_blocked: whether the settings keep it from being used. It is not imported, and nothing is known of it.
        misfit: why its hooks may not be those that are called here, and the way out; empty where they are.
    """

    name: str
    distribution: str = ""
    version: str = ""
    hooks: tuple[str, ...] = ()
    models: tuple[Model, ...] = ()
    error: PluginError | None = field(default=None, compare=False)
    value: str = ""
    is_early: bool = False
    is_opaque: bool = False
    is_blocked: bool = False
    misfit: str = ""


_Types: TypeAlias = frozenset[type[Any]]

_None = type(None)
_PLAIN: _Types = frozenset({str, int, float, bool, _None})
_WORDS: _Types = frozenset({str})
_PERHAPS_WORDS: _Types = frozenset({str, _None})
_SWITCH: _Types = frozenset({bool})
_WHOLE: _Types = frozenset({int})
_PERHAPS_WHOLE: _Types = frozenset({int, _None})
_NUMBER: _Types = frozenset({int, float})
_TUPLE: _Types = frozenset({tuple})
_DICT: _Types = frozenset({dict})
_LIST: _Types = frozenset({list})
_AUTH: _Types = frozenset({ApiKeyHeader, ApiKeyQuery, BasicAuth, Bearer, _None})
_SIZE: _Types = frozenset({SizeRule, tuple, _None})

# The types of each field, in order. A model with any other is not written down.
_SHAPES: dict[type[Any], tuple[_Types, ...]] = {
    ApiKeyHeader: (_WORDS, _PERHAPS_WORDS, _SWITCH, _WORDS, _PERHAPS_WORDS),
    ApiKeyQuery: (_WORDS, _PERHAPS_WORDS, _SWITCH, _PERHAPS_WORDS),
    BasicAuth: (_PERHAPS_WORDS, _SWITCH, _PERHAPS_WORDS),
    Bearer: (_PERHAPS_WORDS, _SWITCH, _PERHAPS_WORDS),
    Choices: (_TUPLE,),
    Model: (
        frozenset({Provider}),
        _WORDS,
        _TUPLE,
        _DICT,
        _DICT,
        _SIZE,
        _PERHAPS_WORDS,
        _WORDS,
        _WHOLE,
        _TUPLE,
        _WORDS,
    ),
    Provider: (_WORDS, _WORDS, _WORDS, _AUTH, _TUPLE, _SWITCH, _PERHAPS_WORDS, _PERHAPS_WHOLE),
    Range: (_NUMBER, _NUMBER),
    SizeRule: (_WHOLE, _WHOLE, _WHOLE, _PERHAPS_WHOLE),
}
_KINDS = {kind.__name__: kind for kind in _SHAPES}
_RULES: _Types = frozenset({Range, Choices, _None})


def written(plugin: Plugin) -> Any:
    """Return a plugin as a value for JSON, from which `read` makes an equal one with all its types.

    A plugin whose models JSON cannot hold is written without them, and as opaque.
    """
    if plugin.models:
        try:
            plain = _plain(plugin)
            text = json.dumps(plain)
            again = read(json.loads(text))
            if again == plugin and json.dumps(_plain(again)) == text:
                return plain
        except (TypeError, ValueError, AttributeError, RecursionError):
            # Whatever it is that cannot be written or read: such a plugin is asked instead.
            pass
        plugin = dataclasses.replace(plugin, models=(), is_opaque=True)
    return _plain(plugin)


def read(plain: Any) -> Plugin:
    """Return the plugin that `written` made a value of.

    Raises:
        TypeError: it is not such a value.
        ValueError: the same, or a model breaks its rules.
    """
    name, distribution, version, hooks, value, is_early, is_opaque, is_blocked, misfit, error, providers, models = plain
    known = [_read(each) for each in providers]
    return Plugin(
        _of(_WORDS, name),
        _of(_WORDS, distribution),
        _of(_WORDS, version),
        tuple(_of(_WORDS, each) for each in _of(_LIST, hooks)),
        tuple(_read_model(known[number], fields) for number, *fields in models),
        None if error is None else _read_error(error),
        _of(_WORDS, value),
        _of(_SWITCH, is_early),
        _of(_SWITCH, is_opaque),
        _of(_SWITCH, is_blocked),
        _of(_WORDS, misfit),
    )


def _plain(plugin: Plugin) -> list[Any]:
    error = plugin.error
    providers: list[Provider] = []
    for model in plugin.models:
        if model.provider not in providers:
            providers.append(model.provider)
    return [
        plugin.name,
        plugin.distribution,
        plugin.version,
        list(plugin.hooks),
        plugin.value,
        plugin.is_early,
        plugin.is_opaque,
        plugin.is_blocked,
        plugin.misfit,
        None if error is None else [error.args[0], error.plugin, error.hook],
        [_encoded(each) for each in providers],
        [
            [providers.index(model.provider), *(_encoded(getattr(model, name)) for name in _names(model)[1:])]
            for model in plugin.models
        ],
    ]


def _encoded(value: Any) -> Any:
    """Return a value for JSON: tuples as lists, and whatever else is not plain as an object that names its kind."""
    kind = type(value)
    if kind in _PLAIN:
        return value
    if kind is tuple:
        return [_encoded(each) for each in value]
    if kind is list:
        return {"list": [_encoded(each) for each in value]}
    if kind is dict:
        return {"dict": [[_encoded(name), _encoded(each)] for name, each in value.items()]}
    if kind in _SHAPES:
        return {kind.__name__: [_encoded(getattr(value, name)) for name in _names(value)]}
    raise TypeError(f"a {kind.__name__} cannot be written down")


def _names(value: Any) -> list[str]:
    return [each.name for each in dataclasses.fields(value)]


def _read(plain: Any) -> Any:
    if type(plain) is list:
        return tuple(_read_all(plain))
    if type(plain) is not dict:
        return plain
    ((name, content),) = plain.items()
    if name == "dict":
        return {_read(key): _read(each) for key, each in content}
    if name == "list":
        return _read_all(content)
    return _made(_KINDS[name], _read_all(content))


def _read_all(plain: list[Any]) -> list[Any]:
    return [each if type(each) in _PLAIN else _read(each) for each in plain]


def _read_model(provider: Provider, fields: list[Any]) -> Model:
    model: Model = _made(Model, [provider, *_read_all(fields)])
    for rule in model.accepts.values():
        _of(_RULES, rule)
    return model


def _made(kind: type[Any], values: list[Any]) -> Any:
    for types, value in zip(_SHAPES[kind], values, strict=True):
        if type(value) not in types:
            raise TypeError(f"a {type(value).__name__} does not belong into a {kind.__name__}")
    return Choices(*values[0]) if kind is Choices else kind(*values)


def _read_error(plain: Any) -> PluginError:
    words, plugin, hook = plain
    return PluginError(_of(_WORDS, words), plugin=_of(_WORDS, plugin), hook=_of(_PERHAPS_WORDS, hook))


def _of(types: _Types, value: Any) -> Any:
    if type(value) not in types:
        raise TypeError(f"a {type(value).__name__} does not belong there")
    return value
