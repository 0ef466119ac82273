"""Pictures from a ComfyUI server, the whole way: client, connections, a stand-in for the server."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Any

import PIL.Image
import pytest

import impasto
from impasto import AuthenticationError, ImagePreview, ImageResponse, Progress, ProviderUnavailable, ResponseError
from services.comfy_api import CHECKPOINT, LOGIN, ComfyUI

pytestmark = pytest.mark.anyio

Serve = Callable[..., ComfyUI]
ClientOf = Callable[[ComfyUI], impasto.Client]

GREEN = (10, 200, 30)


async def until(stage: str, stream: impasto.Stream) -> None:
    """Take what a stream tells until it tells of a stage."""
    async for event in stream:
        if isinstance(event, Progress) and event.stage == stage:
            return
    raise AssertionError(f"it never told that the job is {stage}")


def plain(size: tuple[int, int] = (128, 96)) -> PIL.Image.Image:
    return PIL.Image.new("RGB", size, GREEN)


def pixel(response: ImageResponse, x: int, y: int, index: int = 0) -> object:
    with PIL.Image.open(io.BytesIO(response.images[index].data or b"")) as picture:
        return picture.convert("RGB").getpixel((x, y))


def graph_in(service: ComfyUI) -> dict[str, dict[str, object]]:
    """Return the graph that was submitted last, its nodes by class."""
    graph = service.journal.of("POST /prompt")[-1].fields["prompt"]
    return {node["class_type"]: node["inputs"] for node in graph.values()}


async def test_a_prompt_becomes_a_picture(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    async with client_of(service) as client:
        response = await client.generate("a red fox", model="comfyui", width=130, height=96, seed=7)
    assert (response.width, response.height, response.media_type) == (128, 96, "image/png")
    assert response.seed == 7
    assert response.metadata["checkpoint"] == CHECKPOINT
    assert response.usage == {"execution_seconds": 0.5}
    assert response.cost is None


async def test_the_seed_makes_the_picture(serve: Serve, client_of: ClientOf) -> None:
    async with client_of(serve()) as client:
        one, same, other = [
            await client.generate("a red fox", model="comfyui", width=64, height=64, seed=seed) for seed in (7, 7, 8)
        ]
    assert pixel(one, 9, 9) == pixel(same, 9, 9) != pixel(other, 9, 9)


async def test_while_it_is_drawn_progress_and_previews_come(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    stages: list[str] = []
    async with client_of(service) as client:
        stream = client.stream("a slow fox", model="comfyui", width=64, height=64, seed=7, num_inference_steps=4)
        async with stream:
            async for event in stream:
                match event:
                    case Progress(stage="drawing", fraction=0.25, detail="step 1 of 4"):
                        stages.append("a quarter is drawn")
                        service.release()
                    case Progress():
                        stages.append(event.stage)
                    case ImagePreview():
                        assert PIL.Image.open(io.BytesIO(await event.read())).size == (64, 64)
                        stages.append("preview")
    expected = ["running", "loading the model", "reading the prompt", "drawing", "preview", "a quarter is drawn"]
    assert [stage for stage in dict.fromkeys(stages) if stage in expected] == expected


async def test_previews_can_be_switched_off(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    options = {"width": 64, "height": 64, "extra": {"preview_method": "none"}}
    events = []
    async with client_of(service) as client:
        async for event in client.stream("a slow fox", model="comfyui", **options):  # type: ignore[arg-type]
            events.append(event)
            if isinstance(event, Progress) and event.fraction:
                service.release()
    assert isinstance(events[-1], ImageResponse)
    assert not any(isinstance(event, ImagePreview) for event in events)


async def test_without_a_websocket_there_is_a_picture_all_the_same(serve: Serve, client_of: ClientOf) -> None:
    service = serve(websocket=False, waits=3)
    async with client_of(service) as client:
        events = [event async for event in client.stream("a fox", model="comfyui", width=64, height=64)]
    assert isinstance(events[-1], ImageResponse)
    assert [event.stage for event in events if isinstance(event, Progress)] == ["running", "downloading"]


async def test_a_job_that_waits_tells_how_many_are_ahead(serve: Serve, client_of: ClientOf) -> None:
    service = serve(waits=0)
    places = []
    async with client_of(service) as client:
        first = client.stream("a slow fox", model="comfyui", width=64, height=64)
        async with first:
            async for event in first:
                if event == Progress("running"):
                    break
            async for event in client.stream("a hare", model="comfyui", width=64, height=64):
                if isinstance(event, Progress) and event.stage == "queued":
                    places.append(event.detail)
                    service.release()
    assert places == ["1 ahead"]
    assert isinstance(event, ImageResponse)


async def test_several_pictures_are_drawn_in_one_job(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    async with client_of(service) as client:
        response = await client.generate("a fox", model="comfyui", width=64, height=64, n=3, seed=7)
    assert len({pixel(response, 9, 9, index) for index in range(3)}) == 3
    assert len(service.journal.of("POST /prompt")) == 1


@pytest.mark.parametrize(("strength", "expected"), [(0.0, GREEN), (None, None), (1.0, None)])
async def test_a_picture_to_start_from_is_kept_as_far_as_strength_says(
    serve: Serve, client_of: ClientOf, strength: float | None, expected: object
) -> None:
    service = serve()
    async with client_of(service) as client:
        response = await client.generate("a fox", model="comfyui", images=plain(), strength=strength, seed=7)
    assert (response.width, response.height) == (128, 96)
    assert (pixel(response, 9, 9) == GREEN) == (expected == GREEN)
    assert graph_in(service)["KSampler"]["denoise"] == (0.75 if strength is None else strength)


async def test_only_what_the_mask_shows_white_is_drawn_anew(serve: Serve, client_of: ClientOf) -> None:
    mask = PIL.Image.new("L", (128, 96), 0)
    mask.paste(255, (0, 0, 64, 96))
    async with client_of(serve()) as client:
        response = await client.generate("a fox", model="comfyui", images=plain(), mask=mask)
    assert pixel(response, 10, 48) != GREEN
    assert pixel(response, 120, 48) == GREEN


async def test_several_pictures_come_from_one_and_its_mask(serve: Serve, client_of: ClientOf) -> None:
    mask = PIL.Image.new("L", (128, 96), 255)
    async with client_of(serve()) as client:
        response = await client.generate("a fox", model="comfyui", images=plain(), mask=mask, n=2)
    assert pixel(response, 9, 9, 0) != pixel(response, 9, 9, 1)


async def test_a_picture_is_scaled_to_the_size_that_is_asked(serve: Serve, client_of: ClientOf) -> None:
    async with client_of(serve()) as client:
        response = await client.generate("a fox", model="comfyui", images=plain(), width=64)
    assert (response.width, response.height) == (64, 48)


async def test_an_earlier_picture_is_continued_without_an_upload(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    async with client_of(service) as client:
        first = await client.generate("a fox", model="comfyui", width=64, height=48, seed=7)
        second = await client.generate("more", model="comfyui", continue_from=first, strength=0, seed=8)
    assert pixel(second, 9, 9) == pixel(first, 9, 9)
    assert service.journal.of("POST /upload/image") == []


@pytest.mark.parametrize(
    ("options", "size"),
    [
        ({"width": 128}, (128, 96)),
        ({"height": 96}, (128, 96)),
        ({"aspect_ratio": "1:1", "width": 64}, (64, 64)),
        ({}, (64, 48)),
    ],
)
async def test_an_earlier_picture_keeps_its_shape_where_only_one_side_is_asked(
    serve: Serve, client_of: ClientOf, options: dict[str, Any], size: tuple[int, int]
) -> None:
    async with client_of(serve()) as client:
        first = await client.generate("a fox", model="comfyui", width=64, height=48, seed=7)
        assert first.session == {"image": "impasto/impasto_00001_.png [output]", "width": 64, "height": 48}
        second = await client.generate("more", model="comfyui", continue_from=first, **options)
        first.session.pop("width")  # type: ignore[attr-defined]
        third = await client.generate("more", model="comfyui", continue_from=first, **options)
    assert (second.width, second.height) == (third.width, third.height) == size


async def test_an_earlier_picture_that_is_gone_is_an_error_that_says_how_to_go_on(
    serve: Serve, client_of: ClientOf
) -> None:
    service = serve()
    async with client_of(service) as client:
        first = await client.generate("a fox", model="comfyui", width=64, height=48, seed=7)
        service.files.pictures.clear()
        with pytest.raises(ResponseError, match="Invalid image file.*give it as images instead"):
            await client.generate("more", model="comfyui", continue_from=first)


async def test_a_picture_that_was_only_shown_is_sent_again(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    text = {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%", "clip": ["2", 1]}}
    workflow = {
        "1": {"class_type": "LoadImage", "inputs": {"image": "%image%"}},
        "2": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
        "3": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
        "4": text,
    }
    async with client_of(service) as client:
        first = await client.generate("a fox", model="comfyui", images=plain(), extra={"workflow": workflow})
        second = await client.generate("more", model="comfyui", continue_from=first, strength=0)
    assert len(service.journal.of("POST /upload/image")) == 2
    assert pixel(second, 9, 9) == GREEN


async def test_the_same_picture_is_kept_once(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    async with client_of(service) as client:
        for _ in range(2):
            await client.generate("a fox", model="comfyui", images=plain())
    assert len([place for place in service.files.pictures if place[0] == "input"]) == 1


async def test_a_checkpoint_is_drawn_with_by_its_name(serve: Serve, client_of: ClientOf) -> None:
    service = serve(checkpoints=(CHECKPOINT, "sdxl\\Juggernaut XL (v9).safetensors", "flux1-schnell-fp8.safetensors"))
    async with client_of(service) as client:
        names = (await client.refresh_models("comfyui"))["comfyui"]
        assert names == (CHECKPOINT, "sdxl/Juggernaut-XL-v9-.safetensors", "flux1-schnell-fp8.safetensors")
        for name, file in [
            ("sdxl/Juggernaut-XL-v9-.safetensors", "sdxl\\Juggernaut XL (v9).safetensors"),
            ("flux1-schnell-fp8", "flux1-schnell-fp8.safetensors"),
        ]:
            await client.generate("a fox", model=f"comfyui/{name}", width=64, height=64)
            assert graph_in(service)["CheckpointLoaderSimple"]["ckpt_name"] == file
    assert graph_in(service)["KSampler"]["steps"] == 4


async def test_a_proxy_in_front_may_demand_a_login_for_all_that_is_asked(serve: Serve, client_of: ClientOf) -> None:
    service = serve(login=LOGIN)
    async with client_of(service) as client:
        async for event in client.stream("a slow fox", model="comfyui", width=64, height=64, api_key=LOGIN):
            if isinstance(event, ImagePreview):
                service.release()
    assert isinstance(event, ImageResponse)
    assert all(asked.headers["authorization"].startswith("Basic ") for asked in service.journal.asked)


async def test_without_the_login_nothing_is_drawn(serve: Serve, client_of: ClientOf) -> None:
    service = serve(login=LOGIN)
    async with client_of(service) as client:
        with pytest.raises(AuthenticationError, match="401"):
            await client.generate("a fox", model="comfyui", api_key="artist:wrong-key")
    assert service.journal.lines() == ["GET /models/checkpoints"]


async def test_leaving_the_stream_interrupts_the_job_that_runs(serve: Serve, client_of: ClientOf) -> None:
    service = serve(jobs_api=False)
    async with client_of(service) as client:
        stream = client.stream("a slow fox", model="comfyui", width=64, height=64)
        async with stream:
            await until("running", stream)
        (asked,) = service.journal.of("POST /interrupt")
        job = service.journal.of("POST /prompt")[0].fields["prompt_id"]
        assert asked.fields == {"prompt_id": job}
        picture = await client.generate("a hare", model="comfyui", width=64, height=64)
    assert picture.width == 64
    assert service.queue.history[job]["status"]["status_str"] == "error"


async def test_leaving_the_stream_deletes_the_job_that_waits(serve: Serve, client_of: ClientOf) -> None:
    service = serve(jobs_api=False)
    async with client_of(service) as client:
        first = client.stream("a slow fox", model="comfyui", width=64, height=64)
        async with first:
            await until("running", first)
            second = client.stream("a hare", model="comfyui", width=64, height=64)
            async with second:
                await until("queued", second)
            job = service.journal.of("POST /prompt")[1].fields["prompt_id"]
            assert [asked.fields for asked in service.journal.of("POST /queue")] == [{"delete": [job]}]
            assert service.journal.of("POST /interrupt") == []
            assert service.queue.pending == []
            service.release()


async def test_leaving_on_the_first_news_of_a_job_that_has_waited_interrupts_it(
    serve: Serve, client_of: ClientOf
) -> None:
    service = serve(jobs_api=False, waits=0)
    async with client_of(service) as client:
        first = client.stream("a slow fox", model="comfyui", width=64, height=64)
        async with first:
            await until("running", first)
            second = client.stream("a slow hare", model="comfyui", width=64, height=64)
            async with second:
                async for event in second:
                    if isinstance(event, Progress) and event.stage != "queued":
                        break
                    if isinstance(event, Progress):
                        service.release(only_running=True)
        job = service.journal.of("POST /prompt")[1].fields["prompt_id"]
        assert {"prompt_id": job} in [asked.fields for asked in service.journal.of("POST /interrupt")]
        await client.generate("a hare", model="comfyui", width=64, height=64)
    assert service.queue.history[job]["status"]["status_str"] == "error"


@pytest.mark.parametrize(
    ("prompt", "error", "words"),
    [
        ("a broken fox", ResponseError, r"KSampler \(node 3\): mat1 and mat2 shapes cannot be multiplied"),
        ("out of memory", ResponseError, "Allocation on device .* Ask for a smaller picture"),
        ("interrupted", ResponseError, "somebody has interrupted the job"),
        ("forgotten", ProviderUnavailable, "lost the job"),
        ("not signed in", AuthenticationError, "Please login first"),
        ("out of credits", impasto.QuotaExceeded, "add credits"),
        ("busy", impasto.QuotaExceeded, "Rate Limit Exceeded"),
        ("refused", impasto.ContentRejected, "flagged by our content moderation system"),
        ("down", ProviderUnavailable, "502 Bad Gateway"),
        ("crash", ProviderUnavailable, "500 Internal Server Error"),
    ],
)
@pytest.mark.usefixtures("no_pauses")
async def test_a_failure_is_told_in_the_servers_words(
    serve: Serve, client_of: ClientOf, prompt: str, error: type[ResponseError], words: str
) -> None:
    async with client_of(serve()) as client:
        with pytest.raises(error, match=words) as raised:
            await client.generate(prompt, model="comfyui", width=64, height=64)
    assert type(raised.value) is error


async def test_a_value_that_the_server_does_not_know_is_refused_in_its_words(serve: Serve, client_of: ClientOf) -> None:
    async with client_of(serve()) as client:
        with pytest.raises(
            ResponseError, match=r"KSampler \(node 3\): Value not in list: sampler_name: 'zzz'"
        ) as raised:
            await client.generate("a fox", model="comfyui", extra={"sampler_name": "zzz"})
    assert raised.value.status == 400


async def test_a_checkpoint_that_is_not_there_is_named_with_those_that_are(serve: Serve, client_of: ClientOf) -> None:
    async with client_of(serve()) as client:
        with pytest.raises(ResponseError, match=f"no checkpoint dreams.safetensors; it has {CHECKPOINT}"):
            await client.generate("a fox", model="comfyui/dreams.safetensors")


async def test_a_server_without_checkpoints_says_so(serve: Serve, client_of: ClientOf) -> None:
    async with client_of(serve(checkpoints=())) as client:
        with pytest.raises(ResponseError, match="put one into its models/checkpoints"):
            await client.generate("a fox", model="comfyui")
