"""The nodes that the stand-in has: a choice of those that ComfyUI ships with, with their inputs as it declares them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

MAX_RESOLUTION = 16_384

SAMPLERS = (
    "euler", "euler_cfg_pp", "euler_ancestral", "euler_ancestral_cfg_pp", "heun", "heunpp2", "exp_heun_2_x0",
    "exp_heun_2_x0_sde", "dpm_2", "dpm_2_ancestral", "lms", "dpm_fast", "dpm_adaptive", "dpmpp_2s_ancestral",
    "dpmpp_2s_ancestral_cfg_pp", "dpmpp_sde", "dpmpp_sde_gpu", "dpmpp_2m", "dpmpp_2m_cfg_pp", "dpmpp_2m_sde",
    "dpmpp_2m_sde_gpu", "dpmpp_2m_sde_heun", "dpmpp_2m_sde_heun_gpu", "dpmpp_3m_sde", "dpmpp_3m_sde_gpu", "ddpm",
    "lcm", "ipndm", "ipndm_v", "deis", "cfgpp_ud10_ab", "res_multistep", "res_multistep_cfg_pp",
    "res_multistep_ancestral", "res_multistep_ancestral_cfg_pp", "gradient_estimation", "gradient_estimation_cfg_pp",
    "er_sde", "seeds_2", "seeds_3", "sa_solver", "sa_solver_pece", "ddim", "uni_pc", "uni_pc_bh2",
)  # fmt: skip
SCHEDULERS = (
    "simple", "sgm_uniform", "karras", "exponential", "ddim_uniform", "beta", "normal", "linear_quadratic",
    "kl_optimal",
)  # fmt: skip

CHECKPOINTS, LORAS, VAES, PICTURES = "checkpoints", "loras", "vae", "input"
"""Folders of the server, whose files some inputs choose from."""


@dataclass(frozen=True)
class Input:
    """One input of a node.

    Attributes:
        kind: the type of what is linked there; or ``INT``, ``FLOAT``, ``STRING``, ``BOOLEAN``, ``COMBO``.
        lowest: of a number.
        highest: of a number.
        values: what a combo offers.
        folder: where the files lie that a combo offers instead.
    """

    kind: str
    lowest: float | None = None
    highest: float | None = None
    values: tuple[str, ...] = ()
    folder: str = ""

    @property
    def is_link(self) -> bool:
        """Whether it takes the output of another node, and nothing else."""
        return self.kind not in {"INT", "FLOAT", "STRING", "BOOLEAN", "COMBO"}

    def choices(self, files: Mapping[str, list[str]]) -> list[str]:
        """Return what a combo offers on a server with these files."""
        return list(files.get(self.folder, [])) if self.folder else list(self.values)

    def declared(self, files: Mapping[str, list[str]]) -> list[Any]:
        """Return the input as ``/object_info`` tells of it."""
        if self.kind == "COMBO":
            return [self.choices(files), {"tooltip": "What to choose."}]
        bounds = {"min": self.lowest, "max": self.highest}
        return [self.kind, {name: value for name, value in bounds.items() if value is not None}]


@dataclass(frozen=True)
class Node:
    """A class of nodes.

    Attributes:
        inputs: all of them are required.
        outputs: their types, in order.
        label: its name for people.
        is_output: whether a graph may end in it.
    """

    inputs: Mapping[str, Input]
    outputs: tuple[str, ...] = ()
    label: str = ""
    is_output: bool = False
    category: str = field(default="impasto/stand-in")

    def declared(self, name: str, files: Mapping[str, list[str]]) -> dict[str, Any]:
        """Return the node as ``/object_info`` tells of it."""
        return {
            "input": {"required": {each: rule.declared(files) for each, rule in self.inputs.items()}},
            "input_order": {"required": list(self.inputs)},
            "output": list(self.outputs),
            "output_is_list": [False for _ in self.outputs],
            "output_name": list(self.outputs),
            "name": name,
            "display_name": self.label or name,
            "description": "",
            "python_module": "nodes",
            "category": self.category,
            "output_node": self.is_output,
        }


def _whole(lowest: int, highest: int) -> Input:
    return Input("INT", lowest, highest)


_SIDE = _whole(16, MAX_RESOLUTION)
_BATCH = _whole(1, 4096)
_TEXT = Input("STRING")
_MODEL, _CLIP, _VAE = Input("MODEL"), Input("CLIP"), Input("VAE")
_IMAGE, _MASK, _LATENT, _CONDITIONING = Input("IMAGE"), Input("MASK"), Input("LATENT"), Input("CONDITIONING")
_FILE = Input("COMBO", folder=PICTURES)

_EMPTY = Node({"width": _SIDE, "height": _SIDE, "batch_size": _BATCH}, ("LATENT",), "Empty Latent Image")

NODES: Mapping[str, Node] = {
    "CheckpointLoaderSimple": Node(
        {"ckpt_name": Input("COMBO", folder=CHECKPOINTS)}, ("MODEL", "CLIP", "VAE"), "Load Checkpoint"
    ),
    "LoraLoader": Node(
        {
            "model": _MODEL,
            "clip": _CLIP,
            "lora_name": Input("COMBO", folder=LORAS),
            "strength_model": Input("FLOAT", -100, 100),
            "strength_clip": Input("FLOAT", -100, 100),
        },
        ("MODEL", "CLIP"),
        "Load LoRA",
    ),
    "VAELoader": Node({"vae_name": Input("COMBO", folder=VAES)}, ("VAE",), "Load VAE"),
    "CLIPTextEncode": Node({"text": _TEXT, "clip": _CLIP}, ("CONDITIONING",), "CLIP Text Encode (Prompt)"),
    "FluxGuidance": Node({"conditioning": _CONDITIONING, "guidance": Input("FLOAT", 0, 100)}, ("CONDITIONING",)),
    "EmptyLatentImage": _EMPTY,
    "EmptySD3LatentImage": _EMPTY,
    "KSampler": Node(
        {
            "model": _MODEL,
            "seed": _whole(0, 2**64 - 1),
            "steps": _whole(1, 10_000),
            "cfg": Input("FLOAT", 0, 100),
            "sampler_name": Input("COMBO", values=SAMPLERS),
            "scheduler": Input("COMBO", values=SCHEDULERS),
            "positive": _CONDITIONING,
            "negative": _CONDITIONING,
            "latent_image": _LATENT,
            "denoise": Input("FLOAT", 0, 1),
        },
        ("LATENT",),
    ),
    "RepeatLatentBatch": Node({"samples": _LATENT, "amount": _whole(1, 64)}, ("LATENT",)),
    "SetLatentNoiseMask": Node({"samples": _LATENT, "mask": _MASK}, ("LATENT",)),
    "VAEDecode": Node({"samples": _LATENT, "vae": _VAE}, ("IMAGE",), "VAE Decode"),
    "VAEEncode": Node({"pixels": _IMAGE, "vae": _VAE}, ("LATENT",), "VAE Encode"),
    "VAEEncodeForInpaint": Node(
        {"pixels": _IMAGE, "vae": _VAE, "mask": _MASK, "grow_mask_by": _whole(0, 64)}, ("LATENT",)
    ),
    "InpaintModelConditioning": Node(
        {
            "positive": _CONDITIONING,
            "negative": _CONDITIONING,
            "vae": _VAE,
            "pixels": _IMAGE,
            "mask": _MASK,
            "noise_mask": Input("BOOLEAN"),
        },
        ("CONDITIONING", "CONDITIONING", "LATENT"),
    ),
    "LoadImage": Node({"image": _FILE}, ("IMAGE", "MASK"), "Load Image"),
    "LoadImageMask": Node(
        {"image": _FILE, "channel": Input("COMBO", values=("alpha", "red", "green", "blue"))}, ("MASK",)
    ),
    "ImageScale": Node(
        {
            "image": _IMAGE,
            "upscale_method": Input("COMBO", values=("nearest-exact", "bilinear", "area", "bicubic", "lanczos")),
            "width": _whole(0, MAX_RESOLUTION),
            "height": _whole(0, MAX_RESOLUTION),
            "crop": Input("COMBO", values=("disabled", "center")),
        },
        ("IMAGE",),
        "Upscale Image",
    ),
    "EmptyImage": Node(
        {
            "width": _whole(1, MAX_RESOLUTION),
            "height": _whole(1, MAX_RESOLUTION),
            "batch_size": _BATCH,
            "color": _whole(0, 0xFFFFFF),
        },
        ("IMAGE",),
    ),
    "SaveImage": Node({"images": _IMAGE, "filename_prefix": _TEXT}, ("IMAGE",), "Save Image", is_output=True),
    "PreviewImage": Node({"images": _IMAGE}, (), "Preview Image", is_output=True),
    "SaveImageWebsocket": Node({"images": _IMAGE}, (), is_output=True),
}
"""By class name."""
