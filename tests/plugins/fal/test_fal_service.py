"""fal through impasto's client, against the stand-in: what a user sees, and what fal is asked."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Generator, Iterator
from typing import Any

import anyio
import PIL.Image
import pytest

import impasto
import impasto_fal
from impasto import HttpRequest, ImageResponse, Progress, Provider, hookimpl
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.fal_api import KEY, Fal
from services.fal_api.drawing import colour
from services.fal_api.jobs import ONCE_DRAWN

pytestmark = pytest.mark.anyio

SMALL: dict[str, Any] = {"width": 320, "height": 256, "seed": 7}
PNG = {"output_format": "png"}


@pytest.fixture
def fal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fal]:
    """The stand-in; its jobs are asked for without a pause."""
    monkeypatch.setattr("impasto_fal.answers.FIRST_PAUSE", 0.0)
    with Fal().serving() as service:
        yield service


class ListOfTheStandIn:
    """Leads what asks for the list of models, which fal has on a host of its own, to the stand-in."""

    def __init__(self, url: str) -> None:
        self._url = url

    @hookimpl(wrapper=True)
    def request_models(self, provider: Provider) -> Generator[None, HttpRequest, HttpRequest]:
        asked = yield
        return dataclasses.replace(asked, url=asked.url.replace("https://api.fal.ai", self._url))


def client(fal: Fal, key: str | None = KEY, **section: Any) -> impasto.Client:
    fields = {"url": fal.url, "private_addresses": True, **({"key": key} if key else {}), **section}
    plugins = {"fal": impasto_fal, "list": ListOfTheStandIn(fal.url)}
    return impasto.Client(settings=Settings(providers={"fal": fields}), plugins=Plugins(objects=plugins))


async def draw(fal: Fal, prompt: str, model: str = "flux", **options: Any) -> ImageResponse:
    async with client(fal) as opened:
        return await opened.generate(prompt, model=model, **options)


def pixel(response: ImageResponse, at: tuple[int, int] = (0, 0), index: int = 0) -> Any:
    """Return one pixel of what was drawn."""
    with PIL.Image.open(io.BytesIO(response.images[index].data or b"")) as opened:
        return opened.getpixel(at)


def painted(colour: str | int, size: tuple[int, int] = (64, 48)) -> PIL.Image.Image:
    return PIL.Image.new("L" if isinstance(colour, int) else "RGB", size, colour)


class TestAPicture:
    async def test_is_drawn_of_the_size_and_with_the_seed_that_were_asked(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox", extra=PNG, **SMALL)
        assert (response.width, response.height, response.media_type) == (320, 256, "image/png")
        assert (response.seed, pixel(response)) == (7, colour(7))
        assert (response.provider, response.model, response.warnings) == ("fal", "fal-ai/flux/schnell", ())

    async def test_costs_what_fal_bills(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox", **SMALL)
        assert response.usage == {"billable_units": 1.0, "inference_time": 3.42}
        assert response.cost == impasto.Cost(0.003, "USD", "computed", "2026-11-26")

    async def test_costs_what_its_size_costs_where_fal_does_not_say(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox, no bill", width=1536, height=1024)
        assert response.cost == impasto.Cost(0.006, "USD", "computed", "2026-11-26")

    async def test_comes_in_the_answer_itself_where_that_is_asked(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox", extra={"sync_mode": True}, **SMALL)
        assert (response.width, response.height) == (320, 256)
        assert not any("/files/" in line for line in fal.journal.lines())

    async def test_the_key_is_sent_to_fal_and_not_to_where_the_pictures_are(self, fal: Fal) -> None:
        await draw(fal, "a red fox", **SMALL)
        signed = {
            each.line.partition(" ")[2].split("/")[1]: "authorization" in each.headers for each in fal.journal.asked
        }
        assert signed == {"fal-ai": True, "files": False}

    async def test_what_fal_reads_in_headers_is_said_in_the_settings(self, fal: Fal) -> None:
        async with client(fal, headers={"X-Fal-Queue-Priority": "low"}) as opened:
            await opened.generate("a red fox", model="flux", **SMALL)
        (submitted,) = fal.journal.of("POST /fal-ai/flux/schnell")
        assert submitted.headers["x-fal-queue-priority"] == "low"

    async def test_several_are_drawn_by_one_request(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox", n=3, extra=PNG, **SMALL)
        assert [pixel(response, index=index) for index in range(3)] == [colour(7, index) for index in range(3)]
        assert len(fal.journal.of("POST /fal-ai/flux/schnell")) == 1

    async def test_several_are_asked_for_one_by_one_of_a_model_that_draws_one(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox", model="flux-2-pro", n=2, **SMALL)
        assert len(response.images) == 2
        assert [each.fields["seed"] for each in fal.journal.of("POST /fal-ai/flux-2-pro")] in ([7, 8], [8, 7])

    async def test_is_drawn_by_an_application_that_is_not_listed(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox", model="fal/fal-ai/aura-flow", num_inference_steps=20)
        assert (response.model, response.seed) == ("fal-ai/aura-flow", ONCE_DRAWN)
        assert fal.journal.asked[0].fields == {"prompt": "a red fox", "num_inference_steps": 20}

    async def test_words_come_beside_it(self, fal: Fal) -> None:
        response = await draw(fal, "a red fox", model="nano-banana", aspect_ratio="16:9", seed=7)
        assert (response.text, response.seed, response.width) == ("Here is your picture.", 7, 192)


class TestWhatIsToldMeanwhile:
    async def test_the_place_in_the_queue_the_log_and_how_much_is_done(self, fal: Fal) -> None:
        told = []
        async with client(fal) as opened, opened.stream("a red fox", model="flux", **SMALL) as stream:
            async for event in stream:
                told += [event] if isinstance(event, Progress) else []
        assert [(each.stage, each.fraction) for each in told] == [
            ("queued", None),
            ("queued", None),
            ("queued", None),
            ("drawing", None),
            ("drawing", 0.5),
            ("drawing", 1.0),
            ("downloading", None),
        ]
        assert [each.detail for each in told[:4]] == [
            "1 ahead in the queue",
            "1 ahead in the queue",
            "next in the queue",
            "Loading the model",
        ]

    async def test_a_job_goes_on_after_a_crash_where_it_was(self, fal: Fal) -> None:
        async with client(fal) as opened:
            async with opened.stream("a slow red fox", model="flux", **SMALL) as stream:
                async for event in stream:
                    if isinstance(event, Progress) and event.fraction == 1:
                        break
                checkpoint = stream.checkpoint()
                assert checkpoint is not None
                fal.release()
                async with opened.resume(checkpoint) as resumed:
                    response = await resumed.response()
        assert response.seed == 7
        assert len(fal.journal.of("POST /fal-ai/flux/schnell")) == 1

    @pytest.mark.usefixtures("no_pauses")
    async def test_a_gateway_that_is_tired_for_a_moment_costs_no_second_job(self, fal: Fal) -> None:
        fal.hiccups = 1
        response = await draw(fal, "a red fox", **SMALL)
        assert response.seed == 7
        assert len(fal.journal.of("POST /fal-ai/flux/schnell")) == 1


class TestLeaving:
    async def test_cancels_the_job(self, fal: Fal) -> None:
        async with client(fal) as opened:
            async with opened.stream("a slow red fox", model="flux", **SMALL) as stream:
                async for event in stream:
                    if isinstance(event, Progress) and event.stage == "drawing":
                        break
        (job,) = fal.jobs.values()
        assert job.cancelled
        assert fal.journal.lines()[-1] == f"PUT /fal-ai/flux/requests/{job.id}/cancel"

    async def test_nothing_is_cancelled_that_was_finished(self, fal: Fal) -> None:
        await draw(fal, "a red fox", **SMALL)
        assert not [line for line in fal.journal.lines() if line.startswith("PUT")]


class TestAPictureToStartFrom:
    async def test_is_changed_by_the_endpoint_that_can(self, fal: Fal) -> None:
        response = await draw(fal, "make it blue", model="flux-dev", images=painted("red"), strength=0.5, seed=7)
        assert response.model == "fal-ai/flux/dev/image-to-image"
        assert (response.width, response.height) == (64, 48)
        assert fal.journal.asked[0].fields["strength"] == 0.5

    async def test_several_are_edited_together(self, fal: Fal) -> None:
        response = await draw(
            fal, "put one into the other", model="flux-2-dev", images=[painted("red"), painted("blue")]
        )
        assert response.model == "fal-ai/flux-2/edit"
        (submitted,) = fal.journal.of("POST /fal-ai/flux-2/edit")
        assert [each.partition(",")[0] for each in submitted.fields["image_urls"]] == ["data:image/png;base64"] * 2

    @pytest.mark.parametrize(
        "model", ["flux-fill-pro", "fal/fal-ai/fast-sdxl/inpainting", "fal/fal-ai/z-image/turbo/inpaint"]
    )
    async def test_is_drawn_anew_where_its_mask_is_white_and_kept_where_it_is_black(self, fal: Fal, model: str) -> None:
        mask = painted(0)
        mask.paste(255, (32, 0, 64, 48))
        extra = {"format": "png"} if "sdxl" in model else PNG
        response = await draw(fal, "a door", model=model, images=painted("red"), mask=mask, seed=7, extra=extra)
        assert (pixel(response, (8, 24)), pixel(response, (56, 24))) == ((255, 0, 0), colour(7))

    async def test_is_edited_where_its_mask_is_white_by_a_model_that_takes_one_if_you_like(self, fal: Fal) -> None:
        mask = painted(0)
        mask.paste(255, (32, 0, 64, 48))
        response = await draw(fal, "a door", model="gpt-image-2", images=painted("red"), mask=mask)
        assert response.model == "openai/gpt-image-2/edit"
        assert pixel(response, (8, 24)) == (255, 0, 0) != pixel(response, (56, 24))

    async def test_a_picture_of_fals_is_the_next_ones_beginning(self, fal: Fal) -> None:
        async with client(fal) as opened:
            first = await opened.generate("a red fox", model="flux", **SMALL)
            second = await opened.generate("a blue one", model="flux-kontext-pro", continue_from=first)
        assert second.model == "fal-ai/flux-pro/kontext"
        assert (second.width, second.height) == (320, 256)


class TestTheListOfModels:
    async def test_has_every_active_model_for_pictures_page_by_page(self, fal: Fal) -> None:
        async with client(fal) as opened:
            found = await opened.refresh_models("fal")
        assert found == {
            "fal": (
                "fal-ai/flux/schnell",
                "fal-ai/flux/dev",
                "fal-ai/aura-flow",
                "openai/gpt-image-2",
                "fal-ai/flux-2/edit",
                "fal-ai/bagel/edit",
            )
        }
        assert [(each.query["category"], each.query.get("cursor")) for each in fal.journal.of("GET /v1/models")] == [
            ("text-to-image", None),
            ("text-to-image", "Mg=="),
            ("image-to-image", None),
        ]

    async def test_what_was_found_is_known_by_its_name_alone(self, fal: Fal) -> None:
        async with client(fal) as opened:
            await opened.refresh_models("fal")
            response = await opened.generate("a red fox", model="fal-ai/aura-flow")
        assert response.model == "fal-ai/aura-flow"

    async def test_a_bad_key_is_told(self, fal: Fal) -> None:
        async with client(fal, key="another-key") as opened:
            found = await opened.refresh_models("fal")
        assert isinstance(found["fal"], impasto.AuthenticationError)


async def test_requests_side_by_side_do_not_mix(fal: Fal) -> None:
    seeds: dict[int, Any] = {}

    async def one(opened: impasto.Client, seed: int) -> None:
        response = await opened.generate("a fox", model="flux", width=64, height=64, seed=seed, extra=PNG)
        seeds[seed] = pixel(response)

    async with client(fal) as opened, anyio.create_task_group() as tasks:
        for seed in range(8):
            tasks.start_soon(one, opened, seed)
    assert seeds == {seed: colour(seed) for seed in range(8)}
