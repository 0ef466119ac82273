"""Pictures to start from: uploaded first, and then named where an endpoint takes them.

What is to be submitted is plain data in which marks stand for the pictures, until the app has said under which paths it
keeps them.
"""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Any

from impasto import Follow, HttpRequest, ProtocolError, ServerEvent
from impasto_gradio import call
from impasto_gradio.endpoints import EDITORS
from impasto_gradio.failures import error_of_answer

if TYPE_CHECKING:
    from impasto import Image, ImageRequest, Outcome
    from impasto_gradio.endpoints import Endpoint, Parameter

_MARK = "$upload"
_UPLOAD = re.compile(r"(/gradio_api)?/upload")


def values_of(parameter: Parameter, request: ImageRequest, field: str) -> Any:
    """Return what a parameter takes for ``images`` or for ``mask``, with marks in place of the pictures.

    The forms are those of Gradio's components: a file for an Image, a list of them for a Gallery, a background with
    layers for an ImageEditor. There the mask is a layer, opaque where to draw anew.
    """
    if field == "mask":
        return _mark(len(request.images))
    if parameter.component == "gallery":
        return [{"image": _mark(index), "caption": None} for index in range(len(request.images))]
    if parameter.component in EDITORS:
        layers = [] if request.mask is None else [_mark(len(request.images))]
        return {"background": _mark(0), "layers": layers, "composite": _mark(0)}
    return _mark(0)


def upload(root: str, endpoint: Endpoint, request: ImageRequest, submit: HttpRequest) -> HttpRequest:
    """Return the payload that uploads a request's pictures; the job to submit then is remembered in its step.

    Gradio serves ``POST /upload`` beside ``/call``: a multipart form of ``files``, answered with the list of their
    paths (read off real servers, 4.44.1 and 6.31.0).

    Args:
        root: ``""`` on Gradio 4, ``"/gradio_api"`` later.
        endpoint: which the job is for.
        request: with its pictures.
        submit: the job, with marks in place of the pictures.
    """
    files = tuple((f"picture-{index}.{each.suffix}", *_content(each)) for index, each in enumerate(request.images, 1))
    if request.mask is not None:
        data = request.mask.data if "mask" in endpoint.fields else _as_layer(request.mask)
        files = (*files, ("mask.png", data or b"", "image/png"))
    step = {
        "submit": submit.url,
        "data": submit.json["data"],
        "step": submit.step,
        "names": [name for name, _, _ in files],
        "types": [media_type for _, _, media_type in files],
    }
    return HttpRequest(
        "POST", f"{root}/upload", files={"files": files}, step=step, statuses=call.STATUSES, idempotent=True
    )


def is_upload(payload: object) -> bool:
    """Tell whether a payload is one that `upload` made."""
    return isinstance(payload, HttpRequest) and _UPLOAD.fullmatch(payload.url) is not None


def uploaded(event: ServerEvent) -> list[Outcome]:
    """Submit the job, with the paths of the pictures that the app has taken.

    Raises:
        ResponseError: it has not.
    """
    step: Any = event.payload.step
    paths = event.json() if event.status == 200 and "json" in event.headers.get("content-type", "") else None
    if not isinstance(paths, list) or not all(isinstance(path, str) and path for path in paths):
        raise error_of_answer(event)
    if len(paths) != len(step["names"]):
        raise ProtocolError(f"of {len(step['names'])} pictures that were uploaded, the app has taken {len(paths)}")
    files = [
        {"path": path, "orig_name": name, "mime_type": media_type, "meta": {"_type": "gradio.FileData"}}
        for path, name, media_type in zip(paths, step["names"], step["types"], strict=True)
    ]
    submit = call.submit(step["submit"], [_filled(each, files) for each in step["data"]], **step["step"])
    return [Follow(submit)]


def _content(image: Image) -> tuple[bytes, str]:
    return image.data or b"", image.media_type or ""


def _as_layer(mask: Image) -> bytes:
    """Return a mask as a layer that is drawn over a picture: as opaque as it is white.

    Nothing is drawn as transparent black, as by an editor in a browser: many apps look at a layer's colours alone, and
    would take a white one for a mask of the whole picture.
    """
    import PIL.Image

    with PIL.Image.open(io.BytesIO(mask.data or b"")) as opened:
        layer = PIL.Image.merge("RGBA", [opened.convert("L")] * 4)
    content = io.BytesIO()
    layer.save(content, "PNG")
    return content.getvalue()


def _mark(index: int) -> dict[str, int]:
    return {_MARK: index}


def _filled(value: Any, files: list[dict[str, Any]]) -> Any:
    if isinstance(value, dict):
        if set(value) == {_MARK}:
            return files[value[_MARK]]
        return {name: _filled(each, files) for name, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, files) for each in value]
    return value
