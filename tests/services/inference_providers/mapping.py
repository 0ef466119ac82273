"""Models of the Hub, and the providers that serve them; the names are those of 2026, but for ``someone``'s."""

from __future__ import annotations

from typing import Any

TEXT = "text-to-image"
EDIT = "image-to-image"


def served(name: str, task: str = TEXT, status: str = "live", **more: Any) -> dict[str, Any]:
    """Return a provider's entry in a model's mapping: its own name of the model, the task, the health check."""
    return {"status": status, "providerId": name, "task": task, "isModelAuthor": False, **more}


def lora(name: str) -> dict[str, Any]:
    """Return the entry of a provider that draws with a LoRA's weights."""
    return served(name, adapter="lora", adapterWeightsPath="painting.safetensors", type="tag-filter")


def drawing(**names: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return a model that draws, and who serves it under which name."""
    return TEXT, {provider.replace("_", "-"): served(name) for provider, name in names.items()}


def editing(**names: str) -> tuple[str, dict[str, dict[str, Any]]]:
    """Return a model that edits, and who serves it under which name."""
    return EDIT, {provider.replace("_", "-"): served(name, EDIT) for provider, name in names.items()}


SD3 = "stabilityai/stable-diffusion-3-medium-diffusers"
PIX2PIX = "timbrooks/instruct-pix2pix"

MODELS: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "black-forest-labs/FLUX.1-schnell": drawing(
        nscale="black-forest-labs/FLUX.1-schnell",
        fal_ai="fal-ai/flux/schnell",
        replicate="black-forest-labs/flux-schnell",
        together="black-forest-labs/FLUX.1-schnell",
        wavespeed="wavespeed-ai/flux-schnell",
    ),
    "black-forest-labs/FLUX.1-dev": drawing(fal_ai="fal-ai/flux/dev", replicate="black-forest-labs/flux-dev"),
    "black-forest-labs/FLUX.1-Krea-dev": drawing(fal_ai="fal-ai/flux/krea"),
    "krea/Krea-2-Turbo": drawing(fal_ai="fal-ai/krea-2/turbo"),
    "Tongyi-MAI/Z-Image-Turbo": drawing(wavespeed="wavespeed-ai/z-image/turbo", fal_ai="fal-ai/z-image/turbo"),
    "Qwen/Qwen-Image": drawing(fal_ai="fal-ai/qwen-image"),
    "Qwen/Qwen-Image-2512": drawing(replicate="qwen/qwen-image-2512"),
    "ideogram-ai/ideogram-4-fp8": drawing(fal_ai="ideogram/v4"),
    SD3: drawing(hf_inference=SD3),
    "zai-org/GLM-Image": drawing(zai_org="glm-image"),
    "black-forest-labs/FLUX.2-klein-9B": editing(
        replicate="black-forest-labs/flux-2-klein-9b", fal_ai="fal-ai/flux-2/klein/9b/edit"
    ),
    "black-forest-labs/FLUX.2-dev": editing(together="black-forest-labs/FLUX.2-dev", fal_ai="fal-ai/flux-2/edit"),
    "black-forest-labs/FLUX.1-Kontext-dev": editing(
        fal_ai="fal-ai/flux-kontext/dev",
        replicate="black-forest-labs/flux-kontext-dev",
        together="black-forest-labs/FLUX.1-Kontext-dev",
        wavespeed="wavespeed-ai/flux-kontext-dev",
    ),
    "Qwen/Qwen-Image-Edit": editing(wavespeed="wavespeed-ai/qwen-image/edit"),
    PIX2PIX: editing(hf_inference=PIX2PIX),
    "someone/painting-lora": (
        TEXT,
        {
            "fal-ai": lora("fal-ai/lora"),
            "replicate": lora("black-forest-labs/flux-dev-lora"),
            "wavespeed": lora("wavespeed-ai/flux-dev-lora"),
        },
    ),
    "someone/versioned": drawing(replicate="someone/versioned:0123abcd"),
    "someone/unwell": (TEXT, {"nscale": served("someone/unwell", status="error")}),
    "someone/newcomer": drawing(brushworks="newcomer-1", nscale="someone/newcomer"),
    "someone/talks": ("text-generation", {"groq": served("talks-8b", "conversational")}),
    "someone/unserved": (TEXT, {}),
}
"""Each with its task and its mapping, in the order that the user prefers."""
