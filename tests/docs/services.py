"""The services that the plugins' READMEs draw with: stand-ins, each where the plugin's settings lead."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from starlette.applications import Starlette

from repository import ROOT
from services.automatic1111_api.service import WebUI
from services.black_forest_labs import black_forest_labs
from services.comfy_api import ComfyUI
from services.fal_api import Fal
from services.inference_providers import InferenceProviders
from services.openai_images.service import OpenAIService
from services.replicate_api import Replicate
from services.serving import serving
from services.stable_image import StableImage

KEY = "test-key"

_CHECKPOINTS = (
    "v1-5-pruned-emaonly-fp16.safetensors",
    "flux1-schnell-fp8.safetensors",
    "sd_xl_base_1.0.safetensors",
)


def _app(made: Callable[[], Starlette], path: str = "") -> Callable[[ExitStack], str]:
    return lambda running: running.enter_context(serving(made())) + path


SERVICES: dict[str, Callable[[ExitStack], str]] = {
    "automatic1111": _app(lambda: WebUI().app),
    "bfl": lambda running: running.enter_context(black_forest_labs()).url,
    "comfyui": _app(lambda: ComfyUI(checkpoints=_CHECKPOINTS).app),
    "fal": lambda running: running.enter_context(Fal().serving()).url,
    "huggingface": _app(lambda: InferenceProviders().app),
    "openai": _app(lambda: OpenAIService().app, "/v1"),
    "replicate": _app(lambda: Replicate().app, "/v1"),
    "stability": _app(lambda: StableImage().app()),
}
"""Each plugin's name, and what starts its service and returns the url for its settings."""


def plugin_of(path: Path) -> str | None:
    """Return the name of the plugin whose README this is, if a stand-in stands for its service; else None."""
    folder = path.parent
    return folder.name if folder.parent == ROOT / "plugins" and folder.name in SERVICES else None


@contextmanager
def service(name: str, folder: Path) -> Iterator[dict[str, str]]:
    """Run a plugin's service; the block gets the variables that lead there, with a key.

    Args:
        name: the plugin's.
        folder: where to keep the settings.
    """
    with ExitStack() as running:
        url = SERVICES[name](running)
        settings = folder / "settings.toml"
        settings.write_text(
            f"[providers.{name}]\nurl = {json.dumps(url)}\nkey = {json.dumps(KEY)}\nprivate_addresses = true\n"
        )
        yield {"IMPASTO_CONFIG": str(settings)}
