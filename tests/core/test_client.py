"""From a prompt to a picture, through a provider that speaks over HTTP."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import anyio
import pytest

import impasto
from impasto import Attempt, ImagePreview, ImageResponse, InvalidRequest, Progress
from standins.pictures import picture
from standins.provider import MODEL, ExampleProvider, client, said
from standins.server import ScriptedServer, event_stream, reply

pytestmark = pytest.mark.anyio


async def test_a_stream_tells_progress_previews_and_the_picture(server: ScriptedServer) -> None:
    server.script(
        "/draw",
        event_stream(
            ("progress", said(fraction=0.5)), ("preview", said(url="/half.png")), ("done", said(url="/fox.png", seed=7))
        ),
    )
    server.script("/fox.png", reply(picture(), media_type="image/png"))
    async with client(url=server.url) as opened, opened.stream("a fox", model="paint") as stream:
        events = [event async for event in stream]

    attempt, progress, preview, downloading, response = events
    assert attempt == Attempt(route="example/painter", number=1)
    assert progress == Progress("drawing", 0.5)
    assert isinstance(preview, ImagePreview)
    assert preview.image_url == f"{server.url}/half.png"
    assert downloading == Progress("downloading")
    assert isinstance(response, ImageResponse)
    assert response.data == picture()
    assert response.image_url == f"{server.url}/fox.png"
    assert (response.seed, response.width, response.height, response.media_type) == (7, 64, 64, "image/png")
    assert (response.prompt, response.provider, response.model) == ("a fox", "example", "painter")
    assert response.parameters["num_inference_steps"] == 4


async def test_generate_returns_the_picture_alone(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        response = await opened.generate(messages=[{"role": "user", "content": "a fox"}], model="example/painter")
    assert response.data == picture()
    assert server.received[0].json()["prompt"] == "a fox"


async def test_a_bare_async_for_works_too(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        events = [event async for event in opened.stream("a fox", model="paint")]
    assert isinstance(events[-1], ImageResponse)


async def test_a_conversation_follows_until_there_is_a_picture(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="follow", url="/job")))
    server.script(
        "/job", reply(said(kind="follow", url="/job")), reply(said(kind="done", urls=["/a.png", "/b.png"], seed=3))
    )
    server.script("/a.png", reply(picture(colour="red")))
    server.script("/b.png", reply(picture(colour="blue")))
    async with client(url=server.url) as opened:
        response = await opened.generate("a fox", model="paint")
    assert [image.data for image in response.images] == [picture(colour="red"), picture(colour="blue")]
    assert server.paths() == ["POST /draw", "GET /job", "GET /job", "GET /a.png", "GET /b.png"]


async def test_nothing_is_sent_for_an_invalid_request(server: ScriptedServer) -> None:
    async with client(url=server.url) as opened:
        for options in ({"num_inference_steps": 51}, {"width": 31}, {"guidance_scale": 3}, {"extra": {"hue": 1}}):
            with pytest.raises(InvalidRequest, match="example/painter"):
                opened.stream("a fox", model="paint", **options)
    assert server.received == []


async def test_the_picture_may_stay_where_it_is(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    async with client(url=server.url) as opened:
        response = await opened.generate("a fox", model="paint", download=False)
    assert response.image_url == f"{server.url}/fox.png"
    with pytest.raises(impasto.ImpastoError, match="download=False"):
        _ = response.data
    assert server.paths() == ["POST /draw"]


async def test_a_preview_is_fetched_when_it_is_asked_for(server: ScriptedServer) -> None:
    server.script("/draw", event_stream(("preview", said(url="/half.png")), ("done", said(url="/fox.png"))))
    server.script("/half.png", reply(picture(colour="grey")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened, opened.stream("a fox", model="paint") as stream:
        async for event in stream:
            if isinstance(event, ImagePreview):
                assert await event.read() == picture(colour="grey")
    assert "GET /half.png" in server.paths()


async def test_a_picture_of_another_size_than_asked_is_a_warning(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture(size=(48, 64))))
    async with client(url=server.url) as opened:
        asked = await opened.generate("a fox", model="paint", width=64, height=64)
        not_asked = await opened.generate("a fox", model="paint")
    assert asked.warnings == ("asked for 64x64 pixels, got 48x64",)
    assert not_asked.warnings == ()


async def test_a_picture_of_another_shape_than_asked_is_a_warning(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture(size=(48, 64))))
    async with client(url=server.url) as opened:
        another = await opened.generate("a fox", model="paint", aspect_ratio="16:9")
        that = await opened.generate("a fox", model="paint", aspect_ratio="3:4")
    assert another.warnings == ("asked for 16:9, got 48x64",)
    assert that.warnings == ()


async def test_each_picture_has_the_seed_that_is_known_of_it(server: ScriptedServer) -> None:
    server.script("/draw", *(reply(said(kind="done", url="/fox.png", seed=seed)) for seed in (10, 11, 12)))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        one = await opened.generate("a fox", model="paint")
        two = await opened.generate("a fox", model="paint", n=2)
    assert one.image.seed == one.seed == 10
    assert {image.seed for image in two.images} == {11, 12}


async def test_a_section_of_the_settings_that_is_misspelt_is_told_once(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    settings = impasto.Settings(providers={"example": {"url": server.url}, "exampel": {"max_concurrency": 1}})
    async with client(settings=settings) as opened:
        opened.stream("a fox", model="paint")
        opened.stream("a fox", model="paint")
    assert caplog.messages == [
        "settings: [providers.exampel] is about no provider that is installed; did you mean example?"
    ]


@pytest.mark.parametrize("api_key", [5, {"example": 5}, b"key"])
async def test_a_key_that_is_no_text_is_refused(api_key: Any) -> None:
    async with client(url="http://127.0.0.1:1") as opened:
        with pytest.raises(InvalidRequest, match="api_key must be text, or a mapping") as raised:
            await opened.generate("a fox", model="paint", api_key=api_key)
    assert raised.value.parameter == "api_key"


async def test_settings_that_are_none_are_refused() -> None:
    with pytest.raises(impasto.SettingsError, match=r"must be impasto\.Settings, not dict"):
        impasto.Client(settings={"default_model": "sketch"})  # type: ignore[arg-type]


async def test_a_server_of_ones_own_that_does_not_run_is_asked_after() -> None:
    async with client(url="http://127.0.0.1:1") as opened:
        with pytest.raises(impasto.ProviderUnavailable, match=r"is it running there\? .* \[providers\.example\]"):
            await opened.generate("a fox", model="paint", failover="never")


async def test_several_pictures_are_drawn_side_by_side_with_seeds_one_apart(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        response = await opened.generate("a fox", model="paint", n=3, seed=10)
    assert len(response.images) == 3
    assert sorted(each.json()["seed"] for each in server.received if each.method == "POST") == [10, 11, 12]


async def test_many_streams_share_a_client_without_mixing(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    prompts = [f"fox number {number}" for number in range(20)]
    drawn: dict[str, ImageResponse] = {}

    async def draw(prompt: str) -> None:
        drawn[prompt] = await opened.generate(prompt, model="paint")

    async with client(url=server.url) as opened, anyio.create_task_group() as tasks:
        for prompt in prompts:
            tasks.start_soon(draw, prompt)
    assert {prompt: response.prompt for prompt, response in drawn.items()} == {prompt: prompt for prompt in prompts}


async def test_a_client_that_is_not_open_says_how_to_open_it(server: ScriptedServer) -> None:
    with pytest.raises(impasto.ImpastoError, match="async with impasto.Client"):
        await client(url=server.url).generate("a fox", model="paint")


async def test_an_exception_in_the_block_comes_out_as_it_is(server: ScriptedServer) -> None:
    with pytest.raises(KeyError, match="mine"):
        async with client(url=server.url):
            raise KeyError("mine")


async def test_models_are_listed_with_what_they_accept() -> None:
    async with client() as opened:
        (model,) = opened.models()
    assert (model.name, model.aliases) == ("example/painter", ("paint",))
    assert model.accepts["num_inference_steps"] == impasto.Range(1, 50)


async def test_extra_fields_reach_the_plugin(server: ScriptedServer) -> None:
    class Stylish(ExampleProvider):
        @impasto.hookimpl
        def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
            return impasto.HttpRequest("POST", "/draw", json=dict(request.extra))

    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(Stylish(), url=server.url) as opened:
        await opened.generate("a fox", model="paint", extra={"style": "oil"})
    assert server.received[0].json() == {"style": "oil"}


async def test_a_request_id_is_drawn_for_each_attempt(server: ScriptedServer) -> None:
    ids = []

    class Curious(ExampleProvider):
        @impasto.hookimpl
        def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
            ids.append(request.id)
            return super().build_payload(model, request)

    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(Curious(), url=server.url) as opened:
        await opened.generate("a fox", model="paint")
        await opened.generate("a fox", model="paint")
    assert len(set(ids)) == 2
    assert all(ids)


async def test_base_url_keeps_its_path_and_payload_urls_are_appended(server: ScriptedServer) -> None:
    server.script("/api/v1/draw", reply(said(kind="done", url="fox.png")))
    server.script("/api/v1/fox.png", reply(picture()))
    async with client(url=f"{server.url}/api/v1/") as opened:
        response = await opened.generate("a fox", model="paint")
    assert response.image_url == f"{server.url}/api/v1/fox.png"


async def test_a_picture_may_come_as_a_data_url(server: ScriptedServer) -> None:
    import base64

    data_url = f"data:image/png;base64,{base64.b64encode(picture()).decode()}"
    server.script("/draw", reply(said(kind="done", url=data_url)))
    async with client(url=server.url) as opened:
        response = await opened.generate("a fox", model="paint")
    assert response.data == picture()
    assert response.image_url == data_url


async def test_a_plugin_that_rewrites_requests_is_heard_before_the_owner(server: ScriptedServer) -> None:
    class Rewriter:
        @impasto.hookimpl
        def prepare_request(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.ImageRequest | None:
            return replace(request, prompt=f"{request.prompt}, in oil")

    class Shouter:
        @impasto.hookimpl
        def prepare_request(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.ImageRequest | None:
            return replace(request, prompt=request.prompt.upper())

    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(ExampleProvider(MODEL), Rewriter(), Shouter(), url=server.url) as opened:
        await opened.generate("a fox", model="paint")
    assert server.received[0].json()["prompt"] == "A FOX, IN OIL"
