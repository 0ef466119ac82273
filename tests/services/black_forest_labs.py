"""A stand-in for the Black Forest Labs API, https://api.bfl.ai: submit, poll at the address given, fetch the picture.

What a task does is said in its prompt:

- ``refused``: the request is moderated; ``indecent``: the picture is;
- ``fails``: the task ends in ``Error``; ``fails loudly``: the same, with status 503; ``lost``: it is not found;
- ``out of credits``, ``busy``, ``down``: the submit is answered with 402, 429, 503;
- ``slow``: it is pending until `BlackForestLabs.finish` is set.

Of 24 tasks at once, and of 6 of FLUX.1 Kontext [max], the next is answered with 429.
"""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image
from pydantic import ValidationError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.bfl_api.inputs import MODELS, picture_of
from services.serving import Asked, Journal, Strict, serving

KEY = "test-key"
SIGNATURE = "f0x"
"""Of a picture's address."""

MOST_TASKS = 24
MOST_OF_MODEL = {"flux-kontext-max": 6}
"""Tasks at once: "due to capacity issues, for flux-kontext-max, requests to our API are limited to 6 active tasks"."""

_MOST_PIXELS = 1024 * 1024
_REFUSALS = {
    "out of credits": (402, "Insufficient credits"),
    "down": (503, "Service temporarily unavailable"),
}
_REASONS = {
    "refused": ("Request Moderated", "Derivative Works Filter"),
    "indecent": ("Content Moderated", "Sexual Content"),
}
_EXPIRED = (
    '<?xml version="1.0" encoding="utf-8"?><Error><Code>AuthenticationFailed</Code>'
    "<Message>Signature not valid in the specified time frame</Message></Error>"
)


@dataclass
class Task:
    """A task that was submitted."""

    id: str
    model: str
    inputs: Strict
    cost: float
    polls: int = 0
    is_done: bool = False

    def said(self, name: str, otherwise: Any = None) -> Any:
        """Return what a field of the body was."""
        return getattr(self.inputs, name, otherwise)

    @property
    def size(self) -> tuple[int, int]:
        """The size of its picture: that which was asked for, unless it is large."""
        width, height = self.said("width"), self.said("height")
        if not (width and height):
            across, _, down = (self.said("aspect_ratio") or "1:1").replace("auto", "1:1").partition(":")
            width, height = 32 * int(across), 32 * int(down)
        return (width, height) if width * height <= _MOST_PIXELS else (64, 64)

    @property
    def media_format(self) -> str:
        """The format of its picture; FLUX 3 draws PNG."""
        return self.said("output_format", "png") or "jpeg"


@dataclass
class BlackForestLabs:
    """The service.

    Attributes:
        url: where it is.
        delivery_url: where its pictures are: another origin, as theirs are.
        region_url: where its tasks are to be asked for; None for `url`.
        journal: what it was asked.
        delivered: what the place of its pictures was asked.
        models: what it serves: schema and price.
        states: the states that a task goes through.
        hiccups: polls that fail on the way, before they reach the service.
        finish: lets tasks end that are slow.
        wait: seconds, told in the body where it is busy.
        retry_after: seconds, told in a header there too.
        refused: how many tasks were refused because there were too many.
        expired: whether the addresses of pictures are too old.
        tells_cost: whether a submit is answered with its cost.
        settled: what a finished task has cost in the end; None where that is not told.
    """

    url: str = ""
    delivery_url: str = ""
    region_url: str | None = None
    journal: Journal = field(default_factory=Journal)
    delivered: Journal = field(default_factory=Journal)
    models: dict[str, tuple[type[Strict], float]] = field(default_factory=lambda: dict(MODELS))
    states: tuple[tuple[str, float | None], ...] = (("Pending", None), ("Pending", 0.5))
    hiccups: int = 0
    finish: threading.Event = field(default_factory=threading.Event)
    wait: float = 5
    retry_after: str | None = None
    refused: int = 0
    expired: bool = False
    tells_cost: bool = True
    settled: float | None = None
    tasks: dict[str, Task] = field(default_factory=dict)

    def begin_anew(self) -> None:
        """Forget everything, at the same addresses."""
        vars(self).update(vars(BlackForestLabs(self.url, self.delivery_url)))

    @property
    def app(self) -> Starlette:
        """The API."""
        routes = [
            Route("/v1/get_result", self._result),
            Route("/v1/credits", self._credits),
            Route("/v1/{model:path}", self._submit, methods=["POST"]),
            Route("/openapi.json", self._description),
        ]
        return Starlette(routes=routes, exception_handlers={HTTPException: _detail})

    @property
    def delivery(self) -> Starlette:
        """The place of the pictures."""
        return Starlette(routes=[Route("/results/{id}/sample.{format}", self._picture)])

    async def _submit(self, request: Request) -> Response:
        asked = await self.journal.write(request)
        _check_key(asked)
        name = request.path_params["model"]
        if name not in self.models:
            raise HTTPException(404, "Not Found")
        schema, price = self.models[name]
        inputs = _read(schema, asked)
        if isinstance(inputs, Response):
            return inputs
        prompt = getattr(inputs, "prompt", "") or ""
        for words, (status, detail) in _REFUSALS.items():
            if words in prompt:
                raise HTTPException(status, detail)
        if "busy" in prompt or self._is_full(name):
            return self._busy()
        task = Task(f"{len(self.tasks):032x}", name, inputs, price)
        self.tasks[task.id] = task
        if webhook := task.said("webhook_url"):
            return JSONResponse({"id": task.id, "status": "Pending", "webhook_url": webhook})
        across, down = task.said("width") or 1024, task.said("height") or 1024
        counted = {"cost": price, "input_mp": 0.0, "output_mp": round(across * down / 1024**2, 2)}
        address = f"{self.region_url or self.url}/v1/get_result?id={task.id}"
        return JSONResponse({"id": task.id, "polling_url": address, **(counted if self.tells_cost else {})})

    def _is_full(self, model: str) -> bool:
        """Whether a further task of this model is one too many."""
        active = [task.model for task in self.tasks.values() if not task.is_done]
        return len(active) >= MOST_TASKS or active.count(model) >= MOST_OF_MODEL.get(model, MOST_TASKS)

    def _busy(self) -> Response:
        self.refused += 1
        said = {"error": "rate_limit_exceeded", "message": "Too many concurrent requests", "retry_after": self.wait}
        return JSONResponse(said, 429, {"Retry-After": self.retry_after} if self.retry_after else None)

    async def _result(self, request: Request) -> Response:
        """Answer a poll; it needs no key."""
        asked = await self.journal.write(request)
        if self.hiccups:
            self.hiccups -= 1
            return Response("<h1>502 Bad Gateway</h1>", 502, media_type="text/html")
        if "id" not in asked.query:
            return _invalid([{"type": "missing", "loc": ("query", "id"), "msg": "Field required"}])
        task = self.tasks.get(asked.query["id"])
        prompt = (task.said("prompt") or "") if task else "lost"
        if task is None or "lost" in prompt:
            return JSONResponse({"id": asked.query["id"], "status": "Task not found", "result": None}, 404)
        task.polls += 1
        if "slow" in prompt and not self.finish.is_set():
            return JSONResponse(_state(task, "Pending", progress=0.1))
        if task.polls <= len(self.states):
            state, progress = self.states[task.polls - 1]
            return JSONResponse(_state(task, state, progress=progress))
        task.is_done = True
        for words, (state, reason) in _REASONS.items():
            if words in prompt:
                return JSONResponse(_state(task, state, details={"Moderation Reasons": [reason]}))
        if "fails" in prompt:
            return JSONResponse(_state(task, "Error"), 503 if "loudly" in prompt else 200)
        return JSONResponse(self._ready(task))

    def _ready(self, task: Task) -> dict[str, Any]:
        address = f"{self.delivery_url}/results/{task.id}/sample.{task.media_format}?sig={SIGNATURE}"
        result = {"sample": address, "prompt": task.said("prompt"), "duration": 2.5}
        if hasattr(task.inputs, "seed"):
            result["seed"] = 1234567890 if task.said("seed") is None else task.said("seed")
        settled = {} if self.settled is None else {"cost": self.settled}
        return _state(task, "Ready", result=result) | settled

    async def _picture(self, request: Request) -> Response:
        asked = await self.delivered.write(request)
        task = self.tasks[request.path_params["id"]]
        if self.expired or asked.query.get("sig") != SIGNATURE:
            return Response(_EXPIRED, 403, media_type="application/xml")
        encoded = io.BytesIO()
        Image.new("RGB", task.size, (len(self.tasks), 120, 40)).save(encoded, task.media_format.upper())
        return Response(encoded.getvalue(), media_type=f"image/{task.media_format}")

    async def _credits(self, request: Request) -> Response:
        _check_key(await self.journal.write(request))
        return JSONResponse({"credits": 1234.5})

    async def _description(self, request: Request) -> Response:
        """Describe the service, as it does itself; it needs no key."""
        await self.journal.write(request)
        schemas: dict[str, Any] = {}
        paths: dict[str, Any] = {"/v1/get_result": {"get": {}}, "/v1/credits": {"get": {}}}
        for name, (schema, _) in self.models.items():
            schemas[schema.__name__] = schema.model_json_schema(ref_template="#/components/schemas/{model}")
            content = {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema.__name__}"}}}
            paths[f"/v1/{name}"] = {"post": {"requestBody": {"content": content, "required": True}}}
        return JSONResponse({"openapi": "3.1.0", "paths": paths, "components": {"schemas": schemas}})


@contextlib.contextmanager
def black_forest_labs() -> Iterator[BlackForestLabs]:
    """Run the service, and the place of its pictures, until the block ends."""
    service = BlackForestLabs()
    with serving(service.app) as service.url, serving(service.delivery) as service.delivery_url:
        yield service


def _check_key(asked: Asked) -> None:
    if "x-key" not in asked.headers:
        raise HTTPException(403, "Not authenticated")
    if asked.headers["x-key"] != KEY:
        raise HTTPException(403, "Not authenticated - Invalid Authentication")


def _read(schema: type[Strict], asked: Asked) -> Strict | Response:
    """Return a body as its schema reads it, or the answer to one that is not valid."""
    if asked.headers.get("content-type", "").partition(";")[0] != "application/json":
        message = "Input should be a valid dictionary or object to extract fields from"
        return _invalid([{"type": "model_attributes_type", "loc": (), "msg": message}])
    try:
        inputs = schema.model_validate_json(asked.body)
    except ValidationError as error:
        return _invalid(error.errors(include_url=False, include_context=False, include_input=False))
    mask, image = getattr(inputs, "mask", None), getattr(inputs, "image", None)
    if mask and image and picture_of(mask).size != picture_of(image).size:
        return _invalid(
            [{"type": "value_error", "loc": ("mask",), "msg": "Mask and image must have the same dimensions"}]
        )
    return inputs


def _invalid(errors: Any) -> Response:
    placed = [{**each, "loc": each["loc"] if "query" in each["loc"] else ["body", *each["loc"]]} for each in errors]
    return JSONResponse({"detail": placed}, 422)


def _state(
    task: Task,
    status: str,
    *,
    result: Any = None,
    progress: float | None = None,
    details: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "id": task.id,
        "status": status,
        "result": result,
        "progress": progress,
        "details": details,
        "preview": None,
    }


async def _detail(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"detail": error.detail}, error.status_code, error.headers)
