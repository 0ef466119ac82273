"""Stable Diffusion 3.5 Large as Stability AI's Hugging Face Space serves it; a token is optional."""

from __future__ import annotations

from impasto import (
    Bearer,
    ImageRequest,
    Model,
    Outcome,
    Payload,
    Provider,
    Range,
    ServerEvent,
    SizeRule,
    hookimpl,
)
from impasto_gradio import call

PROVIDER = Provider(
    id="stabilityai-sd35-large",
    label="StabilityAI SD-3.5-Large",
    url="https://stabilityai-stable-diffusion-3-5-large.hf.space",
    auth=Bearer(env="HF_TOKEN", optional=True, help_url="https://huggingface.co/settings/tokens"),
    default_model="stabilityai-stable-diffusion-3-5-large",
)


FREE = 10
"""Costs nothing, so it comes before the services of the same alias that charge."""


@hookimpl
def list_models() -> list[Model]:
    """Offer the one model of the Space."""
    return [
        Model(
            PROVIDER,
            "stabilityai-stable-diffusion-3-5-large",
            aliases=("sd-3.5", "sd-3.5-large"),
            accepts={
                "negative_prompt": None,
                "seed": Range(0, 2**31 - 1),
                "randomize_seed": None,
                "guidance_scale": Range(0, 7.5),
                "num_inference_steps": Range(1, 50),
            },
            defaults={"aspect_ratio": "1:1", "guidance_scale": 4.5, "num_inference_steps": 50, "seed": 0},
            size=SizeRule(),
            label="Stable Diffusion 3.5 Large",
            priority=FREE,
        )
    ]


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Submit the request to ``/infer``, in the order of its inputs."""
    data = [
        request.prompt,
        request.negative_prompt or "",
        request.seed,
        request.randomize_seed,
        request.width,
        request.height,
        request.guidance_scale,
        request.num_inference_steps,
    ]
    return call.submit("/gradio_api/call/infer", data, seed_at=1)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read the Gradio call."""
    return call.parse(event)
