"""Pictures on their way in: small ones inside the input, large ones by the files API first."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

from impasto import Follow, HttpRequest, Image, ImageRequest, Outcome, Progress, ProtocolError, ServerEvent
from impasto_replicate.predictions import THROTTLED, create

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto_replicate.spelling import Spelling

LARGEST_INSIDE = 256_000
"""Bytes of a picture that travels as a ``data:`` URL: the OpenAPI document advises to upload what is larger."""

UPLOAD = "upload"
"""What the step of an upload is called."""

_MASK = -1


def begin(spelling: Spelling, path: str, body: Mapping[str, Any], request: ImageRequest) -> HttpRequest:
    """Return what comes first: the upload of the first large picture, or the prediction itself.

    Args:
        spelling: how the model's input spells the request.
        path: where the prediction is created.
        body: its fields beside the input.
        request: what is asked.
    """
    said = spelling.plain_input(request)
    left: list[list[Any]] = []
    if request.images and "images" in spelling.names:
        name = spelling.names["images"]
        urls = [_url(image) for image in request.images]
        said[name] = urls if spelling.takes_list else urls[0]
        left += [[name, index, index, False] for index in range(len(urls)) if not urls[index]]
    if request.mask is not None and "mask" in spelling.names:
        name = spelling.names["mask"]
        said[name] = _url(inverted(request.mask) if spelling.is_mask_inverted else request.mask)
        left += [] if said[name] else [[name, 0, _MASK, spelling.is_mask_inverted]]
    return _next({"path": path, "body": {**body, "input": said}, "left": left}, request)


def uploaded(event: ServerEvent) -> list[Outcome]:
    """Read the answer to an upload, and go on: with the next one, or with the prediction.

    Raises:
        ProtocolError: the answer names no file.
    """
    step: Any = event.payload.step
    job = step["job"]
    url = event.json()["urls"]["get"]
    if not isinstance(url, str) or not url:
        raise ProtocolError("the answer to an upload names no file")
    name, index, *_ = job["left"][0]
    said = dict(job["body"]["input"])
    said[name] = [*said[name][:index], url, *said[name][index + 1 :]] if isinstance(said[name], list) else url
    body = {**job["body"], "input": said}
    return [Follow(_next({**job, "body": body, "left": job["left"][1:]}, event.request))]


def announced(payload: HttpRequest) -> list[Outcome]:
    """Return the step to a payload, said before it."""
    step: Any = payload.step
    stage = "uploading" if step["at"] == UPLOAD else "submitting"
    return [Progress(stage), Follow(payload)]


def inverted(mask: Image) -> Image:
    """Return a mask with black and white exchanged."""
    import PIL.Image
    import PIL.ImageOps

    content = io.BytesIO()
    with PIL.Image.open(io.BytesIO(mask.data or b"")) as opened:
        PIL.ImageOps.invert(opened.convert("L")).save(content, "PNG")
    return Image(data=content.getvalue(), media_type="image/png", width=mask.width, height=mask.height)


def _url(image: Image) -> str:
    """Return the address of a picture for the input; empty for one that has to be uploaded first."""
    if image.data is None:
        return image.address
    return image.data_url() if len(image.data) <= LARGEST_INSIDE else ""


def _next(job: Mapping[str, Any], request: ImageRequest) -> HttpRequest:
    if not job["left"]:
        return create(job["path"], job["body"])
    _, _, number, is_inverted = job["left"][0]
    if number != _MASK:
        image, name = request.images[number], f"image-{number}"
    else:
        image, name = request.mask or request.images[0], "mask"
    if is_inverted:
        image = inverted(image)
    content = (f"{name}.{image.suffix}", image.data or b"", image.media_type or "application/octet-stream")
    return HttpRequest(
        "POST",
        "/files",
        files={"content": content},
        statuses=THROTTLED,
        idempotent=True,
        step={"at": UPLOAD, "job": dict(job)},
    )
