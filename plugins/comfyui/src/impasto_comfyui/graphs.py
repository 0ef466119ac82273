"""The graphs that are submitted for a checkpoint: text to picture, picture to picture, and a masked part drawn anew.

In ComfyUI's "API format": nodes by their ids, each with a class and inputs, where ``["4", 0]`` is the first output of
node 4. Classes and inputs are those of ComfyUI's ``nodes.py`` and ``comfy_extras/nodes_flux.py``; the ids are those of
its default workflow.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import InvalidRequest
from impasto_comfyui.declarations import loras_of
from impasto_comfyui.measures import size_asked, size_scaled

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto import ImageRequest
    from impasto_comfyui.styles import Style

Graph = dict[str, dict[str, Any]]

PREFIX = "impasto/impasto"
"""Folder and beginning of the names of drawn files, on the server."""

_STRENGTH = 0.75
_STRENGTH_IN_MASK = 1.0
_FIRST_LORA = 20

_STAGES = {
    "CheckpointLoaderSimple": "loading the model",
    "LoraLoader": "loading the model",
    "UNETLoader": "loading the model",
    "CLIPLoader": "loading the model",
    "DualCLIPLoader": "loading the model",
    "VAELoader": "loading the model",
    "CLIPTextEncode": "reading the prompt",
    "LoadImage": "loading the picture",
    "LoadImageMask": "loading the mask",
    "VAEEncode": "encoding the picture",
    "InpaintModelConditioning": "encoding the picture",
    "KSampler": "drawing",
    "KSamplerAdvanced": "drawing",
    "SamplerCustomAdvanced": "drawing",
    "EmptyLatentImage": "preparing",
    "EmptySD3LatentImage": "preparing",
    "FluxGuidance": "preparing",
    "ImageScale": "preparing",
    "RepeatLatentBatch": "preparing",
    "SetLatentNoiseMask": "preparing",
    "VAEDecode": "decoding",
    "SaveImage": "saving",
}


def stages_of(graph: Graph) -> dict[str, str]:
    """Return for each node what it does, in words for people: those of its title, where the graph has one."""
    found = {}
    for name, node in graph.items():
        kind = str(node.get("class_type", ""))
        meta = node.get("_meta")
        title = meta.get("title") if isinstance(meta, dict) else None
        found[name] = title if isinstance(title, str) and title else _STAGES.get(kind, kind)
    return found


def graph_of(
    request: ImageRequest, checkpoint: str, style: Style, pictures: Mapping[str, str], *, seed: int | None
) -> Graph:
    """Return the graph that draws a request with a checkpoint.

    Args:
        request: what to draw.
        checkpoint: the file's name, as the server lists it.
        style: how that likes to be asked.
        pictures: names of files on the server: ``image`` to start from, ``mask``.
        seed: of the noise.

    Raises:
        InvalidRequest: the checkpoint takes something not that is asked for.
    """
    guidance = _guidance(request, style)
    graph: Graph = {"4": _node("CheckpointLoaderSimple", ckpt_name=checkpoint)}
    model, clip, vae = _link("4"), _link("4", 1), _link("4", 2)
    for index, (name, strength) in enumerate(loras_of(request).items(), _FIRST_LORA):
        strengths = {"strength_model": strength, "strength_clip": strength}
        graph[str(index)] = _node("LoraLoader", model=model, clip=clip, lora_name=name, **strengths)
        model, clip = _link(str(index)), _link(str(index), 1)
    if "vae_name" in request.extra:
        graph["15"] = _node("VAELoader", vae_name=request.extra["vae_name"])
        vae = _link("15")
    graph["6"] = _node("CLIPTextEncode", text=request.prompt, clip=clip)
    graph["7"] = _node("CLIPTextEncode", text=request.negative_prompt or "", clip=clip)
    positive, negative = _link("6"), _link("7")
    if style.is_flux:
        graph["16"] = _node("FluxGuidance", conditioning=positive, guidance=guidance)
        positive = _link("16")
    if "image" in pictures:
        positive, negative, latent = _from_picture(graph, request, style, pictures, (positive, negative, vae))
    else:
        width, height = size_asked(request, style) or (style.side, style.side)
        graph["5"] = _node(style.latent, width=width, height=height, batch_size=request.n)
        latent = _link("5")
    graph["3"] = _node(
        "KSampler",
        model=model,
        positive=positive,
        negative=negative,
        latent_image=latent,
        seed=seed,
        steps=request.num_inference_steps or style.steps,
        cfg=1.0 if style.is_flux else guidance,
        sampler_name=request.extra.get("sampler_name", style.sampler),
        scheduler=request.extra.get("scheduler", style.scheduler),
        denoise=_denoise(request, pictures),
    )
    graph["8"] = _node("VAEDecode", samples=_link("3"), vae=vae)
    graph["9"] = _node("SaveImage", images=_link("8"), filename_prefix=request.extra.get("filename_prefix", PREFIX))
    return graph


def _from_picture(
    graph: Graph, request: ImageRequest, style: Style, pictures: Mapping[str, str], links: tuple[Any, Any, Any]
) -> tuple[Any, Any, Any]:
    """Add the nodes that begin with a picture; return both conditionings, and the latent."""
    positive, negative, vae = links
    graph["10"] = _node("LoadImage", image=pictures["image"])
    pixels = _link("10")
    if (size := size_scaled(request, style)) is not None:
        scaled = {"upscale_method": "lanczos", "width": size[0], "height": size[1], "crop": "disabled"}
        graph["17"] = _node("ImageScale", image=pixels, **scaled)
        pixels = _link("17")
    if "mask" not in pictures:
        graph["11"] = _node("VAEEncode", pixels=pixels, vae=vae)
        latent = _link("11")
    else:
        # White is what to draw anew, for masks of ComfyUI as well; a grey PNG has the same value in each channel.
        graph["12"] = _node("LoadImageMask", image=pictures["mask"], channel="red")
        mask = _link("12")
        if style.is_inpainting:
            inputs = {"positive": positive, "negative": negative, "vae": vae, "pixels": pixels, "mask": mask}
            graph["13"] = _node("InpaintModelConditioning", **inputs, noise_mask=True)
            positive, negative, latent = _link("13"), _link("13", 1), _link("13", 2)
        else:
            graph["11"] = _node("VAEEncode", pixels=pixels, vae=vae)
            graph["13"] = _node("SetLatentNoiseMask", samples=_link("11"), mask=mask)
            latent = _link("13")
    if request.n > 1:
        graph["14"] = _node("RepeatLatentBatch", samples=latent, amount=request.n)
        latent = _link("14")
    return positive, negative, latent


def _guidance(request: ImageRequest, style: Style) -> float:
    guidance = request.guidance_scale
    if guidance is not None and not style.takes_guidance:
        raise InvalidRequest(
            "guidance_scale makes no difference to this checkpoint, which was distilled: leave it out.",
            parameter="guidance_scale",
        )
    guidance = style.guidance if guidance is None else guidance
    if request.negative_prompt and (style.is_flux or guidance == 1):
        why = "FLUX knows none" if style.is_flux else "a guidance_scale of 1 takes none into account: give a higher one"
        raise InvalidRequest(f"negative_prompt makes no difference here: {why}.", parameter="negative_prompt")
    return float(guidance)


def _denoise(request: ImageRequest, pictures: Mapping[str, str]) -> float:
    if "image" not in pictures:
        return 1.0
    if request.strength is not None:
        return float(request.strength)
    return _STRENGTH_IN_MASK if "mask" in pictures else _STRENGTH


def _node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


def _link(node: str, slot: int = 0) -> list[str | int]:
    return [node, slot]
