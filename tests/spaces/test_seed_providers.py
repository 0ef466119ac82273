"""The two seed providers, from the public API down to real Gradio servers."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import anyio
import pytest
from anyio import to_thread
from PIL import Image as Pictures

from impasto import (
    Client,
    ImagePreview,
    ImageResponse,
    Progress,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    Settings,
)
from spaces.recording import QUOTA

if TYPE_CHECKING:
    from pathlib import Path

    from spaces.servers import Server

pytestmark = pytest.mark.anyio

VOODOOHOP = "voodoohop-flux1-schnell"
STABILITY = "stabilityai-sd35-large"
VOODOOHOP_NAMES = [
    "flux", "flux-schnell", "voodoohop-flux-1-schnell", VOODOOHOP, f"{VOODOOHOP}/voodoohop-flux-1-schnell",
]  # fmt: skip
STABILITY_NAMES = [
    "sd-3.5",
    "sd-3.5-large",
    "stabilityai-stable-diffusion-3-5-large",
    STABILITY,
    f"{STABILITY}/stabilityai-stable-diffusion-3-5-large",
]


def voodoohop(server: Server, app: str = "flux") -> Client:
    return Client(settings=Settings(providers={VOODOOHOP: {"url": server.apps[app]}}))


def stability(server: Server) -> Client:
    return Client(settings=Settings(providers={STABILITY: {"url": server.apps["sd35"]}}))


@pytest.fixture
def gate() -> str:
    """Name a gate that no other test knows."""
    return uuid.uuid4().hex


@pytest.mark.parametrize("name", VOODOOHOP_NAMES)
async def test_voodoohop_draws_by_every_name(gradio4: Server, tmp_path: Path, name: str) -> None:
    async with voodoohop(gradio4) as client:
        response = await client.generate("a cat in space", model=name, width=256, height=264, seed=7)
    assert (response.provider, response.seed, response.media_type) == (VOODOOHOP, 7, "image/webp")
    with Pictures.open(response.save(tmp_path / "cat.png")) as picture:
        picture.load()
        assert picture.size == (256, 264)


@pytest.mark.parametrize("name", STABILITY_NAMES)
async def test_stability_draws_by_every_name(gradio6: Server, tmp_path: Path, name: str) -> None:
    async with stability(gradio6) as client:
        response = await client.generate("a cat", model=name, width=512, height=640, seed=7, negative_prompt="text")
    assert (response.provider, response.seed, response.media_type) == (STABILITY, 7, "image/webp")
    with Pictures.open(response.save(tmp_path / "cat.jpg")) as picture:
        picture.load()
        assert picture.size == (512, 640)


async def test_chat_messages_are_taken_as_a_prompt(gradio4: Server, gate: str) -> None:
    turns: list[dict[str, Any]] = [
        {"role": "user", "content": "a dog"},
        {"role": "user", "content": [{"type": "text", "text": gate}]},
    ]
    async with voodoohop(gradio4) as client:
        response = await client.generate(messages=turns, model="flux", width=256, height=256)
    assert response.prompt == gate
    assert gate in gradio4.prompts("flux")


async def test_stability_shows_previews_which_can_be_fetched(gradio6: Server) -> None:
    async with (
        stability(gradio6) as client,
        client.stream("a cat", model="sd-3.5", width=512, height=512) as stream,
    ):
        events = [event async for event in stream]
    previews = [event for event in events if isinstance(event, ImagePreview)]
    assert len(previews) == 3
    assert len({preview.image_url for preview in previews}) == 3
    assert isinstance(events[-1], ImageResponse)
    assert previews[-1].image_url == events[-1].image_url


async def test_a_preview_is_a_picture(gradio6: Server) -> None:
    async with (
        stability(gradio6) as client,
        client.stream("a cat", model="sd-3.5", width=512, height=512) as stream,
    ):
        async for event in stream:
            if isinstance(event, ImagePreview):
                assert (await event.read())[8:12] == b"WEBP"
                return
    raise AssertionError("no preview came")


async def test_the_seed_that_the_server_drew_draws_the_same_picture_again(gradio4: Server) -> None:
    async with voodoohop(gradio4) as client:
        first = await client.generate("a cat", model="flux", width=256, height=256)
        assert first.seed is not None
        second = await client.generate("a cat", model="flux", width=256, height=256, seed=first.seed)
        other = await client.generate("a cat", model="flux", width=256, height=256, seed=first.seed + 1)
    assert second.data == first.data
    assert other.data != first.data


async def test_sizes_are_rounded_down_to_multiples_of_8(gradio4: Server) -> None:
    async with voodoohop(gradio4) as client:
        response = await client.generate("a cat", model="flux", width=271, height=263)
    assert (response.width, response.height) == (264, 256)


async def test_an_aspect_ratio_becomes_a_size(gradio6: Server) -> None:
    async with stability(gradio6) as client:
        response = await client.generate("a cat", model="sd-3.5", aspect_ratio="16:9")
    assert (response.width, response.height) == (1024, 576)


async def test_the_apps_own_words_are_the_error(gradio6: Server) -> None:
    async with stability(gradio6) as client:
        with pytest.raises(ResponseError, match=r"The painter is out of ochre\.") as caught:
            await client.generate("fail: The painter is out of ochre.", model="sd-3.5")
    assert caught.value.provider == STABILITY
    assert caught.value.step is not None
    assert caught.value.step.startswith("GET /gradio_api/call/infer/")


async def test_a_size_that_the_space_does_not_take_is_refused_in_its_words(gradio6: Server) -> None:
    async with stability(gradio6) as client:
        with pytest.raises(ResponseError, match=r"Value 256 is less than minimum value 512\."):
            await client.generate("a cat", model="sd-3.5", width=256)


async def test_a_used_up_quota_says_when_to_come_back(gradio6: Server) -> None:
    async with stability(gradio6) as client:
        with pytest.raises(QuotaExceeded, match=r"112s left vs\. 120s requested") as caught:
            await client.generate(f"fail: {QUOTA}", model="sd-3.5")
    assert caught.value.retry_after == 413


async def test_hidden_errors_are_told_as_such(gradio4: Server) -> None:
    async with voodoohop(gradio4) as client:
        with pytest.raises(ResponseError, match="does not say why"):
            await client.generate("crash: division by zero", model="flux")


async def test_a_slow_job_is_waited_for_and_its_heartbeats_are_progress(gradio: Server, gate: str) -> None:
    model = "flux" if gradio.root == "" else "sd-3.5"
    client = voodoohop(gradio) if model == "flux" else stability(gradio)
    seen = []
    async with client, client.stream(f"hold: {gate}", model=model, width=512, height=512) as stream:
        async for event in stream:
            seen.append(event)
            if event == Progress("waiting"):
                await to_thread.run_sync(gradio.release, gate)
    assert seen[1] == Progress("queued")
    assert Progress("waiting") in seen
    assert isinstance(seen[-1], ImageResponse)


async def test_identical_jobs_at_once_each_get_the_whole_picture(gradio: Server) -> None:
    model = "flux" if gradio.root == "" else "sd-3.5"
    client = voodoohop(gradio) if model == "flux" else stability(gradio)
    pictures: list[bytes] = []

    async def draw() -> None:
        pictures.append((await client.generate("twins", model=model, width=1024, height=1024, seed=7)).data)

    async with client, anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(draw)
    assert len(pictures) == 4
    assert len(set(pictures)) == 1


async def test_leaving_a_stream_cancels_its_queued_job_on_the_server(gradio: Server, gate: str) -> None:
    model, app = ("flux", "flux") if gradio.root == "" else ("sd-3.5", "sd35")
    client = voodoohop(gradio) if model == "flux" else stability(gradio)

    async def draw(prompt: str) -> None:
        await client.generate(prompt, model=model, width=512, height=512)

    async with client, anyio.create_task_group() as tasks:
        tasks.start_soon(draw, f"hold: {gate}")
        await to_thread.run_sync(gradio.wait_for, f"hold: {gate}")
        async with client.stream(f"left {gate}", model=model, width=512, height=512) as stream:
            async for event in stream:
                if event == Progress("waiting"):
                    break
        await to_thread.run_sync(gradio.release, gate)
        await draw(f"last {gate}")
    assert [prompt for prompt in gradio.prompts(app) if gate in prompt] == [f"hold: {gate}", f"last {gate}"]


async def test_a_full_queue_is_told_as_such(gradio4: Server, gate: str) -> None:
    async with voodoohop(gradio4, "tiny") as client, anyio.create_task_group() as tasks:

        async def draw(prompt: str) -> None:
            await client.generate(prompt, model="flux", width=256, height=256)

        tasks.start_soon(draw, f"hold: {gate}")
        await to_thread.run_sync(gradio4.wait_for, f"hold: {gate}")
        async with client.stream(f"queued {gate}", model="flux", width=256, height=256) as stream:
            assert [await anext(stream), await anext(stream)][1] == Progress("queued")
            with pytest.raises(ProviderUnavailable, match="Queue is full"):
                await draw(f"too late {gate}")
            await to_thread.run_sync(gradio4.release, gate)
            await stream.response()
