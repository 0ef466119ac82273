"""How far the server has come, asked for beside the long answer.

The web UI and Forge know a job by its id (``modules/progress.py``): where it stands in the queue, how much is done, a
preview. Where they do not, because they run without their pages or are another program, ``/sdapi/v1/progress`` tells of
whatever is being drawn. ``sd-server`` has neither.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import Follow, HttpRequest, Image, ImagePreview, Outcome, Progress
from impasto_automatic1111.pictures import decoded

if TYPE_CHECKING:
    from impasto import ServerEvent

SECONDS = 1.0
"""Between two questions."""

_PATIENCE = 2
"""How often the job's id may be unknown: at first, the question can be faster than the job."""

ANY_JOB = HttpRequest(
    "GET", "/sdapi/v1/progress", params={"skip_current_image": "false"}, step={"is": "progress of any job"}
)
"""Asks what is being drawn, whosever it is."""


def own_job(id: str, preview: int = -1, unknown: int = 0) -> HttpRequest:  # noqa: A002
    """Return what asks for a job.

    Args:
        id: the job's, as it was sent for ``force_task_id``.
        preview: the number of the preview that came last; -1 for none.
        unknown: how often the server knew no such job.
    """
    return HttpRequest(
        "POST",
        "/internal/progress",
        json={"id_task": id, "id_live_preview": preview, "live_preview": True},
        step={"is": "progress of the job", "unknown": unknown},
        statuses=(401, 403, 404, 405, 422),
        idempotent=True,
    )


def of_own_job(event: ServerEvent) -> list[Outcome]:
    """Read what is said of the job; go on with the progress of any, where nothing is known of it."""
    if event.status != 200:
        return [Follow(ANY_JOB)]
    said = event.json()
    asked = _payload(event)
    id_, number = asked.json["id_task"], asked.json["id_live_preview"]
    if said["completed"]:
        return []
    if said["queued"]:
        return [Progress("queued", detail=said["textinfo"] or ""), Follow(own_job(id_, number), after=SECONDS)]
    if not said["active"]:
        unknown = _remembered(asked, "unknown") + 1
        return [Follow(own_job(id_, number, unknown) if unknown < _PATIENCE else ANY_JOB, after=SECONDS)]
    shown = said["live_preview"]
    number = said["id_live_preview"] if shown else number
    return [
        Progress("drawing", said["progress"], said["textinfo"] or ""),
        *_preview(shown),
        Follow(own_job(id_, number), after=SECONDS),
    ]


def of_any_job(event: ServerEvent) -> list[Outcome]:
    """Read what is said of whatever is being drawn."""
    said = event.json()
    state = said["state"]
    again = Follow(ANY_JOB, after=SECONDS)
    if not state["job_count"]:
        return [again]
    detail = f"step {state['sampling_step']} of {state['sampling_steps']}" if state["sampling_steps"] else ""
    return [Progress("drawing", said["progress"], detail), *_preview(said["current_image"]), again]


def _preview(shown: str | None) -> list[ImagePreview]:
    return [ImagePreview(Image(data=decoded(shown)))] if shown else []


def _payload(event: ServerEvent) -> HttpRequest:
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    return event.payload


def _remembered(payload: HttpRequest, name: str) -> Any:
    assert isinstance(payload.step, dict)  # noqa: S101
    return payload.step[name]
