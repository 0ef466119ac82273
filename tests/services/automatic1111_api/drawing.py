"""The pictures that the stand-in draws, and what it says of them."""

from __future__ import annotations

import base64
import hashlib
import io
import json
from dataclasses import dataclass

from PIL import Image, PngImagePlugin

from services.automatic1111_api.bodies import Asked, FromImage, picture_in

LARGEST = 512
"""Pixels of a side; larger pictures come as small as this, which costs the tests less."""


@dataclass(frozen=True)
class Checkpoint:
    """A file of weights, as ``/sdapi/v1/sd-models`` lists it.

    Attributes:
        path: of the file, below the folder of models.
        hash: ten digits; empty while the server has not made it.
    """

    path: str
    hash: str = ""

    @property
    def stem(self) -> str:
        """What pictures are said to be drawn with: ``name_for_extra``."""
        return self.path.rpartition("/")[2].removesuffix(".safetensors")

    @property
    def title(self) -> str:
        """The name that is unambiguous."""
        return f"{self.path} [{self.hash}]" if self.hash else self.path

    def names(self) -> set[str]:
        """Return the names under which it can be asked for: ``CheckpointInfo.ids``."""
        plain = self.path.removesuffix(".safetensors")
        file = self.path.rpartition("/")[2]
        return {self.title, self.path, plain, file, self.stem, plain.replace("/", "_"), self.hash} - {""}

    def listed(self) -> dict[str, object]:
        """Return it as it is listed."""
        return {
            "title": self.title,
            "model_name": self.path.removesuffix(".safetensors").replace("/", "_"),
            "hash": self.hash or None,
            "sha256": self.hash.ljust(64, "0") if self.hash else None,
            "filename": f"/models/Stable-diffusion/{self.path}",
            "config": None,
        }


def draw(asked: Asked, seed: int, checkpoint: Checkpoint, form: str) -> Image.Image:
    """Return one picture: plain, of a colour that prompt, seed and checkpoint decide; what a mask keeps is kept."""
    size = min(asked.width // 8 * 8, LARGEST), min(asked.height // 8 * 8, LARGEST)
    digest = hashlib.sha256(f"{asked.prompt}|{asked.negative_prompt}|{seed}|{checkpoint.path}".encode()).digest()
    picture = Image.new("RGB", size, (digest[0], digest[1], digest[2]))
    if not isinstance(asked, FromImage):
        return picture
    (under,) = (picture_in(each, form).convert("RGB").resize(size) for each in asked.init_images or [])
    picture = Image.blend(under, picture, min(asked.denoising_strength, 1))
    if asked.mask is None:
        return picture
    mask = picture_in(asked.mask, form).convert("L").resize(size)
    if asked.inpainting_mask_invert:
        mask = mask.point(lambda grey: 255 - grey)
    return Image.composite(picture, under, mask)


def unfinished(picture: Image.Image) -> Image.Image:
    """Return what the server shows of a picture that is not done."""
    return Image.blend(picture, Image.new("RGB", picture.size, (128, 128, 128)), 0.5)


def encoded(picture: Image.Image, infotext: str = "", kind: str = "png") -> str:
    """Return a picture in base64, as the API tells it."""
    content = io.BytesIO()
    if kind == "png":
        text = PngImagePlugin.PngInfo()
        if infotext:
            text.add_text("parameters", infotext)
        picture.save(content, "PNG", pnginfo=text)
    else:
        picture.save(content, {"jpg": "JPEG"}.get(kind, kind.upper()))
    return base64.b64encode(content.getvalue()).decode()


def infotext_of(asked: Asked, seed: int, sampler: str, checkpoint: Checkpoint, form: str) -> str:
    """Return what is written into a picture (``create_infotext``; for SD.Next, what a server of it wrote)."""
    negative = f"\nNegative prompt: {asked.negative_prompt}" if asked.negative_prompt or form == "sdnext" else ""
    size = f"{asked.width}x{asked.height}"
    if form == "sdnext":
        settings = f"Steps: {asked.steps}, Size: {size}, Sampler: {sampler}, Seed: {seed}, CFG scale: {asked.cfg_scale}"
        return f"{asked.prompt}{negative}\n{settings}, App: SD.Next, Version: unknown, Model: {checkpoint.stem}"
    settings = f"Steps: {asked.steps}, Sampler: {sampler}, Schedule type: Automatic, CFG scale: {asked.cfg_scale:g}"
    hashed = f", Model hash: {checkpoint.hash}" if checkpoint.hash else ""
    settings += f", Seed: {seed}, Size: {size}{hashed}, Model: {checkpoint.stem}, Version: v1.10.1"
    return f"{asked.prompt}{negative}\n{settings}"


def info_of(
    asked: Asked, seeds: list[int], sampler: str, checkpoint: Checkpoint, infotexts: list[str], first: int, form: str
) -> str:
    """Return the field ``info``: JSON within JSON."""
    info = {
        "prompt": asked.prompt,
        "all_prompts": [asked.prompt] * len(seeds),
        "negative_prompt": asked.negative_prompt,
        "all_negative_prompts": [asked.negative_prompt] * len(seeds),
        "seed": seeds[0],
        "all_seeds": seeds,
        "subseed": 7,
        "all_subseeds": [7 + number for number in range(len(seeds))],
        "subseed_strength": asked.subseed_strength,
        "width": asked.width,
        "height": asked.height,
        "sampler_name": sampler,
        "cfg_scale": asked.cfg_scale,
        "steps": asked.steps,
        "batch_size": asked.batch_size,
        "restore_faces": bool(asked.restore_faces),
        "face_restoration_model": None,
        "sd_model_name": checkpoint.stem,
        "sd_model_hash": checkpoint.hash,
        "sd_vae_name": None,
        "sd_vae_hash": None,
        "seed_resize_from_w": asked.seed_resize_from_w,
        "seed_resize_from_h": asked.seed_resize_from_h,
        "denoising_strength": asked.denoising_strength if isinstance(asked, FromImage) else None,
        "extra_generation_params": {},
        "index_of_first_image": first,
        "infotexts": infotexts,
        "styles": asked.styles or [],
        "job_timestamp": "20261126223737",
        "clip_skip": 1,
        "is_using_inpainting_conditioning": False,
        "version": "v1.10.1",
    }
    if form == "sdnext":
        info["sd_model_hash"] = None
        for name in (
            "restore_faces", "face_restoration_model", "sd_model_name", "sd_vae_name", "sd_vae_hash",
            "is_using_inpainting_conditioning", "version",
        ):  # fmt: skip
            del info[name]
    return json.dumps(info)
