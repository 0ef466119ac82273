"""What is written down of a plugin is read exactly as it was, or not written."""

from __future__ import annotations

import dataclasses
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import ApiKeyHeader, ApiKeyQuery, Bearer, Choices, Model, PluginError, Provider, Range, SizeRule
from impasto.catalogue import Plugin
from impasto.catalogue.entries import _SHAPES, read, written
from standins.provider import MODEL

PLAIN = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
VALUES = st.recursive(
    PLAIN,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(PLAIN, inner, max_size=3)
    ),
    max_leaves=8,
)
NUMBERS = st.integers() | st.floats(allow_nan=False)
RULES = st.none() | st.builds(Range, NUMBERS, NUMBERS) | st.lists(VALUES, max_size=4).map(lambda all_: Choices(*all_))
WORDS = st.text(max_size=8)
PERHAPS = st.none() | WORDS
AUTHS = (
    st.none()
    | st.builds(Bearer, PERHAPS, st.booleans(), PERHAPS)
    | st.builds(ApiKeyHeader, WORDS, PERHAPS, st.booleans(), WORDS, PERHAPS)
    | st.builds(ApiKeyQuery, WORDS, PERHAPS, st.booleans(), PERHAPS)
)
IDS = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
PROVIDERS = st.builds(
    Provider,
    id=IDS,
    label=WORDS,
    url=st.sampled_from(["", "https://a.example", "http://b.example/base"]),
    auth=AUTHS,
    origins=st.lists(WORDS, max_size=2).map(tuple),
    working=st.booleans(),
    default_model=PERHAPS,
    max_concurrency=st.none() | st.integers(),
)
FIELDS = st.sampled_from(["seed", "n", "extra", "strength", "guidance_scale", "width"])
SIDES = st.tuples(st.integers(1, 99), st.integers(1, 99))
SIZES = st.none() | st.builds(SizeRule, st.just(8), st.integers(8, 99), st.integers(1, 8)) | st.lists(SIDES).map(tuple)
MODELS = st.builds(
    Model,
    provider=PROVIDERS,
    id=IDS,
    aliases=st.lists(IDS, max_size=3).map(tuple),
    accepts=st.dictionaries(FIELDS, RULES, max_size=3),
    defaults=st.dictionaries(FIELDS, VALUES, max_size=3),
    size=SIZES,
    url=st.none() | st.just("https://c.example"),
    label=WORDS,
    priority=st.integers(),
)


def again(plugin: Plugin) -> Plugin:
    """Return what is read of a plugin that was written."""
    return read(json.loads(json.dumps(written(plugin))))


def exact(value: Any) -> Any:
    """Return a value with the types of everything in it, by which 1, 1.0 and True differ."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return type(value), [exact(getattr(value, each.name)) for each in dataclasses.fields(value)]
    if isinstance(value, list | tuple):
        return type(value), [exact(each) for each in value]
    if isinstance(value, dict):
        return type(value), [(exact(name), exact(each)) for name, each in value.items()]
    return type(value), repr(value)


@given(models=st.lists(MODELS, max_size=3).map(tuple))
def test_models_are_read_exactly_as_they_were(models: tuple[Model, ...]) -> None:
    found = again(Plugin("x", models=models))
    assert not found.is_opaque
    assert found.models == models
    assert exact(found.models) == exact(models)


class Words(str):
    """Text of a kind of its own."""

    __slots__ = ()


class OwnRange(Range):
    """A rule of a kind of its own."""


@pytest.mark.parametrize(
    "model",
    [
        dataclasses.replace(MODEL, defaults={"extra": {1, 2}}),
        dataclasses.replace(MODEL, defaults={"extra": b"bytes"}),
        dataclasses.replace(MODEL, defaults={"strength": math.nan}),
        dataclasses.replace(MODEL, label=Words("x")),
        dataclasses.replace(MODEL, accepts={"seed": OwnRange(0, 1)}),
        dataclasses.replace(MODEL, accepts={"seed": "any"}),  # type: ignore[dict-item]
        dataclasses.replace(MODEL, aliases=["a-list"]),  # type: ignore[arg-type]
        dataclasses.replace(MODEL, priority=0.5),  # type: ignore[arg-type]
        dataclasses.replace(MODEL, provider=dataclasses.replace(MODEL.provider, auth="a secret")),  # type: ignore[arg-type]
    ],
)
def test_a_model_that_json_cannot_hold_is_not_written(model: Model) -> None:
    found = again(Plugin("x", models=(MODEL, model)))
    assert (found.models, found.is_opaque) == ((), True)


def test_the_rest_of_a_plugin_is_read_as_it_was() -> None:
    plugin = Plugin("x", "impasto-x", "1.2", ("find_model",), value="x:y", is_early=True)
    assert again(plugin) == plugin
    error = PluginError("out of wood", plugin="y", hook="list_models")
    found = again(dataclasses.replace(plugin, error=error)).error
    assert found is not None
    assert str(found) == str(error)


@pytest.mark.parametrize("kind", _SHAPES)
def test_every_field_is_known(kind: type[Any]) -> None:
    """A field that is added to one of these has to be added there too."""
    assert len(_SHAPES[kind]) == len(dataclasses.fields(kind))
