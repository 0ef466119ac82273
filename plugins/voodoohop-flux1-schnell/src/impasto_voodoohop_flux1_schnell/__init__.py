"""Flux-1-Schnell as Voodoohop's Hugging Face Space serves it, without a key."""

from __future__ import annotations

from impasto import ImageRequest, Model, Outcome, Payload, Provider, Range, ServerEvent, SizeRule, hookimpl
from impasto_gradio import call

PROVIDER = Provider(
    id="voodoohop-flux1-schnell",
    label="Voodoohop Flux-1-Schnell",
    url="https://voodoohop-flux-1-schnell.hf.space",
    default_model="voodoohop-flux-1-schnell",
)


FREE = 10
"""Costs nothing, so it comes before the services of the same alias that charge."""


@hookimpl
def list_models() -> list[Model]:
    """Offer the one model of the Space."""
    return [
        Model(
            PROVIDER,
            "voodoohop-flux-1-schnell",
            aliases=("flux-schnell", "flux"),
            accepts={
                "seed": Range(0, 2**31 - 1),
                "randomize_seed": None,
                "num_inference_steps": Range(1, 50),
            },
            defaults={"width": 768, "height": 768, "num_inference_steps": 2, "seed": 0},
            size=SizeRule(minimum=32, multiple=8),
            label="FLUX.1 [schnell]",
            priority=FREE,
        )
    ]


@hookimpl
def build_payload(model: Model, request: ImageRequest) -> Payload:
    """Submit the request to ``/infer``, in the order of its inputs."""
    data = [
        request.prompt,
        request.seed,
        request.randomize_seed,
        request.width,
        request.height,
        request.num_inference_steps,
    ]
    return call.submit("/call/infer", data, seed_at=1)


@hookimpl
def parse_event(model: Model, event: ServerEvent) -> list[Outcome]:
    """Read the Gradio call."""
    return call.parse(event)
