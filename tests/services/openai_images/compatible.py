"""A server that speaks the Images API in its own accent, as LocalAI, xAI, vLLM-Omni and others do.

What differs: no usage, addresses in place of base64, a plain answer where a stream was asked for, errors without the
envelope: LocalAI's ``core/http/endpoints/openai/image.go``, vLLM-Omni's ``entrypoints/openai/protocol/images.py``, and
the documentation of xAI's REST API.
"""

from __future__ import annotations

from typing import Any, Literal

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response, StreamingResponse
from starlette.routing import Route

from services.openai_images.drawing import draw, in_base64
from services.serving import Journal

Accent = Literal["url", "bare host", "data url", "b64_json", "bytes", "chunks", "late", "empty", "half", "lost"]


class CompatibleServer:
    """Takes any model and any field, and needs no key.

    Attributes:
        journal: what it was asked.
        app: to be served.
        accent: how it tells of its pictures.
        models: what it lists.
    """

    def __init__(self, accent: Accent = "url", models: tuple[str, ...] = ("stablediffusion", "llama-3.2-1b")) -> None:
        self.journal = Journal()
        self.accent = accent
        self.models = models
        self.app = Starlette(
            routes=[
                Route("/v1/models", self._models, methods=["GET"]),
                Route("/v1/images/generations", self._draw, methods=["POST"]),
                Route("/v1/images/edits", self._draw, methods=["POST"]),
                Route("/generated-images/{name}", self._picture, methods=["GET"]),
            ]
        )

    async def _models(self, request: Request) -> Response:
        await self.journal.write(request)
        return JSONResponse({"object": "list", "data": [{"id": name, "object": "model"} for name in self.models]})

    async def _draw(self, request: Request) -> Response:
        entry = await self.journal.write(request)
        prompt = entry.fields.get("prompt", "")
        if "crash" in prompt:
            return JSONResponse({"error": {"code": 500, "message": "could not load model", "type": ""}}, 500)
        if "invalid" in prompt:
            return JSONResponse({"detail": [{"loc": ["body", "size"], "msg": "Input should be WxH"}]}, 422)
        if "gateway" in prompt:
            return PlainTextResponse("<html><h1>Bad Gateway</h1></html>", 502)
        picture, host = draw((64, 48), "jpeg"), request.headers["host"]
        if self.accent == "bytes":
            return Response(picture, media_type="image/jpeg")
        if self.accent in {"chunks", "late"}:
            return StreamingResponse(iter(self._events(picture, host)), media_type="text/event-stream")
        return JSONResponse({"id": "x", "object": "list", "model": entry.fields.get("model"), "data": self._data(host)})

    def _events(self, picture: bytes, host: str) -> list[str]:
        if self.accent == "late":
            return [
                f'data: {{"type": "image_generation.completed", "url": "http://{host}/generated-images/1.jpg"}}\n\n'
            ]
        chunk = f'{{"object": "image.edit.chunk", "type": "image", "data": [{{"b64_json": "{in_base64(picture)}"}}]}}'
        return [f"data: {chunk}\n\n", "data: [DONE]\n\n"]

    def _data(self, host: str) -> list[dict[str, Any]]:
        encoded = in_base64(draw((64, 48), "jpeg"))
        addresses = {
            "url": f"http://{host}/generated-images/1.jpg",
            "lost": f"http://{host}/generated-images/1.jpg",
            "bare host": f"{host}/generated-images/1.jpg",
            "data url": f"data:image/jpeg;base64,{encoded}",
        }
        drawn = {"b64_json": encoded, "revised_prompt": "", "seed": 7}
        blocked: dict[str, Any] = {"url": None, "respect_moderation": False, "block_reason": "the moderator said no"}
        match self.accent:
            case "empty":
                return [blocked]
            case "half":
                return [drawn, blocked]
            case "b64_json":
                return [drawn]
            case accent:
                return [{"url": addresses[accent], "index": 0}]

    async def _picture(self, request: Request) -> Response:
        await self.journal.write(request)
        if self.accent == "lost":
            return PlainTextResponse("no such file", 404)
        return Response(draw((64, 48), "jpeg"), media_type="image/jpeg")
