"""A job that was submitted: its place in the queue, and what became of it, which the history tells.

The WebSocket tells more, and sooner; but it may be missing behind a proxy, so nothing here depends on it. It is opened
when the job is known to run, and not before: what it tells is news on which people leave, and by then whatever drops
the job must be what drops one that runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from impasto import (
    Follow,
    HttpRequest,
    Image,
    ImageResponse,
    Outcome,
    Progress,
    ProtocolError,
    ProviderUnavailable,
    ResponseError,
    plain_text,
)
from impasto_comfyui.failures import error_of_messages, error_of_refusal, words_of_nodes
from impasto_comfyui.messages import watching

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from impasto import ServerEvent

_FIRST_PAUSE = 0.1
_USUAL_PAUSE = 1.0
_LONGEST_PAUSE = 10.0
_GROWTH = 1.3
_PATIENT = 300
"""Questions after which pauses grow further, with the waiting itself, so that a job of a night is not asked for ten
thousand times."""

_PICTURES = frozenset(["png", "apng", "jpg", "jpeg", "jfif", "webp", "gif", "bmp", "tif", "tiff", "avif"])

_RUNNING, _GONE, _QUEUED = "running", "gone", "queued "


def dropping(job: str, *, is_running: bool) -> HttpRequest:
    """Return what drops a job: ``/interrupt`` reaches only one that runs, ``/queue`` only one that waits.

    ``/api/jobs/ID/cancel`` would do for both, but only servers of 2026 have it.
    """
    if is_running:
        return HttpRequest("POST", "/interrupt", json={"prompt_id": job}, idempotent=True)
    return HttpRequest("POST", "/queue", json={"delete": [job]}, idempotent=True)


def submitted(event: ServerEvent, step: Mapping[str, Any]) -> list[Outcome]:
    """Read the answer to a graph: the job's id, or why it was refused."""
    if event.status != 200:
        raise error_of_refusal(event)
    said = event.json()
    job = said["prompt_id"]
    if not isinstance(job, str) or not job:
        raise ProtocolError(f"a job without an id: {plain_text(event.text, 120)}")
    wrong = words_of_nodes(said.get("node_errors"))
    warnings = (f"a part of the workflow was left out: {'; '.join(wrong)}",) if wrong else ()
    known = {**step, "at": "queue", "job": job, "warnings": warnings, "polls": 0, "state": "", "watched": False}
    return [Follow(_look("/queue", known))]


def queued(event: ServerEvent, step: Mapping[str, Any]) -> list[Outcome]:
    """Read where the job is, and look into the history at once: it may be there already.

    What is news is told from there, so that whoever leaves on hearing it drops the job in the way that works by then.
    """
    said = event.json()
    waiting = {item[1]: item[0] for item in said["queue_pending"]}
    running = [item[1] for item in said["queue_running"]]
    job = step["job"]
    if job in running:
        state = _RUNNING
    elif job in waiting:
        before = len(running) + sum(number < waiting[job] for number in waiting.values())
        state = f"{_QUEUED}{before} ahead" if before else _QUEUED
    else:
        state = _GONE
    known = {**step, "state": state, "news": state != step["state"]}
    return [Follow(_look(f"/history/{quote(job, safe='')}", {**known, "at": "history"}))]


def remembered(event: ServerEvent, step: Mapping[str, Any]) -> list[Outcome]:
    """Read the history: the pictures, why there are none, or nothing yet.

    The server moves a job from the queue into the history in one go, so one that is in neither is lost.
    """
    said = event.json()
    job, state = step["job"], step["state"]
    if job in said:
        entry = said[job]
        status = entry.get("status") or {}
        if status.get("status_str", "success") != "success":
            raise error_of_messages(status.get("messages"), step["stages"])
        return [_response(entry, step)]
    if said != {}:
        raise ProtocolError(f"the history of another job: {plain_text(event.text, 120)}")
    if state == _GONE:
        raise ProviderUnavailable("ComfyUI has lost the job: it was started again, or somebody deleted it")
    polls = step["polls"]
    known = {**step, "at": "queue", "polls": polls + 1, "watched": step["watched"] or state == _RUNNING}
    pause = pause_after(polls) if known["watched"] == step["watched"] else 0.0
    again = Follow(_look("/queue", known), after=pause)
    progress = Progress(_RUNNING) if state == _RUNNING else Progress("queued", detail=state.removeprefix(_QUEUED))
    return [progress, again] if step["news"] else [again]


def pause_after(polls: int) -> float:
    """Return for how many seconds to wait before a job is asked for again."""
    pause = min(_FIRST_PAUSE * _GROWTH ** min(polls, 20), _USUAL_PAUSE)
    return min(max(pause, polls / _PATIENT), _LONGEST_PAUSE)


def _response(entry: Mapping[str, Any], step: Mapping[str, Any]) -> ImageResponse:
    files = list(_files(entry["outputs"], step))
    pictures = [each for each in files if _is_picture(each)]
    kept = [each for each in pictures if each["type"] == "output"] or pictures
    if not kept:
        others = f" (there is {', '.join(each['filename'] for each in files)})" if files else ""
        raise ResponseError(
            f"the workflow ended without a picture{others}: it needs a node that saves one, such as SaveImage or "
            "PreviewImage"
        )
    names = [_annotated(each) for each in kept]
    return ImageResponse(
        images=tuple(Image(url=f"/view?{urlencode(each)}") for each in kept),
        seed=step["seed"],
        usage=_times(entry),
        session=_session(kept[0], step),
        warnings=tuple(step["warnings"]),
        metadata={
            "prompt_id": step["job"],
            "files": names,
            **({"checkpoint": step["checkpoint"]} if step["checkpoint"] else {}),
        },
    )


def _session(file: Mapping[str, str], step: Mapping[str, Any]) -> dict[str, Any] | None:
    """Return what is gone on from: the picture where it lies, and its size where that is known.

    One that was only shown is gone when the server starts again, so it is none to go on from: it is sent then.
    """
    if file["type"] != "output":
        return None
    width, height = step.get("size") or (None, None)
    return {"image": _annotated(file), **({"width": width, "height": height} if width else {})}


def _is_picture(file: Mapping[str, str]) -> bool:
    """Tell whether a file is a picture: ``SaveVideo`` and others list films in the same place."""
    _, dot, suffix = file["filename"].rpartition(".")
    return not dot or suffix.lower() in _PICTURES


def _files(outputs: Mapping[str, Any], step: Mapping[str, Any]) -> Iterator[dict[str, str]]:
    """Yield the files that nodes have put out, as ``/view`` takes them, in the order in which the nodes were sent.

    The server keeps outputs in a set, so their own order is chance. Nodes that a node has made go by its place.
    """
    places = {name: place for place, name in enumerate(step["stages"])}

    def place_of(node: str) -> int:
        return places.get(node, places.get(node.partition(".")[0], len(places)))

    for node in sorted(outputs, key=place_of):
        for each in outputs[node].get("images", ()):
            found = {name: each.get(name, "") for name in ("filename", "subfolder", "type")}
            if not all(isinstance(value, str) for value in found.values()) or not found["filename"]:
                raise ProtocolError(f"a picture without a name: {plain_text(repr(each), 120)}")
            yield found


def _annotated(file: Mapping[str, str]) -> str:
    """Return the name by which ``LoadImage`` knows a file that is not among the inputs (``folder_paths.py``)."""
    path = f"{file['subfolder']}/{file['filename']}" if file["subfolder"] else file["filename"]
    return f"{path} [{file['type'] or 'output'}]"


def _times(entry: Mapping[str, Any]) -> dict[str, float] | None:
    """Return for how long the job has run, in seconds; the history's times are milliseconds."""
    stages = dict((entry.get("status") or {}).get("messages") or ())
    begun, ended = ((stages.get(name) or {}).get("timestamp") for name in ("execution_start", "execution_success"))
    if not isinstance(begun, int | float) or not isinstance(ended, int | float):
        return None
    return {"execution_seconds": round((ended - begun) / 1000, 3)}


def _look(path: str, step: Mapping[str, Any]) -> HttpRequest:
    """Return what asks where a job is, with the WebSocket beside it once it runs."""
    beside = (watching(step["client"], step["job"], step["stages"]),) if step["watched"] else ()
    on_cancel = dropping(step["job"], is_running=step["state"] == _RUNNING)
    return HttpRequest("GET", path, step=dict(step), beside=beside, on_cancel=on_cancel)
