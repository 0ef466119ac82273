"""A prediction, as Replicate calls a job: created, looked at until it has ended, and read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from impasto import (
    Follow,
    HttpRequest,
    Image,
    ImagePreview,
    ImageResponse,
    Outcome,
    Progress,
    ProtocolError,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    plain_text,
)
from impasto_replicate.failures import error_of_prediction, throttled_for
from impasto_replicate.outputs import pictures_in, words_in
from impasto_replicate.prices import cost_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import Model

WAIT = 5
"""Seconds that the first answer may take (``Prefer: wait``, of 1 to 60), so that a fast model needs no second one."""

PAUSE = 0.5
"""Seconds between two looks at a prediction: what Replicate's own clients take."""

THROTTLED = (429,)
"""Statuses that are read here: the body of a 429 says when to come back."""

PREDICTION = "prediction"
"""What the step of creating, and of looking at, a prediction is called."""

_BASE = "https://api.replicate.com/v1/"
_BAR = re.compile(r"^\s*(\d{1,3})%\s*\|.*?\|\s*\d+/\d+")
_SEED = re.compile(r"^\s*Using seed: (\d{1,20})\s*$", re.MULTILINE)
_FLAGGED = re.compile(r"^NSFW content detected in image \d+", re.MULTILINE)


def create(path: str, body: Mapping[str, Any]) -> HttpRequest:
    """Return the payload that creates a prediction. It is charged for, so it is not sent twice."""
    return HttpRequest(
        "POST",
        path,
        json=dict(body),
        headers={"Prefer": f"wait={WAIT}"},
        statuses=THROTTLED,
        step={"at": PREDICTION, "shown": 0},
    )


def read(model: Model, event: ServerEvent) -> list[Outcome]:
    """Return what a prediction's state means.

    An answer to ``Prefer: wait`` may have its output while its status is still ``processing``, before it is final, as
    Replicate's clients note; so a prediction that has not ended is looked at again, whatever it holds.

    Raises:
        QuotaExceeded: there are too many requests.
        ResponseError: the prediction failed, in the service's words; the class under it that these stand for.
    """
    if event.status == 429:
        return _throttled(event)
    told = event.json()
    status, logs = told["status"], told.get("logs") or ""
    if not isinstance(logs, str):
        raise ProtocolError("the logs of a prediction are no text")
    if status in {"starting", "processing"}:
        return _going_on(event, told, logs)
    if status != "succeeded":
        raise error_of_prediction(status, told.get("error"))
    return [_finished(model, event, told, logs)]


def _throttled(event: ServerEvent) -> list[Outcome]:
    words, wait = throttled_for(event)
    payload = event.payload
    if isinstance(payload, HttpRequest) and payload.method == "GET":
        return [Progress("waiting", detail=words), Follow(payload, after=PAUSE if wait is None else wait)]
    raise QuotaExceeded(words, status=429, retry_after=wait)


def _going_on(event: ServerEvent, told: Mapping[str, Any], logs: str) -> list[Outcome]:
    step: Any = event.payload.step
    ready = pictures_in(told["output"])
    previews = [ImagePreview(Image(url=url), index) for index, url in enumerate(ready)][step["shown"] :]
    look = HttpRequest(
        "GET",
        _below(told["urls"]["get"]),
        statuses=THROTTLED,
        step={**step, "shown": max(step["shown"], len(ready))},
        on_cancel=HttpRequest("POST", _below(told["urls"]["cancel"])),
    )
    stage = "starting" if told["status"] == "starting" else "drawing"
    return [Progress(stage, _fraction(logs), _last_line(logs)), *previews, Follow(look, after=PAUSE)]


def _finished(model: Model, event: ServerEvent, told: Mapping[str, Any], logs: str) -> ImageResponse:
    output, request = told["output"], event.request
    urls = pictures_in(output)
    if not urls:
        if told.get("data_removed"):
            raise ResponseError("the picture was removed: Replicate keeps what the API drew for an hour")
        raise ProtocolError(f"the prediction has no picture: {words_in(output) or 'nothing'}")
    flagged = len(_FLAGGED.findall(logs))
    said = f"Replicate left out {flagged} of {len(urls) + flagged} pictures: it takes them for NSFW"
    metrics = told.get("metrics")
    found = _SEED.search(logs)
    sent = None if request.randomize_seed else request.seed
    return ImageResponse(
        tuple(Image(url=url) for url in urls),
        seed=int(found[1]) if found else sent,
        text=words_in(output),
        usage=metrics if isinstance(metrics, dict) else None,
        cost=cost_of(model.id, len(urls)),
        warnings=(said,) if flagged else (),
        metadata={
            name: told[name] for name in ("id", "model", "version", "created_at", "started_at", "completed_at", "logs")
            if isinstance(told.get(name), str)
        },
    )  # fmt: skip


def _below(url: object) -> str:
    """Return an address of the API as one below the provider's url, so that it is the user's where this was moved."""
    if not isinstance(url, str) or not url:
        raise ProtocolError("the prediction has no address")
    return f"/{url.removeprefix(_BASE)}" if url.startswith(_BASE) else url


def _fraction(logs: str) -> float | None:
    """Return how much is done, as the last bar of tqdm's in the logs says."""
    for line in reversed(logs.splitlines()):
        if match := _BAR.match(line):
            return min(int(match[1]), 100) / 100
    return None


def _last_line(logs: str) -> str:
    return next((plain_text(line, 120) for line in reversed(logs.splitlines()) if line.strip()), "")
