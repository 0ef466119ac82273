"""Conversations: the image tool of the Responses API, where each picture can be changed by what is said next.

The request, its answer and its events: the SDK ``openai`` 3.57.0, ``types/responses/`` (``tool_param.py``,
``response_create_params.py``, ``response_output_item.py``, ``response.py``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from impasto import (
    ContentRejected,
    HttpRequest,
    ImagePreview,
    ImageRequest,
    ImageResponse,
    InvalidRequest,
    Model,
    Outcome,
    Progress,
    ProtocolError,
    ResponseError,
    ServerEvent,
)
from impasto_openai.answers import image_of, metadata_of
from impasto_openai.failures import STATUSES, error_of, error_of_answer
from impasto_openai.models import PAINTER
from impasto_openai.painting import SILENCE, check, mask_of
from impasto_openai.prices import cost_of_turn
from impasto_openai.sizes import asked_size, nearest

_OF_THE_RESPONSE = ("safety_identifier",)
_STAGES = {
    "response.created": "submitted",
    "response.image_generation_call.in_progress": "starting",
    "response.image_generation_call.generating": "drawing",
    "response.image_generation_call.completed": "answering",
}
_ENDS = frozenset({"response.completed", "response.failed", "response.incomplete"})


def build(model: Model, request: ImageRequest) -> HttpRequest:
    """Return the payload that says the next thing in a conversation, or the first.

    Raises:
        InvalidRequest: the parts do not go together, or the session is of another kind.
    """
    check(model, request)
    tool: dict[str, Any] = {"type": "image_generation", "model": PAINTER}
    if size := asked_size(request):
        width, height = nearest(*size)
        tool["size"] = f"{width}x{height}"
    if request.mask is not None:
        import base64

        tool["input_image_mask"] = {
            "image_url": f"data:image/png;base64,{base64.b64encode(mask_of(request.mask)).decode()}"
        }
    tool |= {name: value for name, value in request.extra.items() if name not in _OF_THE_RESPONSE}
    content: list[dict[str, Any]] = [{"type": "input_text", "text": request.prompt}]
    content += [{"type": "input_image", "image_url": image.data_url(), "detail": "auto"} for image in request.images]
    body: dict[str, Any] = {
        "model": model.id,
        "input": [{"role": "user", "content": content}],
        "tools": [tool],
        "tool_choice": {"type": "image_generation"},
        "stream": True,
    }
    body |= {name: value for name, value in request.extra.items() if name in _OF_THE_RESPONSE}
    if request.session is not None:
        earlier = request.session.get("response")
        if not isinstance(earlier, str) or not earlier:
            raise InvalidRequest("The session names no response of OpenAI's to go on from.", parameter="session")
        body["previous_response_id"] = earlier
    return HttpRequest("POST", "/responses", json=body, idle=SILENCE, statuses=STATUSES)


def parse(model: Model, event: ServerEvent) -> list[Outcome]:
    """Return what an event of a response means.

    Raises:
        ResponseError: the service reports a failure, or drew nothing.
    """
    if event.name == "response":
        if event.status is not None and not 200 <= event.status < 300:
            raise error_of_answer(event)
        return [_finished(model, event, event.json())]
    said = event.json()
    kind = said.get("type", event.name)
    if kind == "error":
        inner = said.get("error")
        raise error_of(inner if isinstance(inner, Mapping) else {**said, "type": None})
    if kind in _ENDS:
        return [_finished(model, event, said["response"])]
    if kind == "response.image_generation_call.partial_image":
        return [ImagePreview(image_of(said, "partial_image_b64"))]
    return [Progress(_STAGES[kind])] if kind in _STAGES else []


def _finished(model: Model, event: ServerEvent, said: Mapping[str, Any]) -> ImageResponse:
    error = said.get("error")
    if isinstance(error, Mapping):
        raise error_of(error)
    items = [item for item in said["output"] if isinstance(item, Mapping)]
    calls = [item for item in items if item.get("type") == "image_generation_call"]
    drawn = [call for call in calls if call.get("result")]
    if not drawn:
        raise _nothing_drawn(said, calls, "\n".join(_words(items, "refusal")) or "\n".join(_words(items, "text")))
    usage, tool_usage = said.get("usage"), said.get("tool_usage")
    tokens = tool_usage.get("image_gen") if isinstance(tool_usage, Mapping) else None
    response_id = said.get("id")
    return ImageResponse(
        tuple(image_of(call, "result") for call in drawn),
        text="\n".join(_words(items, "text")),
        usage={**usage, "image_gen": tokens} if isinstance(usage, Mapping) else None,
        cost=cost_of_turn(model, usage, tokens),
        session={"response": response_id} if isinstance(response_id, str) else None,
        metadata=metadata_of(event, said, drawn[0]),
    )


def _nothing_drawn(said: Mapping[str, Any], calls: list[Mapping[str, Any]], words: str) -> ResponseError:
    for call in calls:
        if isinstance(call.get("error"), Mapping):
            return error_of(call["error"])
    incomplete = said.get("incomplete_details")
    if isinstance(incomplete, Mapping) and incomplete.get("reason"):
        reason = f"the response was not completed: {incomplete['reason']}"
        return ContentRejected(reason) if incomplete["reason"] == "content_filter" else ResponseError(reason)
    if words:
        return ContentRejected(f"the model answered in words alone: {words}")
    return ProtocolError("the response holds no picture, and does not say why")


def _words(items: list[Mapping[str, Any]], kind: str) -> Iterator[str]:
    """Yield what the model said, or why it would not: the parts of its messages that have this field."""
    for item in items:
        parts = item.get("content") if item.get("type") == "message" else None
        for part in parts if isinstance(parts, list) else ():
            if isinstance(part, Mapping) and isinstance(part.get(kind), str) and part[kind]:
                yield part[kind]
