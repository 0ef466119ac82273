"""``POST /v1/responses`` with the image generation tool: a text model that draws, and remembers what it drew.

Fields: the SDK ``openai`` 3.57.0, ``types/responses/``: ``tool_param.py``, ``response_input_item_param.py``,
``response_output_item.py``, ``response.py`` and the files of the events.
"""

from __future__ import annotations

import base64
import binascii
import itertools
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, ValidationError
from starlette.responses import JSONResponse, Response, StreamingResponse

from services.openai_images.bodies import (
    Background,
    Format,
    Output,
    Partials,
    Percent,
    Quality,
    check_output,
    sides_of,
)
from services.openai_images.drawing import draw, in_base64
from services.openai_images.failures import POLICY, Refused, failure_in, moderated, of_validation, unknown_model
from services.openai_images.telling import CREATED, event
from services.serving import Strict, Upload

TEXT_MODELS = ("gpt-6-luna", "gpt-6-luna-2026-09-22", "gpt-5.4")


class InputText(Strict):
    type: Literal["input_text"]
    text: str = Field(min_length=1)


class InputImage(Strict):
    type: Literal["input_image"]
    detail: Literal["low", "high", "auto", "original"] | None = None
    image_url: str


class Message(Strict):
    role: Literal["user"]
    content: str | list[InputText | InputImage]


class MaskReference(Strict):
    image_url: str


class ImageTool(Output):
    """The tool's settings; ``n`` is none of them."""

    type: Literal["image_generation"]
    model: str = "gpt-image-2.6-sunburst"
    action: Literal["generate", "edit", "auto"] = "auto"
    size: str = "auto"
    quality: Quality = "auto"
    background: Background = "auto"
    output_format: Format = "png"
    output_compression: Percent = 100
    moderation: Literal["low", "auto"] = "auto"
    partial_images: Partials = 0
    input_image_mask: MaskReference | None = None


class Choice(Strict):
    type: Literal["image_generation"]


class Turn(Strict):
    model: str
    input: str | list[Message]
    tools: list[ImageTool] = Field(min_length=1, max_length=1)
    tool_choice: Choice | Literal["auto", "required"] = "auto"
    previous_response_id: str | None = None
    stream: bool = False
    safety_identifier: str | None = None


class Conversations:
    """The turns so far, each with its picture, by the id of its response.

    "in words" answers without a picture, "blocked" fails as a tool does, "too much" and "usage" as a response does,
    "filtered" is not completed.
    """

    def __init__(self) -> None:
        self._drawn: dict[str, bytes] = {}
        self._ids = itertools.count(1)

    def answer(self, fields: dict[str, Any]) -> Response:
        """Return the answer to a turn.

        Raises:
            Refused: it cannot be taken.
        """
        try:
            turn = Turn(**fields)
        except ValidationError as error:
            raise of_validation(error) from None
        prompt, pictures = _read(turn.input)
        if turn.model not in TEXT_MODELS:
            raise unknown_model(turn.model)
        tool = turn.tools[0]
        check_output(tool, masked=tool.input_image_mask is not None)
        if turn.previous_response_id is not None and turn.previous_response_id not in self._drawn:
            message = f"Previous response with id '{turn.previous_response_id}' not found."
            raise Refused(400, message, param="previous_response_id", code="previous_response_not_found")
        if failure := failure_in(prompt):
            raise failure
        response = self._response(turn, tool, prompt, pictures)
        if not turn.stream:
            return JSONResponse(response, headers={"x-request-id": "req_1"})
        return StreamingResponse(iter([*_events(response, tool)]), media_type="text/event-stream")

    def _response(self, turn: Turn, tool: ImageTool, prompt: str, pictures: list[Upload]) -> dict[str, Any]:
        number = next(self._ids)
        response_id = f"resp_{number}"
        size = sides_of(tool.size)
        mask = _upload(tool.input_image_mask.image_url) if tool.input_image_mask else None
        under = pictures[0] if pictures else None
        picture = draw(size, tool.output_format, transparent=tool.background == "transparent", under=under, mask=mask)
        self._drawn[response_id] = picture
        continued = turn.previous_response_id is not None
        call: dict[str, Any] = {
            "id": f"ig_{number}",
            "type": "image_generation_call",
            "status": "completed",
            "result": in_base64(picture),
            "revised_prompt": f"{prompt}, in rust",
            "action": "edit" if continued or pictures else "generate",
            "size": f"{size[0]}x{size[1]}",
            "quality": "high" if tool.quality == "auto" else tool.quality,
            "background": "opaque" if tool.background == "auto" else tool.background,
            "output_format": tool.output_format,
        }
        words = "Here it is, changed." if continued else "Here it is."
        text = {"type": "output_text", "text": words, "annotations": []}
        message = {
            "id": f"msg_{number}",
            "type": "message",
            "role": "assistant",
            "status": "completed",
            "content": [text],
        }
        response: dict[str, Any] = {
            "id": response_id,
            "object": "response",
            "created_at": CREATED,
            "status": "completed",
            "error": None,
            "incomplete_details": None,
            "model": turn.model,
            "previous_response_id": turn.previous_response_id,
            "output": [call, message],
            "usage": _usage(20, 8),
            "tool_usage": {"image_gen": _tool_usage(10, 40 * len(pictures), 200 + 100 * tool.partial_images)},
        }
        if "in words" in prompt:
            response["output"] = [{**message, "content": [{"type": "refusal", "refusal": "I cannot draw that."}]}]
        elif "blocked" in prompt:
            response["output"] = [{**call, "status": "failed", "result": None, "error": moderated().error}]
        elif "too much" in prompt:
            error = {"code": "image_content_policy_violation", "message": "The image violates our policies."}
            response |= {"status": "failed", "error": error, "output": []}
        elif "usage" in prompt:
            error = {"code": "invalid_prompt", "message": POLICY}
            response |= {"status": "failed", "error": error, "output": []}
        elif "filtered" in prompt:
            response |= {"status": "incomplete", "incomplete_details": {"reason": "content_filter"}, "output": []}
        return response


def _events(response: dict[str, Any], tool: ImageTool) -> Iterator[str]:
    numbers = itertools.count()

    def told(name: str, **data: Any) -> str:
        return event(name, sequence_number=next(numbers), **data)

    begun = {**response, "status": "in_progress", "output": [], "usage": None, "tool_usage": None}
    yield told("response.created", response=begun)
    yield told("response.in_progress", response=begun)
    for index, item in enumerate(response["output"]):
        unfinished: dict[str, Any] = {"result": None} if "result" in item else {"content": []}
        added = {**item, **unfinished, "status": "in_progress"}
        yield told("response.output_item.added", output_index=index, item=added)
        if item["type"] == "image_generation_call":
            place = {"output_index": index, "item_id": item["id"]}
            yield told("response.image_generation_call.in_progress", **place)
            yield told("response.image_generation_call.generating", **place)
            for number in range(tool.partial_images):
                preview = in_base64(draw((64, 64)))
                data = {"partial_image_b64": preview, "partial_image_index": number, "output_format": "png"}
                yield told("response.image_generation_call.partial_image", **place, **data)
            if item["status"] == "completed":
                yield told("response.image_generation_call.completed", **place)
        elif "text" in (part := item["content"][0]):
            place = {"output_index": index, "item_id": item["id"], "content_index": 0}
            yield told("response.output_text.delta", **place, delta=part["text"], logprobs=[])
            yield told("response.output_text.done", **place, text=part["text"], logprobs=[])
        yield told("response.output_item.done", output_index=index, item=item)
    yield told(f"response.{response['status']}", response=response)


def _read(said: str | list[Message]) -> tuple[str, list[Upload]]:
    if isinstance(said, str):
        return said, []
    parts = [part for turn in said for part in (turn.content if not isinstance(turn.content, str) else ())]
    words = [turn.content for turn in said if isinstance(turn.content, str)]
    words += [part.text for part in parts if isinstance(part, InputText)]
    return "\n".join(words), [_upload(part.image_url) for part in parts if isinstance(part, InputImage)]


def _upload(url: str) -> Upload:
    head, comma, content = url.partition(";base64,")
    media_type = head.removeprefix("data:")
    if not comma or media_type not in {"image/png", "image/jpeg", "image/webp"}:
        raise Refused(400, "Invalid 'image_url'.", param="image_url", code="invalid_image_url")
    try:
        return Upload("", media_type, base64.b64decode(content, validate=True))
    except binascii.Error:
        raise Refused(400, "Invalid base64 image.", param="image_url", code="invalid_base64_image") from None


def _usage(text_in: int, text_out: int) -> dict[str, Any]:
    return {
        "input_tokens": text_in,
        "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0},
        "output_tokens": text_out,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": text_in + text_out,
    }


def _tool_usage(text: int, pictures: int, out: int) -> dict[str, Any]:
    return {
        "input_tokens": text + pictures,
        "input_tokens_details": {"text_tokens": text, "image_tokens": pictures},
        "cached_tokens": 0,
        "cached_tokens_details": {"cached_text_tokens": 0, "cached_image_tokens": 0},
        "output_tokens": out,
        "output_tokens_details": {"text_tokens": 0, "image_tokens": out},
        "total_tokens": text + pictures + out,
    }
