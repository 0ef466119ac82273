"""The Gradio call protocol: submit a job, follow its stream, read what comes. Pure: the core does the I/O.

Both wires are the same but for their root: Gradio 4 serves ``/call/NAME`` and ``/file=PATH``, Gradio 5 and 6
serve ``/gradio_api/call/NAME`` and ``/gradio_api/file=PATH``. A plugin for a Space is two lines on top of
this::

    def build_payload(model, request):
        return call.submit("/gradio_api/call/infer", [request.prompt, request.seed or 0], seed_at=1)

    def parse_event(model, event):
        return call.parse(event)
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from impasto import (
    Follow,
    HttpRequest,
    ImagePreview,
    ImageResponse,
    Outcome,
    Progress,
    ProtocolError,
    ServerEvent,
    plain_text,
)
from impasto_gradio.failures import error_of, error_of_answer, error_of_event
from impasto_gradio.outputs import images_in, seed_in, without_before, words_in

if TYPE_CHECKING:
    from collections.abc import Sequence

STATUSES = (400, 404, 422, 500, 503)
"""Statuses whose meaning Gradio decides, read here rather than by the core."""

_EVENT_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")


def submit(
    path: str,
    data: Sequence[object],
    *,
    seed_at: int | None = None,
    seed: int | None = None,
    sliders: Sequence[int] = (),
) -> HttpRequest:
    """Return the payload that submits a job to an endpoint.

    It may be sent twice: a free Space counts GPU time, and drops a job that nobody reads while it is still
    queued.

    Args:
        path: ``/call/NAME`` or ``/gradio_api/call/NAME``.
        data: the endpoint's inputs, in its order.
        seed_at: which of the outputs, from 0, is the seed really used.
        seed: the seed that is used, where it is known already and no output tells it.
        sliders: which of the outputs, from 0, are ImageSliders, of whose two pictures only the second is new.
    """
    return HttpRequest(
        "POST",
        path,
        json={"data": list(data)},
        statuses=STATUSES,
        idempotent=True,
        step={"seed_at": seed_at, "seed": seed, **({"sliders": [*sliders]} if sliders else {})},
    )


def parse(event: ServerEvent) -> list[Outcome]:
    """Return what an event of a call means: the answer to `submit`, or an event of the stream behind it.

    A ``heartbeat`` is progress; ``generating`` is a preview of each picture in it; ``complete`` is the
    picture.

    Raises:
        ResponseError: the app reports a failure, in its own words; the class under it that these stand for.
    """
    if event.name == "response":
        return _submitted(event) if _is_submit(event) else _refuse(event)
    if event.name == "heartbeat":
        return [Progress("waiting")]
    if event.name == "generating":
        previews = enumerate(images_in(_outputs(event), _root(event)))
        return [*(ImagePreview(image, index) for index, image in previews)] or [Progress("drawing")]
    if event.name == "complete":
        return [_completed(event)]
    if event.name == "error":
        raise error_of_event(event)
    return []


def _is_submit(event: ServerEvent) -> bool:
    return isinstance(event.payload, HttpRequest) and event.payload.method == "POST"


def _refuse(event: ServerEvent) -> list[Outcome]:
    raise error_of_answer(event)


def _submitted(event: ServerEvent) -> list[Outcome]:
    told = event.json() if event.status == 200 and "json" in event.headers.get("content-type", "") else None
    event_id = told.get("event_id") if isinstance(told, dict) else None
    if not isinstance(event_id, str) or not _EVENT_ID.fullmatch(event_id):
        raise error_of_answer(event)
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    stream = HttpRequest(
        "GET",
        f"{event.payload.url}/{event_id}",
        headers={"Accept": "text/event-stream"},
        step=event.payload.step,
    )
    return [Progress("queued"), Follow(stream)]


def _completed(event: ServerEvent) -> ImageResponse:
    outputs = _outputs(event)
    images = images_in(outputs, _root(event))
    words = words_in(outputs)
    if not images:
        if words:
            raise error_of(words)
        raise ProtocolError(f"the app finished without a picture; it returned: {plain_text(event.text, 120)}")
    step = _step(event)
    told = seed_in(outputs, step.get("seed_at"))
    return ImageResponse(images=tuple(images), seed=step.get("seed") if told is None else told, text=words)


def _outputs(event: ServerEvent) -> object:
    return without_before(event.json(), _step(event).get("sliders", ()))


def _step(event: ServerEvent) -> dict[str, Any]:
    step = event.payload.step
    return step if isinstance(step, dict) else {}


def _root(event: ServerEvent) -> str:
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    return event.payload.url.rpartition("/call/")[0]
