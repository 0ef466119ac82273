"""Replicate's HTTP API on loopback, as its OpenAPI document has it; plugins/replicate/README.md names the sources."""

from __future__ import annotations

import base64
import io
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from PIL import Image
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from services.replicate_api import fields
from services.replicate_api.answers import (
    KEY,
    NO_VERSION,
    THROTTLED,
    ByName,
    ByVersion,
    Refusal,
    address_of,
    body_of,
    check_headers,
    check_key,
    file_told,
    invalid,
    model_told,
    not_found,
    refuse_by_prompt,
    version_told,
)
from services.replicate_api.catalogue import SHEETS, Sheet, version_of
from services.replicate_api.predictions import Prediction, count_of, seed_of, size_of
from services.serving import Asked, Journal, Upload

__all__ = ["KEY", "SHEETS", "Replicate", "version_of"]

_Handler: TypeAlias = Callable[[Request, Asked], Awaitable[Response]]

_FORMATS = {"webp": "WEBP", "jpg": "JPEG", "png": "PNG"}


class Replicate:
    """The stand-in. What becomes of a prediction is said in its prompt, as `predictions` has it.

    Attributes:
        journal: what it was asked.
        outputs_inline: whether pictures come in ``data:`` URLs, rather than at addresses.
        delivery: scheme, host and port at which pictures are; empty for its own.
        throttled: how many looks at predictions are still refused as too many.
        largest_file: bytes that an uploaded file may have.
    """

    def __init__(self) -> None:
        self.journal = Journal()
        self.outputs_inline = False
        self.delivery = ""
        self.throttled = 0
        self.largest_file = 100_000_000
        self.predictions: dict[str, Prediction] = {}
        self.files: dict[str, Upload] = {}
        self.pictures: dict[str, tuple[bytes, str]] = {}
        routes: list[tuple[str, str, _Handler]] = [
            ("POST", "/v1/models/{owner}/{name}/predictions", self._run_model),
            ("POST", "/v1/predictions", self._run_version),
            ("GET", "/v1/predictions/{id}", self._get),
            ("POST", "/v1/predictions/{id}/cancel", self._cancel),
            ("POST", "/v1/files", self._upload),
            ("GET", "/v1/files/{id}", self._get_file),
            ("GET", "/v1/account", self._account),
            ("GET", "/v1/collections/{slug}", self._collection),
            ("GET", "/v1/models/{owner}/{name}", self._model),
            ("GET", "/v1/models/{owner}/{name}/versions/{version}", self._version),
        ]
        self.app = Starlette(
            routes=[
                Route("/delivery/{name:path}", self._deliver, methods=["GET"]),
                *(Route(path, self._guarded(handler), methods=[method]) for method, path, handler in routes),
            ]
        )

    def forget_pictures(self) -> None:
        """Delete all outputs, as the service does after an hour."""
        self.pictures.clear()

    def _guarded(self, handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
        async def answer(request: Request) -> Response:
            asked = await self.journal.write(request)
            try:
                check_key(asked)
                return await handler(request, asked)
            except Refusal as refusal:
                return refusal.answer()

        return answer

    async def _run_model(self, request: Request, asked: Asked) -> Response:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        body = body_of(asked, ByName)
        sheet = SHEETS.get(name)
        if sheet is None or not sheet.official:
            raise not_found()
        return self._created(request, asked, name, sheet, "hidden", body.input)

    async def _run_version(self, request: Request, asked: Asked) -> Response:
        body = body_of(asked, ByVersion)
        for name, sheet in SHEETS.items():
            version = version_of(name)
            if body.version in {version, f"{name}:{version}"} or (sheet.official and body.version == name):
                return self._created(request, asked, name, sheet, version, body.input)
        raise Refusal(422, NO_VERSION, "Invalid version or not permitted")

    def _created(
        self, request: Request, asked: Asked, name: str, sheet: Sheet, version: str, given: dict[str, Any]
    ) -> Response:
        prefer, deadline = check_headers(asked)
        wrong = list(fields.problems(sheet.fields, sheet.required, given, self._is_file(request)))
        if wrong:
            raise invalid(wrong)
        refuse_by_prompt(str(given.get("prompt", "")))
        number = len(self.predictions) + 1
        prediction = Prediction(
            id=f"p{number:025}", model=name, version=version, input=given, outputs=[], several=sheet.several,
            seed=seed_of(given), deadline="2026-11-26T16:20:04.765Z" if deadline else None,
        )  # fmt: skip
        prediction.outputs += self._drawn(request, prediction)
        self.predictions[prediction.id] = prediction
        told = prediction.told(address_of(request), waits=prefer is not None)
        return JSONResponse(told, 201 if prefer is None or prediction.is_over else 202)

    def _is_file(self, request: Request) -> Callable[[str], bool]:
        own = f"{address_of(request)}/v1/files/"

        def is_file(url: str) -> bool:
            if url.startswith(own):
                return url.removeprefix(own) in self.files
            return url.startswith("https://")

        return is_file

    def _drawn(self, request: Request, prediction: Prediction) -> list[str]:
        given, addresses = prediction.input, []
        suffix = str(given.get("output_format", "png"))
        for index in range(count_of(given)):
            content = io.BytesIO()
            size = size_of(prediction.model, given)
            Image.new("RGB", size, ("orange", "teal", "plum", "navy")[index % 4]).save(content, _FORMATS[suffix])
            media_type = f"image/{_FORMATS[suffix].lower()}"
            name = f"{prediction.id}/out-{index}.{suffix}"
            self.pictures[name] = content.getvalue(), media_type
            encoded = base64.b64encode(content.getvalue()).decode()
            inline = f"data:{media_type};base64,{encoded}"
            addresses.append(
                inline if self.outputs_inline else f"{self.delivery or address_of(request)}/delivery/{name}"
            )
        return addresses

    async def _get(self, request: Request, asked: Asked) -> Response:
        prediction = self._prediction(request)
        if self.throttled:
            self.throttled -= 1
            raise Refusal(429, THROTTLED.replace("30", "0"))
        prediction.go_on()
        return JSONResponse(prediction.told(address_of(request)))

    async def _cancel(self, request: Request, asked: Asked) -> Response:
        prediction = self._prediction(request)
        if asked.body:
            raise Refusal(422, "- body: Nothing was expected\n", "Input validation failed")
        prediction.cancel()
        return JSONResponse(prediction.told(address_of(request)))

    def _prediction(self, request: Request) -> Prediction:
        prediction = self.predictions.get(request.path_params["id"])
        if prediction is None:
            raise not_found()
        return prediction

    async def _upload(self, request: Request, asked: Asked) -> Response:
        if not asked.headers.get("content-type", "").startswith("multipart/form-data"):
            raise Refusal(415, "Unsupported media type: send multipart/form-data")
        content = asked.fields.get("content")
        if not isinstance(content, Upload):
            raise Refusal(422, "- body.content: A file is required\n", "Input validation failed")
        if unknown := [name for name in asked.fields if name not in {"content", "filename", "type", "metadata"}]:
            raise Refusal(422, f"- body: Additional property {unknown[0]} is not allowed\n", "Input validation failed")
        if len(content.data) > self.largest_file:
            raise Refusal(413, "Files must be less than 100MB in size")
        number = f"f{len(self.files) + 1:025}"
        self.files[number] = content
        return JSONResponse(file_told(number, content, address_of(request)), 201)

    async def _get_file(self, request: Request, asked: Asked) -> Response:
        number = request.path_params["id"]
        if number not in self.files:
            raise Refusal(404, "File not found")
        return JSONResponse(file_told(number, self.files[number], address_of(request)))

    async def _account(self, request: Request, asked: Asked) -> Response:
        return JSONResponse({"type": "organization", "username": "acme", "name": "Acme Corp"})

    async def _collection(self, request: Request, asked: Asked) -> Response:
        slug = request.path_params["slug"]
        names = {
            "text-to-image": ["black-forest-labs/flux-schnell", "google/nano-banana-2", "somebody/inkwash"],
            "image-editing": ["qwen/qwen-image-edit", "black-forest-labs/flux-schnell"],
        }.get(slug)
        if names is None:
            raise not_found()
        models = [model_told(name, SHEETS[name]) for name in names]
        told = {"name": slug, "slug": slug, "description": "", "full_description": None, "models": models}
        return JSONResponse(told)

    async def _model(self, request: Request, asked: Asked) -> Response:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        if name not in SHEETS:
            raise not_found()
        return JSONResponse(model_told(name, SHEETS[name]))

    async def _version(self, request: Request, asked: Asked) -> Response:
        name = f"{request.path_params['owner']}/{request.path_params['name']}"
        if name not in SHEETS or request.path_params["version"] != version_of(name):
            raise not_found()
        return JSONResponse(version_told(name, SHEETS[name]))

    async def _deliver(self, request: Request) -> Response:
        await self.journal.write(request)
        found = self.pictures.get(request.path_params["name"])
        return Response("Not Found", 404) if found is None else Response(found[0], media_type=found[1])
