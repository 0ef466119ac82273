"""What each provider takes, as far as Hugging Face documents it: no other field, no other type."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from services.serving import Strict

DataUrl = Annotated[str, StringConstraints(pattern=r"^data:image/(png|jpeg|webp);base64,[A-Za-z0-9+/=]+$")]
Base64 = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/=]+$")]
Size = Annotated[str, StringConstraints(pattern=r"^[1-9]\d*x[1-9]\d*$")]
Whole = Annotated[int, Field(ge=1)]
Seed = Annotated[int, Field(ge=0)]


class TargetSize(Strict):
    width: Whole
    height: Whole


class Lora(Strict):
    path: str
    scale: float


class Common(Strict):
    """The parameters of the task "text to image", by Hugging Face's own names."""

    negative_prompt: str | None = None
    guidance_scale: float | None = None
    num_inference_steps: Whole | None = None
    scheduler: str | None = None
    seed: Seed | None = None


class Sized(Common):
    width: Whole | None = None
    height: Whole | None = None


class EditParameters(Common):
    """The parameters of the task "image to image"; a seed is not in its schema, and is passed on."""

    prompt: str | None = None
    target_size: TargetSize | None = None


class HfText(Strict):
    inputs: str
    parameters: Sized


class HfEdit(Strict):
    inputs: Base64
    parameters: EditParameters


class Nscale(Strict):
    prompt: str
    model: str
    response_format: Literal["b64_json"]
    negative_prompt: str | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    seed: Seed | None = None
    size: Size | None = None
    n: Literal[1] = 1


class Together(Strict):
    prompt: str
    model: str
    response_format: Literal["base64", "url"]
    negative_prompt: str | None = None
    guidance_scale: float | None = None
    scheduler: str | None = None
    steps: Whole | None = None
    seed: Seed | None = None
    width: Whole | None = None
    height: Whole | None = None


class TogetherEdit(Together):
    image_url: DataUrl | None = None
    reference_images: list[DataUrl] | None = None
    target_size: TargetSize | None = None


class Fal(Common):
    prompt: str
    image_size: TargetSize | None = None
    loras: list[Lora] | None = None
    model_name: str | None = None
    sync_mode: bool | None = None
    acceleration: Literal["none", "regular", "high"] | None = None


class FalEdit(Fal):
    image_url: DataUrl
    image_urls: list[DataUrl]


class ReplicateInput(Sized):
    prompt: str
    lora_weights: str | None = None
    output_quality: int | None = None


class ReplicateEditInput(EditParameters):
    image: DataUrl
    images: list[DataUrl]
    input_image: DataUrl
    input_images: list[DataUrl]


class Replicate(Strict):
    input: ReplicateInput
    version: str | None = None


class ReplicateEdit(Strict):
    input: ReplicateEditInput
    version: str | None = None


class WaveSpeed(Sized):
    prompt: str
    loras: list[Lora] | None = None


class WaveSpeedEdit(EditParameters):
    prompt: str
    image: DataUrl


class Zai(Common):
    model: str
    prompt: str
    size: Size | None = None
