"""What must hold of a model's declaration, beyond what `Model` checks itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from impasto.errors import InvalidRequest
from impasto.fitting import fit
from impasto.models import Choices, Range
from impasto.request import ImageRequest
from impasto.sizes import SizeRule
from impasto.testing.requests import REAL, WHOLE, bounds_of, plain_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from impasto.models import Model, Provider

_SIDES = ("width", "height", "aspect_ratio")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


def faults_of_model(model: Model) -> Iterator[str]:
    """Yield what is wrong with a model, each in words that say what to do."""
    if isinstance(model.aliases, str):
        yield f"aliases={model.aliases!r} is text, of which every letter would be an alias: write ({model.aliases!r},)."
        return
    for alias in model.aliases:
        if alias.startswith(f"{model.provider.id}/"):
            yield f"alias {alias!r} looks like a full name, which every model has anyway: leave out what is before '/'."
        if alias == model.id:
            yield f"alias {alias!r} is the model's id, which is a name anyway: leave it out."
    if model.deprecated and model.aliases:
        yield f"it is deprecated, and has the aliases {', '.join(model.aliases)}: leave them to models that stay."
    for name in model.requires:
        if name not in model.accepts:
            yield f"it requires {name}, which accepts does not name: add it there."
    if len(set(model.aliases)) < len(model.aliases):
        yield f"an alias stands twice in {model.aliases}."
    for name, rule in model.accepts.items():
        yield from _faults_of_rule(model, name, rule)
    yield from _faults_of_size(model)
    yield from _faults_of_defaults(model)
    if not isinstance(model.priority, int):
        yield f"priority must be a whole number, not {model.priority!r}."
    try:
        hash(model)
    except TypeError as error:
        yield f"it cannot be hashed ({error}): aliases and size must be tuples, not lists."


def faults_of_provider(provider: Provider, models: Sequence[Model]) -> Iterator[str]:
    """Yield what is wrong with a provider, each in words that say what to do.

    Args:
        provider: the provider.
        models: all of its models.
    """
    ids = [model.id for model in models]
    if provider.default_model is not None and provider.default_model not in ids:
        yield f"default_model={provider.default_model!r} is none of its models: {', '.join(ids)}."
    for url in (provider.url, *(model.url or "" for model in models), *provider.origins):
        parts = urlsplit(url)
        if provider.auth is not None and parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            yield f"{url}: keys would travel in the clear; use https://."
    for origin in provider.origins:
        if urlsplit(origin).path not in {"", "/"} or not urlsplit(origin).hostname:
            yield f"origins={provider.origins!r}: an origin is a scheme and a host, such as https://cdn.example."
    limit = provider.max_concurrency
    if limit is not None and (isinstance(limit, bool) or not isinstance(limit, int) or limit < 1):
        yield f"max_concurrency must be a whole number from 1 on, or None, not {limit!r}."


def _faults_of_rule(model: Model, name: str, rule: Any) -> Iterator[str]:
    if model.size is not None and name in _SIDES:
        yield f"accepts[{name!r}]: the sizes are declared by size alone; leave it out of accepts."
    match rule:
        case None:
            return
        case Range() if name == "images":
            if not 1 <= rule.minimum <= rule.maximum:
                yield f"accepts['images'] says how many pictures: Range(1, most), not {rule!r}."
        case Range():
            if name not in {*WHOLE, *REAL}:
                yield f"accepts[{name!r}] is a Range, and {name} is no number: use Choices(…) or None."
                return
            lowest, highest = bounds_of(model, name) or (1, 0)
            if lowest > highest:
                yield f"accepts[{name!r}] admits nothing: Range({rule.minimum}, {rule.maximum}) takes (least, most)."
        case Choices(values=values):
            if not values:
                yield f"accepts[{name!r}] is Choices() without a value: name the values, or leave {name} out."
            for value in () if name == "extra" else values:
                try:
                    ImageRequest("a red fox", **{name: value})
                except InvalidRequest as error:
                    yield f"accepts[{name!r}] offers {value!r}, which no request can hold: {error}"
        case _:
            yield f"accepts[{name!r}] must be a Range, Choices or None, not {rule!r}."


def _faults_of_size(model: Model) -> Iterator[str]:
    if model.size is None or isinstance(model.size, SizeRule):
        return
    if not model.size:
        yield "size is empty: name the sizes, or use None where the server alone decides."
    for each in model.size:
        if not (
            isinstance(each, tuple) and len(each) == 2 and all(isinstance(side, int) and side > 0 for side in each)
        ):
            yield f"size: {each!r} is not a (width, height) of pixels."


def _faults_of_defaults(model: Model) -> Iterator[str]:
    for name, value in model.defaults.items():
        if name not in model.accepts and not (name in _SIDES and model.size is not None):
            yield f"defaults[{name!r}] is filled in, but accepts does not name it: add it to accepts, or leave it out."
            continue
        rule = model.accepts.get(name)
        if isinstance(rule, Range | Choices) and not rule.admits(value):
            yield f"defaults[{name!r}]={value!r} is not what accepts admits: {rule.describe()}."
        try:
            ImageRequest("a red fox", **{name: value})
        except InvalidRequest as error:
            yield f"defaults[{name!r}]: {error}"
    try:
        fit(model, plain_request(model))
    except InvalidRequest as error:
        yield f"a prompt alone is refused by its own declaration: {error} Give defaults that suit it."
    except Exception as error:  # noqa: BLE001
        yield f"its declaration cannot be read: {type(error).__name__}: {error}."
