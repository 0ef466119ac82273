"""Replicate as a user meets it: through `impasto.Client`, against the stand-in."""

from __future__ import annotations

import io
from typing import Any

import anyio
import PIL.Image
import pytest

import impasto
import impasto_replicate
from impasto import (
    Attempt,
    AuthenticationError,
    ContentRejected,
    ImagePreview,
    ImageResponse,
    Progress,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.replicate_api import Replicate, version_of

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]

FLUX = "replicate/black-forest-labs/flux-schnell"
BANANA = "replicate/google/nano-banana-2"


async def drawn(client: impasto.Client, prompt: str, model: str = FLUX, **options: Any) -> ImageResponse:
    async with client:
        return await client.generate(prompt, model=model, **options)


async def refused(
    client: impasto.Client, prompt: str, expected: type[impasto.ImpastoError], model: str = FLUX, **options: Any
) -> Any:
    with pytest.raises(impasto.ImpastoError) as caught:
        await drawn(client, prompt, model, **options)
    assert type(caught.value) is expected, repr(caught.value)
    return caught.value


class TestAPicture:
    async def test_is_drawn_from_a_prompt(self, client: impasto.Client) -> None:
        response = await drawn(client, "a fox", "flux", aspect_ratio="16:9", seed=7)
        assert (response.width, response.height, response.media_type) == (1344, 768, "image/png")
        assert (response.provider, response.model) == ("replicate", "black-forest-labs/flux-schnell")
        assert response.seed == 7

    async def test_of_a_fast_model_takes_one_request_and_its_download(
        self, client: impasto.Client, service: Replicate
    ) -> None:
        await drawn(client, "a fox")
        (number,) = service.predictions
        assert service.journal.lines() == [
            "POST /v1/models/black-forest-labs/flux-schnell/predictions", f"GET /delivery/{number}/out-0.png"
        ]  # fmt: skip

    async def test_is_fetched_without_the_key_from_another_host(
        self, client: impasto.Client, service: Replicate, address: str
    ) -> None:
        service.delivery = address.replace("127.0.0.1", "localhost")
        await drawn(client, "a fox")
        created, fetched = service.journal.asked
        assert created.headers["authorization"] == "Bearer test-key"
        assert "authorization" not in fetched.headers

    async def test_comes_in_the_format_that_is_asked_for(self, client: impasto.Client) -> None:
        response = await drawn(client, "a fox", extra={"output_format": "webp"})
        assert response.media_type == "image/webp"

    async def test_inside_the_answer_is_read_as_well(self, client: impasto.Client, service: Replicate) -> None:
        service.outputs_inline = True
        response = await drawn(client, "a fox")
        assert response.width == 1024
        assert len(service.journal.asked) == 1

    async def test_of_a_community_model_is_drawn_by_its_version(self, client: impasto.Client) -> None:
        response = await drawn(client, "a fox", "sdxl", width=640, height=512)
        assert (response.width, response.height) == (640, 512)
        assert response.metadata["version"] == version_of("stability-ai/sdxl")

    async def test_comes_with_what_it_cost_and_what_was_counted(self, client: impasto.Client) -> None:
        response = await drawn(client, "a fox", n=2)
        assert response.cost is not None
        assert (response.cost.amount, response.cost.source, response.cost.as_of) == (0.006, "computed", "2026-10-07")
        assert response.usage is not None
        assert response.usage["image_count"] == 2

    async def test_has_the_seed_that_the_logs_tell(self, client: impasto.Client, service: Replicate) -> None:
        response = await drawn(client, "a fox")
        assert response.seed == service.journal.asked[0].fields["input"]["seed"]

    async def test_that_was_deleted_is_unavailable(self, client: impasto.Client, service: Replicate) -> None:
        async with client:
            with pytest.raises(ProviderUnavailable, match="404"):
                async with client.stream("a slow fox", model=FLUX) as stream:
                    async for _ in stream:
                        service.forget_pictures()


class TestSeveralPictures:
    async def test_are_drawn_at_once_where_the_model_can(self, client: impasto.Client, service: Replicate) -> None:
        response = await drawn(client, "a fox", n=3)
        assert len(response.images) == 3
        assert len(service.predictions) == 1

    async def test_are_drawn_side_by_side_where_it_cannot(self, client: impasto.Client, service: Replicate) -> None:
        response = await drawn(client, "a fox", BANANA, n=2)
        assert len(response.images) == 2
        assert len(service.predictions) == 2

    async def test_of_which_one_is_left_out_come_with_a_warning(self, client: impasto.Client) -> None:
        response = await drawn(client, "a partly bare fox", n=3)
        assert len(response.images) == 2
        assert "Replicate left out 1 of 3 pictures: it takes them for NSFW" in response.warnings


class TestWaiting:
    async def events(self, client: impasto.Client, prompt: str, **options: Any) -> list[object]:
        async with client, client.stream(prompt, model=FLUX, **options) as stream:
            return [event async for event in stream if not isinstance(event, Attempt)]

    async def test_tells_how_much_is_done(self, client: impasto.Client) -> None:
        *events, response = await self.events(client, "a slow fox")
        assert isinstance(response, ImageResponse)
        told = [(event.stage, event.fraction) for event in events if isinstance(event, Progress)]
        assert told == [("starting", None), ("drawing", 0.25), ("drawing", 0.75), ("downloading", None)]

    async def test_shows_the_last_line_of_the_logs(self, client: impasto.Client) -> None:
        events = await self.events(client, "a slow fox")
        assert any(isinstance(event, Progress) and "1/4" in event.detail for event in events)

    async def test_shows_pictures_as_they_are_ready(self, client: impasto.Client) -> None:
        async with client, client.stream("a growing heap", model=FLUX, n=3) as stream:
            previews = [(event.index, await event.read()) async for event in stream if isinstance(event, ImagePreview)]
        assert [index for index, _ in previews] == [0, 1]
        assert all(PIL.Image.open(io.BytesIO(data)).size == (1024, 1024) for _, data in previews)

    async def test_ends_where_an_output_is_there_before_it_is_final(self, client: impasto.Client) -> None:
        *_, response = await self.events(client, "an early fox")
        assert isinstance(response, ImageResponse)
        assert response.usage is not None

    async def test_goes_on_where_there_are_too_many_looks(self, client: impasto.Client, service: Replicate) -> None:
        service.throttled = 2
        *events, response = await self.events(client, "a slow fox")
        assert isinstance(response, ImageResponse)
        assert [each.stage for each in events if isinstance(each, Progress)].count("waiting") == 2
        assert len(service.predictions) == 1

    async def test_that_is_left_cancels_the_prediction(self, client: impasto.Client, service: Replicate) -> None:
        async with client, client.stream("a held fox", model=FLUX) as stream:
            async for event in stream:
                if isinstance(event, Progress):
                    break
        (number,) = service.predictions
        assert await anyio.to_thread.run_sync(service.journal.wait_for, f"POST /v1/predictions/{number}/cancel")
        assert service.predictions[number].states == ["canceled"]

    async def test_goes_on_after_a_crash_without_paying_again(self, client: impasto.Client, service: Replicate) -> None:
        async with client, client.stream("a slow fox", model=FLUX) as stream:
            async for event in stream:
                if isinstance(event, Progress) and event.fraction:
                    break
            checkpoint = stream.checkpoint()
            assert checkpoint is not None
            async with client.resume(checkpoint) as resumed:
                assert (await resumed.response()).width == 1024
        assert len(service.predictions) == 1

    async def test_that_ends_in_a_picture_cancels_nothing(self, client: impasto.Client, service: Replicate) -> None:
        await self.events(client, "a slow fox")
        assert not [line for line in service.journal.lines() if line.endswith("/cancel")]


class TestFailures:
    async def test_without_a_key_nothing_is_sent(
        self, client: impasto.Client, service: Replicate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("REPLICATE_API_TOKEN")
        error = await refused(client, "a fox", AuthenticationError)
        for words in ("REPLICATE_API_TOKEN", "impasto keys set replicate", "https://replicate.com/account/api-tokens"):
            assert words in str(error)
        assert service.journal.asked == []

    async def test_a_key_that_is_none_is_refused(self, client: impasto.Client) -> None:
        error = await refused(client, "a fox", AuthenticationError, api_key="r8_wrong")
        assert "You did not pass a valid authentication token" in str(error)
        assert "r8_wrong" not in str(error)

    @pytest.mark.parametrize(
        ("prompt", "expected", "words"),
        [
            ("unpaid", QuotaExceeded, "You need to set up billing"),
            ("refused", ContentRejected, "flagged as sensitive"),
            ("undressed", ContentRejected, "NSFW content detected"),
            ("interrupted", ProviderUnavailable, "please retry"),
            ("down", ProviderUnavailable, "Service unavailable"),
            ("overrun", ProviderUnavailable, "high demand"),
            ("aborted", ProviderUnavailable, "before it started"),
            ("huge", ResponseError, "out of memory"),
            ("broken", ResponseError, "CUDA error"),
            ("canceled", ResponseError, "cancelled"),
            ("removed", ResponseError, "keeps what the API drew for an hour"),
            ("odd", ProtocolError, "there is no picture"),
        ],
    )
    async def test_are_told_in_the_services_words(
        self, client: impasto.Client, prompt: str, expected: type[ResponseError], words: str
    ) -> None:
        assert words in str(await refused(client, prompt, expected))

    @pytest.mark.parametrize("prompt", ["slow interrupted", "slow overrun", "slow aborted"])
    async def test_of_a_prediction_that_has_ended_are_not_asked_for_again(
        self, client: impasto.Client, service: Replicate, prompt: str
    ) -> None:
        await refused(client, prompt, ProviderUnavailable)
        (number,) = service.predictions
        assert len(service.journal.of(f"GET /v1/predictions/{number}")) == 3
        assert service.journal.of(f"POST /v1/predictions/{number}/cancel") == []

    @pytest.mark.parametrize(("prompt", "seconds"), [("low credit", 5), ("busy", 30)])
    async def test_too_many_requests_say_when_to_come_back(
        self, client: impasto.Client, prompt: str, seconds: float
    ) -> None:
        error = await refused(client, prompt, QuotaExceeded, deadline=seconds - 1)
        assert (error.status, error.retry_after) == (429, seconds)

    async def test_a_value_that_the_model_does_not_take_is_told_in_the_services_words(
        self, client: impasto.Client
    ) -> None:
        error = await refused(client, "a fox", ResponseError, extra={"output_format": "gif"})
        assert "output_format must be one of the following" in str(error)

    async def test_an_address_of_ones_own_is_asked_in_place_of_replicates(
        self, address: str, service: Replicate, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("REPLICATE_API_TOKEN", "test-key")
        monkeypatch.setenv("IMPASTO_PROVIDER_REPLICATE_URL", f"{address}/v1")
        moved = impasto.Client(settings=Settings.load(), plugins=Plugins(objects={"replicate": impasto_replicate}))
        assert (await drawn(moved, "a fox")).provider == "replicate"
        assert service.predictions
