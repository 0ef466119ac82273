"""Pictures on their way to Replicate, and models that are known by their schema alone: against the stand-in."""

from __future__ import annotations

import io
import random
from typing import Any

import PIL.Image
import pytest

import impasto
from impasto import ImageResponse, InvalidRequest, ProviderUnavailable, ResponseError
from services.replicate_api import Replicate, version_of
from services.replicate_api.fields import picture_in
from standins.pictures import picture

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]

FLUX = "replicate/black-forest-labs/flux-schnell"
DEV = "replicate/black-forest-labs/flux-dev"
FILL = "replicate/black-forest-labs/flux-fill-dev"


def encoded(image: PIL.Image.Image) -> bytes:
    content = io.BytesIO()
    image.save(content, "PNG")
    return content.getvalue()


def noisy(side: int) -> bytes:
    """Return a PNG that is as large as its pixels are many."""
    return encoded(PIL.Image.frombytes("RGB", (side, side), random.Random(side).randbytes(3 * side * side)))


def white_on_the_left(size: tuple[int, int] = (64, 64)) -> bytes:
    mask = PIL.Image.new("L", size, 0)
    mask.paste(255, (0, 0, size[0] // 2, size[1]))
    return encoded(mask)


async def drawn(client: impasto.Client, prompt: str, model: str, **options: Any) -> ImageResponse:
    async with client:
        return await client.generate(prompt, model=model, **options)


async def refused(
    client: impasto.Client, prompt: str, expected: type[impasto.ImpastoError], model: str, **options: Any
) -> Any:
    with pytest.raises(impasto.ImpastoError) as caught:
        await drawn(client, prompt, model, **options)
    assert type(caught.value) is expected, repr(caught.value)
    return caught.value


class TestPicturesToStartFrom:
    async def test_travel_inside_the_input_when_they_are_small(
        self, client: impasto.Client, service: Replicate
    ) -> None:
        await drawn(client, "a fox in snow", DEV, images=picture("JPEG"), strength=0.4)
        said = service.journal.asked[0].fields["input"]
        assert said["prompt_strength"] == 0.4
        assert said["image"].startswith("data:image/jpeg;base64,")
        assert not service.files

    async def test_are_uploaded_one_after_the_other_when_they_are_large(
        self, client: impasto.Client, service: Replicate, address: str
    ) -> None:
        given = [noisy(320), picture(), noisy(340)]
        await drawn(client, "a fox and a hen", "nano-banana-2", images=given)
        assert service.journal.lines()[:3] == [
            "POST /v1/files", "POST /v1/files", "POST /v1/models/google/nano-banana-2/predictions"
        ]  # fmt: skip
        first, second = service.files
        assert [service.files[each].data for each in (first, second)] == [given[0], given[2]]
        sent = service.journal.asked[2].fields["input"]["image_input"]
        assert [sent[0], sent[2]] == [f"{address}/v1/files/{each}" for each in (first, second)]
        assert sent[1].startswith("data:image/png;base64,")

    async def test_come_with_a_mask_that_is_white_where_to_draw_anew(
        self, client: impasto.Client, service: Replicate
    ) -> None:
        await drawn(client, "a hat", FILL, images=picture(), mask=white_on_the_left())
        shown = picture_in(service.journal.asked[0].fields["input"]["mask"])
        assert shown is not None
        assert [shown.getpixel(at) for at in ((0, 0), (63, 63))] == [255, 0]

    async def test_come_with_a_mask_turned_round_for_ideogram(self, client: impasto.Client, service: Replicate) -> None:
        model = "replicate/ideogram-ai/ideogram-v3-turbo/inpaint"
        await drawn(client, "a hat", model, images=picture(), mask=white_on_the_left())
        shown = picture_in(service.journal.asked[0].fields["input"]["mask"])
        assert shown is not None
        assert [shown.getpixel(at) for at in ((0, 0), (63, 63))] == [0, 255]

    async def test_that_are_too_large_for_the_service_are_refused_in_its_words(
        self, client: impasto.Client, service: Replicate
    ) -> None:
        service.largest_file = 300_000
        error = await refused(client, "a fox", ResponseError, DEV, images=noisy(340))
        assert "less than 100MB" in str(error)

    async def test_may_be_an_earlier_response(self, client: impasto.Client, service: Replicate) -> None:
        async with client:
            first = await client.generate("a fox", model=FLUX)
            await client.generate("in winter", model="flux-kontext-pro", continue_from=first)
        sent = service.journal.asked[-2].fields["input"]
        assert picture_in(sent["input_image"]) is not None


class TestModelsThatAreNotListed:
    async def test_are_drawn_by_what_their_schema_says(self, client: impasto.Client, service: Replicate) -> None:
        asked = {"num_inference_steps": 12, "guidance_scale": 6.0, "width": 512, "height": 640}
        response = await drawn(client, "a fox", "replicate/somebody/inkwash", extra={"brush": "broad"}, **asked)
        assert (response.width, response.height) == (512, 640)
        assert service.journal.asked[1].fields["input"] == {
            "prompt": "a fox", "steps": 12, "cfg_scale": 6.0, "width": 512, "height": 640, "brush": "broad"
        }  # fmt: skip

    async def test_are_drawn_by_a_version_that_is_named(self, client: impasto.Client, service: Replicate) -> None:
        version = version_of("somebody/inkwash")
        await drawn(client, "a fox", f"replicate/somebody/inkwash:{version}")
        assert service.journal.lines()[:2] == [
            f"GET /v1/models/somebody/inkwash/versions/{version}", "POST /v1/predictions"
        ]  # fmt: skip

    async def test_have_their_own_side_of_the_mask(self, client: impasto.Client, service: Replicate) -> None:
        model = "replicate/somebody/inkwash"
        await drawn(client, "a hat", model, images=picture(), mask=white_on_the_left())
        shown = picture_in(service.journal.asked[1].fields["input"]["mask"])
        assert shown is not None
        assert shown.getpixel((0, 0)) == 0

    async def test_refuse_what_they_do_not_take_before_anything_is_charged(
        self, client: impasto.Client, service: Replicate
    ) -> None:
        error = await refused(client, "a fox", InvalidRequest, "replicate/somebody/inkwash", num_inference_steps=41)
        assert "40 or less" in str(error)
        assert not service.predictions

    async def test_that_draw_nothing_from_a_prompt_say_so(self, client: impasto.Client) -> None:
        error = await refused(client, "a fox", InvalidRequest, "replicate/somebody/upscaler", images=picture())
        assert "takes no prompt" in str(error)

    async def test_that_do_not_exist_are_unavailable(self, client: impasto.Client) -> None:
        error = await refused(client, "a fox", ProviderUnavailable, "replicate/nobody/nothing")
        assert error.status == 404

    async def test_are_named_by_the_service(self, client: impasto.Client, service: Replicate) -> None:
        async with client:
            found = await client.refresh_models("replicate")
            known = [model.name for model, _ in client.discovered()]
        assert found["replicate"] == (
            "black-forest-labs/flux-schnell", "google/nano-banana-2", "somebody/inkwash", "qwen/qwen-image-edit"
        )  # fmt: skip
        assert known == ["replicate/somebody/inkwash"]
        assert service.journal.lines() == [
            "GET /v1/collections/text-to-image", "GET /v1/collections/image-editing"
        ]  # fmt: skip
