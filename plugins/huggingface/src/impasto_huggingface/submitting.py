"""The request as each provider wants it: where `huggingface_hub` sends it, and in that provider's words."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, TypeAlias

from impasto import HttpRequest, ImageRequest, ProtocolError, size_of
from impasto_huggingface.choosing import EDIT, TEXT, Choice

if TYPE_CHECKING:
    from collections.abc import Callable

STATUSES = (400, 403, 422)
"""Statuses for which the answer is looked into: what was refused, and whether it is the key or the balance."""

IDLE = 180.0
"""Seconds of silence: a provider is to be done within 30 (docs/inference-providers/register-as-a-provider.md) and may
take its time when it is cold; Replicate holds an answer back for 60."""

QUEUE = {"_subdomain": "queue"}
"""What sends a request to fal's queue rather than to fal.run (huggingface_hub 2.4.0, ``fal_ai.py``)."""

Parameters: TypeAlias = dict[str, Any]

_USUAL_SIDE = 1024
_PATH = re.compile(r"[A-Za-z0-9][\w.@:-]*(/[A-Za-z0-9][\w.@:-]*)*", re.ASCII)


def submit(choice: Choice, request: ImageRequest) -> HttpRequest:
    """Return what has the chosen provider draw.

    Raises:
        ProtocolError: the Hub's name of the model is none that a path can hold.
    """
    if not _PATH.fullmatch(choice.model):
        raise ProtocolError(f"the Hub names a model that cannot be asked for: {choice.model}")
    warnings = list(choice.warnings)
    parameters = _parameters(choice.task, request)
    seed = parameters.get("seed")
    path, body = _BODIES[choice.provider](choice, request, parameters, warnings)
    headers = dict(_HEADERS.get(choice.provider, {}))
    if "bill_to" in request.extra:
        headers["X-HF-Bill-To"] = request.extra["bill_to"]
    return HttpRequest(
        "POST",
        f"/{choice.provider}{path}",
        json=body,
        headers=headers,
        params=QUEUE if (choice.provider, choice.task) == ("fal-ai", EDIT) else {},
        idle=IDLE,
        statuses=STATUSES,
        step={
            "at": choice.provider,
            "model": choice.model,
            "seed": seed if choice.task == TEXT and type(seed) is int else None,
            "warnings": warnings,
        },
    )


def _parameters(task: str, request: ImageRequest) -> Parameters:
    """Return the parameters by Hugging Face's names, those left out that were not given."""
    given: Parameters = {"negative_prompt": request.negative_prompt}
    size = _size(request)
    if size is not None:
        width, height = size
        given |= {"width": width, "height": height} if task == TEXT else {"target_size": _sides(width, height)}
    given["num_inference_steps"] = request.num_inference_steps
    given["guidance_scale"] = request.guidance_scale
    given["scheduler"] = request.extra.get("scheduler")
    given["seed"] = request.seed
    given |= request.extra.get("extra_body", {})
    return {name: value for name, value in given.items() if value is not None}


def _size(request: ImageRequest) -> tuple[int, int] | None:
    """Return width and height, or None where the provider's own size will do."""
    width, height, ratio = request.width, request.height, request.aspect_ratio
    if width is None and height is None:
        return None if ratio is None else size_of(ratio)
    across, down = (int(part) for part in ratio.split(":")) if ratio else (1, 1)
    if width is None and height is not None:
        return (max(1, round(height * across / down)) if ratio else _USUAL_SIDE), height
    if height is None and width is not None:
        return width, (max(1, round(width * down / across)) if ratio else _USUAL_SIDE)
    return width or _USUAL_SIDE, height or _USUAL_SIDE


def _sides(width: int, height: int) -> dict[str, int]:
    return {"width": width, "height": height}


def _hf_inference(choice: Choice, request: ImageRequest, given: Parameters, _: list[str]) -> tuple[str, Parameters]:
    path = f"/models/{choice.model}"
    if choice.task == TEXT:
        return path, {"inputs": request.prompt, "parameters": given}
    return path, {"inputs": request.images[0].base64(), "parameters": {"prompt": request.prompt, **given}}


def _nscale(choice: Choice, request: ImageRequest, given: Parameters, warnings: list[str]) -> tuple[str, Parameters]:
    if given.pop("num_inference_steps", None) is not None:
        warnings.append("nscale takes no num_inference_steps: they were left out")
    if "width" in given and "height" in given:
        given["size"] = f"{given.pop('width')}x{given.pop('height')}"
    body = {"response_format": "b64_json", "prompt": request.prompt, "model": choice.model, **given}
    return "/v1/images/generations", body


def _together(choice: Choice, request: ImageRequest, given: Parameters, _: list[str]) -> tuple[str, Parameters]:
    if "num_inference_steps" in given:
        given["steps"] = given.pop("num_inference_steps")
    given |= given.pop("target_size", {})
    pictures: Parameters = {}
    if choice.task == EDIT:
        name, picture = choice.model.lower(), request.images[0].data_url()
        is_kontext = "kontext" in name and "flux.1" in name
        pictures = {"image_url": picture} if is_kontext else {"reference_images": [picture]}
    body = {"prompt": request.prompt, **pictures, "response_format": "base64", **given, "model": choice.model}
    return "/v1/images/generations", body


def _fal(choice: Choice, request: ImageRequest, given: Parameters, _: list[str]) -> tuple[str, Parameters]:
    body: Parameters = {"prompt": request.prompt}
    if choice.task == EDIT:
        picture = request.images[0].data_url()
        body |= {"image_url": picture, "image_urls": [picture]}
        if "target_size" in given:
            given["image_size"] = given.pop("target_size")
    elif "width" in given and "height" in given:
        given["image_size"] = _sides(given.pop("width"), given.pop("height"))
    body |= given
    if choice.weights is not None:
        path = f"https://huggingface.co/{choice.hub_name}/resolve/main/{choice.weights}"
        body["loras"] = [{"path": path, "scale": 1}]
        if choice.task == TEXT and choice.model == "fal-ai/lora":
            # fal's one endpoint for LoRAs of every Stable Diffusion has to be told which.
            body["model_name"] = "stabilityai/stable-diffusion-xl-base-1.0"
    return f"/{choice.model}", body


def _replicate(choice: Choice, request: ImageRequest, given: Parameters, _: list[str]) -> tuple[str, Parameters]:
    said: Parameters = {"prompt": request.prompt}
    if choice.task == EDIT:
        # Replicate's models differ in what they call the picture, and ignore the other names.
        picture = request.images[0].data_url()
        said |= {"image": picture, "images": [picture], "input_image": picture, "input_images": [picture]}
    said |= given
    if choice.task == TEXT and choice.weights is not None:
        said["lora_weights"] = f"https://huggingface.co/{choice.hub_name}"
    name, _colon, version = choice.model.partition(":")
    if version:
        return "/v1/predictions", {"input": said, "version": version}
    return f"/v1/models/{name}/predictions", {"input": said}


def _wavespeed(choice: Choice, request: ImageRequest, given: Parameters, _: list[str]) -> tuple[str, Parameters]:
    body: Parameters = {"prompt": request.prompt}
    if choice.task == EDIT:
        body["image"] = request.images[0].data_url()
    body |= given
    if choice.adapter == "lora":
        body["loras"] = [{"path": choice.hub_name, "scale": 1}]
    return f"/api/v3/{choice.model}", body


def _zai(choice: Choice, request: ImageRequest, given: Parameters, _: list[str]) -> tuple[str, Parameters]:
    body: Parameters = {"model": choice.model, "prompt": request.prompt}
    if "width" in given and "height" in given:
        body["size"] = f"{given.pop('width')}x{given.pop('height')}"
    return "/api/paas/v4/async/images/generations", body | given


_BODIES: dict[str, Callable[[Choice, ImageRequest, Parameters, list[str]], tuple[str, Parameters]]] = {
    "hf-inference": _hf_inference,
    "nscale": _nscale,
    "together": _together,
    "fal-ai": _fal,
    "replicate": _replicate,
    "wavespeed": _wavespeed,
    "zai-org": _zai,
}
_HEADERS: dict[str, dict[str, str]] = {
    "hf-inference": {"Accept": "image/png"},
    "replicate": {"Prefer": "wait"},
    "zai-org": {"Accept-Language": "en-US,en", "x-source-channel": "hugging_face"},
}
