"""OpenAI's own SDK against the stand-in: it gets its pictures and its errors, and the plugin sends what it sends."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from dataclasses import replace
from typing import Any, cast

import anyio
import openai
import pytest
from PIL import Image

import impasto
import impasto_openai
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.openai_images import OpenAIService
from services.serving import Asked, Upload

GENERATIONS = "POST /v1/images/generations"
EDITS = "POST /v1/images/edits"
RESPONSES = "POST /v1/responses"
FLARE = "gpt-image-2.6-flare"


@pytest.fixture
def sdk(url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[openai.OpenAI]:
    """The SDK as its users have it: all from the environment, but for retries, which would ask again."""
    for name in ("OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_ADMIN_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPENAI_BASE_URL", url)
    monkeypatch.setenv("OPENAI_API_KEY", "test-key")
    with openai.OpenAI(max_retries=0) as client:
        yield client


def paint(url: str, prompt: str, model: str, **options: Any) -> impasto.ImageResponse:
    """Return what the plugin gets for the same."""

    async def painted() -> impasto.ImageResponse:
        settings = Settings(providers={"openai": {"url": url}})
        plugins = Plugins(objects={"openai": impasto_openai})
        async with impasto.Client(settings=settings, plugins=plugins) as client:
            return await client.generate(prompt, model=f"openai/{model}", api_key="test-key", **options)

    return anyio.run(painted)


def png(size: tuple[int, int] = (1024, 1024), colour: tuple[int, ...] = (0, 90, 160)) -> bytes:
    encoded = io.BytesIO()
    Image.new("RGB" if len(colour) == 3 else "RGBA", size, colour).save(encoded, "PNG")
    return encoded.getvalue()


def opened(encoded: str | None) -> Image.Image:
    return Image.open(io.BytesIO(base64.b64decode(encoded or "")))


def both(service: OpenAIService, line: str) -> tuple[Asked, Asked]:
    """Return the one request of the plugin's and the one of the SDK's, in the order in which they were sent."""
    mine, theirs = service.journal.asked
    assert (mine.line, theirs.line) == (line, line)
    return mine, theirs


class TestTheSdkGetsItsPicture:
    def test_from_a_prompt(self, sdk: openai.OpenAI) -> None:
        answer = sdk.images.generate(model=FLARE, prompt="a fox", size="1536x864", n=2, output_format="jpeg")
        assert [opened(each.b64_json).size for each in answer.data or ()] == [(1536, 864)] * 2
        assert (answer.output_format, answer.size, answer.quality) == ("jpeg", "1536x864", "high")
        assert answer.usage is not None
        assert answer.usage.total_tokens == answer.usage.input_tokens + answer.usage.output_tokens

    def test_with_previews(self, sdk: openai.OpenAI) -> None:
        *previews, last = sdk.images.generate(model=FLARE, prompt="a fox", stream=True, partial_images=2)
        assert [getattr(each, "partial_image_index", None) for each in previews] == [0, 1]
        assert last.type == "image_generation.completed"
        assert last.usage.output_tokens == 400
        assert opened(last.b64_json).size == (1024, 1024)

    def test_from_a_picture_whose_transparent_part_of_the_mask_is_drawn_anew(self, sdk: openai.OpenAI) -> None:
        mask = Image.new("RGBA", (1024, 1024), (0, 0, 0, 255))
        mask.paste((0, 0, 0, 0), (0, 0, 512, 1024))
        encoded = io.BytesIO()
        mask.save(encoded, "PNG")
        answer = sdk.images.edit(
            model=FLARE,
            prompt="a hat",
            image=("fox.png", png(), "image/png"),
            mask=("mask.png", encoded.getvalue(), "image/png"),
        )
        drawn = opened((answer.data or [])[0].b64_json)
        assert drawn.getpixel((10, 10)) == (183, 65, 14)
        assert drawn.getpixel((1000, 10)) == (0, 90, 160)

    def test_in_a_conversation(self, sdk: openai.OpenAI) -> None:
        first = sdk.responses.create(model="gpt-6-luna", input="a fox", tools=[{"type": "image_generation"}])
        second = sdk.responses.create(
            model="gpt-6-luna",
            input="make it blue",
            previous_response_id=first.id,
            tools=[{"type": "image_generation"}],
        )
        calls = [item for turn in (first, second) for item in turn.output if item.type == "image_generation_call"]
        assert [call.action for call in calls] == ["generate", "edit"]
        assert opened(calls[1].result).size == (1024, 1024)
        assert second.output_text == "Here it is, changed."

    def test_and_the_list_of_models(self, sdk: openai.OpenAI) -> None:
        shutdown = {each.id: each.shutdown_date for each in sdk.models.list()}
        assert shutdown[FLARE] is None
        assert shutdown["gpt-image-1.5"] == "2026-12-01"


class TestThePluginSendsWhatTheSdkSends:
    @pytest.mark.parametrize(
        ("options", "said"),
        [
            ({}, {"size": "1024x1024"}),
            ({"n": 3, "width": 1536, "height": 864}, {"n": 3, "size": "1536x864"}),
            (
                {"extra": {"quality": "xhigh", "background": "transparent", "output_format": "webp", "size": "auto"}},
                {"quality": "xhigh", "background": "transparent", "output_format": "webp", "size": "auto"},
            ),
            (
                {"extra": {"moderation": "low", "complexity": "low", "output_format": "gif", "frame_count": 4}},
                {
                    "moderation": "low",
                    "complexity": "low",
                    "output_format": "gif",
                    "frame_count": 4,
                    "size": "1024x1024",
                },
            ),
        ],
    )
    def test_for_a_prompt(
        self, sdk: openai.OpenAI, service: OpenAIService, url: str, options: dict[str, Any], said: dict[str, Any]
    ) -> None:
        paint(url, "a fox", FLARE, **options)
        sdk.images.generate(model=FLARE, prompt="a fox", **said)
        mine, theirs = both(service, GENERATIONS)
        assert mine.fields == theirs.fields

    def test_for_previews(self, sdk: openai.OpenAI, service: OpenAIService, url: str) -> None:
        paint(url, "a fox", FLARE, extra={"partial_images": 2})
        list(sdk.images.generate(model=FLARE, prompt="a fox", size="1024x1024", stream=True, partial_images=2))
        mine, theirs = both(service, GENERATIONS)
        assert mine.fields == theirs.fields

    def test_for_a_picture_to_edit(self, sdk: openai.OpenAI, service: OpenAIService, url: str) -> None:
        paint(url, "a hat", FLARE, images=png(), extra={"quality": "low", "partial_images": 1})
        image = ("image-1.png", png(), "image/png")
        list(
            sdk.images.edit(
                model=FLARE, prompt="a hat", image=image, quality="low", size="1024x1024", stream=True, partial_images=1
            )
        )
        mine, theirs = both(service, EDITS)
        assert mine.fields == theirs.fields
        assert mine.fields["image"] == Upload("image-1.png", "image/png", png())

    def test_for_several_pictures_and_a_mask(self, sdk: openai.OpenAI, service: OpenAIService, url: str) -> None:
        white_is_drawn_anew = Image.new("L", (1024, 1024), 255)
        white_is_drawn_anew.paste(0, (0, 0, 100, 100))
        transparent_is_drawn_anew = Image.new("RGBA", (1024, 1024), (0, 0, 0, 0))
        transparent_is_drawn_anew.paste((0, 0, 0, 255), (0, 0, 100, 100))
        encoded = io.BytesIO()
        transparent_is_drawn_anew.save(encoded, "PNG")
        pictures = [png(), png(colour=(1, 2, 3))]
        paint(url, "a hat", FLARE, images=pictures, mask=white_is_drawn_anew, n=2)
        sdk.images.edit(
            model=FLARE,
            prompt="a hat",
            n=2,
            size="1024x1024",
            image=[(f"image-{number}.png", data, "image/png") for number, data in enumerate(pictures, 1)],
            mask=("mask.png", encoded.getvalue(), "image/png"),
        )
        mine, theirs = both(service, EDITS)
        masks = [Image.open(io.BytesIO(each.fields["mask"].data)) for each in (mine, theirs)]
        assert masks[0].getchannel("A").tobytes() == masks[1].getchannel("A").tobytes()
        for each in (mine, theirs):
            each.fields["mask"] = replace(each.fields["mask"], data=b"")
        assert mine.fields == theirs.fields
        assert len(mine.fields["image[]"]) == 2

    def test_for_the_turns_of_a_conversation(self, sdk: openai.OpenAI, service: OpenAIService, url: str) -> None:
        first = paint(url, "a fox", "gpt-6-luna", images=png(), extra={"quality": "low", "safety_identifier": "f0"})
        paint(url, "make it blue", "gpt-6-luna", continue_from=first, aspect_ratio="1:1")
        tool: dict[str, Any] = {"type": "image_generation", "model": "gpt-image-2.6-sunburst"}
        small, square = cast(Any, {**tool, "quality": "low"}), cast(Any, {**tool, "size": "1024x1024"})
        shared: Any = {"model": "gpt-6-luna", "tool_choice": {"type": "image_generation"}, "stream": True}
        picture = f"data:image/png;base64,{base64.b64encode(png()).decode()}"
        shown: Any = {"type": "input_image", "image_url": picture, "detail": "auto"}
        said: Any = [{"role": "user", "content": [{"type": "input_text", "text": "a fox"}, shown]}]
        *_, last = sdk.responses.create(input=said, tools=[small], safety_identifier="f0", **shared)
        said = [{"role": "user", "content": [{"type": "input_text", "text": "make it blue"}]}]
        list(sdk.responses.create(input=said, tools=[square], previous_response_id=last.response.id, **shared))
        my_first, my_second, their_first, their_second = service.journal.of(RESPONSES)
        assert my_first.fields == their_first.fields
        assert my_second.fields.pop("previous_response_id") == "resp_1"
        assert their_second.fields.pop("previous_response_id") == "resp_3"
        assert my_second.fields == their_second.fields

    def test_but_for_headers_about_the_client(self, sdk: openai.OpenAI, service: OpenAIService, url: str) -> None:
        paint(url, "a fox", FLARE)
        sdk.images.generate(model=FLARE, prompt="a fox", size="1024x1024")
        mine, theirs = (each.headers for each in both(service, GENERATIONS))
        more = {name for name in theirs if name not in mine and not name.startswith("x-stainless-")}
        assert more == {"connection"}
        assert set(mine) <= set(theirs)
        assert {name for name in mine if mine[name] != theirs[name]} == {"accept", "accept-encoding", "user-agent"}
        assert mine["authorization"] == "Bearer test-key"


class TestTheSdkGetsItsErrors:
    @pytest.mark.parametrize(
        ("prompt", "error", "code"),
        [
            ("refused", openai.BadRequestError, "moderation_blocked"),
            ("out of credits", openai.RateLimitError, "credit_balance_exhausted"),
            ("busy", openai.RateLimitError, "rate_limit_exceeded"),
            ("unverified", openai.PermissionDeniedError, None),
            ("broken", openai.InternalServerError, None),
            ("overloaded", openai.InternalServerError, "server_is_overloaded"),
        ],
    )
    def test_for_what_the_service_refuses(
        self, sdk: openai.OpenAI, prompt: str, error: type[openai.APIStatusError], code: str | None
    ) -> None:
        with pytest.raises(error) as caught:
            sdk.images.generate(model=FLARE, prompt=prompt)
        assert caught.value.code == code
        assert caught.value.request_id == "req_1"

    def test_for_a_key_that_is_wrong(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.AuthenticationError, match="Incorrect API key provided: sk-") as caught:
            sdk.with_options(api_key="sk-wrong").images.generate(model=FLARE, prompt="a fox")
        assert caught.value.code == "invalid_api_key"
        assert "sk-wrong" not in str(caught.value)

    @pytest.mark.parametrize(
        ("said", "param", "code"),
        [
            ({"size": "1000x1000"}, "size", "invalid_value"),
            ({"size": "512x512"}, "size", "invalid_value"),
            ({"n": 11}, "n", "integer_above_max_value"),
            ({"quality": "hd"}, "quality", "invalid_value"),
            ({"response_format": "url"}, "response_format", "unknown_parameter"),
            ({"extra_body": {"seed": 7}}, "seed", "unknown_parameter"),
            ({"extra_body": {"n": "2"}}, "n", "invalid_type"),
            ({"background": "transparent", "output_format": "jpeg"}, "background", "invalid_value"),
            ({"output_format": "gif", "stream": True}, "stream", "invalid_value"),
            ({"output_format": "gif", "output_compression": 50}, "output_compression", "invalid_value"),
        ],
    )
    def test_for_what_the_documentation_forbids(
        self, sdk: openai.OpenAI, said: dict[str, Any], param: str, code: str
    ) -> None:
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.images.generate(model=FLARE, prompt="a fox", **said)
        assert (caught.value.param, caught.value.code) == (param, code)

    @pytest.mark.parametrize(
        ("said", "words"),
        [
            ({"partial_images": 1}, "GIF output does not support"),
            ({"input_image_mask": {"image_url": "data:x"}}, "GIF output does not support"),
            ({"output_compression": 50}, "only supported for jpeg and webp"),
            ({"background": "transparent"}, "transparent backgrounds need png or webp"),
        ],
    )
    def test_for_a_gif_in_a_conversation_that_cannot_be(
        self, sdk: openai.OpenAI, said: dict[str, Any], words: str
    ) -> None:
        tool: Any = {"type": "image_generation", "output_format": "gif", **said}
        with pytest.raises(openai.BadRequestError, match=words):
            sdk.responses.create(model="gpt-6-luna", input="a fox", tools=[tool])

    def test_for_a_gif_with_a_mask(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.BadRequestError, match="GIF output does not support"):
            sdk.images.edit(
                model=FLARE,
                prompt="a hat",
                image=("fox.png", png(), "image/png"),
                mask=("mask.png", png(colour=(0, 0, 0, 0)), "image/png"),
                output_format="gif",
            )

    def test_for_a_file_that_does_not_say_that_it_is_a_picture(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.BadRequestError) as caught:
            sdk.images.edit(model=FLARE, prompt="a hat", image=io.BytesIO(png()))
        assert (caught.value.param, caught.value.code) == ("image[0]", "unsupported_file_mimetype")

    def test_for_a_model_that_is_none(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.NotFoundError) as caught:
            sdk.images.generate(model="dall-e-3", prompt="a fox")
        assert caught.value.code == "model_not_found"

    def test_for_a_refusal_in_a_stream(self, sdk: openai.OpenAI) -> None:
        with pytest.raises(openai.APIError, match="safety system"):
            list(sdk.images.generate(model=FLARE, prompt="refused at the end", stream=True, partial_images=1))

    @pytest.mark.parametrize(
        ("address", "status", "words"),
        [("/images/generations", 405, "Not allowed to GET"), ("/images/variations", 404, "Invalid URL")],
    )
    def test_for_an_address_that_is_none(self, sdk: openai.OpenAI, address: str, status: int, words: str) -> None:
        with pytest.raises(openai.APIStatusError, match=words) as caught:
            sdk.get(address, cast_to=object)
        assert caught.value.status_code == status
