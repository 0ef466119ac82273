"""What went wrong, in ComfyUI's own words: a graph that was refused, a node that raised, a job that was interrupted.

A server of one's own knows no quota and no moderation. Nodes that call paid services do, and raise with the texts of
``comfy_api_nodes`` (``apis/client.py`` in 0.3.64).
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from impasto import (
    AuthenticationError,
    ContentRejected,
    QuotaExceeded,
    ResponseError,
    error_of_status,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import ServerEvent

_OUT_OF_MEMORY = re.compile(r"OutOfMemory|ran out of memory|Allocation on device", re.IGNORECASE)
_NO_PICTURE = re.compile(r"Invalid image file", re.IGNORECASE)
_UNAUTHORIZED = re.compile(r"^Unauthorized\b|Please login first", re.IGNORECASE)
_QUOTA = re.compile(r"^Payment Required\b|^Rate Limit Exceeded\b|add credits to your account", re.IGNORECASE)
_REJECTED = re.compile(r"moderat|content.?policy|safety system", re.IGNORECASE)


def error_of_refusal(event: ServerEvent) -> ResponseError:
    """Return the error that a graph's refusal is: the server's reason, and what it says of single nodes."""
    try:
        said = event.json()
        reason = said["error"]["message"]
        details = said["error"].get("details")
        nodes = words_of_nodes(said.get("node_errors"))
    except (ResponseError, KeyError, TypeError, AttributeError):
        return error_of_status(event)
    if not isinstance(reason, str):
        return error_of_status(event)
    if event.request.session is not None and _NO_PICTURE.search("; ".join(nodes)):
        nodes.append("the picture to go on from is not on this server any more: give it as images instead")
    more = "; ".join(nodes) or (details if isinstance(details, str) and details != reason else "")
    return ResponseError(f"{reason}: {more}" if more else reason, status=event.status)


def words_of_nodes(node_errors: Any) -> list[str]:
    """Return what is wrong with single nodes, in words."""
    if not isinstance(node_errors, dict):
        return []
    found = []
    for name, each in node_errors.items():
        kind = each["class_type"]
        for error in each["errors"]:
            details = error.get("details", "")
            found.append(f"{kind} (node {name}): {error['message']}{f': {details}' if details else ''}")
    return found


def error_of_messages(messages: Any, stages: Mapping[str, str]) -> ResponseError:
    """Return the error with which a job has ended.

    Args:
        messages: pairs of a name and data, from the history.
        stages: what nodes do, by their ids.
    """
    told = {name: data for name, data in messages or () if isinstance(data, dict)}
    if "execution_interrupted" in told:
        return ResponseError("somebody has interrupted the job on the server")
    data = told.get("execution_error")
    if data is None:
        return ResponseError("the job failed, and the server does not say why")
    message, kind = str(data.get("exception_message", "")).strip(), str(data.get("exception_type", ""))
    node = str(data.get("node_type") or stages.get(str(data.get("node_id")), ""))
    words = f"{node} (node {data.get('node_id')}): {message or kind or 'it raised'}"
    if _OUT_OF_MEMORY.search(f"{kind} {message}"):
        return ResponseError(f"{words.rstrip('.')}. Ask for a smaller picture, or for fewer at once.")
    return _class_of(message)(words)


def _class_of(message: str) -> type[ResponseError]:
    if _UNAUTHORIZED.search(message):
        return AuthenticationError
    if _QUOTA.search(message):
        return QuotaExceeded
    return ContentRejected if _REJECTED.search(message) else ResponseError
