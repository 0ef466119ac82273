"""What the service answers: a task is submitted, and asked for at the address that it names until it is done.

Facts: ``AsyncResponse`` and ``ResultResponse`` in https://api.bfl.ai/openapi.json (2026-04-29), with the states that
came with FLUX 3 (October 2026); https://docs.bfl.ai/quick_start/generating_images. There is no way to drop a task.
"""

from __future__ import annotations

from typing import Any

from impasto import (
    Cost,
    Follow,
    HttpRequest,
    Image,
    ImageResponse,
    Model,
    Outcome,
    Progress,
    ProtocolError,
    ServerEvent,
    error_of_status,
)
from impasto_bfl.failures import error_of_submit, error_of_task

OF_SUBMIT = (404, 422, 429)
"""Statuses of a submit of which more can be said than that they are failures."""

OF_POLL = (400, 403, 404, 410, 422, 451, 500, 502, 503, 504)
"""Statuses with which a poll may tell of its task: one that has failed may come as a 503, with the usual body."""

FIRST_PAUSE = 0.5
"""Seconds before the first poll; as in the examples of https://docs.bfl.ai."""

LONGEST_PAUSE = 2.0
"""Seconds between polls, once a task has taken a while."""

CREDIT = 0.01
"""US dollars; https://docs.bfl.ai/quick_start/pricing."""

_STAGES = {"Pending": "waiting", "Reasoning": "reasoning", "Generating": "drawing"}
_GROWTH = 1.2


def read(model: Model, event: ServerEvent) -> list[Outcome]:
    """Return what an answer means.

    Raises:
        ContentRejected: the prompt, a picture or the result was moderated.
        ResponseError: the request is not valid, or the task has failed.
    """
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    if event.payload.method == "POST":
        return _submitted(model, event)
    task: Any = event.payload.step
    return _polled(event, event.payload.url, task)


def _submitted(model: Model, event: ServerEvent) -> list[Outcome]:
    if event.status in OF_SUBMIT:
        raise error_of_submit(model, event)
    said = event.json()
    url = said["polling_url"]
    if not isinstance(url, str) or not url:
        raise ProtocolError(f"a task without an address to ask at: {event.text}")
    task = {name: said.get(name) for name in ("id", "cost", "input_mp", "output_mp")}
    return [Progress("queued"), _ask(url, {**task, "polls": 0})]


def _polled(event: ServerEvent, url: str, task: dict[str, Any]) -> list[Outcome]:
    said = _task_in(event)
    if said["status"] == "Ready":
        return [_finished(event, said, task)]
    if error := error_of_task(said, event.status):
        raise error
    # A state that is new is taken for one of the work's: such have come, and a task that is given up is paid for.
    stage = _STAGES.get(said["status"], said["status"].lower())
    return [
        Progress(stage, _fraction(said.get("progress"))),
        _ask(url, {**task, "polls": task["polls"] + 1}),
    ]


def _task_in(event: ServerEvent) -> dict[str, Any]:
    """Return what is said of the task, whatever the HTTP status."""
    try:
        said = event.json()
    except ProtocolError:
        said = None
    if isinstance(said, dict) and isinstance(said.get("status"), str) and said["status"]:
        return said
    if event.status in OF_POLL:
        raise error_of_status(event)
    raise ProtocolError(f"a task without a state: {event.text or 'nothing'}")


def _ask(url: str, task: dict[str, Any]) -> Follow:
    pause = min(FIRST_PAUSE * _GROWTH ** min(task["polls"], 100), LONGEST_PAUSE)
    return Follow(HttpRequest("GET", url, statuses=OF_POLL, step=task), after=pause)


def _fraction(progress: object) -> float | None:
    """Return how much is done. The schema names no scale; people have met counts to 1, and to 100."""
    number = _number(progress)
    if number is None or not 0 <= number <= 100:
        return None
    return number / 100 if number > 1 else number


def _finished(event: ServerEvent, said: dict[str, Any], task: dict[str, Any]) -> ImageResponse:
    result = said["result"]
    settled = _number(said.get("cost"))
    used = _number(task.get("cost")) if settled is None else settled
    megapixels = {name: _number(task.get(name)) for name in ("input_mp", "output_mp")}
    usage = {name: value for name, value in {"credits": used, **megapixels}.items() if value is not None}
    seed = result.get("seed", event.request.seed)
    return ImageResponse(
        (Image(url=result["sample"], seed=seed),),
        seed=seed,
        usage=usage or None,
        cost=None if used is None else Cost(round(used * CREDIT, 6)),
        metadata={"id": task.get("id")} | {name: result[name] for name in result if name not in {"sample", "seed"}},
    )


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
