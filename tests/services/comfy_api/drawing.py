"""What nodes do, with Pillow in place of a diffusion model: enough that masks, sizes, seeds and batches can be seen."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import PIL.Image
import PIL.ImageOps
from PIL.PngImagePlugin import PngInfo

Picture = PIL.Image.Image

_DOWN = 8
"""Pixels of a side for each of the latent's."""


@dataclass(frozen=True)
class Latent:
    """What a picture is while it is drawn.

    Attributes:
        size: of the picture, in pixels.
        base: what it starts from; None for noise alone.
        mask: where it may change: white; None for everywhere.
        batch: how many.
        drawn: what has come of it.
    """

    size: tuple[int, int]
    base: Picture | None = None
    mask: Picture | None = None
    batch: int = 1
    drawn: tuple[Picture, ...] = ()


def run(kind: str, inputs: Mapping[str, Any], load: Callable[[str], bytes]) -> tuple[Any, ...]:
    """Return the outputs of a node.

    Args:
        kind: its class.
        inputs: with the outputs of other nodes in place of links.
        load: returns the bytes of a picture by its name, as ``LoadImage`` takes it.
    """
    match kind:
        case "CheckpointLoaderSimple":
            name = inputs["ckpt_name"]
            return f"model of {name}", f"clip of {name}", f"vae of {name}"
        case "LoraLoader":
            added = f"{inputs['lora_name']} x {inputs['strength_model']}, {inputs['strength_clip']}"
            return f"{inputs['model']} with {added}", f"{inputs['clip']} with {added}"
        case "VAELoader":
            return (inputs["vae_name"],)
        case "CLIPTextEncode":
            return (f"{inputs['text']!r} by {inputs['clip']}",)
        case "FluxGuidance":
            return (f"{inputs['conditioning']} at {inputs['guidance']}",)
        case "LoadImage" | "LoadImageMask":
            return _loaded(kind, inputs, load)
        case "EmptyImage":
            colour = inputs["color"]
            size = inputs["width"], inputs["height"]
            plain = PIL.Image.new("RGB", size, (colour >> 16, colour >> 8 & 255, colour & 255))
            return ([plain] * inputs["batch_size"],)
        case "ImageScale":
            return ([_scaled(each, inputs["width"], inputs["height"]) for each in inputs["image"]],)
        case "VAEDecode":
            return (list(inputs["samples"].drawn),)
        case "SaveImage":
            return (inputs["images"],)
        case _:
            return _on_latents(kind, inputs)


def _on_latents(kind: str, inputs: Mapping[str, Any]) -> tuple[Any, ...]:
    match kind:
        case "EmptyLatentImage" | "EmptySD3LatentImage":
            size = inputs["width"] // _DOWN * _DOWN, inputs["height"] // _DOWN * _DOWN
            return (Latent(size, batch=inputs["batch_size"]),)
        case "VAEEncode":
            return (_encoded(inputs["pixels"][0]),)
        case "VAEEncodeForInpaint":
            return (replace(_encoded(inputs["pixels"][0]), mask=inputs["mask"]),)
        case "InpaintModelConditioning":
            latent = replace(_encoded(inputs["pixels"][0]), mask=inputs["mask"])
            return inputs["positive"], inputs["negative"], latent
        case "SetLatentNoiseMask":
            return (replace(inputs["samples"], mask=inputs["mask"]),)
        case "RepeatLatentBatch":
            return (replace(inputs["samples"], batch=inputs["samples"].batch * inputs["amount"]),)
        case "KSampler":
            return (_sampled(inputs),)
    return ()


def png(picture: Picture, graph: str = "") -> bytes:
    """Return a picture as PNG, with the graph that made it."""
    info = PngInfo()
    if graph:
        info.add_text("prompt", graph)
    content = io.BytesIO()
    picture.save(content, "PNG", pnginfo=info)
    return content.getvalue()


def jpeg(picture: Picture) -> bytes:
    """Return a picture as JPEG."""
    content = io.BytesIO()
    picture.convert("RGB").save(content, "JPEG", quality=95)
    return content.getvalue()


def noise(seed: int, index: int, size: tuple[int, int], words: str = "") -> Picture:
    """Return a picture of a seed's colour."""
    colour = tuple(hashlib.sha256(f"{seed} {index} {words}".encode()).digest()[:3])
    return PIL.Image.new("RGB", size, colour)


def _loaded(kind: str, inputs: Mapping[str, Any], load: Callable[[str], bytes]) -> tuple[Any, ...]:
    with PIL.Image.open(io.BytesIO(load(inputs["image"]))) as opened:
        whole = opened.convert("RGBA")
        has_alpha = opened.has_transparency_data
    transparent = PIL.ImageOps.invert(whole.getchannel("A"))
    if kind == "LoadImage":
        return [whole.convert("RGB")], transparent if has_alpha else PIL.Image.new("L", (64, 64), 0)
    channel = inputs["channel"]
    return (transparent if channel == "alpha" else whole.convert("RGB").getchannel(channel[0].upper()),)


def _scaled(picture: Picture, width: int, height: int) -> Picture:
    """Return a picture in another size; a side of 0 follows from the other."""
    width = width or max(1, round(picture.width * height / picture.height))
    return picture.resize((width, height or max(1, round(picture.height * width / picture.width))))


def _encoded(picture: Picture) -> Latent:
    size = picture.width // _DOWN * _DOWN, picture.height // _DOWN * _DOWN
    left, top = (picture.width - size[0]) // 2, (picture.height - size[1]) // 2
    return Latent(size, base=picture.crop((left, top, left + size[0], top + size[1])))


def _sampled(inputs: Mapping[str, Any]) -> Latent:
    latent: Latent = inputs["latent_image"]
    names = ("model", "positive", "negative", "steps", "cfg", "sampler_name", "scheduler")
    words = " ".join(str(inputs[name]) for name in names)
    drawn = []
    for index in range(latent.batch):
        picture = noise(inputs["seed"], index, latent.size, words)
        if latent.base is not None:
            picture = PIL.Image.blend(latent.base, picture, inputs["denoise"])
            if latent.mask is not None:
                picture = PIL.Image.composite(picture, latent.base, latent.mask.resize(latent.size))
        drawn.append(picture)
    return replace(latent, drawn=tuple(drawn))
