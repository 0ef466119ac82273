"""The queue: a job is submitted, asked for until it is completed, and its result has the pictures' addresses.

https://fal.ai/docs/api-reference/inference-api and https://docs.fal.ai/documentation/model-apis/inference/queue, seen
2026-11-26. A job's addresses are those in the answer to its submit: what is in them is fal's affair. There is a stream
of a job's states too, which is not used: one that something in between closes looks like one that fal has ended.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from impasto import (
    ContentRejected,
    Follow,
    HttpRequest,
    Image,
    ImageResponse,
    Outcome,
    Progress,
    ServerEvent,
    plain_text,
)
from impasto_fal.endpoint import PROVIDER
from impasto_fal.failures import RESULT, error_of
from impasto_fal.prices import cost_of, units_in

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import Model

FIRST_PAUSE = 0.25
"""Seconds before a job is first asked for. fal's own clients ask every 0.1 s (Python) or 0.5 s (JavaScript)."""

LONGEST_PAUSE = 1.0
"""Seconds between two questions, once a job has taken a while."""

BLACKENED = "fal's safety checker found the picture unsafe, and blackened it (has_nsfw_concepts)."

_ADDRESS = re.compile(r"https?://[A-Za-z0-9.:\[\]-]+/[A-Za-z0-9._~%!$&'()*+,;=:@/-]+")
_PERCENT = re.compile(r"(\d{1,3})%\|")
_LONGEST = 120
_GROWTH = 1.2


def submitted(event: ServerEvent) -> list[Outcome]:
    """Read the answer to a submit: the job's addresses, and its place in the queue.

    Raises:
        ResponseError: it was not taken.
    """
    if not _is_success(event):
        raise error_of(event)
    said = event.json()
    position = said.get("queue_position")
    ask = HttpRequest(
        "GET",
        _address(said, "status_url"),
        params={"logs": "1"},
        step={"result": _address(said, "response_url"), "polls": 0},
        on_cancel=HttpRequest("PUT", _address(said, "cancel_url")),
    )
    return [_queued(position), Follow(ask, after=FIRST_PAUSE)]


def told(event: ServerEvent) -> list[Outcome]:
    """Read how a job stands.

    A job that failed is ``COMPLETED`` too; why it failed is what its result says. A state that fal does not document is
    taken for one of the work's: a job that is given up is paid for.

    Raises:
        ValueError: there is no state.
    """
    said = event.json()
    match said["status"]:
        case "COMPLETED":
            return [Follow(_result(event, said))]
        case "IN_QUEUE":
            progress = _queued(said.get("queue_position"))
        case "IN_PROGRESS":
            progress = _drawing(said.get("logs"))
        case str(other) if other:
            progress = Progress(plain_text(other.lower(), _LONGEST))
        case other:
            raise ValueError(f"a job without a state: {other!r}")
    return [progress, _again(event)]


def drawn(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read a job's result.

    Raises:
        ContentRejected: the model refused, or the safety checker left no picture that can be looked at.
        ResponseError: the model failed.
    """
    if not _is_success(event):
        raise error_of(event)
    said = event.json()
    told_images = said["images"] if "images" in said else [said["image"]]
    text = said.get("description") or ""
    if told_images == []:
        raise ContentRejected(text or "The model returned no picture, which is how some of fal's partners refuse.")
    kept, warnings = _seen(told_images, said.get("has_nsfw_concepts"), event)
    units = units_in(event.headers)
    sizes = [(each.get("width"), each.get("height")) for each in told_images]
    seed = said.get("seed")
    if seed is None and "seed" in model.accepts and not event.request.randomize_seed:
        seed = event.request.seed
    response = ImageResponse(
        tuple(Image(url=each["url"]) for each in kept),
        seed=seed,
        text=text,
        warnings=warnings,
        usage=_usage(event, said, units),
        cost=cost_of(model.id, units, sizes, event.request.extra),
        metadata=_metadata(event, said),
    )
    return [response]


def _is_success(event: ServerEvent) -> bool:
    return event.status is not None and 200 <= event.status < 300


def _http(event: ServerEvent) -> HttpRequest:
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    return event.payload


def _address(said: Mapping[str, Any], name: str) -> str:
    """Return one of the addresses of a job; one of fal's own without its host, so that it is where the user has fal.

    Raises:
        ValueError: it is none, or one that cannot be asked for as it is.
    """
    url = said[name]
    if not _ADDRESS.fullmatch(url):
        raise ValueError(f"{name} is no address")
    return str(url).removeprefix(PROVIDER.url) if url.startswith(f"{PROVIDER.url}/") else str(url)


def _queued(position: object) -> Progress:
    if not isinstance(position, int) or isinstance(position, bool) or position < 0:
        return Progress("queued")
    return Progress("queued", detail=f"{position} ahead in the queue" if position else "next in the queue")


def _drawing(logs: object) -> Progress:
    """Return what the last line of the log says; a bar of tqdm's says how much is done."""
    lines = [each["message"] for each in logs if each.get("message")] if isinstance(logs, list) else []
    detail = plain_text(lines[-1], _LONGEST) if lines else ""
    percents = _PERCENT.findall(detail)
    return Progress("drawing", min(int(percents[-1]), 100) / 100 if percents else None, detail)


def _again(event: ServerEvent) -> Follow:
    """Return the same question, a while later."""
    ask = _http(event)
    step: Any = ask.step
    polls = step["polls"] + 1
    pause = min(FIRST_PAUSE * _GROWTH ** min(polls, 100), LONGEST_PAUSE)
    return Follow(replace(ask, step={**step, "polls": polls}), after=pause)


def _result(event: ServerEvent, said: Mapping[str, Any]) -> HttpRequest:
    step: Any = _http(event).step
    metrics = said.get("metrics")
    seconds = metrics.get("inference_time") if isinstance(metrics, dict) else None
    return HttpRequest("GET", step["result"], statuses=RESULT, step={"inference_time": seconds})


def _seen(images: list[Any], flags: Any, event: ServerEvent) -> tuple[list[Any], tuple[str, ...]]:
    """Return the pictures that the safety checker left as they were, and a warning where it took some.

    Where somebody turned the checker off, nothing is blackened, whatever the flags say.
    """
    if not isinstance(flags, list) or event.request.extra.get("enable_safety_checker") is False:
        return images, ()
    kept = [image for index, image in enumerate(images) if flags[index : index + 1] != [True]]
    if not kept:
        raise ContentRejected(BLACKENED)
    lost = len(images) - len(kept)
    warning = f"{lost} of {len(images)} pictures were left out: fal's safety checker blackened them."
    return kept, (warning,) if lost else ()


def _usage(event: ServerEvent, said: Mapping[str, Any], units: float | None) -> dict[str, Any] | None:
    step: Any = _http(event).step
    timings = said.get("timings")
    seconds = step.get("inference_time") if isinstance(step, dict) else None
    if seconds is None and isinstance(timings, dict):
        seconds = timings.get("inference")
    usage = {"billable_units": units, "inference_time": seconds}
    return {name: value for name, value in usage.items() if isinstance(value, int | float)} or None


def _metadata(event: ServerEvent, said: Mapping[str, Any]) -> dict[str, Any]:
    """Return the job's id, and the prompt that was drawn where the model wrote it anew."""
    told_of: dict[str, Any] = {}
    if request_id := event.headers.get("x-fal-request-id"):
        told_of["request_id"] = request_id
    prompt = said.get("prompt")
    if isinstance(prompt, str) and prompt and prompt != event.request.prompt:
        told_of["prompt"] = prompt
    return told_of


def is_submit(payload: HttpRequest) -> bool:
    """Tell whether this submits a job."""
    return payload.method == "POST"


def is_status(payload: HttpRequest) -> bool:
    """Tell whether this asks how a job stands."""
    return isinstance(payload.step, dict) and "result" in payload.step
