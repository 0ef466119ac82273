"""What the service's failures mean.

Facts: https://docs.bfl.ai/api_integration/errors; ``StatusResponse`` and ``HTTPValidationError`` in
https://api.bfl.ai/openapi.json (2026-04-29); the reasons of a moderation stand in ``details["Moderation Reasons"]``, as
clients of the service have met them; the body of a 429 in BFL's ``skills`` repository (d0793c8,
``references/rate-limiting.md``). Statuses that are not named here mean what the core makes of them: 403 a key that is
refused, as the service answers it; 402 credits that are used up; 5xx a service that is down.
"""

from __future__ import annotations

import math
from typing import Any

from impasto import ContentRejected, Model, ResponseError, ServerEvent, error_of_status

BUSY = 5.0
"""Seconds after which a task is submitted again that was one too many, where the answer does not say: who submits "must
wait until one of your previous tasks has finished", and so long do BFL's examples wait."""

_REASONS = "Moderation Reasons"
_MODERATED = {
    "Request Moderated": "the prompt or a picture in the request was refused",
    "Content Moderated": "the picture that was drawn is withheld",
}
_FAILED = {
    "Error": "the task failed",
    "Failed": "the task failed",
    "Task not found": "the service does not know the task, or no longer does",
}


def error_of_task(said: dict[str, Any], status: int | None) -> ResponseError | None:
    """Return the error that a task's state is; None for one that is neither failed nor refused.

    Args:
        said: the answer to a poll.
        status: its HTTP status.
    """
    state = said["status"]
    if state in _MODERATED:
        return ContentRejected(_with_reasons(f"{state}: {_MODERATED[state]}", said.get("details")), status=status)
    if state in _FAILED:
        return ResponseError(_with_reasons(f"{state}: {_FAILED[state]}", said.get("details")), status=status)
    return None


def error_of_submit(model: Model, event: ServerEvent) -> ResponseError:
    """Return the error that a refused submit is: which field is wrong, and why; or that there is no such model.

    Too many tasks at once are a matter of seconds, and what is refused for them costs nothing.
    """
    if event.status == 429:
        error = error_of_status(event)
        error.retry_after = _wait_in(event.data) if error.retry_after is None else error.retry_after
        return error
    if event.status == 404:
        return ResponseError(f"the service has no model {model.id!r} any more, or not yet (404)", status=404)
    words = "; ".join(_faults_in(event.data))
    return ResponseError(f"the request is not valid: {words}", status=event.status) if words else error_of_status(event)


def _with_reasons(words: str, details: object) -> str:
    found = details.get(_REASONS, details) if isinstance(details, dict) else details
    reasons = "; ".join(_words_in(found))
    return f"{words}: {reasons}" if reasons else words


def _words_in(value: object) -> list[str]:
    if isinstance(value, str):
        return [value]
    if isinstance(value, dict):
        value = [*value.values()]
    return [each for each in value[:8] if isinstance(each, str)] if isinstance(value, list) else []


def _wait_in(body: object) -> float:
    """Return the seconds that the body of a 429 asks to wait."""
    seconds = _field_of(body, "retry_after")
    is_number = isinstance(seconds, int | float) and not isinstance(seconds, bool)
    return float(seconds) if is_number and 0 <= seconds < math.inf else BUSY


def _field_of(body: object, name: str) -> Any:
    """Return a field of a JSON object; None where there is none."""
    import json

    try:
        return json.loads(body)[name] if isinstance(body, bytes | str) else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def _faults_in(body: object) -> list[str]:
    """Return the faults in an ``HTTPValidationError``, each with its field."""
    detail = _field_of(body, "detail")
    faults = []
    for each in detail[:5] if isinstance(detail, list) else ():
        if isinstance(each, dict) and isinstance(each.get("msg"), str):
            place = each.get("loc")
            names = [str(part) for part in place if part != "body"] if isinstance(place, list) else []
            faults.append(f"{'.'.join(names)}: {each['msg']}" if names else each["msg"])
    return faults
