"""What ComfyUI's WebSocket tells while a job runs: which node is at work, steps, and previews.

Messages are text, ``{"type": …, "data": …}``, or binary: a number for the kind, and what belongs to it (ComfyUI's
``protocol.py`` and ``server.py``); numbers are of 32 bits, big-endian. Extensions send messages of their own, which are
skipped.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from impasto import Image, ImagePreview, Outcome, Progress, ProtocolError, WebSocket

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import ServerEvent

FLAGS = json.dumps({"type": "feature_flags", "data": {"supports_preview_metadata": True}})
"""The first message: previews shall say to which job they belong."""

_SILENCE = 3600.0
"""Seconds for which the WebSocket may say nothing: while a large model is loaded, it says nothing for long."""

_PREVIEW, _PREVIEW_WITH_METADATA = 1, 4
_JPEG_OR_PNG = {1: "image/jpeg", 2: "image/png"}
_HEAD = 8


def watching(client: str, job: str, stages: Mapping[str, str]) -> WebSocket:
    """Return what listens to a job.

    Args:
        client: the ``client_id`` with which it was submitted, and nothing else.
        job: its id.
        stages: what its nodes do, by their ids.
    """
    step = {"job": job, "stages": dict(stages)}
    return WebSocket("/ws", params={"clientId": client}, send=(FLAGS,), idle=_SILENCE, step=step)


def read(event: ServerEvent, payload: WebSocket) -> list[Outcome]:
    """Return what a message means for the job that the payload's ``step`` names.

    Raises:
        ProtocolError: it is broken.
    """
    step = payload.step if isinstance(payload.step, dict) else {}
    if isinstance(event.data, bytes):
        return _frame(event.data, step)
    said = event.json()
    data = said.get("data")
    if not isinstance(data, dict):
        return []
    if said.get("type") == "executing" and "prompt_id" not in data and isinstance(data.get("node"), str):
        # The first that a client hears of its job that runs already; it names no job.
        return [Progress(_stage(data["node"], step))]
    if data.get("prompt_id") != step["job"]:
        return []
    match said.get("type"):
        case "execution_start":
            return [Progress("preparing")]
        case "progress_state":
            return _states(data["nodes"], step)
        case "progress":
            return [_steps(data, step)]
        case _:
            return []


def _states(nodes: Mapping[str, Any], step: Mapping[str, Any]) -> list[Outcome]:
    """Tell of a node that has just begun. How far it comes then, ``progress`` tells, on older servers too."""
    running = [(name, node) for name, node in nodes.items() if node["state"] == "running"]
    if not running or running[-1][1]["value"] != 0:
        return []
    name, node = running[-1]
    activity = node.get("activity")
    return [Progress(_stage(node.get("display_node_id", name), step), detail=activity or "")]


def _steps(data: Mapping[str, Any], step: Mapping[str, Any]) -> Progress:
    done, of = data["value"], data["max"]
    if not isinstance(done, int | float) or not isinstance(of, int | float):
        raise ProtocolError(f"steps must be numbers, not {done!r:.40} of {of!r:.40}")
    fraction = min(max(done / of, 0.0), 1.0) if of > 0 else None
    return Progress(_stage(data.get("node"), step), fraction, f"step {done:g} of {of:g}")


def _stage(node: Any, step: Mapping[str, Any]) -> str:
    """Return what a node does, in words; one that another node has made is within the drawing."""
    stages: Mapping[str, str] = step["stages"]
    return stages.get(node, "drawing") if isinstance(node, str) else "drawing"


def _frame(data: bytes, step: Mapping[str, Any]) -> list[Outcome]:
    if len(data) < _HEAD:
        raise ProtocolError(f"a message of {len(data)} bytes, which has no head")
    kind, second = int.from_bytes(data[:4], "big"), int.from_bytes(data[4:_HEAD], "big")
    if kind == _PREVIEW:
        return _preview(data[_HEAD:], _JPEG_OR_PNG.get(second, ""))
    if kind != _PREVIEW_WITH_METADATA:
        return []
    try:
        metadata = json.loads(data[_HEAD : _HEAD + second])
        media_type, job = metadata.get("image_type"), metadata.get("prompt_id", step["job"])
    except (ValueError, AttributeError, RecursionError) as error:
        raise ProtocolError("a preview whose metadata is not JSON") from error
    return _preview(data[_HEAD + second :], media_type) if job == step["job"] else []


def _preview(content: bytes, media_type: Any) -> list[Outcome]:
    if not content or media_type not in _JPEG_OR_PNG.values():
        return []
    return [ImagePreview(Image(data=content, media_type=media_type))]
