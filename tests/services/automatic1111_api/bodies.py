"""What txt2img and img2img take: the fields of ``modules/api/models.py`` and ``modules/processing.py``, with defaults.

Sources: stable-diffusion-webui-forge dfdcbab, and the web UI's own ``models.py``. The servers take no notice of fields
that they do not know; the stand-in refuses these.
"""

from __future__ import annotations

import base64
import binascii
import io
from typing import Any

from PIL import Image
from pydantic import Field, ValidationError

from services.automatic1111_api.failures import Refused, unreadable
from services.serving import Strict


class Asked(Strict):
    """What both have in common."""

    prompt: str = ""
    negative_prompt: str = ""
    styles: list[str] | None = None
    seed: int = -1
    subseed: int = -1
    subseed_strength: float = 0
    seed_resize_from_h: int = -1
    seed_resize_from_w: int = -1
    sampler_name: str | None = None
    scheduler: str | None = None
    sampler_index: str = "Euler"
    batch_size: int = 1
    n_iter: int = 1
    steps: int = 50
    cfg_scale: float = 7.0
    width: int = 512
    height: int = 512
    restore_faces: bool | None = None
    tiling: bool | None = None
    do_not_save_samples: bool = False
    do_not_save_grid: bool = False
    eta: float | None = None
    denoising_strength: float = 0.75
    s_min_uncond: float | None = None
    s_churn: float | None = None
    s_tmax: float | None = None
    s_tmin: float | None = None
    s_noise: float | None = None
    override_settings: dict[str, Any] | None = None
    override_settings_restore_afterwards: bool = True
    refiner_checkpoint: str | None = None
    refiner_switch_at: float | None = None
    disable_extra_networks: bool = False
    comments: dict[str, Any] | None = None
    script_name: str | None = None
    script_args: list[Any] = Field(default_factory=list)
    alwayson_scripts: dict[str, dict[str, list[Any]]] = Field(default_factory=dict)
    send_images: bool = True
    save_images: bool = False
    force_task_id: str | None = None
    infotext: str | None = None
    inpainting_fill: int = 0
    """Of img2img; but sd-backend-client sends it always, and the servers let it pass."""


class FromText(Asked):
    """The body of ``POST /sdapi/v1/txt2img``."""

    firstpass_image: str | None = None
    enable_hr: bool = False
    firstphase_width: int = 0
    firstphase_height: int = 0
    hr_scale: float = 2.0
    hr_upscaler: str | None = None
    hr_second_pass_steps: int = 0
    hr_resize_x: int = 0
    hr_resize_y: int = 0
    hr_checkpoint_name: str | None = None
    hr_sampler_name: str | None = None
    hr_scheduler: str | None = None
    hr_prompt: str = ""
    hr_negative_prompt: str = ""


class FromImage(Asked):
    """The body of ``POST /sdapi/v1/img2img``."""

    init_images: list[str] | None = None
    resize_mode: int = 0
    image_cfg_scale: float | None = None
    mask: str | None = None
    mask_blur: int = 4
    mask_blur_x: int = 4
    mask_blur_y: int = 4
    mask_round: bool = True
    inpaint_full_res: bool = True
    inpaint_full_res_padding: int = 0
    inpainting_mask_invert: int = 0
    initial_noise_multiplier: float | None = None
    latent_mask: str | None = None
    include_init_images: bool = False


class ForgeText(FromText):
    """What Forge takes beyond that."""

    distilled_cfg_scale: float = 3.5
    hr_additional_modules: list[str] | None = None
    hr_cfg: float = 1.0
    hr_distilled_cfg: float = 3.5


class ForgeImage(FromImage):
    """What Forge takes beyond that."""

    distilled_cfg_scale: float = 3.5


def read(fields: dict[str, Any], *, image: bool, form: str) -> FromText | FromImage:
    """Return a body, checked.

    Raises:
        Refused: it is not as documented.
    """
    kinds: dict[tuple[bool, bool], type[FromText | FromImage]] = {
        (False, False): FromText,
        (False, True): ForgeText,
        (True, False): FromImage,
        (True, True): ForgeImage,
    }
    try:
        return kinds[image, form == "forge"](**fields)
    except ValidationError as error:
        raise unreadable(error, form) from None


def picture_in(text: str, form: str) -> Image.Image:
    """Return the picture that a field holds, in base64 with or without ``data:image/…;base64,`` before it.

    Raises:
        Refused: it is none.
    """
    try:
        data = base64.b64decode(text.partition(",")[2] if text.startswith("data:image/") else text, validate=True)
        with Image.open(io.BytesIO(data)) as opened:
            opened.load()
            return opened.copy()
    except (binascii.Error, OSError):
        raise Refused(500, "Invalid encoded image", form) from None
