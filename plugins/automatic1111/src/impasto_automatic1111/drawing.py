"""What is sent to have a picture drawn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from impasto import HttpRequest, InvalidRequest
from impasto_automatic1111.progress import own_job

if TYPE_CHECKING:
    from impasto import ImageRequest
    from impasto_automatic1111.checkpoints import Checkpoint

INTERRUPT = HttpRequest("POST", "/sdapi/v1/interrupt")
"""Stops what is being drawn. The server has one for all: it cannot be told which job."""

STATUSES = (400, 401, 404, 405, 422, 500)
"""Failures of which the servers say more than the status."""

IDLE = 3600.0
"""Seconds without a byte: the answer comes when the picture is done, and nothing before."""

MOST_PIXELS = 4096 * 4096
"""Pixels that one answer may hold."""

STRENGTH = 0.75
"""The web UI's own ``denoising_strength``. SD.Next has another, so it is always sent."""


def draw(request: ImageRequest, checkpoint: Checkpoint | None = None) -> HttpRequest:
    """Return the payload that draws a picture, with the job's progress beside it.

    It may be sent twice: nothing is charged for. A field without a value is left out: ``sd-server`` refuses null.

    Args:
        request: as the core completed it.
        checkpoint: what to draw with; None for what is loaded.

    Raises:
        InvalidRequest: a mask or a strength without a picture to start from, or more pixels than an answer can hold.
    """
    body: dict[str, Any] = {
        "prompt": request.prompt,
        "negative_prompt": request.negative_prompt,
        "width": request.width,
        "height": request.height,
        "steps": request.num_inference_steps,
        "cfg_scale": request.guidance_scale,
        "seed": request.seed,
        "batch_size": request.n,
        "force_task_id": request.id or None,
        **_pictures(request),
        **request.extra,
    }
    _check_area(request)
    if checkpoint is not None:
        given = body.get("override_settings")
        settings = {"sd_model_checkpoint": checkpoint.title}
        body["override_settings"] = {**given, **settings} if isinstance(given, Mapping) else settings
    return HttpRequest(
        "POST",
        "/sdapi/v1/img2img" if request.images else "/sdapi/v1/txt2img",
        json={name: value for name, value in body.items() if value is not None},
        step={
            "is": "drawing",
            "names": [*checkpoint.names] if checkpoint else [],
            "hash": checkpoint.hash if checkpoint else None,
        },
        beside=(own_job(request.id),),
        on_cancel=INTERRUPT,
        idle=IDLE,
        statuses=STATUSES,
        idempotent=True,
    )


def _check_area(request: ImageRequest) -> None:
    """Raise `InvalidRequest` where the answer would be larger than the core reads, after all was drawn.

    All pictures come in one body, as PNG in base64: up to four bytes a pixel, of which 64 MiB hold 4096x4096.
    """
    scale, rounds = request.extra.get("hr_scale", 2), request.extra.get("n_iter", 1)
    is_told = request.extra.get("hr_resize_x") or request.extra.get("hr_resize_y")
    is_enlarged = request.extra.get("enable_hr") is True and not is_told and isinstance(scale, int | float)
    across, down = (side * (scale if is_enlarged else 1) for side in (request.width or 0, request.height or 0))
    count = request.n * (rounds if isinstance(rounds, int) else 1)
    if count * across * down > MOST_PIXELS:
        raise InvalidRequest(
            f"{count} of {across:g}x{down:g} pixels are more than one answer can hold, {MOST_PIXELS} pixels in all: "
            "ask for fewer at once, or for smaller ones.",
            parameter="n" if request.n > 1 else "extra",
        )


def _pictures(request: ImageRequest) -> dict[str, Any]:
    """Return the fields of img2img: the whole picture is drawn anew, or what is white in the mask."""
    if not request.images:
        for name, value in (("mask", request.mask), ("strength", request.strength)):
            if value is not None:
                raise InvalidRequest(f"{name} says what becomes of a picture: give images.", parameter=name)
        return {}
    fields: dict[str, Any] = {
        "init_images": [request.images[0].base64()],
        "denoising_strength": STRENGTH if request.strength is None else request.strength,
    }
    if request.mask is not None:
        fields |= {
            "mask": request.mask.base64(),
            "inpainting_mask_invert": 0,
            "inpainting_fill": 1,
            "inpaint_full_res": False,
        }
    return fields
