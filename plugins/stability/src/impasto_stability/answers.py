"""What an answer means: a picture with its seed, a job that is under way, or an error.

The bytes of a picture come as they are, with ``seed`` and ``finish-reason`` in the header. Two endpoints answer with a
job's id instead, and the result is asked for (``/v2beta/results/ID``): 202 until it is done.
"""

from __future__ import annotations

import re

from impasto import (
    ContentRejected,
    Follow,
    HttpRequest,
    Image,
    ImageResponse,
    Model,
    Outcome,
    Progress,
    ProtocolError,
    ResponseError,
    ServerEvent,
    plain_text,
)
from impasto_stability.failures import STATUSES, error_of
from impasto_stability.prices import CREDITS, cost_of

PAUSE = 10.0
"""Seconds between two questions for a result; who asks more often may be shut out."""

_JOB = re.compile(r"[A-Za-z0-9_-]{1,128}")


def outcomes_of(model: Model, event: ServerEvent) -> list[Outcome]:
    """Return what an answer means.

    Raises:
        ContentRejected: the picture was drawn, and blurred, because the service's moderation does not pass it.
        ResponseError: the answer is an error, or the class under it that this is.
    """
    if event.status is None or event.status >= 300:
        raise error_of(model, event)
    if event.headers.get("content-type", "").startswith("image/"):
        return [_drawn(model, event)]
    said = event.json()
    if event.status == 202:
        if said["status"] != "in-progress":
            raise ProtocolError(f"unknown status {said['status']!r:.60}")
        assert isinstance(event.payload, HttpRequest)  # noqa: S101
        return [Progress("drawing", detail=said["status"]), Follow(event.payload, after=PAUSE)]
    job = said["id"]
    if not isinstance(job, str) or not _JOB.fullmatch(job) or _is_result(event):
        raise ProtocolError(f"neither a picture nor a job: {plain_text(event.text, 120)}")
    ask = HttpRequest("GET", f"/v2beta/results/{job}", statuses=STATUSES)
    return [Progress("queued"), Follow(ask, after=PAUSE)]


def _is_result(event: ServerEvent) -> bool:
    return isinstance(event.payload, HttpRequest) and event.payload.method == "GET"


def _drawn(model: Model, event: ServerEvent) -> ImageResponse:
    reason = event.headers.get("finish-reason", "SUCCESS")
    if reason == "CONTENT_FILTERED":
        raise ContentRejected(
            "CONTENT_FILTERED: the picture violates the content moderation policy, and came blurred. The service "
            f"charges for it: {CREDITS[model.id]:g} credits"
        )
    if reason != "SUCCESS":
        raise ResponseError(f"the generation finished with {plain_text(reason, 60)}")
    if not isinstance(event.data, bytes):
        raise ProtocolError("a stream of events in place of a picture")
    seed = event.headers.get("seed", "")
    used = int(seed) if seed.isascii() and seed.isdecimal() else event.request.seed
    request_id = event.headers.get("x-request-id")
    return ImageResponse(
        (Image(data=event.data, seed=used),),
        seed=used,
        usage={"credits": CREDITS[model.id]},
        cost=cost_of(model.id),
        metadata={"request_id": request_id} if request_id else {},
    )
