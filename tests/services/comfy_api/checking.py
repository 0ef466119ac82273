"""What ``POST /prompt`` says of a graph before it is queued. Forgives less than ComfyUI: see `check`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from services.comfy_api.nodes import NODES, Input

Graph = Mapping[str, Mapping[str, Any]]

_LONGEST_LIST = 20
_PYTHON: dict[str, tuple[type, ...]] = {"INT": (int,), "FLOAT": (int, float), "STRING": (str,), "BOOLEAN": (bool,)}


class Refused(Exception):
    """A graph that is not queued.

    Attributes:
        body: what ``POST /prompt`` answers, with status 400.
    """

    def __init__(
        self,
        kind: str,
        message: str,
        details: str = "",
        extra: Mapping[str, Any] | None = None,
        nodes: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        error = {"type": kind, "message": message, "details": details, "extra_info": dict(extra or {})}
        self.body = {"error": error, "node_errors": dict(nodes or {})}


@dataclass
class Checked:
    """What is known of a graph that is queued.

    Attributes:
        outputs: the nodes in which it ends, without those that are wrong.
        node_errors: what is wrong with the others.
    """

    outputs: list[str]
    node_errors: dict[str, Any] = field(default_factory=dict)


def check(graph: Graph, files: Mapping[str, list[str]], exists: Callable[[str], bool]) -> Checked:
    """Return what is known of a graph.

    ComfyUI ignores inputs that a node does not have, and reads ``"20"`` as a number; here neither passes.

    Args:
        graph: the nodes by their ids.
        files: what lies in the server's folders.
        exists: tells of a picture's name, as ``LoadImage`` takes it, whether there is such a file.

    Raises:
        Refused: nothing of it can be run.
    """
    for name, node in graph.items():
        _check_class(name, node)
    ends = [name for name, node in graph.items() if NODES[node["class_type"]].is_output]
    if not ends:
        raise Refused("prompt_no_outputs", "Prompt has no outputs")
    found: dict[str, list[dict[str, Any]]] = {}
    good: list[str] = []
    dependents: dict[str, list[str]] = {}
    for end in ends:
        reached = _reached(graph, end)
        for name in reached:
            if name not in found:
                found[name] = _errors_of(graph, name, files, exists)
            if found[name]:
                dependents.setdefault(name, []).append(end)
        if not any(found[name] for name in reached):
            good.append(end)
    wrong = {
        name: {
            "errors": found[name],
            "dependent_outputs": dependents[name],
            "class_type": graph[name]["class_type"],
        }
        for name in dependents
    }
    if not good:
        raise Refused("prompt_outputs_failed_validation", "Prompt outputs failed validation", nodes=wrong)
    return Checked(good, wrong)


def links_of(node: Mapping[str, Any]) -> dict[str, tuple[str, int]]:
    """Return which of a node's inputs are outputs of others: node and slot by name."""
    return {
        name: (value[0], value[1])
        for name, value in node["inputs"].items()
        if isinstance(value, list) and len(value) == 2 and isinstance(value[0], str)
    }


def _check_class(name: str, node: Mapping[str, Any]) -> None:
    kind = node.get("class_type")
    if kind is None:
        words = "Cannot execute because a node is missing the class_type property."
        raise Refused("invalid_prompt", words, f"Node ID '#{name}'")
    if kind not in NODES:
        title = (node.get("_meta") or {}).get("title", kind)
        extra = {"node_id": name, "class_type": kind, "node_title": title}
        words = f"Node '{title}' not found. The custom node may not be installed."
        raise Refused("missing_node_type", words, f"Node ID '#{name}'", extra)


def _reached(graph: Graph, end: str) -> list[str]:
    reached: list[str] = []
    left = [end]
    while left:
        name = left.pop()
        if name in graph and name not in reached:
            reached.append(name)
            left += [other for other, _ in links_of(graph[name]).values()]
    return reached


def _errors_of(
    graph: Graph, name: str, files: Mapping[str, list[str]], exists: Callable[[str], bool]
) -> list[dict[str, Any]]:
    node = graph[name]
    rules = NODES[node["class_type"]].inputs
    errors: list[dict[str, Any]] = []
    for each in node["inputs"]:
        if each not in rules:
            errors.append(_error("undocumented", "There is no such input", each, input_name=each))
    for each, rule in rules.items():
        if each not in node["inputs"]:
            errors.append(_error("required_input_missing", "Required input is missing", each, input_name=each))
        elif wrong := _wrong_value(graph, each, rule, node["inputs"][each], files, exists):
            errors.append(wrong)
    return errors


def _wrong_value(
    graph: Graph, name: str, rule: Input, value: Any, files: Mapping[str, list[str]], exists: Callable[[str], bool]
) -> dict[str, Any] | None:
    about: dict[str, Any] = {"input_name": name, "input_config": rule.declared(files)}
    if isinstance(value, list):
        return _wrong_link(graph, name, rule, value, about)
    if rule.is_link:
        words = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
        return _error("bad_linked_input", words, name, received_value=value, **about)
    if rule.kind == "COMBO":
        if rule.folder == "input":
            words = "Custom validation failed for node"
            return (
                None
                if isinstance(value, str) and exists(value)
                else _error("custom_validation_failed", words, f"{name} - Invalid image file: {value}", **about)
            )
        choices = rule.choices(files)
        if value in choices:
            return None
        if len(choices) > _LONGEST_LIST:
            about["input_config"] = None
        offered = f"(list of length {len(choices)})" if len(choices) > _LONGEST_LIST else repr(choices)
        details = f"{name}: {value!r} not in {offered}"
        return _error("value_not_in_list", "Value not in list", details, received_value=value, **about)
    return _wrong_plain(name, rule, value, about)


def _wrong_plain(name: str, rule: Input, value: Any, about: dict[str, Any]) -> dict[str, Any] | None:
    is_right = isinstance(value, _PYTHON[rule.kind]) and isinstance(value, bool) == (rule.kind == "BOOLEAN")
    if not is_right:
        words = f"Failed to convert an input value to a {rule.kind} value"
        return _error("invalid_input_type", words, f"{name}, {value}, wrong type", received_value=value, **about)
    number: Any = value
    if rule.lowest is not None and number < rule.lowest:
        words = f"Value {value} smaller than min of {rule.lowest}"
        return _error("value_smaller_than_min", words, name, received_value=value, **about)
    if rule.highest is not None and number > rule.highest:
        words = f"Value {value} bigger than max of {rule.highest}"
        return _error("value_bigger_than_max", words, name, received_value=value, **about)
    return None


def _wrong_link(graph: Graph, name: str, rule: Input, value: list[Any], about: dict[str, Any]) -> dict[str, Any] | None:
    if len(value) != 2 or not isinstance(value[0], str) or not isinstance(value[1], int):
        words = "Bad linked input, must be a length-2 list of [node_id, slot_index]"
        return _error("bad_linked_input", words, name, received_value=value, **about)
    if value[0] not in graph:
        words = "Exception when validating inner node"
        lost = {"exception_message": repr(value[0]), "exception_type": "KeyError", "traceback": []}
        return _error("exception_during_inner_validation", words, repr(value[0]), **about, **lost)
    outputs = NODES[graph[value[0]]["class_type"]].outputs
    received = outputs[value[1]] if value[1] < len(outputs) else "NOTHING"
    if received != rule.kind:
        details = f"{name}, received_type({received}) mismatch input_type({rule.kind})"
        words = "Return type mismatch between linked nodes"
        return _error("return_type_mismatch", words, details, received_type=received, linked_node=value, **about)
    return None


def _error(kind: str, message: str, details: str, **extra: Any) -> dict[str, Any]:
    return {"type": kind, "message": message, "details": details, "extra_info": extra}
