"""OpenAI through `impasto.Client`, against the stand-in: what a user notices."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

import impasto
import impasto_openai
from impasto import ImagePreview, ImageResponse, Progress
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.openai_images import OpenAIService

pytestmark = pytest.mark.anyio

GENERATIONS = "POST /v1/images/generations"
EDITS = "POST /v1/images/edits"
RUST = (183, 65, 14)
BLUE = (0, 90, 160)
SHORTER_THAN_THAT = 20.0
"""Seconds: less than any limit asks to wait, so that it is told rather than waited for."""


def client(url: str, **more: Any) -> impasto.Client:
    settings = Settings(providers={"openai": {"url": url, "private_addresses": True, **more}})
    return impasto.Client(settings=settings, plugins=Plugins(objects={"openai": impasto_openai}))


async def paint(url: str, prompt: str, model: str = "gpt-image", **options: Any) -> ImageResponse:
    async with client(url) as painter:
        return await painter.generate(prompt, model=model, **{"api_key": "test-key", **options})


async def events(url: str, prompt: str, model: str = "gpt-image", **options: Any) -> list[Any]:
    async with client(url) as painter, painter.stream(prompt, model=model, api_key="test-key", **options) as stream:
        return [each async for each in stream]


def pixel(response: ImageResponse, place: tuple[int, int]) -> Any:
    with Image.open(io.BytesIO(response.data)) as opened:
        return opened.convert("RGB").getpixel(place)


def fox(size: tuple[int, int] = (1024, 1024)) -> Image.Image:
    return Image.new("RGB", size, BLUE)


class TestAPicture:
    async def test_is_drawn_by_the_name_that_people_know(self, url: str, service: OpenAIService) -> None:
        response = await paint(url, "a fox", "gpt-image")
        assert (response.model, response.width, response.height) == ("gpt-image-2.6-sunburst", 1024, 1024)
        assert pixel(response, (5, 5)) == RUST
        assert response.warnings == ()
        assert response.metadata["request_id"] == "req_1"
        assert service.journal.lines() == [GENERATIONS]

    async def test_is_of_the_size_and_format_that_are_asked(self, url: str) -> None:
        response = await paint(url, "a fox", aspect_ratio="16:9", extra={"output_format": "webp", "quality": "max"})
        assert (response.width, response.height, response.media_type) == (1088, 608, "image/webp")
        assert response.metadata["quality"] == "max"

    async def test_of_a_size_that_openai_does_not_draw_comes_with_a_warning(self, url: str) -> None:
        response = await paint(url, "a fox", width=512, height=512)
        assert response.warnings == ("asked for 512x512 pixels, got 816x816",)

    async def test_comes_with_its_tokens_and_its_cost(self, url: str) -> None:
        response = await paint(url, "a fox")
        assert response.usage is not None
        assert response.usage["output_tokens"] == 200
        assert response.cost is not None
        assert response.cost.amount == pytest.approx((10 * 5 + 200 * 30) / 1e6)
        assert (response.cost.source, response.cost.as_of) == ("computed", "2026-11-26")

    async def test_may_be_one_of_several_that_one_request_brings(self, url: str, service: OpenAIService) -> None:
        response = await paint(url, "a fox", n=3)
        assert len(response.images) == 3
        assert service.journal.lines() == [GENERATIONS]

    async def test_may_move(self, url: str) -> None:
        response = await paint(url, "a fox", extra={"output_format": "gif", "frame_count": 4})
        assert response.media_type == "image/gif"

    async def test_of_a_model_that_is_to_end_says_when(self, url: str) -> None:
        response = await paint(url, "a fox", "gpt-image-1.5")
        assert "2026-12-01" in response.warnings[0]


class TestAStream:
    async def test_shows_previews_before_the_picture(self, url: str) -> None:
        seen = await events(url, "a fox", extra={"partial_images": 2})
        assert [each.fraction for each in seen if isinstance(each, Progress)] == pytest.approx([1 / 3, 2 / 3])
        previews = [each for each in seen if isinstance(each, ImagePreview)]
        assert len(previews) == 2
        assert (await previews[0].read()).startswith(b"\x89PNG")
        assert isinstance(seen[-1], ImageResponse)
        assert seen[-1].width == 1024

    async def test_may_have_fewer_previews_than_were_asked_for(self, url: str) -> None:
        seen = await events(url, "last first", extra={"partial_images": 3})
        assert len([each for each in seen if isinstance(each, ImagePreview)]) == 1
        assert isinstance(seen[-1], ImageResponse)

    async def test_that_ends_early_does_not_pass_a_preview_off_as_the_picture(self, url: str) -> None:
        with pytest.raises(impasto.ProtocolError, match="without a picture"):
            await events(url, "cut short", extra={"partial_images": 2})

    @pytest.mark.parametrize("prompt", ["refused at the end", "flat refusal"])
    async def test_may_end_in_a_refusal(self, url: str, prompt: str) -> None:
        with pytest.raises(impasto.ContentRejected, match="safety system"):
            await events(url, prompt, extra={"partial_images": 1})

    async def test_that_is_left_closes_the_connection_and_asks_for_nothing_more(
        self, url: str, service: OpenAIService
    ) -> None:
        async with client(url) as painter:
            async with painter.stream(
                "slow", model="gpt-image", api_key="test-key", extra={"partial_images": 1}
            ) as stream:
                async for each in stream:
                    if isinstance(each, ImagePreview):
                        break
            assert service.left.wait(20)
        assert service.journal.lines() == [GENERATIONS]


class TestAnEdit:
    async def test_starts_from_a_picture_and_keeps_its_size(self, url: str, service: OpenAIService) -> None:
        response = await paint(url, "a hat", images=fox((1536, 1024)))
        assert (response.width, response.height) == (1536, 1024)
        assert service.journal.lines() == [EDITS]
        assert response.cost is not None
        assert response.cost.amount == pytest.approx((10 * 5 + 40 * 8 + 200 * 30) / 1e6)

    async def test_draws_anew_what_is_white_in_the_mask(self, url: str) -> None:
        mask = Image.new("L", (1024, 1024), 0)
        mask.paste(255, (0, 0, 512, 1024))
        response = await paint(url, "a hat", images=fox(), mask=mask)
        assert pixel(response, (10, 10)) == RUST
        assert pixel(response, (1000, 10)) == BLUE

    async def test_takes_several_pictures(self, url: str, service: OpenAIService) -> None:
        await paint(url, "both", images=[fox(), fox((640, 480))], n=2)
        (asked,) = service.journal.of(EDITS)
        assert len(asked.fields["image[]"]) == 2

    async def test_may_show_previews(self, url: str) -> None:
        seen = await events(url, "a hat", images=fox(), extra={"partial_images": 1})
        assert len([each for each in seen if isinstance(each, ImagePreview)]) == 1
        assert isinstance(seen[-1], ImageResponse)

    async def test_goes_on_from_what_was_drawn(self, url: str, service: OpenAIService) -> None:
        first = await paint(url, "a fox")
        await paint(url, "make it blue", continue_from=first)
        (asked,) = service.journal.of(EDITS)
        assert asked.fields["image"].data == first.data


class TestAConversation:
    async def test_draws_and_tells_and_goes_on_without_the_picture(self, url: str, service: OpenAIService) -> None:
        first = await paint(url, "a fox", "gpt-6-luna")
        second = await paint(url, "make it blue", "gpt-6-luna", continue_from=first)
        assert (first.text, second.text) == ("Here it is.", "Here it is, changed.")
        assert first.metadata["revised_prompt"] == "a fox, in rust"
        assert first.session == {"response": "resp_1"}
        assert service.journal.asked[1].fields["previous_response_id"] == "resp_1"
        assert len(service.journal.asked[1].fields["input"][0]["content"]) == 1
        assert first.cost is not None

    async def test_shows_its_stages_and_previews(self, url: str) -> None:
        seen = await events(url, "a fox", "gpt-6-luna", extra={"partial_images": 1}, aspect_ratio="1:1")
        stages = [each.stage for each in seen if isinstance(each, Progress)]
        assert stages == ["submitted", "starting", "drawing", "answering"]
        assert len([each for each in seen if isinstance(each, ImagePreview)]) == 1

    async def test_has_several_pictures_drawn_side_by_side(self, url: str, service: OpenAIService) -> None:
        response = await paint(url, "a fox", "gpt-6-luna", n=2)
        assert len(response.images) == 2
        assert service.journal.lines() == ["POST /v1/responses"] * 2

    async def test_goes_on_from_a_picture_of_another_model_by_showing_it(
        self, url: str, service: OpenAIService
    ) -> None:
        first = await paint(url, "a fox", "flare")
        await paint(url, "make it blue", "gpt-6-luna", continue_from=first)
        content = service.journal.asked[1].fields["input"][0]["content"]
        assert [part["type"] for part in content] == ["input_text", "input_image"]

    async def test_that_openai_has_forgotten_cannot_go_on(self, url: str, service: OpenAIService) -> None:
        first = await paint(url, "a fox", "gpt-6-luna")
        service.forget_conversations()
        with pytest.raises(impasto.ResponseError, match=r"Previous response with id 'resp_1' not found"):
            await paint(url, "make it blue", "gpt-6-luna", continue_from=first)

    @pytest.mark.parametrize(
        ("prompt", "words"),
        [
            ("blocked", "safety system"),
            ("in words", "I cannot draw that"),
            ("too much", "violates our policies"),
            ("usage", "violating our usage policy"),
            ("filtered", "content_filter"),
            ("refused", "safety system"),
        ],
    )
    async def test_may_end_in_a_refusal(self, url: str, prompt: str, words: str) -> None:
        with pytest.raises(impasto.ContentRejected, match=words):
            await paint(url, prompt, "gpt-6-luna")


class TestAFailure:
    @pytest.mark.parametrize(
        ("prompt", "error", "words"),
        [
            ("refused", impasto.ContentRejected, "safety system"),
            ("flagged", impasto.ContentRejected, "violating our usage policy"),
            ("out of credits", impasto.QuotaExceeded, "exceeded your current quota"),
            ("billing limit", impasto.QuotaExceeded, "Billing hard limit"),
            ("busy", impasto.QuotaExceeded, "rate limit"),
            ("crowded", impasto.QuotaExceeded, "Slow down"),
            ("unverified", impasto.AuthenticationError, "organization must be verified"),
            ("wordless", impasto.ResponseError, "gives no reason"),
        ],
    )
    async def test_is_told_in_the_services_words(
        self, url: str, prompt: str, error: type[impasto.ResponseError], words: str
    ) -> None:
        with pytest.raises(error, match=words) as caught:
            await paint(url, prompt, deadline=SHORTER_THAN_THAT)
        assert caught.value.provider == "openai"
        assert caught.value.step == "POST /images/generations"

    @pytest.mark.parametrize("prompt", ["overloaded", "broken"])
    async def test_of_the_service_itself_is_not_paid_for_twice(
        self, url: str, service: OpenAIService, prompt: str
    ) -> None:
        with pytest.raises(impasto.ProviderUnavailable):
            await paint(url, prompt)
        assert service.journal.lines() == [GENERATIONS]

    @pytest.mark.parametrize(("prompt", "seconds"), [("busy", 51.84), ("crowded", 30), ("out of credits", None)])
    async def test_of_a_limit_says_when_to_come_back(self, url: str, prompt: str, seconds: float | None) -> None:
        with pytest.raises(impasto.QuotaExceeded) as caught:
            await paint(url, prompt, deadline=SHORTER_THAN_THAT)
        assert caught.value.retry_after == seconds

    async def test_of_a_value_that_openai_does_not_know_names_it(self, url: str) -> None:
        with pytest.raises(impasto.ResponseError, match=r"Invalid value: 'best'") as caught:
            await paint(url, "a fox", extra={"quality": "best"})
        assert caught.value.status == 400

    async def test_of_a_model_that_is_shut_down_says_what_to_use(self, url: str) -> None:
        with pytest.raises(impasto.ResponseError, match="use openai/gpt-image-2.6-sunburst"):
            await paint(url, "a fox", "openai/dall-e-3")

    async def test_of_a_wrong_key_does_not_repeat_it(self, url: str) -> None:
        with pytest.raises(impasto.AuthenticationError, match="Incorrect API key") as caught:
            await paint(url, "a fox", api_key="sk-a-wrong-key")
        assert "wrong" not in str(caught.value)

    async def test_of_a_missing_key_says_where_keys_are_made_and_asks_nothing(
        self, url: str, service: OpenAIService, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("OPENAI_API_KEY", raising=False)
        with pytest.raises(impasto.AuthenticationError) as caught:
            await paint(url, "a fox", api_key=None)
        words = str(caught.value)
        assert "OPENAI_API_KEY" in words
        assert "impasto keys set openai" in words
        assert "https://platform.openai.com/api-keys" in words
        assert service.journal.lines() == []


async def test_the_models_that_openai_lists_are_those_that_draw(url: str, service: OpenAIService) -> None:
    async with client(url, key="test-key") as painter:
        found = await painter.refresh_models("openai")
    names = found["openai"]
    assert isinstance(names, tuple)
    assert {"gpt-image-2.6-flare", "gpt-image-2.5-flare-2026-09-08", "gpt-6-luna"} <= set(names)
    assert not {"gpt-5.4", "dall-e-3", "gpt-image-1", "text-embedding-3-large"} & set(names)
    assert service.journal.lines() == ["GET /v1/models"]
