"""From a request to a job in the queue: which checkpoint, pictures uploaded, the graph submitted."""

from __future__ import annotations

import hashlib
import uuid
from typing import TYPE_CHECKING, Any

from impasto import HttpRequest, Image, ImageRequest, InvalidRequest, ProtocolError
from impasto_comfyui import checkpoints
from impasto_comfyui.declarations import PREVIEWS, check_extra
from impasto_comfyui.graphs import Graph, graph_of, stages_of
from impasto_comfyui.measures import size_drawn
from impasto_comfyui.polling import dropping
from impasto_comfyui.seeds import seed_of
from impasto_comfyui.styles import Style, style_of
from impasto_comfyui.workflows import filled, lacks, placeholders_in, seed_in, values_of, workflow_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import Model, ServerEvent

ANY = "checkpoint"
"""The model that stands for whichever checkpoint there is."""

WORKFLOW = "workflow"
"""The model that stands for a workflow of the user's."""

_FOLDER = "impasto"


def check(model: Model, request: ImageRequest) -> None:
    """Raise `InvalidRequest` where the request asks for what no graph can do.

    What stands in ``extra`` otherwise is looked at when the graph is made.
    """
    starts = bool(request.images) or request.session is not None
    for name in ("mask", "strength"):
        if getattr(request, name) is not None and not starts:
            raise InvalidRequest(f"{name} means nothing without a picture to start from: give images.", parameter=name)
    if "workflow" not in request.extra:
        if model.id == WORKFLOW:
            raise InvalidRequest(f"{model.name} needs extra={{'workflow': …}}.", parameter="extra")
        if request.images and request.session is not None:
            raise InvalidRequest(
                f"{model.name} starts from one picture, and continues one already: leave out images, or give a "
                "workflow of your own that takes several.",
                parameter="images",
            )
    elif isinstance(request.extra["workflow"], dict):
        _check_workflow(model, request)


def _check_workflow(model: Model, request: ImageRequest) -> None:
    workflow = workflow_of(request)
    if workflow is not None and model.id not in {ANY, WORKFLOW} and "checkpoint" not in placeholders_in(workflow):
        raise InvalidRequest(
            f"{model.name} names a checkpoint, and the workflow has no %checkpoint%: put it there, or ask for the "
            f"model {model.provider.id}.",
            parameter="extra",
        )


def onward(model: Model, request: ImageRequest, step: Mapping[str, Any]) -> HttpRequest:
    """Return what is next: to ask which checkpoints there are, to upload a picture, or to submit.

    Args:
        model: the model, whose name may be that of a checkpoint.
        request: what to draw.
        step: what is known: ``checkpoint``, and names of what was ``uploaded``.
    """
    told = request.extra.get("workflow")
    is_named = model.id not in {ANY, WORKFLOW}
    if "checkpoint" not in step and (not isinstance(told, dict) or is_named or lacks(told, "checkpoint")):
        return checkpoints.listing(step)
    check_extra(request)
    workflow = workflow_of(request)
    done = len(step.get("uploaded", ()))
    pictures = [*request.images, *([request.mask] if request.mask else [])]
    if done < len(pictures):
        return _upload(pictures[done], step)
    return _submit(request, workflow, step, is_named=is_named)


def uploaded(event: ServerEvent) -> str:
    """Return the name by which nodes know a picture that was uploaded."""
    said = event.json()
    name, subfolder = said["name"], said.get("subfolder", "")
    if not isinstance(name, str) or not isinstance(subfolder, str) or not name:
        raise ProtocolError(f"an upload without a name: {event.text:.120}")
    return f"{subfolder}/{name}" if subfolder else name


def _upload(image: Image, step: Mapping[str, Any]) -> HttpRequest:
    """Return what uploads a picture. Its name is made from its bytes, so the same one lies there once."""
    data = image.data or b""
    name = f"{hashlib.sha256(data).hexdigest()[:24]}.{image.suffix}"
    return HttpRequest(
        "POST",
        "/upload/image",
        data={"type": "input", "subfolder": _FOLDER},
        files={"image": (name, data, image.media_type or "image/png")},
        idempotent=True,
        step={**step, "at": "upload"},
    )


def _submit(request: ImageRequest, workflow: Graph | None, step: Mapping[str, Any], *, is_named: bool) -> HttpRequest:
    pictures = _pictures(request, step.get("uploaded", ()))
    name = step.get("checkpoint")
    style = style_of(name) if isinstance(name, str) else Style()
    seed: int | None = seed_of(request)
    size = None
    if workflow is None:
        graph, size = graph_of(request, str(name), style, pictures, seed=seed), size_drawn(request, style)
    else:
        values = values_of(request, style, pictures, (name, is_named))
        graph, seed = filled(workflow, values), seed_in(workflow, values)
    job = _job_id(request)
    return HttpRequest(
        "POST",
        "/prompt",
        json={
            "prompt": graph,
            "prompt_id": job,
            "client_id": job,
            "extra_data": {"preview_method": request.extra.get("preview_method", PREVIEWS[0])},
        },
        statuses=(400,),
        idempotent=True,
        on_cancel=dropping(job, is_running=False),
        step={
            "at": "submit",
            "client": job,
            "seed": seed,
            "size": size,
            "checkpoint": name,
            "stages": stages_of(graph),
        },
    )


def _pictures(request: ImageRequest, names: tuple[str, ...]) -> dict[str, str]:
    """Return the names of files on the server by what they are for."""
    found = list(names)
    mask = {"mask": found.pop()} if request.mask is not None else {}
    if request.session is not None:
        found.insert(0, str(request.session["image"]))
    numbered = {f"image_{number}": name for number, name in enumerate(found, 1)}
    return {**numbered, **({"image": found[0]} if found else {}), **mask}


def _job_id(request: ImageRequest) -> str:
    """Return the request's id as ComfyUI wants it since June 2026: a UUID, in lower case, with hyphens."""
    try:
        return str(uuid.UUID(hex=request.id))
    except ValueError:
        return str(uuid.uuid5(uuid.NAMESPACE_OID, request.id))
