"""A stand-in ComfyUI, and a client that draws with it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

import impasto
import impasto_comfyui
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.comfy_api import ComfyUI
from services.serving import serving

Serve = Callable[..., ComfyUI]


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Return what serves a stand-in until the test ends; it is told what to be like."""
    running = []

    def start(**likes: object) -> ComfyUI:
        service = ComfyUI(**likes)  # type: ignore[arg-type]
        served = serving(service.app)
        service.url = served.__enter__()
        running.append(served)
        return service

    try:
        yield start
    finally:
        for served in running:
            served.__exit__(None, None, None)


@pytest.fixture
def client_of() -> Callable[[ComfyUI], impasto.Client]:
    """Return what makes a client whose ComfyUI is a stand-in."""

    def make(service: ComfyUI) -> impasto.Client:
        settings = Settings(providers={"comfyui": {"url": service.url, "private_addresses": True}})
        return impasto.Client(settings=settings, plugins=Plugins(objects={"comfyui": impasto_comfyui}))

    return make
