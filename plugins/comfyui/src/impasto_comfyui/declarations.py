"""What a request may say: the inputs of ComfyUI's own nodes, with the bounds that they declare (``nodes.py``)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import Choices, InvalidRequest, Range
from impasto_comfyui.styles import style_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import ImageRequest

LONGEST_SIDE = 16_384
"""ComfyUI's ``MAX_RESOLUTION``, in pixels."""

PREVIEWS = ("auto", "default", "none", "latent2rgb", "taesd")
"""Ways of making previews: ``extra_data.preview_method``, since December 2025."""

TEXTS = ("sampler_name", "scheduler", "vae_name", "filename_prefix")
"""Fields of ``extra`` that are text."""

ACCEPTS: Mapping[str, Any] = {
    "negative_prompt": None,
    "width": Range(16, LONGEST_SIDE),
    "height": Range(16, LONGEST_SIDE),
    "aspect_ratio": None,
    "guidance_scale": Range(0, 100),
    "num_inference_steps": Range(1, 10_000),
    "seed": Range(0, 2**64 - 1),
    "randomize_seed": None,
    "n": Range(1, 64),
    "images": Range(1, 1),
    "mask": None,
    "strength": Range(0, 1),
    "session": None,
    "extra": Choices("workflow", *TEXTS, "loras", "preview_method"),
}
"""What a checkpoint takes; ``n`` is bounded by ``RepeatLatentBatch``."""

ACCEPTED_BY_WORKFLOWS: Mapping[str, Any] = {**ACCEPTS, "images": Range(1, 8)}
"""What may be asked of a workflow: whatever it has placeholders for."""


def accepted_by(checkpoint: str) -> dict[str, Any]:
    """Return what a checkpoint takes, as far as its name tells: FLUX no negative prompt, schnell no guidance either."""
    style = style_of(checkpoint)
    left_out = {*(["negative_prompt"] if style.is_flux else []), *([] if style.takes_guidance else ["guidance_scale"])}
    return {name: rule for name, rule in ACCEPTS.items() if name not in left_out}


def check_extra(request: ImageRequest) -> None:
    """Raise `InvalidRequest` where a field of ``extra`` is of another type than ComfyUI takes."""
    for name in TEXTS:
        value = request.extra.get(name, "text")
        if not isinstance(value, str) or not value:
            raise _refused(f"{name} must be text, not {value!r:.60}.")
    method = request.extra.get("preview_method", PREVIEWS[0])
    if method not in PREVIEWS:
        raise _refused(f"preview_method must be one of {', '.join(PREVIEWS)}, not {method!r:.60}.")
    loras_of(request)
    session = request.session
    if session is not None and not (isinstance(image := session.get("image"), str) and image):
        raise InvalidRequest(
            f"session must name a picture of the server's, as an earlier response of comfyui did, not {session!r:.60}.",
            parameter="session",
        )


def loras_of(request: ImageRequest) -> dict[str, float]:
    """Return which LoRAs are asked for, and how strong each is.

    Raises:
        InvalidRequest: they are told in another form.
    """
    told = request.extra.get("loras", {})
    if isinstance(told, str):
        return {told: 1.0}
    if not isinstance(told, dict) or not all(
        isinstance(name, str) and isinstance(strength, int | float) and not isinstance(strength, bool)
        for name, strength in told.items()
    ):
        raise _refused(f"loras must map file names to strengths, such as {{'ink.safetensors': 0.8}}, not {told!r:.60}.")
    return {name: float(strength) for name, strength in told.items()}


def _refused(words: str) -> InvalidRequest:
    return InvalidRequest(f"extra: {words}", parameter="extra")
