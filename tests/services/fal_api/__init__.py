"""fal as its documents describe it, on loopback: the queue, how a job stands, results, cancellation, pictures.

What becomes of a request is chosen by words in its prompt: see `GATE` here, and ``jobs.OUTCOMES``. Others: ``slow`` (it
draws until it is cancelled, or `Fal.release`), ``unsafe`` (the safety checker blackens the first picture),
``unspeakable`` (no picture at all), ``no bill`` (no word of what it costs), ``gone`` (the picture cannot be had).
"""

from __future__ import annotations

import contextlib
import math
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.fal_api import catalogue, failures
from services.fal_api.drawing import Drawn
from services.fal_api.failures import Failure, of_request, plain
from services.fal_api.jobs import Job
from services.fal_api.schemas import ENDPOINTS
from services.serving import Journal, serving

KEY = "test-key"

GATE: dict[str, Callable[[], Failure]] = {
    "out of credits": lambda: plain(403, failures.LOCKED),
    "admin lock": lambda: plain(403, failures.ADMIN_LOCK),
    "forbidden": lambda: plain(403, "This key does not have permission to run models."),
    "busy": lambda: Failure(429, {"detail": "Too many requests"}, {"Retry-After": "3600"}),
    "gateway": lambda: Failure(502, {"detail": "Bad gateway"}),
}
"""How a submit is answered, where the prompt has these words."""

_LOGS = {"": False, "0": False, "1": True, "false": False, "true": True}
_MEGAPIXEL = 1024 * 1024
_PER_IMAGE = ("fal-ai/flux-pro/kontext", "fal-ai/flux-pro/v1.1-ultra", "fal-ai/nano-banana")


class Fal:
    """The stand-in. Its pictures are served under another name of this machine, which must not be sent the key.

    Attributes:
        app: the application.
        journal: what it was asked.
        url: its address; empty unless it is served.
        jobs: what was submitted, by id.
        hiccups: questions of how a job stands that fail on the way, before they reach fal.
    """

    def __init__(self) -> None:
        self.journal = Journal()
        self.url = ""
        self.jobs: dict[str, Job] = {}
        self.hiccups = 0
        self._pictures: dict[str, Drawn] = {}
        job = "/{owner}/{app}/requests/{id}"
        self.app = Starlette(
            routes=[
                Route("/v1/models", self._asked(self._models, optional=True), methods=["GET"]),
                Route("/files/b/{name}", self._picture, methods=["GET"]),
                Route(f"{job}/status", self._asked(self._status), methods=["GET"]),
                Route(f"{job}/cancel", self._asked(self._cancel), methods=["PUT"]),
                Route(job, self._asked(self._result), methods=["GET"]),
                Route("/{endpoint:path}", self._asked(self._submit), methods=["POST"]),
            ],
            exception_handlers={HTTPException: _other},
        )

    @contextlib.contextmanager
    def serving(self) -> Iterator[Fal]:
        """Serve it on loopback until the block ends; `url` is its address meanwhile."""
        with serving(self.app) as self.url:
            yield self

    def release(self) -> None:
        """Let the jobs go on that are held."""
        for job in self.jobs.values():
            job.released = True

    def _asked(
        self, answer: Callable[[Request], Awaitable[Response]], *, optional: bool = False
    ) -> Callable[[Request], Awaitable[Response]]:
        """Write each request down and check its key before it is answered."""

        async def ask(request: Request) -> Response:
            await self.journal.write(request)
            try:
                _check_key(request.headers.get("authorization"), optional=optional)
                return await answer(request)
            except Failure as failure:
                return failure.answer()

        return ask

    async def _submit(self, request: Request) -> Response:
        endpoint = request.path_params["endpoint"]
        _check_query(request, "fal_webhook")
        _check_headers(request)
        if endpoint not in ENDPOINTS:
            raise plain(404, f"Application '{endpoint}' not found")
        body = await _json_of(request)
        prompt = str(body.get("prompt", ""))
        if refusal := next((refusal for words, refusal in GATE.items() if words in prompt), None):
            raise refusal()
        job = Job(endpoint, body, str(request.base_url).rstrip("/"))
        self.jobs[job.id] = job
        return JSONResponse(job.submitted())

    async def _status(self, request: Request) -> Response:
        job = self._job(request)
        if self.hiccups:
            self.hiccups -= 1
            return Response("<h1>502 Bad Gateway</h1>", 502, media_type="text/html")
        said = job.status(logs=_wants_logs(request))
        return JSONResponse(said, 200 if said["status"] == "COMPLETED" else 202)

    async def _cancel(self, request: Request) -> Response:
        job = self._job(request, Failure(404, {"status": "NOT_FOUND"}))
        if await request.body():
            raise of_request(400, "a cancellation has no body", "bad_request")
        if job.is_done:
            return JSONResponse({"status": "ALREADY_COMPLETED"}, 400)
        job.cancelled = True
        return JSONResponse({"status": "CANCELLATION_REQUESTED"}, 202)

    async def _result(self, request: Request) -> Response:
        job = self._job(request)
        _check_query(request)
        asked, seed, pictures, unsafe = job.drawn()
        output: dict[str, Any] = {"images": [self._told(job, asked.sync_mode, each) for each in pictures]}
        if job.endpoint.startswith("fal-ai/nano-banana"):
            output["description"] = "Here is your picture." if pictures else "I cannot draw that."
        elif job.endpoint.startswith("fal-ai/flux-2-"):
            output["seed"] = seed
        elif not job.endpoint.startswith("openai/"):
            flags = [unsafe and not index for index in range(len(pictures))]
            timings = {"inference": 1.2249955059960485}
            output |= {"timings": timings, "seed": seed, "has_nsfw_concepts": flags, "prompt": asked.prompt}
        headers = {"x-fal-request-id": job.id}
        if "no bill" not in job.prompt:
            headers["x-fal-billable-units"] = str(_units(job.endpoint, pictures))
        return JSONResponse(output, headers=headers)

    def _told(self, job: Job, sync_mode: bool, drawn: Drawn) -> dict[str, Any]:
        size: dict[str, Any] = {"width": drawn.width, "height": drawn.height}
        if job.endpoint.startswith("fal-ai/nano-banana"):
            size = {"width": None, "height": None, "file_name": "output.png", "file_size": len(drawn.data)}
        if sync_mode:
            return {"url": drawn.data_uri, "content_type": drawn.media_type, **size}
        name = f"{len(self._pictures)}-{job.id}.{drawn.media_type.partition('/')[2]}"
        if "gone" not in job.prompt:
            self._pictures[name] = drawn
        elsewhere = job.base.replace("127.0.0.1", "localhost")
        return {"url": f"{elsewhere}/files/b/{name}", "content_type": drawn.media_type, **size}

    async def _picture(self, request: Request) -> Response:
        entry = await self.journal.write(request)
        drawn = self._pictures.get(request.path_params["name"])
        if "authorization" in entry.headers:
            return Response("a picture's address is public, and must not be sent a key", 400)
        return Response(drawn.data, media_type=drawn.media_type) if drawn else Response("Not Found", 404)

    async def _models(self, request: Request) -> Response:
        return JSONResponse(catalogue.page(request.query_params))

    def _job(self, request: Request, unknown: Failure | None = None) -> Job:
        job = self.jobs.get(request.path_params["id"])
        if job is None or request.url.path.removesuffix("/cancel").partition("/status")[0] != job.path:
            raise unknown or plain(404, "Request not found")
        return job


def _units(endpoint: str, pictures: list[Drawn]) -> int:
    if endpoint.startswith(_PER_IMAGE):
        return len(pictures)
    return sum(math.ceil(each.width * each.height / _MEGAPIXEL) for each in pictures)


def _check_key(said: str | None, *, optional: bool) -> None:
    if said is None:
        if not optional:
            raise plain(401, "Unauthorized")
    elif said != f"Key {KEY}":
        raise plain(401, "No user found for Key ID and Secret")


def _check_query(request: Request, *known: str) -> None:
    if wrong := set(request.query_params) - set(known):
        raise of_request(400, f"unknown query field {min(wrong)}", "bad_request")


def _wants_logs(request: Request) -> bool:
    _check_query(request, "logs")
    said = request.query_params.get("logs", "")
    if said not in _LOGS:
        raise of_request(400, f"logs must be 1 or 0, not {said}", "bad_request")
    return _LOGS[said]


def _check_headers(request: Request) -> None:
    priority = request.headers.get("x-fal-queue-priority", "normal")
    timeout = request.headers.get("x-fal-request-timeout", "60")
    with contextlib.suppress(ValueError):
        if priority in {"normal", "low"} and float(timeout) > 1:
            return
    raise of_request(400, "X-Fal-Queue-Priority or X-Fal-Request-Timeout is not as it should be", "bad_request")


async def _json_of(request: Request) -> dict[str, Any]:
    if request.headers.get("content-type", "").partition(";")[0] == "application/json":
        with contextlib.suppress(ValueError):
            body = await request.json()
            if isinstance(body, dict):
                return body
    raise of_request(400, "The request body must be a JSON object", "bad_request")


async def _other(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    words = f"Path {request.url.path} not found" if error.status_code == 404 else error.detail
    return JSONResponse({"detail": words}, error.status_code, {"x-fal-billable-units": "0"})
