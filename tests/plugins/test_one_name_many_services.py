"""One name, ``flux``, served over five unlike protocols: whichever of them die, the picture arrives from the next."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import anyio.to_thread
import pytest

import impasto
import impasto_bfl
import impasto_fal
import impasto_huggingface
import impasto_replicate
import impasto_voodoohop_flux1_schnell
from impasto import Attempt, ImageResponse, Progress
from impasto.plugins import Plugins
from impasto.router import Router
from impasto.settings import Settings
from services.black_forest_labs import black_forest_labs
from services.fal_api import Fal
from services.inference_providers import InferenceProviders
from services.replicate_api import Replicate
from services.serving import serving
from spaces.servers import GRADIO_4
from spaces.servers import serving as gradio_serving

pytestmark = pytest.mark.anyio

SPACE = "voodoohop-flux1-schnell"
PLUGINS = {
    "bfl": impasto_bfl,
    "fal": impasto_fal,
    "huggingface": impasto_huggingface,
    "replicate": impasto_replicate,
    SPACE: impasto_voodoohop_flux1_schnell,
}
HOSTED = tuple(name for name in PLUGINS if name != SPACE)
NOWHERE = "http://127.0.0.1:9"
KEYS = dict.fromkeys(HOSTED, "test-key")


@pytest.fixture
def urls() -> Iterator[dict[str, str]]:
    """Run the stand-ins of the four hosted services; return where they are."""
    with ExitStack() as running:
        yield {
            "bfl": running.enter_context(black_forest_labs()).url,
            "fal": running.enter_context(Fal().serving()).url,
            "huggingface": running.enter_context(serving(InferenceProviders().app)),
            "replicate": running.enter_context(serving(Replicate().app)) + "/v1",
        }


def client(urls: dict[str, str], order: list[str]) -> impasto.Client:
    """Return a client that tries these providers in this order; where one has no url, nobody listens."""
    plugins = Plugins(objects=PLUGINS)
    routes = {model.provider.id: model.name for model in Router(plugins, Settings()).models_of("flux")}
    settings = Settings(
        aliases={"flux": [routes[name] for name in order]},
        providers={name: {"url": urls.get(name, NOWHERE), "private_addresses": True} for name in PLUGINS},
    )
    return impasto.Client(settings=settings, plugins=plugins)


async def events_of(painter: impasto.Client, prompt: str, **options: Any) -> list[object]:
    async with painter, painter.stream(prompt, model="flux", api_key=KEYS, **options) as stream:
        return [event async for event in stream]


def test_five_providers_serve_it_and_the_one_that_costs_nothing_is_the_first() -> None:
    found = Router(Plugins(objects=PLUGINS), Settings()).models_of("flux")
    assert [model.provider.id for model in found] == [SPACE, "bfl", "fal", "huggingface", "replicate"]


@pytest.mark.parametrize("last", HOSTED)
async def test_the_picture_arrives_from_the_last_one_that_is_alive(
    urls: dict[str, str], last: str, no_pauses: None
) -> None:
    others = [name for name in PLUGINS if name != last]
    events = await events_of(client({last: urls[last]}, [*others, last]), "a red fox", seed=7)
    response = events[-1]
    assert isinstance(response, ImageResponse)
    assert response.provider == last
    assert response.width
    tried = [event.route.partition("/")[0] for event in events if isinstance(event, Attempt)]
    assert list(dict.fromkeys(tried)) == [*others, last]


@pytest.mark.parametrize("second", HOSTED)
async def test_a_gradio_app_that_dies_in_the_middle_of_a_picture_is_followed_by(
    urls: dict[str, str], second: str, no_pauses: None
) -> None:
    with gradio_serving(GRADIO_4) as server:
        places = {SPACE: server.apps["flux"], second: urls[second]}
        events: list[object] = []
        painter = client(places, [SPACE, second])
        async with painter, painter.stream("hold: for ever", model="flux", api_key=KEYS) as stream:
            async for event in stream:
                events.append(event)
                if event == Progress("queued") and len(events) == 2:
                    await anyio.to_thread.run_sync(server.wait_for, "hold: for ever")
                    os.killpg(server.pid, signal.SIGKILL)
    response = events[-1]
    assert isinstance(response, ImageResponse)
    assert response.provider == second
    attempts = [event for event in events if isinstance(event, Attempt)]
    assert attempts[0].route.startswith(f"{SPACE}/")
    assert "the connection broke" in str(attempts[1].error)
    assert not attempts[-1].may_be_charged
