"""Workflows of the user's own: graphs in API format, with ``%NAME%`` where a field of the request belongs.

An input that is nothing but ``%seed%`` becomes the number, one that holds it among other words holds its digits.
``%guidance_scale:3.5%`` is 3.5 where the request says nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

from impasto import InvalidRequest
from impasto_comfyui.declarations import TEXTS
from impasto_comfyui.graphs import PREFIX
from impasto_comfyui.measures import sides_asked, size_asked, size_of_start
from impasto_comfyui.seeds import seed_asked, seed_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impasto import ImageRequest
    from impasto_comfyui.graphs import Graph
    from impasto_comfyui.styles import Style

_PLACEHOLDER = re.compile(r"%([a-z]+(?:_[a-z0-9]+)*)(?::([^%]*))?%")
_PLAIN = (
    "prompt", "negative_prompt", "width", "height", "guidance_scale", "num_inference_steps", "seed", "n", "strength",
    "checkpoint", "mask", "image", *(f"image_{number}" for number in range(1, 9)), *TEXTS,
)  # fmt: skip
NAMES = frozenset(_PLAIN)
"""What placeholders can be called."""

_COMFYUIS_OWN = frozenset({"year", "month", "day", "hour", "minute", "second", "batch_num", "date"})
_HOW = "In ComfyUI: Workflow, Export (API)."
_USUAL_SIZE = 1024, 1024

Checkpoint: TypeAlias = "tuple[str | None, bool]"
"""A checkpoint's file, and whether it was asked for."""


@dataclass(frozen=True, slots=True)
class Values:
    """What stands in place of placeholders, by their names.

    Attributes:
        asked: what the request says.
        usual: what holds where neither the request nor the placeholder says anything.
    """

    asked: Mapping[str, Any]
    usual: Mapping[str, Any]


def workflow_of(request: ImageRequest) -> Graph | None:
    """Return the request's own workflow, if it has one.

    Raises:
        InvalidRequest: it is no graph in API format, or leaves out what the request says; the message says what and
            where.
    """
    if "workflow" not in request.extra:
        return None
    graph = _graph(request.extra["workflow"])
    ids = set(graph)
    for name, node in graph.items():
        _check_node(name, node, ids)
    there = placeholders_in(graph)
    if "prompt" not in there:
        raise _refused("it has no %prompt%, so the prompt would be ignored: put %prompt% where its text belongs.")
    for field, needed in _said(request):
        if not needed & there:
            wanted = " or ".join(f"%{each}%" for each in sorted(needed))
            raise InvalidRequest(
                f"{field} would be ignored, since the workflow has no {wanted}: put it there, or leave {field} out.",
                parameter=field.partition("[")[0],
            )
    return graph


def placeholders_in(graph: Graph) -> set[str]:
    """Return which placeholders a workflow has."""
    return {match[1] for text in _texts(graph) for match in _PLACEHOLDER.finditer(text) if match[1] in NAMES}


def lacks(graph: Graph, name: str) -> bool:
    """Tell whether a workflow has a placeholder of this name without a default."""
    matches = (match for text in _texts(graph) for match in _PLACEHOLDER.finditer(text))
    return any(match[1] == name and match[2] is None for match in matches)


def filled(graph: Graph, values: Values) -> Graph:
    """Return a workflow with values in place of placeholders.

    Args:
        graph: from `workflow_of`.
        values: from `values_of`.

    Raises:
        InvalidRequest: one is missing, and its placeholder has no default.
    """
    return {
        name: {
            **node,
            "inputs": {each: _filled(value, values, f"node {name}, {each}") for each, value in _inputs(node)},
        }
        for name, node in graph.items()
    }


def values_of(request: ImageRequest, style: Style, files: Mapping[str, str], checkpoint: Checkpoint) -> Values:
    """Return what the request has for placeholders.

    Args:
        request: whose ``n`` of 1 counts as nothing that was asked.
        style: with the usual size.
        files: names of pictures on the server, by the placeholders' names.
        checkpoint: the file, and whether it was asked for; None where none is needed.
    """
    name, is_asked = checkpoint
    sides = sides_asked(request, style)
    across, down = (size_asked(request, style) if sides else None) or size_of_start(request) or _USUAL_SIZE
    asked = {
        **files,
        **sides,
        **{each: request.extra[each] for each in TEXTS if each in request.extra},
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "guidance_scale": request.guidance_scale,
        "num_inference_steps": request.num_inference_steps,
        "seed": seed_asked(request),
        "n": request.n if request.n > 1 else None,
        "strength": request.strength,
        "checkpoint": name if is_asked else None,
    }
    usual = {
        "negative_prompt": "",
        "width": across,
        "height": down,
        "seed": seed_of(request),
        "n": 1,
        "filename_prefix": PREFIX,
        "checkpoint": name,
    }
    return Values(*({each: value for each, value in told.items() if value is not None} for told in (asked, usual)))


def seed_in(graph: Graph, values: Values) -> int | None:
    """Return the seed with which a workflow draws; None where it has none of its own, or several."""
    matches = (match for text in _texts(graph) for match in _PLACEHOLDER.finditer(text) if match[1] == "seed")
    seeds = {str(_value(match, values, "")) for match in matches}
    return int(seeds.pop()) if len(seeds) == 1 and all(seed.isdecimal() for seed in seeds) else None


def _graph(told: Any) -> Graph:
    if not isinstance(told, dict) or not told:
        hint = 'On the command line: -x workflow="$(cat FILE)".' if isinstance(told, str) else _HOW
        raise _refused(f"it must be a graph in API format, a mapping of nodes by their ids, not {told!r:.60}. {hint}")
    if isinstance(told.get("nodes"), list):
        raise _refused(f"it is in the editor's own format; what is needed is the API format. {_HOW}")
    if isinstance(told.get("prompt"), dict) and "class_type" not in told["prompt"]:
        raise _refused("it is a whole request: give what stands under 'prompt' in it.")
    try:
        graph = json.loads(json.dumps(told, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise _refused(f"it cannot be sent: {error}.") from error
    found: Graph = graph
    return found


def _check_node(name: str, node: Any, ids: set[str]) -> None:
    if not isinstance(node, dict):
        raise _refused(f"node {name} must be a mapping with class_type and inputs, not {node!r:.60}.")
    if not isinstance(node.get("class_type"), str) or not node["class_type"]:
        raise _refused(f"node {name} has no class_type. {_HOW}")
    if not isinstance(node.get("inputs"), dict):
        raise _refused(f"node {name} ({node['class_type']}) has no inputs: write {{}} where it takes none.")
    for each, value in node["inputs"].items():
        where = f"node {name} ({node['class_type']}), {each}"
        if _is_link(value) and value[0] not in ids:
            raise _refused(f"{where}: it is linked to node {value[0]}, which is not there.")
        match = _PLACEHOLDER.fullmatch(value) if isinstance(value, str) else None
        if match and match[1] not in NAMES | _COMFYUIS_OWN:
            raise _refused(f"{where}: nothing is known of {value}; there are {', '.join(sorted(NAMES))}.")


def _said(request: ImageRequest) -> Iterator[tuple[str, set[str]]]:
    """Yield which fields the request says, and by which placeholders a workflow takes each."""
    given = request.given()
    for name in ("width", "height", "guidance_scale", "num_inference_steps", "strength", "mask"):
        if name in given:
            yield name, {name}
    if seed_asked(request) is not None:
        yield "seed", {"seed"}
    if request.negative_prompt:
        yield "negative_prompt", {"negative_prompt"}
    if request.aspect_ratio is not None:
        yield "aspect_ratio", {"width"}
        yield "aspect_ratio", {"height"}
    if request.n > 1:
        yield "n", {"n"}
    if request.session is not None:
        yield "session", {"image", "image_1"}
    for number in range(1, len(request.images) + 1):
        yield "images", {"image", "image_1"} if number == 1 else {f"image_{number}"}
    for name in (*TEXTS, "loras"):
        if name in request.extra:
            yield f"extra[{name!r}]", {name}


def _texts(graph: Graph) -> Iterator[str]:
    for node in graph.values():
        yield from (value for _, value in _inputs(node) if isinstance(value, str))


def _inputs(node: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return list(node["inputs"].items())


def _filled(value: Any, values: Values, where: str) -> Any:
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole and whole[1] in NAMES:
        return _value(whole, values, where)
    return _PLACEHOLDER.sub(
        lambda match: str(_value(match, values, where)) if match[1] in NAMES else match[0],
        value,
    )


def _value(match: re.Match[str], values: Values, where: str) -> Any:
    """Return what is asked; where nothing is, what the placeholder says, or else what is usual."""
    name, default = match[1], match[2]
    if name in values.asked:
        return values.asked[name]
    if default is None and name in values.usual:
        return values.usual[name]
    if default is None:
        field = re.sub(r"_\d$", "", name).replace("image", "images")
        raise InvalidRequest(
            f"the workflow asks for %{name}% ({where}): give {field}, or write %{name}:VALUE%, whose VALUE is used "
            "where nothing is given.",
            parameter=field,
        )
    try:
        return json.loads(default)
    except (ValueError, RecursionError):
        return default


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and isinstance(value[0], str) and isinstance(value[1], int)


def _refused(words: str) -> InvalidRequest:
    return InvalidRequest(f"extra['workflow']: {words}", parameter="extra")
