"""An `ImageRequest` as an app's endpoint takes it."""

from __future__ import annotations

import hashlib
import math
from typing import TYPE_CHECKING, Any

from impasto import ImageRequest, InvalidRequest, ProtocolError, size_of
from impasto_gradio.outputs import seed_in
from impasto_gradio.pictures import values_of

if TYPE_CHECKING:
    from impasto_gradio.endpoints import Endpoint, Parameter

FIELDS = (
    "negative_prompt",
    "width",
    "height",
    "aspect_ratio",
    "guidance_scale",
    "num_inference_steps",
    "seed",
    "randomize_seed",
    "images",
    "mask",
    "strength",
    "extra",
)
"""The fields of a request, beside the prompt, for which an app may have a parameter."""

_USUAL = frozenset({"infer", "generate", "predict", "run", "txt2img", "text2img", "text_to_image", "generate_image"})
_ANY_SEED = (0.0, float(2**31 - 1))


def choose(endpoints: tuple[Endpoint, ...], request: ImageRequest) -> Endpoint:
    """Return the endpoint that suits a request best, or the one that its ``extra`` names as ``api_name``.

    Raises:
        InvalidRequest: the app has no endpoint of that name.
        ProtocolError: no endpoint takes a prompt and returns a picture.
    """
    offered = "; ".join(each.describe() for each in endpoints) or "none at all"
    if "api_name" in request.extra:
        name = "/" + str(request.extra["api_name"]).strip("/")
        for each in endpoints:
            if each.name == name and "prompt" in each.fields:
                return each
        raise InvalidRequest(
            f"the app has no endpoint {name!r} that takes a prompt; it offers {offered}.", parameter="extra"
        )
    drawing = [each for each in endpoints if each.draws]
    if not drawing:
        raise ProtocolError(f"no endpoint of this app takes a prompt and returns a picture; it offers {offered}")
    return max(drawing, key=lambda each: _merit(each, request))


def _merit(endpoint: Endpoint, request: ImageRequest) -> tuple[int, bool, bool, int, bool]:
    wanted = set(request.given()) - {"extra", "randomize_seed"}
    absent = {*(() if request.images else ("images",)), *(() if request.mask else ("mask",))}
    filled = {each.name for name, each in endpoint.fields.items() if name not in absent} | set(request.extra)
    lacking = [each for each in endpoint.parameters if each.required and each.name not in filled]
    return (
        -len(lacking),
        endpoint.takes_several or len(request.images) < 2,
        endpoint.takes_mask or request.mask is None,
        len(wanted & set(endpoint.fields)),
        endpoint.name.strip("/").lower() in _USUAL,
    )


def data_for(endpoint: Endpoint, request: ImageRequest) -> list[Any]:
    """Return the values to submit, in the endpoint's order: the request's, else the app's own defaults.

    Raises:
        InvalidRequest: a field that was given has no parameter, or not that value; or a parameter without default
            was not given. The message names what the app takes.
    """
    values = _values(endpoint, request)
    for name in request.extra:
        if name != "api_name" and name not in {each.name for each in endpoint.parameters}:
            raise _refusal(endpoint, f"has no parameter {name!r}", "extra")
    data = []
    for parameter in endpoint.parameters:
        field = next((name for name, each in endpoint.fields.items() if each is parameter), "extra")
        if parameter.name in request.extra:
            data.append(request.extra[parameter.name])
        elif field in values:
            data.append(_as_taken(endpoint, parameter, values[field], field))
        elif not parameter.required:
            data.append(parameter.default)
        elif field == "negative_prompt":
            data.append("")
        else:
            raise _lacking(endpoint, parameter, field)
    return data


def seed_sent(endpoint: Endpoint, data: list[Any]) -> int | None:
    """Return the seed among the values to submit, or None where the app draws one of its own or takes none."""
    sent = {field: data[endpoint.parameters.index(each)] for field, each in endpoint.fields.items()}
    return None if sent.get("randomize_seed") is True else seed_in([sent.get("seed")], 0)


def _seed(endpoint: Endpoint, request: ImageRequest) -> int | None:
    """Return the seed to send, or None for the app's default.

    An app that cannot randomize gets one made from the request's id, so that two requests get two pictures.
    """
    parameter = endpoint.fields.get("seed")
    if parameter is None:
        return None
    if request.seed is not None:
        return request.seed
    if "randomize_seed" in endpoint.fields or request.randomize_seed is False or not request.id:
        return None
    smallest, largest = parameter.bounds or _ANY_SEED
    first, last = max(0, int(smallest)), int(largest)
    digest = int.from_bytes(hashlib.sha256(request.id.encode()).digest()[:8], "big")
    return first + digest % max(1, last - first + 1)


def _values(endpoint: Endpoint, request: ImageRequest) -> dict[str, Any]:
    """Return field to value for what the request says; refuse what the endpoint cannot take."""
    values: dict[str, Any] = {"prompt": request.prompt, "n": 1, "seed": _seed(endpoint, request)}
    values |= _pictures(endpoint, request)
    if "randomize_seed" in endpoint.fields:
        values["randomize_seed"] = request.seed is None if request.randomize_seed is None else request.randomize_seed
    for name in ("negative_prompt", "width", "height", "guidance_scale", "num_inference_steps", "strength"):
        values[name] = getattr(request, name)
    values |= _shape(endpoint, request)
    for name, value in values.items():
        if value is not None and name not in endpoint.fields and name != "n":
            raise _refusal(endpoint, f"takes no {name}", name)
    if request.seed is not None and "seed" not in endpoint.fields:
        raise _refusal(endpoint, "takes no seed", "seed")
    n = endpoint.fields.get("n")
    if n is not None and n.bounds is not None and n.bounds[0] > 1:
        del values["n"]
    return {name: value for name, value in values.items() if value is not None and name in endpoint.fields}


def _pictures(endpoint: Endpoint, request: ImageRequest) -> dict[str, Any]:
    if not request.images:
        return {}
    if "images" not in endpoint.fields:
        raise _refusal(endpoint, "takes no picture to start from", "images")
    if len(request.images) > 1 and not endpoint.takes_several:
        raise _refusal(endpoint, f"takes one picture to start from, not {len(request.images)}", "images")
    if request.mask is not None and not endpoint.takes_mask:
        raise _refusal(endpoint, "takes no mask", "mask")
    found = {"images": values_of(endpoint.fields["images"], request, "images")}
    if request.mask is not None and "mask" in endpoint.fields:
        found["mask"] = values_of(endpoint.fields["mask"], request, "mask")
    return found


def _shape(endpoint: Endpoint, request: ImageRequest) -> dict[str, Any]:
    if request.aspect_ratio is None:
        return {}
    if "aspect_ratio" in endpoint.fields and request.width is None and request.height is None:
        return {"aspect_ratio": request.aspect_ratio}
    across, down = endpoint.fields.get("width"), endpoint.fields.get("height")
    if across is None or down is None:
        raise _refusal(endpoint, "takes neither an aspect_ratio nor width and height", "aspect_ratio")
    width, height = size_of(request.aspect_ratio)
    if request.width is not None:
        return {"height": max(1, round(request.width * height / width))}
    if request.height is not None:
        return {"width": max(1, round(request.height * width / height))}
    room = min(_largest(across) / width, _largest(down) / height)
    if room < 1:
        return {"width": int(width * room) // 8 * 8, "height": int(height * room) // 8 * 8}
    return {"width": width, "height": height}


def _largest(parameter: Parameter) -> float:
    return parameter.bounds[1] if parameter.bounds else math.inf


def _as_taken(endpoint: Endpoint, parameter: Parameter, value: Any, field: str) -> Any:
    """Return a value in the type and spelling that the parameter takes."""
    if field in {"images", "mask"}:
        return value
    if parameter.choices:
        return _choice(endpoint, parameter, value, field)
    if parameter.kind == "string":
        return str(value)
    bounds = parameter.bounds
    if bounds and not isinstance(value, bool) and not bounds[0] <= value <= bounds[1]:
        raise _refusal(endpoint, f"takes {field} from {bounds[0]:.15g} to {bounds[1]:.15g}, not {value}", field)
    return value


def _choice(endpoint: Endpoint, parameter: Parameter, value: Any, field: str) -> Any:
    for choice in parameter.choices:
        if choice == value or str(choice) == str(value):
            return choice
    starting = [choice for choice in parameter.choices if str(choice).split()[:1] == [str(value)]]
    if len(starting) == 1:
        return starting[0]
    offered = ", ".join(map(str, parameter.choices))
    raise _refusal(endpoint, f"takes as {field} one of {offered}; not {value}", field)


def _lacking(endpoint: Endpoint, parameter: Parameter, field: str) -> InvalidRequest:
    what = f"{parameter.label!r} ({parameter.component or parameter.kind})"
    if field != "extra":
        return _refusal(endpoint, f"has no default for {what}: give {field}", field)
    choices = f", one of {', '.join(map(str, parameter.choices))}" if parameter.choices else ""
    way = f"give it as extra={{{parameter.name!r}: …}}{choices}"
    return _refusal(endpoint, f"needs {what}, which has no default: {way}", "extra")


def _refusal(endpoint: Endpoint, what: str, field: str) -> InvalidRequest:
    taken = ", ".join(each.name for each in endpoint.parameters)
    return InvalidRequest(f"the app's endpoint {endpoint.name} {what}. It takes {taken}.", parameter=field)
