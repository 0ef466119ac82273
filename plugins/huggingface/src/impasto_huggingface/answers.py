"""What the providers answer: a picture, its address, or a job that is asked for again."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from impasto import (
    ContentRejected,
    Follow,
    HttpRequest,
    Image,
    ImageResponse,
    Outcome,
    Progress,
    ProtocolError,
    ServerEvent,
)
from impasto_huggingface.failures import error_of, error_of_words
from impasto_huggingface.submitting import QUEUE, STATUSES

SOON = 0.5
"""Seconds between two questions about a job, as `huggingface_hub` 2.4.0 has it."""

LATER = 5.0
"""The same for Z.ai."""

_FAL_JOB = re.compile(r"/[\w-][\w.-]*/[\w-][\w.-]*/requests/[\w-]+", re.ASCII)
_WAVESPEED_JOB = re.compile(r"/api/v3/predictions/[\w-]+/result", re.ASCII)
_ID = re.compile(r"[\w-]+", re.ASCII)


def read(event: ServerEvent) -> list[Outcome]:
    """Return what a provider's answer means.

    Raises:
        ResponseError: it is a failure.
    """
    if (event.status or 200) >= 300:
        raise error_of(event)
    return _READERS[_step(event)["at"]](event)


def _hf_inference(event: ServerEvent) -> list[Outcome]:
    if "json" not in event.headers.get("content-type", ""):
        data = event.data
        return [_done(event, Image(data=data if isinstance(data, bytes) else str(data).encode()))]
    said = event.json()
    if "output" in said:
        return [_done(event, Image(url=said["output"][0]))]
    return _openai(event)


def _openai(event: ServerEvent) -> list[Outcome]:
    """Read the answer of nscale and Together, which is that of OpenAI's API."""
    images = []
    for each in event.json()["data"]:
        encoded = each.get("b64_json")
        images.append(
            Image(url=each["url"]) if encoded is None else Image(data=base64.b64decode(encoded, validate=True))
        )
    return [_done(event, *images)]


def _fal(event: ServerEvent) -> list[Outcome]:
    said = event.json()
    if "images" in said:
        if any(said.get("has_nsfw_concepts") or ()):
            raise ContentRejected("fal-ai's safety checker found something in the picture, and blacked it out")
        images = (Image(url=each["url"]) for each in said["images"])
        return [_done(event, *images, seed=said.get("seed"), timings=said.get("timings"))]
    status = said["status"]
    payload = _payload(event)
    if payload.method == "POST":
        job = "/fal-ai" + _path(said["response_url"], _FAL_JOB)
        cancel = HttpRequest("PUT", f"{job}/cancel", headers=payload.headers, params=QUEUE)
        ask = _again(payload, f"{job}/status", params=QUEUE, on_cancel=cancel)
        return [_queued(said), Follow(ask, after=SOON)]
    if status == "COMPLETED" and payload.url.endswith("/status"):
        return [Follow(_again(payload, payload.url.removesuffix("/status"), params=QUEUE))]
    if status in {"IN_QUEUE", "IN_PROGRESS"}:
        return [_queued(said), Follow(payload, after=SOON)]
    raise error_of_words(f"fal-ai: the job is {status}")


def _queued(said: Mapping[str, Any]) -> Progress:
    if said["status"] == "IN_PROGRESS":
        return Progress("drawing")
    place = said.get("queue_position")
    return Progress("queued", detail="" if place is None else f"{place} before it")


def _replicate(event: ServerEvent) -> list[Outcome]:
    """Read a prediction. What it holds before it has succeeded is not all of it, or not final."""
    said = event.json()
    status, output, payload = said["status"], said.get("output"), _payload(event)
    if status == "succeeded" and output:
        urls = [output] if isinstance(output, str) else output
        return [_done(event, *(Image(url=url) for url in urls), usage=said.get("metrics") or None)]
    if status not in {"starting", "processing"}:
        words = said.get("error") or f"replicate: the prediction is {status}, without a picture"
        raise error_of_words(words)
    if payload.method == "POST":
        job = f"/replicate/v1/predictions/{_id(said['id'])}"
        payload = _again(payload, job, on_cancel=HttpRequest("POST", f"{job}/cancel", headers=payload.headers))
    return [Progress("drawing" if status == "processing" else "starting"), Follow(payload, after=SOON)]


def _wavespeed(event: ServerEvent) -> list[Outcome]:
    said = event.json()["data"]
    payload = _payload(event)
    if payload.method == "POST":
        ask = _again(payload, "/wavespeed" + _path(said["urls"]["get"], _WAVESPEED_JOB))
        return [Progress("queued"), Follow(ask, after=SOON)]
    status = said["status"]
    if status == "completed":
        flagged = any(said.get("has_nsfw_contents") or ())
        notes = ("wavespeed's safety checker found something in the picture",) if flagged else ()
        images = (Image(url=url) for url in said["outputs"])
        return [_done(event, *images, notes=notes, timings=said.get("timings"))]
    if status in {"created", "processing"}:
        return [Progress("drawing" if status == "processing" else "queued"), Follow(payload, after=SOON)]
    raise error_of_words(said.get("error") or f"wavespeed: the task is {status}")


def _zai(event: ServerEvent) -> list[Outcome]:
    said = event.json()
    status = said["task_status"]
    if status == "SUCCESS":
        return [_done(event, *(Image(url=each["url"]) for each in said["image_result"]))]
    payload = _payload(event)
    if status != "PROCESSING":
        raise error_of_words(f"zai-org: the task is {status}")
    if payload.method == "POST":
        ask = _again(payload, f"/zai-org/api/paas/v4/async-result/{_id(said['id'])}")
        return [Progress("queued"), Follow(ask)]
    return [Progress("drawing"), Follow(payload, after=LATER)]


def _done(
    event: ServerEvent,
    *images: Image,
    seed: int | None = None,
    usage: Mapping[str, Any] | None = None,
    notes: tuple[str, ...] = (),
    timings: object = None,
) -> ImageResponse:
    """Return the finished picture, with the seed that the provider tells, else the one that was sent."""
    step = _step(event)
    metadata = {
        "provider": step["at"],
        "provider_model": step["model"],
        "request_id": event.headers.get("x-request-id"),
        "timings": timings,
    }
    return ImageResponse(
        images,
        seed=step["seed"] if seed is None else seed,
        warnings=(*step["warnings"], *notes),
        usage=usage,
        metadata={name: value for name, value in metadata.items() if value is not None},
    )


def _again(payload: HttpRequest, url: str, **more: Any) -> HttpRequest:
    """Return what asks for a job, with the memory and the headers of the request that ordered it.

    `huggingface_hub` sends these with every question: among them is who pays.
    """
    return replace(HttpRequest("GET", url, headers=payload.headers, statuses=STATUSES, step=payload.step), **more)


def _path(url: str, form: re.Pattern[str]) -> str:
    """Return the path of a job, of the address that a provider tells: it is asked for below the router's.

    Raises:
        ProtocolError: it is none.
    """
    match = form.search(urlsplit(url).path)
    if match is None:
        raise ProtocolError(f"not the address of a job: {url}")
    return match[0]


def _id(said: str) -> str:
    """Return a job's id.

    Raises:
        ProtocolError: no path can hold it.
    """
    if not _ID.fullmatch(said):
        raise ProtocolError(f"not the id of a job: {said}")
    return said


def _step(event: ServerEvent) -> Mapping[str, Any]:
    step = event.payload.step
    return step if isinstance(step, Mapping) else {}


def _payload(event: ServerEvent) -> HttpRequest:
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    return event.payload


_READERS: dict[str, Callable[[ServerEvent], list[Outcome]]] = {
    "hf-inference": _hf_inference,
    "nscale": _openai,
    "together": _openai,
    "fal-ai": _fal,
    "replicate": _replicate,
    "wavespeed": _wavespeed,
    "zai-org": _zai,
}
