"""A request, as one model takes it: refused by name where it cannot be done, else completed and rounded."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from impasto.errors import InvalidRequest
from impasto.models import Choices, Model, Range
from impasto.request import LARGEST_SEED, MOST_PICTURES, ImageRequest
from impasto.sizes import SizeRule, parse_aspect_ratio, size_of

if TYPE_CHECKING:
    from impasto.events import Image, ImageResponse

_SIZE_FIELDS = frozenset({"width", "height", "aspect_ratio"})
NEAR_ENOUGH = 0.04
"""How far the shape of a size may be from an aspect ratio: 1344x768, 1.75 to 1, is still what people call 16:9."""

_ALWAYS = frozenset({"n"})
_WITH = {"images": ("mask", "strength")}
"""What means nothing without a field, and is left out with it."""

_NOT_GIVEN: dict[str, Any] = {"n": 1, "images": (), "extra": {}}


def continued(model: Model, request: ImageRequest, previous: ImageResponse, service: str) -> ImageRequest:
    """Return the request as one that goes on from an earlier picture, as this model is told of it.

    Where the picture is this provider's own, which gave it a session, and the model takes one, that is enough; any
    other model gets the picture, before the request's own.

    Args:
        model: the model.
        request: what is asked.
        previous: the response with the earlier picture.
        service: the address at which the model is asked; another one knows nothing of what this one keeps.
    """
    is_same = previous.provider == model.provider.id and previous.service.rstrip("/") in {"", service.rstrip("/")}
    if "session" in model.accepts and is_same and previous.session is not None:
        return replace(request, session=previous.session)
    from impasto.sources import image_of

    return replace(request, images=(image_of(previous, "continue_from"), *request.images))


def fit(model: Model, request: ImageRequest) -> ImageRequest:
    """Return the request with the model's defaults filled in, its size rounded to the model's rule, its seed settled.

    A seed that the user gives turns randomizing off, unless the user says otherwise. Where the model takes a seed but
    cannot draw one itself, one is drawn here.

    Raises:
        InvalidRequest: the model does not take a field that was given, or not that value; the message names the
            field, the rule and the model.
    """
    request = _as_ratio(model, request)
    given = request.given()
    _refuse_unknown(model, given)
    _refuse_lacking(model, given)
    changes: dict[str, Any] = {
        name: value for name, value in model.defaults.items() if name not in _SIZE_FIELDS and name not in given
    }
    changes |= _size(model, request)
    changes |= _seed(model, request)
    if request.mask is not None:
        from impasto.sources import check_mask

        check_mask(request)
    return replace(request, **changes)


def most_at_once(model: Model) -> int:
    """Return how many pictures a model draws in one request; of more, several requests are made."""
    if "n" not in model.accepts:
        return 1
    rule = model.accepts["n"]
    return int(rule.maximum) if isinstance(rule, Range) else MOST_PICTURES


def without_unsupported(model: Model, request: ImageRequest) -> tuple[ImageRequest, tuple[str, ...]]:
    """Return the request without what the model does not take, and what that was, in words for the user."""
    dropped: list[str] = []
    while True:
        try:
            fit(model, request)
        except InvalidRequest as error:
            if error.parameter is None or error.parameter not in request.given():
                raise
            names = [error.parameter, *(name for name in _WITH.get(error.parameter, ()) if name in request.given())]
            left_out: dict[str, Any] = {name: _NOT_GIVEN.get(name) for name in names}
            request = replace(request, **left_out)
            dropped.append(f"{_listed(names)} left out: {error}")
        else:
            return request, tuple(dropped)


def _listed(names: list[str]) -> str:
    return f"{names[0]} was" if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]} were"


def _refuse_unknown(model: Model, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        if name in _SIZE_FIELDS and model.size is not None:
            continue
        if name == "n" and value > most_at_once(model):
            continue
        if name in model.accepts:
            rule = model.accepts[name]
            if rule is not None and not rule.admits(value):
                raise InvalidRequest(f"{model.name}: {_broken(name, rule, value)}.", parameter=name)
        elif name in _SIZE_FIELDS and isinstance(ratios := model.accepts.get("aspect_ratio"), Choices):
            raise InvalidRequest(
                f"{model.name} draws shapes, not sizes: instead of {name}, give aspect_ratio, {ratios.describe()}.",
                parameter=name,
            )
        elif name not in _ALWAYS:
            taken = sorted({*model.accepts, *(("width", "height", "aspect_ratio") if model.size else ())})
            raise InvalidRequest(
                f"{model.name} does not take {name}; beside a prompt it takes {', '.join(taken) or 'nothing'}.",
                parameter=name,
            )


def _refuse_lacking(model: Model, given: Mapping[str, Any]) -> None:
    for name in model.requires:
        if name not in given and not (name == "images" and "session" in given):
            raise InvalidRequest(f"{model.name} draws nothing without {name}: give {name}.", parameter=name)


def _broken(name: str, rule: Range | Choices, value: Any) -> str:
    """Return which rule a value breaks, in words."""
    if isinstance(rule, Choices) and isinstance(value, Mapping):
        import difflib

        unknown = next(each for each in value if each not in rule.values)
        known = [str(each) for each in rule.values]
        near = difflib.get_close_matches(unknown, known, n=1)
        hint = f"did you mean {near[0]}? " if near else ""
        return f"there is no {unknown!r} in {name}; {hint}known: {', '.join(known)}"
    unit = (" picture" if rule.describe() == "1" else " pictures") if isinstance(value, tuple) else ""
    return f"{name} must be {rule.describe()}{unit}, not {_shown(value)}"


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return str(len(value))
    text = repr(value)
    return text if len(text) <= 80 else text[:79] + "…"


def _as_ratio(model: Model, request: ImageRequest) -> ImageRequest:
    """Return the request with an aspect ratio in place of width and height, where the model knows only some of those.

    The picture's own size is told as a warning, should it be another than what was asked for.
    """
    rule = model.accepts.get("aspect_ratio")
    if request.width is None or request.height is None or not isinstance(rule, Choices) or "width" in model.accepts:
        return request
    wanted = math.log(request.width / request.height)
    deviations = {}
    for ratio in rule.values:
        across, down = parse_aspect_ratio(ratio)
        deviations[ratio] = abs(math.log(across / down) - wanted)
    nearest = min(deviations, key=lambda ratio: deviations[ratio])
    if deviations[nearest] > NEAR_ENOUGH:
        return request
    return replace(request, width=None, height=None, aspect_ratio=nearest)


def _size(model: Model, request: ImageRequest) -> dict[str, int]:
    if model.size is None:
        return {}
    if request.images and request.width is None and request.height is None and request.aspect_ratio is None:
        return _size_of_picture(model.size, request.images[0])
    width, height = _asked_size(model, request)
    if isinstance(model.size, SizeRule):
        for name, side in (("width", width), ("height", height)):
            if not model.size.admits(side):
                raise InvalidRequest(
                    f"{model.name}: {name} must be {model.size.describe()}, not {side}.",
                    parameter=name if getattr(request, name) is not None else "aspect_ratio",
                )
        across, down = model.size.rounded(width), model.size.rounded(height)
        if model.size.area is not None and across * down > model.size.area:
            raise InvalidRequest(
                f"{model.name}: the size must be {model.size.describe()}, not {across}x{down}.",
                parameter="aspect_ratio" if request.width is None and request.height is None else "width",
            )
        return {"width": across, "height": down}
    if (width, height) not in model.size:
        sizes = ", ".join(f"{w}x{h}" for w, h in model.size)
        given = next((name for name in ("aspect_ratio", "width", "height") if getattr(request, name) is not None), None)
        raise InvalidRequest(
            f"{model.name} draws {sizes}; {width}x{height} is none of them.", parameter=given or "width"
        )
    return {"width": width, "height": height}


def _size_of_picture(size: SizeRule | tuple[tuple[int, int], ...], image: Image) -> dict[str, int]:
    """Return the picture's size, or what comes nearest to it and is allowed; nothing while it is not known."""
    across, down = image.width, image.height
    if not across or not down:
        return {}
    if isinstance(size, SizeRule):
        width, height = size.nearest(across, down)
    else:
        ratio = across / down
        width, height = min(size, key=lambda each: (abs(math.log(each[0] / each[1] / ratio)), abs(each[0] - across)))
    return {"width": width, "height": height}


def _asked_size(model: Model, request: ImageRequest) -> tuple[int, int]:
    width, height, ratio = request.width, request.height, request.aspect_ratio
    if width is not None and height is not None:
        return width, height
    if ratio is None:
        usual_width, usual_height = _usual_size(model)
        return width or usual_width, height or usual_height
    if width is None and height is None:
        return _size_of_ratio(model, ratio)
    across, down = (int(part) for part in ratio.split(":"))
    if width is not None:
        return width, max(1, round(width * down / across))
    return max(1, round((height or 1) * across / down)), height or 1


def _size_of_ratio(model: Model, ratio: str) -> tuple[int, int]:
    if not isinstance(model.size, tuple):
        return size_of(ratio)
    across, down = (int(part) for part in ratio.split(":"))
    deviations = {size: abs(math.log(size[0] / size[1] / (across / down))) for size in model.size}
    nearest = min(deviations, key=lambda size: deviations[size])
    return nearest if deviations[nearest] <= NEAR_ENOUGH else size_of(ratio)


def _usual_size(model: Model) -> tuple[int, int]:
    if "width" in model.defaults and "height" in model.defaults:
        return model.defaults["width"], model.defaults["height"]
    if isinstance(model.size, tuple):
        return model.size[0]
    return size_of(model.defaults.get("aspect_ratio", "1:1"))


def _seed(model: Model, request: ImageRequest) -> dict[str, Any]:
    if "randomize_seed" in model.accepts:
        return {} if request.randomize_seed is not None else {"randomize_seed": request.seed is None}
    if "seed" in model.accepts and request.seed is None:
        return {"seed": draw_seed(model)}
    return {}


def draw_seed(model: Model) -> int:
    """Return a random seed within the bounds that the model declares, or of 31 bits where it declares none."""
    import random

    rule = model.accepts.get("seed")
    if isinstance(rule, Range):
        return random.randint(max(0, int(rule.minimum)), min(LARGEST_SEED, int(rule.maximum)))  # noqa: S311
    return random.randint(0, 2**31 - 1)  # noqa: S311
