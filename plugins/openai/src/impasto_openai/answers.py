"""What the Images API answers, whole or as a stream; and what servers in its place make of it.

OpenAI: the SDK ``openai`` 3.57.0, ``types/images_response.py``, ``image.py`` and the four files of events. Others:
LocalAI tells addresses, xAI gives entries without a picture for what its moderator took, vLLM-Omni streams chunks that
hold whole answers or sends the bytes alone; some answer at once where a stream was asked for.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from impasto import (
    ContentRejected,
    Image,
    ImagePreview,
    ImageResponse,
    Model,
    Outcome,
    Progress,
    ProtocolError,
    ServerEvent,
    plain_text,
)
from impasto_openai.failures import error_of, error_of_answer
from impasto_openai.prices import cost_of

_DESCRIPTION = ("created", "created_at", "background", "output_format", "quality", "size", "safety_identifier")
_MEDIA_TYPES = {"iVBORw0K": "png", "/9j/": "jpeg", "UklGR": "webp", "R0lGOD": "gif"}
_WITHOUT_SCHEME = re.compile(r"[A-Za-z0-9.-]+:\d{1,5}/")


def parse(model: Model, event: ServerEvent) -> list[Outcome]:
    """Return what an event of a generation or an edit means.

    Raises:
        ResponseError: the service reports a failure.
    """
    if event.name == "response":
        return [_answer(model, event)]
    if event.text.strip() == "[DONE]":
        return []
    said = event.json()
    if not isinstance(said, Mapping):
        raise ProtocolError(f"an event that is no object: {plain_text(event.text, 120)}")
    told = said.get("type")
    kind = told if isinstance(told, str) else event.name
    _raise_failure(said, kind)
    if kind.endswith(".partial_image"):
        return [Progress("drawing", _share(event, said)), ImagePreview(image_of(said))]
    if kind.endswith(".completed"):
        return [_response(model, event, {**said, "data": [said]})]
    if isinstance(said.get("data"), list):
        return [_response(model, event, said)]
    return []


def image_of(entry: Mapping[str, Any], field: str = "b64_json") -> Image:
    """Return the picture of an entry: of its base64, whose beginning tells the format, or of its address.

    Args:
        entry: such as one of ``data``.
        field: where its base64 stands.
    """
    encoded = entry.get(field)
    seed = entry.get("seed")
    seed = seed if isinstance(seed, int) and not isinstance(seed, bool) else None
    if isinstance(encoded, str) and encoded:
        if encoded[:5].lower() == "data:":
            return Image(url=encoded, seed=seed)
        kind = next((name for start, name in _MEDIA_TYPES.items() if encoded.startswith(start)), "png")
        return Image(url=f"data:image/{kind};base64,{encoded}", seed=seed)
    url = entry["url"]
    if _WITHOUT_SCHEME.match(url):  # LocalAI behind a proxy tells host and port alone
        url = f"//{url}"
    return Image(url=url, seed=seed)


def _answer(model: Model, event: ServerEvent) -> ImageResponse:
    if event.status is not None and not 200 <= event.status < 300:
        raise error_of_answer(event)
    if event.headers.get("content-type", "").startswith("image/") and isinstance(event.data, bytes):
        return ImageResponse((Image(data=event.data),))
    said = event.json()
    _raise_failure(said, "")
    return _response(model, event, said)


def _raise_failure(said: Mapping[str, Any], kind: str) -> None:
    error = said.get("error")
    if isinstance(error, Mapping):
        raise error_of(error)
    if isinstance(error, str) and error:
        raise error_of({"message": error})
    if kind == "error":
        raise error_of({name: value for name, value in said.items() if name != "type"})


def _response(model: Model, event: ServerEvent, said: Mapping[str, Any]) -> ImageResponse:
    entries = said.get("data")
    if not isinstance(entries, list) or not all(isinstance(each, Mapping) for each in entries):
        raise ProtocolError(f"data is no list of pictures: {plain_text(repr(entries), 120)}")
    drawn = [each for each in entries if each.get("b64_json") or each.get("url")]
    if not drawn:
        raise ContentRejected(_reason(entries))
    usage = said.get("usage")
    usage = usage if isinstance(usage, Mapping) else None
    lost = len(entries) - len(drawn)
    return ImageResponse(
        tuple(image_of(each) for each in drawn),
        usage=usage,
        cost=cost_of(model, usage),
        warnings=(f"{lost} of {len(entries)} pictures did not come: {_reason(entries)}",) if lost else (),
        metadata=metadata_of(event, said, drawn[0]),
    )


def metadata_of(event: ServerEvent, *said: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an answer tells of its picture, and the request's id, for which OpenAI's support asks."""
    told: dict[str, Any] = {}
    for each in said:
        told |= {name: each[name] for name in _DESCRIPTION if each.get(name) is not None}
        if each.get("revised_prompt"):
            told["revised_prompt"] = each["revised_prompt"]
    request_id = event.headers.get("x-request-id")
    return {**told, "request_id": request_id} if request_id else told


def _reason(entries: list[Mapping[str, Any]]) -> str:
    """Return why there is no picture, as far as entries without one say: xAI's give a reason of some name."""
    names = {name: value for entry in entries for name, value in entry.items() if isinstance(value, str) and value}
    told = next((value for name, value in names.items() if "reason" in name or name in {"message", "error"}), "")
    return told or "the service answered without a picture, as its kind does when a moderator takes it"


def _share(event: ServerEvent, said: Mapping[str, Any]) -> float | None:
    """Return how much is done when a preview comes; the picture itself may come before the last of them."""
    number, asked = said.get("partial_image_index"), event.request.extra.get("partial_images")
    if not isinstance(number, int) or not isinstance(asked, int) or not 0 <= number < asked:
        return None
    return (number + 1) / (asked + 1)
