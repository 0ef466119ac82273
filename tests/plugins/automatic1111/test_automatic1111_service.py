"""Through `impasto.Client`, against stand-ins of the web UI, of Forge and of SD.Next."""

from __future__ import annotations

import functools
import io
from collections.abc import Callable
from typing import Any

import anyio
import PIL.Image
import pytest

import impasto
from impasto import ImagePreview, ImageResponse, Progress
from services.automatic1111_api import WebUI

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quick", "no_pauses")]

Run = Callable[[WebUI], str]
Painter = Callable[..., impasto.Client]

MODEL = "automatic1111"
FORMS = pytest.mark.parametrize("form", ["a1111", "forge", "sdnext"])
SMALL: dict[str, Any] = {"width": 64, "height": 64}
RED = (200, 30, 30)


async def events_of(client: impasto.Client, prompt: str, **asked: Any) -> list[Any]:
    async with client, client.stream(prompt, model=MODEL, **asked) as stream:
        return [event async for event in stream]


async def drawn(client: impasto.Client, prompt: str = "a fox", model: str = MODEL, **asked: Any) -> ImageResponse:
    async with client:
        return await client.generate(prompt, model=model, **asked)


def pixel(picture: bytes | None, x: int) -> Any:
    with PIL.Image.open(io.BytesIO(picture or b"")) as opened:
        return opened.convert("RGB").getpixel((x, 32))


@FORMS
async def test_a_prompt_becomes_a_picture(form: str, run: Run, painter: Painter) -> None:
    response = await drawn(painter(run(WebUI(form))), width=128, height=64, seed=42)
    assert (response.media_type, response.width, response.height) == ("image/png", 128, 64)
    assert (response.seed, response.model, response.cost) == (42, "current", None)
    assert response.metadata["sd_model_name"] == "v1-5"
    assert "Seed: 42" in response.metadata["parameters"]
    assert response.warnings == ()


@pytest.mark.parametrize("kind", ["jpg", "webp"])
async def test_a_picture_in_another_format_is_taken_as_it_is(kind: str, run: Run, painter: Painter) -> None:
    response = await drawn(painter(run(WebUI(samples_format=kind))), seed=42, **SMALL)
    assert response.image.suffix == kind
    assert response.seed == 42


async def test_the_seconds_that_it_took_are_told(run: Run, painter: Painter) -> None:
    response = await drawn(painter(run(WebUI())), **SMALL)
    assert response.usage == {"x-process-time": 1.25}


async def test_a_seed_that_nobody_chose_is_told_and_draws_the_same_again(run: Run, painter: Painter) -> None:
    url = run(WebUI())
    first = await drawn(painter(url), **SMALL)
    again = await drawn(painter(url), seed=first.seed, **SMALL)
    assert again.data == first.data


@FORMS
async def test_several_pictures_come_from_one_request(form: str, run: Run, painter: Painter) -> None:
    webui = WebUI(form)
    response = await drawn(painter(run(webui)), n=3, seed=7, **SMALL)
    assert [image.seed for image in response.images] == [7, 8, 9]
    assert len({image.data for image in response.images}) == 3
    assert webui.journal.lines().count("POST /sdapi/v1/txt2img") == 1


async def test_a_grid_of_all_pictures_is_none_of_them(run: Run, painter: Painter) -> None:
    response = await drawn(painter(run(WebUI())), n=2, seed=7, extra={"save_images": True}, **SMALL)
    assert [image.seed for image in response.images] == [7, 8]
    assert len({image.data for image in response.images}) == 2


@pytest.mark.parametrize("form", ["a1111", "forge"])
async def test_the_place_in_the_queue_and_the_progress_and_previews_of_the_job_are_told(
    form: str, run: Run, painter: Painter
) -> None:
    webui = WebUI(form, ahead=True)
    *before, response = await events_of(painter(run(webui)), "a slow fox", **SMALL)
    progress = [event for event in before if isinstance(event, Progress)]
    previews = [event for event in before if isinstance(event, ImagePreview)]
    assert (progress[0].stage, progress[0].detail) == ("queued", "In queue: 1/1")
    fractions = [event.fraction for event in progress if event.stage == "drawing"]
    assert fractions[:2] == [pytest.approx(0.31), pytest.approx(0.61)]
    assert len(previews) >= 2
    assert pixel(previews[0].image.data, 5) != pixel(response.data, 5)
    assert "GET /sdapi/v1/progress" not in webui.journal.lines()
    asked = [each.fields for each in webui.journal.of("POST /internal/progress")]
    (drawing,) = webui.journal.of("POST /sdapi/v1/txt2img")
    assert {each["id_task"] for each in asked} == {drawing.fields["force_task_id"]}


async def test_a_preview_that_has_been_shown_is_not_sent_again(run: Run, painter: Painter) -> None:
    webui = WebUI()
    await events_of(painter(run(webui)), "a slow fox", **SMALL)
    numbers = [each.fields["id_live_preview"] for each in webui.journal.of("POST /internal/progress")]
    assert numbers[:3] == [-1, 0, 1]


@pytest.mark.parametrize(("form", "pages"), [("sdnext", True), ("a1111", False)], ids=["SD.Next", "without pages"])
async def test_where_the_job_is_not_known_the_progress_of_any_is_told(
    form: str, pages: bool, run: Run, painter: Painter
) -> None:
    url = run(WebUI(form, pages=pages))
    *before, response = await events_of(painter(url), "a slow fox", num_inference_steps=12, **SMALL)
    progress = [event for event in before if isinstance(event, Progress)]
    assert [event.detail for event in progress][:2] == ["step 4 of 12", "step 8 of 12"]
    assert any(isinstance(event, ImagePreview) for event in before)
    assert isinstance(response, ImageResponse)


@FORMS
async def test_leaving_the_stream_stops_the_job(form: str, run: Run, painter: Painter) -> None:
    webui = WebUI(form)
    url = run(webui)
    async with painter(url) as client:
        async with client.stream("a fox that takes forever", model=MODEL, **SMALL) as stream:
            async for event in stream:
                if isinstance(event, ImagePreview):
                    break
    assert webui.journal.lines().count("POST /sdapi/v1/interrupt") == 1
    await drawn(painter(url), "another fox", **SMALL)
    assert webui.interrupted == ["a fox that takes forever"]


async def test_a_picture_that_is_done_stops_nothing(run: Run, painter: Painter) -> None:
    webui = WebUI()
    await drawn(painter(run(webui)), **SMALL)
    assert "POST /sdapi/v1/interrupt" not in webui.journal.lines()


async def test_one_client_asks_for_one_picture_at_a_time(run: Run, painter: Painter) -> None:
    webui = WebUI()
    async with painter(run(webui)) as client, anyio.create_task_group() as drawing:
        for number in range(3):
            drawing.start_soon(functools.partial(client.generate, f"slow fox {number}", model=MODEL, **SMALL))
    assert webui.most_waiting == 0


@FORMS
async def test_a_picture_is_changed_as_far_as_the_strength_says(
    form: str, run: Run, painter: Painter, red: bytes
) -> None:
    url = run(WebUI(form))
    kept = await drawn(painter(url), images=[red], strength=0.0, seed=7)
    changed = await drawn(painter(url), images=[red], strength=1.0, seed=7)
    assert (kept.width, kept.height) == (64, 64)
    assert pixel(kept.data, 5) == RED != pixel(changed.data, 5)


@FORMS
async def test_inpainting_draws_what_is_white_anew_and_keeps_the_rest(
    form: str, run: Run, painter: Painter, red: bytes, right_half: bytes
) -> None:
    response = await drawn(painter(run(WebUI(form))), images=[red], mask=right_half, strength=1.0, seed=7)
    assert pixel(response.data, 5) == RED != pixel(response.data, 60)


async def test_an_earlier_picture_is_gone_on_from(run: Run, painter: Painter) -> None:
    url = run(WebUI())
    first = await drawn(painter(url), seed=7, **SMALL)
    same = await drawn(painter(url), "a whale", continue_from=first, strength=0.0)
    assert pixel(same.data, 5) == pixel(first.data, 5)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("turbo", "sdxl/turbo.safetensors [e869ac7d69]"),
        ("sdxl/turbo.safetensors", "sdxl/turbo.safetensors [e869ac7d69]"),
        ("abc1234567", "My Merge.safetensors [abc1234567]"),
    ],
)
async def test_a_checkpoint_that_is_named_draws(name: str, title: str, run: Run, painter: Painter) -> None:
    webui = WebUI()
    url = run(webui)
    response = await drawn(painter(url), model=f"{MODEL}/{name}", seed=7, **SMALL)
    loaded = await drawn(painter(url), seed=7, **SMALL)
    assert webui.journal.of("POST /sdapi/v1/txt2img")[0].fields["override_settings"] == {"sd_model_checkpoint": title}
    assert response.model == name
    assert response.metadata["sd_model_name"] in title
    assert response.data != loaded.data
    assert response.warnings == ()


async def test_a_checkpoint_that_there_is_not_is_refused_before_anything_is_drawn(run: Run, painter: Painter) -> None:
    webui = WebUI()
    with pytest.raises(impasto.ResponseError, match=r"no checkpoint 'turbo2'; it has v1-5, sdxl_turbo, abc1234567"):
        await drawn(painter(run(webui)), model=f"{MODEL}/turbo2", **SMALL)
    assert webui.journal.lines() == ["GET /sdapi/v1/sd-models"]


@FORMS
async def test_a_server_that_draws_with_another_checkpoint_is_told_of(form: str, run: Run, painter: Painter) -> None:
    response = await drawn(painter(run(WebUI(form, stuck=True))), model=f"{MODEL}/turbo", **SMALL)
    assert response.metadata["sd_model_name"] == "v1-5"
    assert response.warnings == (
        "it was drawn with the checkpoint v1-5, not with sdxl_turbo: the server did not change it.",
    )


async def test_a_sampler_that_the_server_replaces_is_told_of(run: Run, painter: Painter) -> None:
    url = run(WebUI())
    response = await drawn(painter(url), extra={"sampler_name": "Oiler"}, **SMALL)
    assert response.warnings == (
        "it was drawn with the sampler DPM++ 2M, not with Oiler: the server did not take that.",
    )
    known = await drawn(painter(url), extra={"sampler_name": "DPM++ 2M Karras"}, **SMALL)
    assert known.warnings == ()


async def test_the_checkpoints_are_listed_under_names_that_draw(run: Run, painter: Painter) -> None:
    url = run(WebUI())
    async with painter(url) as client:
        found = await client.refresh_models(MODEL)
    assert found == {MODEL: ("v1-5", "sdxl_turbo", "abc1234567", "unhashed")}
    for name in ("v1-5", "sdxl_turbo", "abc1234567", "unhashed"):
        response = await drawn(painter(url), model=f"{MODEL}/{name}", **SMALL)
        assert response.warnings == ()
