"""Requests that a model takes: those at the edges of its declaration, and random ones, for hypothesis."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from impasto.errors import InvalidRequest
from impasto.fitting import fit
from impasto.models import Choices, Range
from impasto.request import LARGEST_SEED, LONGEST_SIDE, ImageRequest
from impasto.sizes import EXPECTED_SIZES, SizeRule
from impasto.sources import as_mask, image_of
from impasto.testing.pictures import plain_picture
from impasto.testing.playing import REQUEST_ID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hypothesis.strategies import SearchStrategy

    from impasto.events import Image
    from impasto.models import Model

PROMPT = "a red fox"

WHOLE = {
    "width": (1, LONGEST_SIDE),
    "height": (1, LONGEST_SIDE),
    "num_inference_steps": (1, 10_000),
    "seed": (0, LARGEST_SEED),
    "n": (1, 1_000),
}
"""Fields of a request that are whole numbers, with the bounds of any request."""

REAL = {"guidance_scale": (0, 1_000), "strength": (0, 1)}
"""Fields of a request that are numbers, with the bounds of any request."""

_NEEDS = {"mask": ("images",), "strength": ("images",)}
"""Fields that mean nothing without others."""

_AWKWARD = 'Füchse & "Hühner" — 100% / 50?\n#1 \\ {x}: 🦊'
_PROMPTS = st.sampled_from([PROMPT, "x", _AWKWARD, "一只狐狸", "../../etc/passwd", "null", "<b>fox</b>"]) | st.text(
    min_size=1, max_size=60
).filter(lambda text: bool(text.strip()) and _can_be_sent(text))


def requests_for(model: Model) -> SearchStrategy[ImageRequest]:
    """Return a strategy for requests that a model takes, as its plugin sees them: checked, completed and rounded.

    Every field that the model's declaration names is there in some of them, alone and with others, at the edges of its
    range and within.

    Args:
        model: with the declaration to go by.
    """

    @st.composite
    def request(draw: Callable[[SearchStrategy[Any]], Any]) -> ImageRequest:
        fields: dict[str, Any] = {}
        for name in _accepted(model):
            if name in _always_given(model) or draw(st.booleans()):
                fields |= _companions(model, name) | {name: draw(strategy_of(model, name))}
        if model.size is not None:
            fields |= draw(st.sampled_from(list(_sizes(model))))
            if isinstance(model.size, SizeRule) and "aspect_ratio" not in fields and draw(st.booleans()):
                side = st.integers(model.size.minimum, model.size.maximum)
                size = _admitted(model.size, draw(side), draw(side))
                fields |= dict(zip(("width", "height"), size, strict=True))
        return _fitted(model, draw(_PROMPTS), fields)

    return request()


def strategy_of(model: Model, name: str) -> SearchStrategy[Any]:
    """Return a strategy for the values that a model takes for one field."""
    rule = model.accepts[name]
    edges = st.sampled_from(values_of(model, name))
    if isinstance(rule, Choices):
        return edges
    if bounds := bounds_of(model, name):
        within = st.integers(*map(int, bounds)) if name in WHOLE else st.floats(*bounds, allow_nan=False)
        return edges | within
    if name == "negative_prompt":
        return edges | st.text(max_size=40).filter(_can_be_sent)
    return edges


def values_of(model: Model, name: str) -> tuple[Any, ...]:
    """Return the values of a field at the edges of what a model takes: at least two that differ, if there are two.

    Args:
        model: with the declaration to go by.
        name: a field that the model accepts.
    """
    rule = model.accepts[name]
    if name == "images":
        return _pictures_of(rule)
    if isinstance(rule, Choices):
        if name != "extra":
            return tuple(rule.values)
        return tuple({each: value} for each in rule.values for value in ("impasto", 1, True))
    if bounds := bounds_of(model, name):
        return tuple(dict.fromkeys(bounds))
    return _ANY[name]


def _pictures_of(rule: object) -> tuple[tuple[Image, ...], ...]:
    """Return pictures to start from: as few as a model takes, as many, and others."""
    fewest = int(rule.minimum) if isinstance(rule, Range) else 1
    most = max(fewest, min(int(rule.maximum), 3)) if isinstance(rule, Range) else 1
    several = [tuple(_PICTURES[index % 2] for index in range(count)) for count in sorted({fewest, most})]
    return (*several, (_PICTURES[1],) * fewest)


def bounds_of(model: Model, name: str) -> tuple[float, float] | None:
    """Return the least and the greatest number that a model takes for a field; None where it is no number.

    What no request can hold is left out, and bounds of whole numbers are whole.
    """
    least_and_most: tuple[float, float] | None = WHOLE.get(name) or REAL.get(name)
    if least_and_most is None:
        return None
    lowest, highest = least_and_most
    rule = model.accepts[name]
    if isinstance(rule, Range):
        lowest, highest = max(lowest, rule.minimum), min(highest, rule.maximum)
    if name in WHOLE:
        return math.ceil(lowest), math.floor(highest)
    return lowest, highest


def edge_requests(model: Model) -> Iterator[tuple[str, ImageRequest]]:
    """Yield requests at the edges of what a model takes, each with words that say which.

    Raises:
        InvalidRequest: the model's declaration contradicts itself.
    """
    yield "a prompt alone", _fitted(model, PROMPT, {})
    yield "a prompt with signs that urls and JSON escape", _fitted(model, _AWKWARD, {})
    for name in _accepted(model):
        for value in values_of(model, name):
            yield f"{name}={value!r:.60}", _fitted(model, PROMPT, {**_companions(model, name), name: value})
    sizes = list(_sizes(model))
    for size in sizes:
        if size:
            yield ", ".join(f"{name}={value}" for name, value in size.items()), _fitted(model, PROMPT, size)


def full_requests(model: Model) -> Iterator[tuple[str, ImageRequest]]:
    """Yield requests that say everything that a model takes, once with the least of each and once with the most."""
    sizes = [size for size in _sizes(model) if "aspect_ratio" not in size] or [{}]
    for words, index in (("everything at its least", 0), ("everything at its most", -1)):
        fields = {name: values_of(model, name)[index] for name in _accepted(model)}
        if "width" in fields or "height" in fields:
            fields.pop("aspect_ratio", None)
        yield words, _fitted(model, PROMPT, {**fields, **sizes[index]})


def pairs(model: Model) -> Iterator[tuple[str, list[ImageRequest]]]:
    """Yield for each thing that a model takes requests that differ in it alone."""
    yield "prompt", [_fitted(model, prompt, {}) for prompt in (PROMPT, "a blue whale")]
    for name in _accepted(model):
        if name == "extra":
            for one in values_of(model, name):
                yield f"extra[{next(iter(one))!r}]", [_fitted(model, PROMPT, given) for given in ({}, {name: one})]
            continue
        companions = _companions(model, name)
        if name == "images":
            # Without a size, that of the picture counts, and is sent in its place.
            companions |= next(_sizes(model), {})
        asked = [_fitted(model, PROMPT, {**companions, name: value}) for value in values_of(model, name)]
        asked.append(_fitted(model, PROMPT, companions))
        if len({repr(getattr(each, name)) for each in asked}) > 1:
            yield name, asked
    sizes = [_fitted(model, PROMPT, size) for size in _sizes(model)]
    for name in ("width", "height"):
        if len({getattr(each, name) for each in sizes}) > 1:
            yield name, sizes


def plain_request(model: Model) -> ImageRequest:
    """Return a request for a prompt alone, with what a model requires beside."""
    return ImageRequest(PROMPT, **{name: values_of(model, name)[0] for name in model.requires})


def _fitted(model: Model, prompt: str, fields: dict[str, Any]) -> ImageRequest:
    given = dict(fields)
    for name in (*_always_given(model), *model.requires):
        given.setdefault(name, values_of(model, name)[0])
    if given.get("width") and given.get("height"):
        given.pop("aspect_ratio", None)
    return replace(fit(model, ImageRequest(prompt, **given)), id=REQUEST_ID)


def _always_given(model: Model) -> tuple[str, ...]:
    """Return the fields that the core draws at random where they are not given."""
    return ("seed",) if "seed" in model.accepts and "randomize_seed" not in model.accepts else ()


def _accepted(model: Model) -> list[str]:
    sided = {"width", "height", "aspect_ratio"} if model.size is not None else set()
    return [name for name in model.accepts if name not in sided | {"session"}]


def _companions(model: Model, name: str) -> dict[str, Any]:
    return {each: values_of(model, each)[-1] for each in _NEEDS.get(name, ()) if each in model.accepts}


def _sizes(model: Model) -> Iterator[dict[str, Any]]:
    """Yield sizes as a user may ask for them, the least first and the greatest last."""
    if model.size is None:
        return
    if isinstance(model.size, SizeRule):
        low, high = model.size.minimum, model.size.maximum
        for size in ((low, low), (low, high), (high, low)):
            yield dict(zip(("width", "height"), _admitted(model.size, *size), strict=True))
    for ratio in EXPECTED_SIZES:
        if _is_fitting(model, {"aspect_ratio": ratio}):
            yield {"aspect_ratio": ratio}
    if isinstance(model.size, SizeRule):
        yield dict(zip(("width", "height"), _admitted(model.size, high, high), strict=True))
    else:
        for width, height in sorted(model.size):
            yield {"width": width, "height": height}


def _admitted(rule: SizeRule, width: int, height: int) -> tuple[int, int]:
    """Return a size whose sides are within a rule's bounds, or the nearest that is so in all."""
    if rule.area is None or width * height <= rule.area:
        return width, height
    return rule.nearest(width, height)


def _is_fitting(model: Model, fields: dict[str, Any]) -> bool:
    try:
        _fitted(model, PROMPT, fields)
    except InvalidRequest:
        return False
    return True


def _can_be_sent(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


_PICTURES = tuple(image_of(plain_picture(kind, 64, 64)) for kind in ("PNG", "JPEG"))
_MASKS = tuple(as_mask(image_of(plain_picture("PNG", 64, 64, grey))) for grey in (120, 255))

_ANY: dict[str, tuple[Any, ...]] = {
    "negative_prompt": ("", "rain, snow"),
    "aspect_ratio": ("1:1", "16:9", "9:16"),
    "randomize_seed": (False, True),
    "mask": _MASKS,
    "extra": ({"style": "oil"}, {"style": {"name": "oil", "weights": [0.5, 1]}, "tags": None}),
}
