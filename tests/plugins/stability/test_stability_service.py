"""Painting with Stability AI, the whole way: through a client, against a stand-in for the service."""

from __future__ import annotations

import io
from typing import Any

import anyio
import PIL.Image
import pytest

import impasto
import impasto_stability
from impasto import (
    AuthenticationError,
    ContentRejected,
    ImageResponse,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from services.serving import PATIENCE, Upload
from services.stable_image import DRAWN_SEED, KEY, StableImage
from standins.pictures import picture

pytestmark = pytest.mark.anyio

PICTURE = picture(size=(96, 64))
GENERATORS = [model.id for model in impasto_stability.list_models() if not model.requires]
EDITORS = [model.id for model in impasto_stability.list_models() if model.requires]

WANTED: dict[str, dict[str, Any]] = {
    "outpaint": {"extra": {"left": 32, "down": 16}},
    "search-and-replace": {"extra": {"search_prompt": "hat"}},
    "search-and-recolor": {"extra": {"select_prompt": "car"}},
    "style-transfer": {"images": [PICTURE, picture(colour="navy")]},
}
"""What some models need beside a prompt and a picture."""


def opened(response: ImageResponse) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(response.data))


def form_sent(service: StableImage, index: int = 0) -> dict[str, Any]:
    return {
        name: each.data if isinstance(each, Upload) else each
        for name, each in service.journal.asked[index].fields.items()
    }


@pytest.mark.parametrize("model", GENERATORS)
async def test_a_prompt_becomes_a_picture(service: StableImage, draw: Any, model: str) -> None:
    response = await draw("a red fox", model, seed=7)
    assert opened(response).format == "PNG"
    assert (response.seed, response.model, response.media_type) == (7, model, "image/png")
    assert form_sent(service)["prompt"] == "a red fox"


async def test_a_form_without_a_picture_is_multipart_all_the_same(service: StableImage, draw: Any) -> None:
    await draw("a red fox", "stable-image-core")
    (asked,) = service.journal.asked
    assert asked.headers["content-type"].startswith("multipart/form-data; boundary=")
    assert not [each for each in asked.fields.values() if isinstance(each, Upload)]


async def test_a_seed_is_drawn_and_is_the_one_that_was_used(service: StableImage, draw: Any) -> None:
    response = await draw("a red fox", "stable-image-core")
    assert response.seed == int(form_sent(service)["seed"])
    assert response.seed not in {0, DRAWN_SEED}


async def test_an_aspect_ratio_is_that_of_the_picture(draw: Any) -> None:
    response = await draw("a red fox", "stable-image-ultra", aspect_ratio="16:9")
    width, height = opened(response).size
    assert width / height == pytest.approx(16 / 9, rel=0.01)


@pytest.mark.parametrize(("asked", "media_type"), [("jpeg", "image/jpeg"), ("webp", "image/webp")])
async def test_the_picture_comes_in_the_format_that_is_asked_for(draw: Any, asked: str, media_type: str) -> None:
    response = await draw("a red fox", "stable-image-core", extra={"output_format": asked})
    assert response.media_type == media_type


@pytest.mark.parametrize("model", [*GENERATORS, *EDITORS])
async def test_the_cost_is_what_the_service_takes_from_the_account(service: StableImage, draw: Any, model: str) -> None:
    before = service.credits
    given = {"images": PICTURE, **WANTED.get(model, {})} if model in EDITORS else {}
    response = await draw("a red fox", model, **given)
    charged = before - service.credits
    assert charged > 0
    assert response.usage == {"credits": charged}
    assert response.cost == impasto.Cost(charged / 100, "USD", "computed", "2026-11-26")


async def test_several_pictures_are_asked_for_side_by_side_each_with_a_seed_of_its_own(
    service: StableImage, draw: Any
) -> None:
    response = await draw("a red fox", "sd3.5-flash", n=3, seed=7)
    assert [image.seed for image in response.images] == [7, 8, 9]
    assert len({image.data for image in response.images}) == 3
    assert sorted(form_sent(service, index)["seed"] for index in range(3)) == ["7", "8", "9"]
    assert (response.usage, response.cost.amount) == ({"credits": 7.5}, pytest.approx(0.075))


@pytest.mark.parametrize("model", ["sd3.5-large", "sd3.5-large-turbo", "sd3.5-medium", "sd3.5-flash"])
async def test_stable_diffusion_starts_from_a_picture(service: StableImage, draw: Any, model: str) -> None:
    await draw("a fox of glass", model, images=PICTURE, strength=0.4)
    sent = form_sent(service)
    assert (sent["model"], sent["mode"], sent["strength"], sent["image"]) == (model, "image-to-image", "0.4", PICTURE)


async def test_ultra_starts_from_a_picture(service: StableImage, draw: Any) -> None:
    await draw("a fox of glass", "stable-image-ultra", images=PICTURE, strength=0.4)
    sent = form_sent(service)
    assert (sent["strength"], sent["image"]) == ("0.4", PICTURE)
    assert "mode" not in sent


async def test_an_earlier_picture_is_gone_on_from(service: StableImage, client: impasto.Client) -> None:
    async with client:
        first = await client.generate("a red fox", model="stability/stable-image-core", api_key=KEY)
        await client.generate("in snow", model="stability/stable-image-ultra", api_key=KEY, continue_from=first)
    assert form_sent(service, 1)["image"] == first.data


async def test_what_is_white_in_the_mask_is_drawn_anew(service: StableImage, draw: Any) -> None:
    mask = PIL.Image.new("L", (96, 64), 0)
    mask.paste(255, (0, 0, 48, 64))
    response = await draw("a hat", "inpaint", images=PICTURE, mask=mask, extra={"grow_mask": 0})
    assert opened(response).size == (96, 64)
    sent = form_sent(service)
    assert (sent["image"], sent["grow_mask"]) == (PICTURE, "0")
    received = PIL.Image.open(io.BytesIO(sent["mask"]))
    assert (received.getpixel((10, 10)), received.getpixel((90, 10))) == (255, 0)


@pytest.mark.parametrize("model", EDITORS)
async def test_a_picture_is_edited(service: StableImage, draw: Any, model: str) -> None:
    response = await draw("a hat", model, **{"images": PICTURE, **WANTED.get(model, {}), "seed": 7})
    assert opened(response).format == "PNG"
    assert response.seed == 7
    assert PICTURE in form_sent(service).values()


@pytest.mark.parametrize("model", EDITORS)
async def test_a_model_that_edits_is_not_asked_without_a_picture(service: StableImage, draw: Any, model: str) -> None:
    with pytest.raises(impasto.InvalidRequest, match="give images"):
        await draw("a hat", model)
    assert service.journal.asked == []


async def test_outpainting_grows_the_picture(draw: Any) -> None:
    response = await draw("a meadow", "outpaint", images=PICTURE, extra={"left": 32, "down": 16})
    assert opened(response).size == (128, 80)


async def test_relighting_takes_pictures_for_background_and_light(service: StableImage, draw: Any) -> None:
    background, light = picture(colour="navy"), picture(colour="white")
    await draw("dusk", "replace-background-and-relight", images=[PICTURE, background, light])
    sent = form_sent(service)
    assert (sent["subject_image"], sent["background_reference"], sent["light_reference"]) == (
        PICTURE, background, light,
    )  # fmt: skip
    assert sent["background_prompt"] == "dusk"


@pytest.mark.parametrize(
    ("prompt", "error", "status", "words"),
    [
        ("refused", ContentRejected, 403, "flagged by our content moderation system"),
        ("public figure", ContentRejected, 422, "the likeness of a public figure"),
        ("en français", ResponseError, 422, "English is the only supported language"),
        ("out of credits", QuotaExceeded, 402, "You lack sufficient credits"),
        ("busy", QuotaExceeded, 429, "You have exceeded the rate limit of 150 requests"),
        ("broken", ProviderUnavailable, 500, "An unexpected server error has occurred"),
        ("bad gateway", ProviderUnavailable, 502, "Bad gateway"),
    ],
)
async def test_a_failure_is_told_in_the_services_words_and_costs_nothing(
    service: StableImage, draw: Any, prompt: str, error: type[ResponseError], status: int, words: str
) -> None:
    before = service.credits
    with pytest.raises(error, match=words) as caught:
        await draw(prompt, "stable-image-core")
    assert type(caught.value) is error
    assert caught.value.status == status
    assert service.credits == before


async def test_an_account_without_credits_is_told_so(service: StableImage, draw: Any) -> None:
    service.credits = 7.9
    with pytest.raises(QuotaExceeded, match="purchase more credits") as caught:
        await draw("a red fox", "stable-image-ultra")
    assert caught.value.retry_after is None


async def test_who_asks_too_often_is_told_when_to_come_back(draw: Any) -> None:
    with pytest.raises(QuotaExceeded) as caught:
        await draw("busy", "stable-image-core")
    assert caught.value.retry_after == 60


async def test_a_picture_that_came_blurred_is_refused_content_and_was_charged(service: StableImage, draw: Any) -> None:
    before = service.credits
    with pytest.raises(ContentRejected, match=r"CONTENT_FILTERED.*came blurred.*charges for it: 3 credits"):
        await draw("filtered", "stable-image-core")
    assert service.credits == before - 3


async def test_a_value_that_the_service_does_not_know_is_refused_by_its_name(draw: Any) -> None:
    with pytest.raises(ResponseError, match="style_preset: Input should be 'enhance', 'anime'") as caught:
        await draw("a red fox", "stable-image-core", extra={"style_preset": "oil"})
    assert (type(caught.value), caught.value.status) == (ResponseError, 400)


@pytest.mark.parametrize(
    ("model", "missing"), [("search-and-replace", "search_prompt"), ("search-and-recolor", "select_prompt")]
)
async def test_what_the_service_misses_is_told_with_where_to_give_it(draw: Any, model: str, missing: str) -> None:
    with pytest.raises(ResponseError, match=rf"{missing}: is required\. Give it as extra=\{{'{missing}': …\}}"):
        await draw("a hat", model, images=PICTURE)


async def test_a_key_that_is_none_is_refused(service: StableImage, draw: Any) -> None:
    with pytest.raises(AuthenticationError, match="authorization: invalid or missing header value") as caught:
        await draw("a red fox", "stable-image-core", api_key="sk-another")
    assert caught.value.status == 401
    assert "sk-another" not in str(caught.value)
    assert len(service.journal.asked) == 1


async def test_without_a_key_nothing_is_sent_and_the_message_says_where_to_get_one(
    service: StableImage, client: impasto.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("STABILITY_API_KEY", raising=False)
    with pytest.raises(AuthenticationError) as caught:
        async with client:
            await client.generate("a red fox", model="stability/stable-image-core")
    for words in ("STABILITY_API_KEY", "impasto keys set stability", "https://platform.stability.ai/account/keys"):
        assert words in str(caught.value)
    assert service.journal.asked == []


async def test_the_key_is_read_from_the_vendors_own_variable(
    client: impasto.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("STABILITY_API_KEY", KEY)
    async with client:
        response = await client.generate("a red fox", model="stability/stable-image-core")
    assert response.provider == "stability"


async def test_who_leaves_the_stream_hangs_up(service: StableImage, client: impasto.Client) -> None:
    line = "POST /v2beta/stable-image/generate/core"
    async with client:
        async with client.stream("slow", model="stability/stable-image-core", api_key=KEY) as stream:
            async for _ in stream:
                assert await anyio.to_thread.run_sync(service.journal.wait_for, line)
                break
        assert await anyio.to_thread.run_sync(service.left.wait, PATIENCE)


async def test_an_answer_that_is_no_picture_is_a_protocol_error(draw: Any) -> None:
    with pytest.raises(ProtocolError) as caught:
        await draw("nonsense", "stable-image-core")
    assert "nonsense" in str(caught.value)
