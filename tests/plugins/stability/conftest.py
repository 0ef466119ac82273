"""A stand-in for Stability AI, and a client that asks it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import pytest

import impasto
import impasto_stability
from impasto.plugins import Plugins
from impasto.settings import Settings
from impasto.testing.throughclient import AtOnce
from services.serving import serving
from services.stable_image import KEY, StableImage


class Draw(Protocol):
    """Draws with one of the plugin's models."""

    async def __call__(self, prompt: str, model: str, **options: Any) -> impasto.ImageResponse: ...


DEADLINE = 20.0
"""Seconds; shorter than the minute for which the service shuts out who asks too often, which would be waited for."""


@pytest.fixture(scope="module")
def served() -> Iterator[tuple[StableImage, str]]:
    """The service and its address: one for a file, as it takes a moment to stop one."""
    service = StableImage()
    with serving(service.app()) as address:
        yield service, address


@pytest.fixture
def service(served: tuple[StableImage, str]) -> StableImage:
    """The service, as new, with credits for whatever a test asks."""
    served[0].forget()
    return served[0]


@pytest.fixture
def url(served: tuple[StableImage, str]) -> str:
    """Where the service is."""
    return served[1]


@pytest.fixture
def client(service: StableImage, url: str) -> impasto.Client:
    """A client that knows this plugin alone, and makes no pauses."""
    settings = Settings(providers={"stability": {"url": url, "private_addresses": True}})
    plugins = Plugins(objects={"stability": impasto_stability, "at-once": AtOnce()})
    return impasto.Client(settings=settings, plugins=plugins)


@pytest.fixture
def draw(client: impasto.Client) -> Draw:
    """Draws once, with the key that the service knows."""

    async def draw_with(prompt: str, model: str, **options: Any) -> impasto.ImageResponse:
        async with client:
            usual = {"api_key": KEY, "deadline": DEADLINE}
            return await client.generate(prompt, model=f"stability/{model}", **{**usual, **options})

    return draw_with
