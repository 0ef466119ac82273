"""The stand-in's routes: the Hub, the router, and where the pictures are fetched from."""

from __future__ import annotations

import base64
import itertools
from collections.abc import Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.inference_providers import bodies, hub
from services.inference_providers.asking import Refused, body_of, refuse_by_prompt, require, task_of
from services.inference_providers.jobs import Jobs
from services.inference_providers.mapping import TEXT
from services.inference_providers.pictures import drawn
from services.inference_providers.queued import Queued
from services.serving import Asked, Journal

Answer = Callable[[Request, Asked], Response]


class InferenceProviders:
    """Hugging Face Inference Providers on loopback.

    Words in the prompt choose a failure (see ``refusals``); ``slow`` makes Replicate answer before the picture is done,
    ``hold`` keeps a picture from ever being done, ``black`` has the safety checker find something.

    Args:
        key: the only key that is right.
        polls: how many times a picture is not done yet when it is asked for.

    Attributes:
        journal: what was asked.
        expired: whether the pictures are gone already from where they are fetched.
        app: what to serve.
    """

    def __init__(self, key: str = "test-key", polls: int = 2) -> None:
        self.journal = Journal()
        self.key = key
        self.expired = False
        self.jobs = Jobs(polls)
        self._files: dict[str, tuple[bytes, str]] = {}
        self._numbers = itertools.count(1)
        queued = Queued(self.jobs, self.keep)
        self.app = Starlette(
            routes=[
                self._hub("/api/models", hub.models),
                self._hub("/api/models/{owner}/{name}", hub.model),
                Route("/files/{name}", self._file),
                self._router("POST", "/hf-inference/models/{model:path}", self._hf_inference),
                self._router("POST", "/nscale/v1/images/generations", self._nscale),
                self._router("POST", "/together/v1/images/generations", self._together),
                *(self._router(method, path, answer) for method, path, answer in queued.routes()),
            ]
        )

    def keep(self, request: Request, data: bytes, kind: str = "png") -> str:
        """Keep a picture, and return its address."""
        name = f"{next(self._numbers)}.{kind}"
        self._files[name] = data, f"image/{kind}"
        return f"{request.base_url}files/{name}"

    def _hub(self, path: str, answer: Callable[[Request], Response]) -> Route:
        async def endpoint(request: Request) -> Response:
            await self.journal.write(request)
            return hub.refusal_of_key(request, self.key, optional=True) or answer(request)

        return Route(path, endpoint)

    def _router(self, method: str, path: str, answer: Answer) -> Route:
        async def endpoint(request: Request) -> Response:
            asked = await self.journal.write(request)
            refusal = hub.refusal_of_key(request, self.key, optional=False)
            if refusal is not None:
                return refusal
            try:
                return answer(request, asked)
            except Refused as refused:
                return refused.answer

        return Route(path, endpoint, methods=[method])

    async def _file(self, request: Request) -> Response:
        await self.journal.write(request)
        found = self._files.get(request.path_params["name"])
        if found is None or self.expired:
            return Response("Not Found", 404)
        data, media_type = found
        return Response(data, media_type=media_type)

    def _hf_inference(self, request: Request, asked: Asked) -> Response:
        task = task_of("hf-inference", request.path_params["model"])
        kind = "PNG" if "image/png" in asked.headers.get("accept", "") else "JPEG"
        width, height, prompt = None, None, ""
        if task == TEXT:
            text = body_of(asked, bodies.HfText)
            width, height, prompt = text.parameters.width, text.parameters.height, text.inputs
        elif asked.headers.get("content-type") == "application/json":
            edit = body_of(asked, bodies.HfEdit)
            require(base64.b64decode(edit.inputs)[:2] in {b"\x89P", b"\xff\xd8", b"RI"}, 400, "inputs is no picture")
            size, prompt = edit.parameters.target_size, edit.parameters.prompt or ""
            width, height = (size.width, size.height) if size else (None, None)
        else:
            require(bool(asked.body), 400, "no picture")
        refuse_by_prompt(prompt, "hf-inference")
        return Response(drawn(width, height, kind), media_type=f"image/{kind.lower()}")

    def _nscale(self, request: Request, asked: Asked) -> Response:
        body = body_of(asked, bodies.Nscale)
        task_of("nscale", body.model)
        refuse_by_prompt(body.prompt, "nscale")
        width, height = (int(side) for side in body.size.split("x")) if body.size else (None, None)
        return JSONResponse({"created": 1764000000, "data": [{"b64_json": _base64(drawn(width, height))}]})

    def _together(self, request: Request, asked: Asked) -> Response:
        body: bodies.Together = body_of(asked, bodies.TogetherEdit)
        if task_of("together", body.model) == TEXT:
            body = body_of(asked, bodies.Together)
        else:
            assert isinstance(body, bodies.TogetherEdit)
            is_kontext = "kontext" in body.model.lower()
            given = body.image_url if is_kontext else body.reference_images
            require(bool(given), 400, f"{'image_url' if is_kontext else 'reference_images'} is required")
        refuse_by_prompt(body.prompt, "together")
        data = drawn(body.width, body.height)
        picture: dict[str, Any] = {"index": 0}
        if body.response_format == "url":
            picture["url"] = self.keep(request, data)
        else:
            picture["b64_json"] = _base64(data)
        return JSONResponse({"id": "oabc", "model": body.model, "object": "list", "data": [picture]})


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
