"""The provider ``gradio`` with real apps that it knows nothing of beforehand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from impasto import Client, ImagePreview, InvalidRequest, ProtocolError, ProviderUnavailable, Settings

if TYPE_CHECKING:
    from spaces.servers import Server

pytestmark = pytest.mark.anyio


def using(server: Server, app: str) -> Client:
    return Client(settings=Settings(providers={"gradio": {"url": server.apps[app]}}))


@pytest.mark.parametrize("name", ["gradio", "gradio/app"])
async def test_an_app_at_an_address_of_the_users(gradio: Server, name: str) -> None:
    async with using(gradio, "flux") as client:
        response = await client.generate("a fox", model=name, width=256, height=320, seed=7)
    assert (response.width, response.height, response.seed) == (256, 320, 7)
    assert response.image_url.startswith(f"{gradio.apps['flux']}{gradio.root}/file=/")


async def test_a_space_by_its_name(gradio: Server) -> None:
    name = "gradio/some-one/some-space"
    async with Client(settings=Settings(providers={name: {"url": gradio.apps["flux"]}})) as client:
        response = await client.generate("a fox", model=name, width=256, height=256)
    assert response.model == "some-one/some-space"
    assert response.seed is not None


async def test_an_app_that_shows_its_work(gradio: Server) -> None:
    async with (
        using(gradio, "sd35") as client,
        client.stream("a fox", model="gradio", aspect_ratio="1:1", width=512) as stream,
    ):
        events = [event async for event in stream]
    assert sum(isinstance(event, ImagePreview) for event in events) == 3


async def test_an_app_with_names_of_its_own(gradio: Server) -> None:
    async with using(gradio, "darkroom") as client:
        first = await client.generate("a fox", model="gradio", width=96, height=80, extra={"paper": "matt"})
        assert (first.width, first.height) == (96, 80)
        assert first.seed is not None
        again = await client.generate(
            "a fox", model="gradio", width=96, height=80, extra={"paper": "matt"}, seed=first.seed
        )
    assert again.data == first.data


async def test_a_gallery(gradio: Server) -> None:
    async with using(gradio, "studio") as client:
        response = await client.generate("a fox", model="gradio", extra={"api_name": "/gallery", "num_images": 3})
    assert [(image.width, image.height) for image in response.images] == [(128, 96)] * 3


async def test_a_picture_beside_words(gradio: Server) -> None:
    async with using(gradio, "studio") as client:
        response = await client.generate("a fox", model="gradio", extra={"api_name": "/captioned"})
    assert response.text == "A picture of a fox."
    assert response.width == 128


async def test_a_picture_in_a_data_url(gradio: Server) -> None:
    async with using(gradio, "studio") as client:
        response = await client.generate("a fox", model="gradio", extra={"api_name": "/link"})
    assert (response.media_type, response.width, response.height) == ("image/png", 64, 48)


async def test_several_pictures(gradio: Server) -> None:
    async with using(gradio, "flux") as client:
        response = await client.generate("a fox", model="gradio", n=2, width=256, height=256)
    assert len({image.data for image in response.images}) == 2


async def test_an_app_that_draws_nothing(gradio: Server) -> None:
    async with using(gradio, "words") as client:
        with pytest.raises(ProtocolError, match=r"it offers /say\(prompt\) → textbox"):
            await client.generate("a fox", model="gradio")
    assert gradio.prompts("words") == []


async def test_a_field_that_the_app_does_not_take(gradio: Server) -> None:
    async with using(gradio, "flux") as client:
        with pytest.raises(InvalidRequest, match=r"takes no negative_prompt\. It takes prompt, seed"):
            await client.generate("a fox", model="gradio", negative_prompt="text")


async def test_an_address_that_is_no_gradio_app(gradio: Server) -> None:
    async with Client(settings=Settings(providers={"gradio": {"url": gradio.control}})) as client:
        with pytest.raises(ProviderUnavailable, match="no Gradio app here"):
            await client.generate("a fox", model="gradio")
