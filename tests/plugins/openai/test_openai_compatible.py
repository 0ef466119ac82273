"""Servers in OpenAI's place, through `impasto.Client`: each with an accent of its own."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

import impasto
import impasto_openai
from impasto import ImageResponse
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.openai_images import CompatibleServer
from services.serving import serving

pytestmark = pytest.mark.anyio

GENERATIONS = "POST /v1/images/generations"


@contextlib.contextmanager
def client(server: CompatibleServer) -> Iterator[impasto.Client]:
    with serving(server.app) as address:
        settings = Settings(providers={"openai": {"url": f"{address}/v1", "private_addresses": True, "key": "none"}})
        yield impasto.Client(settings=settings, plugins=Plugins(objects={"openai": impasto_openai}))


async def paint(server: CompatibleServer, prompt: str = "a fox", **options: Any) -> ImageResponse:
    with client(server) as painter:
        async with painter:
            return await painter.generate(prompt, model="openai/stablediffusion", **options)


@pytest.mark.parametrize("accent", ["url", "bare host", "data url", "b64_json", "bytes"])
async def test_a_picture_comes_in_whatever_form_the_server_gives_it(accent: Any) -> None:
    server = CompatibleServer(accent)
    response = await paint(server)
    assert (response.width, response.height, response.media_type) == (64, 48, "image/jpeg")
    assert (response.usage, response.cost) == (None, None)
    (asked,) = server.journal.of(GENERATIONS)
    assert asked.fields == {"model": "stablediffusion", "prompt": "a fox"}


@pytest.mark.parametrize("accent", ["b64_json", "chunks", "late"])
async def test_a_server_need_not_stream_as_openai_does(accent: Any) -> None:
    server = CompatibleServer(accent)
    response = await paint(server, extra={"partial_images": 1})
    assert response.width == 64
    (asked,) = server.journal.of(GENERATIONS)
    assert asked.fields["stream"] is True


async def test_a_seed_is_sent_only_where_it_is_asked_for() -> None:
    server = CompatibleServer("b64_json")
    assert (await paint(server, seed=7)).seed == 7
    await paint(server)
    with_seed, without = server.journal.of(GENERATIONS)
    assert with_seed.fields["seed"] == 7
    assert "seed" not in without.fields


async def test_a_picture_to_start_from_is_sent_as_a_form() -> None:
    server = CompatibleServer("b64_json")
    await paint(server, images=Image.new("RGB", (64, 48)), width=64, height=48, guidance_scale=4.5)
    (asked,) = server.journal.of("POST /v1/images/edits")
    assert asked.fields["image"].media_type == "image/png"
    assert {name: asked.fields[name] for name in ("size", "guidance_scale")} == {
        "size": "64x48",
        "guidance_scale": "4.5",
    }


async def test_an_answer_without_a_picture_is_a_refusal() -> None:
    with pytest.raises(impasto.ContentRejected, match="the moderator said no"):
        await paint(CompatibleServer("empty"))


async def test_a_picture_that_is_lost_is_not_drawn_again() -> None:
    server = CompatibleServer("lost")
    with pytest.raises(impasto.ProviderUnavailable, match="no such file"):
        await paint(server)
    assert len(server.journal.of(GENERATIONS)) == 1


async def test_an_answer_with_half_of_the_pictures_warns_of_the_rest() -> None:
    response = await paint(CompatibleServer("half"), n=2)
    assert len(response.images) == 1
    assert "1 of 2 pictures did not come: the moderator said no" in response.warnings


@pytest.mark.parametrize(
    ("prompt", "error", "words"),
    [
        ("crash", impasto.ProviderUnavailable, "could not load model"),
        ("invalid", impasto.ResponseError, "Input should be WxH"),
        ("gateway", impasto.ProviderUnavailable, "Bad Gateway"),
    ],
)
async def test_an_error_is_told_in_the_servers_words(
    prompt: str, error: type[impasto.ResponseError], words: str
) -> None:
    with pytest.raises(error, match=words):
        await paint(CompatibleServer(), prompt, failover="never")


async def test_its_models_can_be_listed_and_drawn_with() -> None:
    server = CompatibleServer("b64_json", models=("stablediffusion", "flux.1-dev"))
    with client(server) as painter:
        async with painter:
            assert await painter.refresh_models("openai") == {"openai": ("stablediffusion", "flux.1-dev")}
            response = await painter.generate("a fox", model="openai/flux.1-dev")
    assert response.model == "flux.1-dev"
    assert server.journal.lines() == ["GET /v1/models", GENERATIONS]
