"""The provider ``gradio`` with real apps that start from pictures: each is uploaded, and named as the app takes it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import PIL.Image
import pytest

from impasto import Client, ImagePreview, ImageResponse, InvalidRequest, Progress, Settings
from standins.pictures import picture

if TYPE_CHECKING:
    from spaces.servers import Server

pytestmark = pytest.mark.anyio

RED = (200, 30, 30)
FOX = picture("PNG", (64, 48), "rgb(200, 30, 30)")


def using(server: Server, app: str = "retouch") -> Client:
    return Client(settings=Settings(providers={"gradio": {"url": server.apps[app]}}))


def right_half() -> PIL.Image.Image:
    mask = PIL.Image.new("L", (64, 48), 0)
    mask.paste(255, (32, 0, 64, 48))
    return mask


def halves(response: ImageResponse) -> tuple[Any, Any]:
    """Return a pixel of the left half and one of the right."""
    opened = PIL.Image.open(io.BytesIO(response.data)).convert("RGB")
    return opened.getpixel((8, 24)), opened.getpixel((56, 24))


async def draw(server: Server, endpoint: str, **options: Any) -> ImageResponse:
    async with using(server) as client:
        return await client.generate("a blue fox", model="gradio", extra={"api_name": endpoint}, **options)


async def test_a_picture_is_uploaded_and_edited(gradio: Server) -> None:
    async with (
        using(gradio) as client,
        client.stream("a blue fox", model="gradio", images=FOX, strength=0.25) as stream,
    ):
        events = [event async for event in stream]
    response = events[-1]
    assert isinstance(response, ImageResponse)
    assert (response.width, response.height) == (64, 48)
    assert "uploading" in [event.stage for event in events if isinstance(event, Progress)]
    kept = await draw(gradio, "/edit", images=FOX, strength=0.0)
    assert halves(kept) == (RED, RED)
    assert halves(response) != (RED, RED)


async def test_a_mask_says_which_part_is_drawn_anew(gradio: Server) -> None:
    left, right = halves(await draw(gradio, "/inpaint", images=FOX, mask=right_half()))
    assert left == RED
    assert right != RED


async def test_an_editor_takes_the_mask_as_a_layer(gradio: Server) -> None:
    left, right = halves(await draw(gradio, "/layers", images=FOX, mask=right_half()))
    assert left == RED
    assert right != RED


@pytest.mark.parametrize("endpoint", ["/drawn", "/flat"])
async def test_an_app_that_looks_where_a_layer_is_bright_draws_only_there(gradio: Server, endpoint: str) -> None:
    async with using(gradio, "inpainting") as client:
        extra = {"api_name": endpoint}
        response = await client.generate("a blue fox", model="gradio", images=FOX, mask=right_half(), extra=extra)
    left, right = halves(response)
    assert left == RED
    assert right != RED


async def test_of_a_slider_only_the_new_picture_is_shown(gradio6: Server) -> None:
    async with (
        using(gradio6, "compare") as client,
        client.stream("a blue fox", model="gradio", images=FOX) as stream,
    ):
        events = [event async for event in stream]
    previews = [event for event in events if isinstance(event, ImagePreview)]
    response = events[-1]
    assert isinstance(response, ImageResponse)
    assert len(response.images) == 1
    assert halves(response) != (RED, RED)
    assert {preview.index for preview in previews} == {0}
    assert response.text == "done"


async def test_several_pictures_are_given_to_the_endpoint_that_takes_several(gradio: Server) -> None:
    async with using(gradio) as client:
        response = await client.generate("a blue fox", model="gradio", images=[FOX, FOX])
    assert (response.width, response.height) == (128, 64)


async def test_a_gallery_takes_several_pictures(gradio: Server) -> None:
    blue = picture("JPEG", (64, 48), "rgb(30, 30, 200)")
    response = await draw(gradio, "/collage", images=[FOX, blue, FOX])
    assert (response.width, response.height) == (192, 64)


async def test_the_last_picture_is_gone_on_from(gradio: Server) -> None:
    async with using(gradio) as client:
        first = await client.generate("a fox", model="gradio", images=FOX, extra={"api_name": "/edit"}, strength=0.5)
        second = await client.generate("the same", model="gradio", continue_from=first, strength=0.0)
    assert PIL.Image.open(io.BytesIO(second.data)).tobytes() == PIL.Image.open(io.BytesIO(first.data)).tobytes()


@pytest.mark.parametrize(
    ("endpoint", "options", "words"),
    [
        pytest.param("/edit", {"images": [FOX, FOX]}, "takes one picture to start from, not 2", id="two"),
        pytest.param("/collage", {"images": FOX, "mask": right_half()}, "takes no mask", id="mask"),
    ],
)
async def test_what_an_endpoint_does_not_take_is_refused_before_anything_is_uploaded(
    gradio: Server, endpoint: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(InvalidRequest, match=words):
        await draw(gradio, endpoint, **options)


async def test_an_app_that_takes_no_picture_says_so(gradio: Server) -> None:
    async with using(gradio, "flux") as client:
        with pytest.raises(InvalidRequest, match="takes no picture to start from"):
            await client.generate("a blue fox", model="gradio", images=FOX)
