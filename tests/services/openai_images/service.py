"""The application: keys, the list of models, generations and edits; conversations are in ``conversing.py``.

The wire: the SDK ``openai`` 3.57.0 and openai/openai-openapi, ``openapi.yaml`` of 2026-08-21.
"""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from services.openai_images.bodies import FIXED, FLEXIBLE, Painting, edit, generation, sides_of
from services.openai_images.conversing import Conversations
from services.openai_images.drawing import draw, in_base64
from services.openai_images.failures import BAD_KEY, NO_KEY, Refused, failure_in, moderated
from services.openai_images.telling import CREATED, event, usage_of
from services.serving import Asked, Journal, Upload

KEY = "test-key"
SHUT_DOWN = dict.fromkeys(FIXED, "2026-12-01")
OTHERS = ("gpt-6-luna", "gpt-5.4", "text-embedding-3-large", "gpt-image-1", "dall-e-3")
"""What is listed beside the models that draw; the last two draw no more."""

Handler = Callable[[Request], Awaitable[Response]]


class OpenAIService:
    """OpenAI, as far as pictures go. Words in a prompt bring about errors: see ``failures.failure_in``.

    "cut short" ends a stream after its previews, "refused at the end" fails in it, "flat refusal" does so without the
    envelope, "slow" waits there until the client is gone; "last first" sends fewer previews than were asked for.

    Attributes:
        journal: what it was asked.
        app: to be served.
        left: set when a client has gone while it waited.
    """

    def __init__(self) -> None:
        self.journal = Journal()
        self.left = threading.Event()
        self._conversations = Conversations()
        self.app = Starlette(
            routes=[
                Route("/v1/models", self._checked(self._models), methods=["GET"]),
                Route("/v1/images/generations", self._checked(self._generate), methods=["POST"]),
                Route("/v1/images/edits", self._checked(self._edit), methods=["POST"]),
                Route("/v1/responses", self._checked(self._respond), methods=["POST"]),
            ],
            exception_handlers={404: _no_such_address, 405: _no_such_method},
        )

    def forget_conversations(self) -> None:
        """Forget all responses, as the service does after a month."""
        self._conversations = Conversations()

    def _checked(self, handler: Callable[[Request, Asked], Awaitable[Response]]) -> Handler:
        async def checked(request: Request) -> Response:
            entry = await self.journal.write(request)
            try:
                _check_key(request.headers.get("authorization"))
                return await handler(request, entry)
            except Refused as refused:
                return refused.answer()

        return checked

    async def _models(self, request: Request, entry: Asked) -> Response:
        listed = [
            {
                "id": name,
                "object": "model",
                "created": CREATED,
                "owned_by": "system",
                "shutdown_date": SHUT_DOWN.get(name),
            }
            for name in (*OTHERS, *FLEXIBLE, *FIXED)
        ]
        return JSONResponse({"object": "list", "data": listed})

    async def _generate(self, request: Request, entry: Asked) -> Response:
        _check_media_type(request, "application/json")
        asked = generation(entry.fields)
        return self._answer(request, asked, "image_generation", [], None)

    async def _edit(self, request: Request, entry: Asked) -> Response:
        _check_media_type(request, "multipart/form-data")
        asked, images, mask = edit(entry.fields)
        return self._answer(request, asked, "image_edit", images, mask)

    async def _respond(self, request: Request, entry: Asked) -> Response:
        _check_media_type(request, "application/json")
        return self._conversations.answer(entry.fields)

    def _answer(
        self, request: Request, asked: Painting, kind: str, images: list[Upload], mask: Upload | None
    ) -> Response:
        if failure := failure_in(asked.prompt):
            raise failure
        under = images[0] if images else None
        output_format = asked.output_format or "png"
        transparent = asked.background == "transparent"
        size = sides_of(asked.size)
        picture = in_base64(draw(size, output_format, transparent=transparent, under=under, mask=mask))
        described = {
            "background": "transparent" if transparent else "opaque",
            "output_format": output_format,
            "quality": asked.quality if asked.quality not in {None, "auto"} else "high",
            "size": f"{size[0]}x{size[1]}",
        }
        if asked.stream:
            return _sse(self._stream(request, asked, kind, picture, described, usage_of(asked, len(images))))
        count = asked.n or 1
        told = {"created": CREATED, **described, "data": [{"b64_json": picture}] * count}
        usage = usage_of(asked, len(images))
        usage["output_tokens_details"] = {"text_tokens": 0, "image_tokens": usage["output_tokens"]}
        return JSONResponse({**told, "usage": usage}, headers={"x-request-id": "req_1"})

    async def _stream(
        self,
        request: Request,
        asked: Painting,
        kind: str,
        picture: str,
        described: dict[str, Any],
        usage: dict[str, Any],
    ) -> AsyncIterator[str]:
        yield ": keepalive\n\n"
        told = {"created_at": CREATED, **described}
        previews = min(asked.partial_images or 0, 1 if "last first" in asked.prompt else 3)
        for index in range(previews):
            small = in_base64(draw((64, 64), "png"))
            yield event(f"{kind}.partial_image", b64_json=small, **told, partial_image_index=index)
        if "slow" in asked.prompt:
            try:
                while not await request.is_disconnected():
                    await request.receive()
            finally:
                self.left.set()
        elif "refused at the end" in asked.prompt:
            yield event("error", error=moderated().error)
        elif "flat refusal" in asked.prompt:
            error = moderated().error
            yield event("error", **{name: error[name] for name in ("code", "message", "param")})
        elif "cut short" not in asked.prompt:
            for _ in range(asked.n or 1):
                yield event(f"{kind}.completed", b64_json=picture, **told, usage=usage)


def _sse(body: AsyncIterator[str]) -> Response:
    return StreamingResponse(body, media_type="text/event-stream", headers={"x-request-id": "req_1"})


async def _no_such_address(request: Request, _: Exception) -> Response:
    return Refused(404, f"Invalid URL ({request.method} {request.url.path})").answer()


async def _no_such_method(request: Request, _: Exception) -> Response:
    message = f"Not allowed to {request.method} on {request.url.path}."
    return Refused(405, message, param="method", code="method_not_supported").answer()


def _check_key(header: str | None) -> None:
    if not header:
        raise Refused(401, NO_KEY)
    scheme, _, key = header.partition(" ")
    if scheme != "Bearer" or key != KEY:
        raise Refused(401, BAD_KEY.format(f"{key[:3]}***{key[-3:]}"), code="invalid_api_key")


def _check_media_type(request: Request, wanted: str) -> None:
    given = request.headers.get("content-type", "").partition(";")[0]
    if given != wanted:
        message = f"Unsupported content type: '{given}'. This API method only accepts '{wanted}' requests."
        raise Refused(400, message, code="unsupported_content_type")
