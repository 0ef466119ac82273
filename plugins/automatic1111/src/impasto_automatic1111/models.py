"""The provider, and its models: the checkpoint that is loaded, and any other by its name."""

from __future__ import annotations

import re

from impasto import BasicAuth, Choices, Model, Provider, Range, SizeRule

PROVIDER = Provider(
    id="automatic1111",
    label="AUTOMATIC1111",
    url="http://127.0.0.1:7860",
    auth=BasicAuth(
        env="AUTOMATIC1111_AUTH",
        optional=True,
        help_url="https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API",
    ),
    default_model="current",
    max_concurrency=1,
)
"""The server on this machine. It draws one picture at a time, whoever asks (its ``queue_lock``)."""

FIELDS = (
    "alwayson_scripts", "clip_skip", "denoising_strength", "disable_extra_networks", "distilled_cfg_scale",
    "enable_hr", "eta", "hr_checkpoint_name", "hr_negative_prompt", "hr_prompt", "hr_resize_x", "hr_resize_y",
    "hr_sampler_name", "hr_scale", "hr_scheduler", "hr_second_pass_steps", "hr_upscaler", "image_cfg_scale",
    "initial_noise_multiplier", "inpaint_full_res", "inpaint_full_res_padding", "inpainting_fill",
    "inpainting_mask_invert", "lora", "mask_blur", "n_iter", "override_settings",
    "override_settings_restore_afterwards", "refiner_checkpoint", "refiner_switch_at", "resize_mode", "restore_faces",
    "s_churn", "s_min_uncond", "s_noise", "s_tmax", "s_tmin", "sampler_name", "save_images", "scheduler",
    "script_args", "script_name", "seed_resize_from_h", "seed_resize_from_w", "styles", "subseed",
    "subseed_strength", "tiling",
)  # fmt: skip
"""Further fields of ``/sdapi/v1/txt2img`` and ``/sdapi/v1/img2img``, for ``extra``: those of the web UI 1.10 and of
Forge (``modules/api/models.py``, ``modules/processing.py``), ``clip_skip`` of SD.Next, ``lora`` of ``sd-server``."""

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:@/-]{0,199}")


def named(name: str) -> Model:
    """Return the model that is drawn with a checkpoint.

    Args:
        name: the checkpoint's; ``current`` for the one that is loaded.
    """
    return Model(
        PROVIDER,
        name,
        accepts={
            "negative_prompt": None,
            "guidance_scale": Range(0, 30),
            "num_inference_steps": Range(1, 150),
            "seed": Range(0, 2**32 - 1),
            "n": Range(1, 8),
            "images": Range(1, 1),
            "mask": None,
            "strength": Range(0, 1),
            "extra": Choices(*FIELDS),
        },
        defaults={"width": 512, "height": 512, "num_inference_steps": 20},
        size=SizeRule(minimum=64, maximum=4096, multiple=8),
        label="the checkpoint that is loaded" if name == CURRENT else name,
    )


CURRENT = "current"
"""The model's name that means whatever is loaded."""

LOADED = named(CURRENT)


def is_name(name: str) -> bool:
    """Tell whether a model can have this name: no spaces, no brackets."""
    return _NAME.fullmatch(name) is not None
