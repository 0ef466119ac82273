"""What a request starts from: read, checked, and handed to the plugin as bytes that every service takes."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import anyio.to_thread
import PIL.Image
import pytest

import impasto
from impasto import HttpRequest, Image, ImageRequest, ImageResponse, InvalidRequest, Range, SizeRule, hookimpl
from impasto.sources import as_mask, image_of
from standins.pictures import picture
from standins.provider import MODEL, ExampleProvider, client, said
from standins.routes import ALIAS, DOWN, FREE, route, routes, status, submits
from standins.server import ScriptedServer, reply

PNG = picture()
DRAWN = reply(said(kind="done", url="/fox.png"))
GONE = status("404 Not Found")


class Editor(ExampleProvider):
    """Takes pictures, and sends what it was handed as JSON."""

    def __init__(self, **fields: Any) -> None:
        accepts = {**MODEL.accepts, "images": Range(1, 2), "mask": None, "strength": Range(0, 1)}
        super().__init__(replace(MODEL, accepts=accepts, **fields))

    @hookimpl
    def build_payload(self, model: impasto.Model, request: ImageRequest) -> impasto.Payload:
        return HttpRequest(
            "POST",
            "/draw",
            json={
                "images": [{"type": each.media_type, "data": each.base64()} for each in request.images],
                "mask": request.mask and request.mask.base64(),
                "size": [request.width, request.height],
            },
        )


def encoded(size: tuple[int, int] = (16, 16), kind: str = "PNG", mode: str = "RGB", colour: Any = None) -> bytes:
    content = io.BytesIO()
    PIL.Image.new(mode, size, colour if colour is not None else 100).save(content, kind)
    return content.getvalue()


def editing(server: ScriptedServer, **fields: Any) -> impasto.Client:
    server.script("/draw", DRAWN)
    server.script("/fox.png", reply(PNG))
    settings = impasto.Settings(providers={"example": {"url": server.url, "private_addresses": True}})
    return client(Editor(**fields), settings=settings)


def sent(server: ScriptedServer) -> Any:
    return next(each for each in server.received if each.path == "/draw").json()


def as_path(folder: Path) -> object:
    path = folder / "fox.png"
    path.write_bytes(PNG)
    return path


@pytest.mark.anyio
@pytest.mark.parametrize(
    "given",
    [
        pytest.param(as_path, id="path"),
        pytest.param(lambda folder: str(as_path(folder)), id="text"),
        pytest.param(lambda folder: PNG, id="bytes"),
        pytest.param(lambda folder: bytearray(PNG), id="bytearray"),
        pytest.param(lambda folder: memoryview(PNG), id="memoryview"),
        pytest.param(lambda folder: io.BytesIO(PNG), id="an open file"),
        pytest.param(lambda folder: Image(data=PNG), id="image"),
        pytest.param(lambda folder: ImageResponse((Image(data=PNG),)), id="response"),
        pytest.param(lambda folder: f"data:image/png;base64,{base64.b64encode(PNG).decode()}", id="data URL"),
        pytest.param(lambda folder: [PNG], id="a list"),
    ],
)
async def test_a_picture_is_sent_whatever_it_is_given_as(
    server: ScriptedServer, tmp_path: Path, given: Callable[[Path], Any]
) -> None:
    async with editing(server) as opened:
        await opened.generate("a blue fox", model="paint", images=given(tmp_path))
    assert sent(server)["images"] == [{"type": "image/png", "data": base64.b64encode(PNG).decode()}]


@pytest.mark.anyio
async def test_a_picture_at_an_address_is_fetched_before_it_is_sent(server: ScriptedServer) -> None:
    async with editing(server) as opened:
        server.script("/original.png", reply(PNG))
        await opened.generate("a blue fox", model="paint", images=f"{server.url}/original.png")
    assert server.paths()[:2] == ["GET /original.png", "POST /draw"]
    assert sent(server)["images"][0]["data"] == base64.b64encode(PNG).decode()


class TestWhoAsksForAnAddress:
    """An address may be anybody's: it is asked for as a stranger would ask, even where it is the provider's own."""

    @pytest.mark.anyio
    async def test_no_key_goes_with_it(self, server: ScriptedServer) -> None:
        async with editing(server) as opened:
            server.script("/account", reply(PNG))
            images = f"{server.url}/account"
            await opened.generate("a fox", model="paint", images=images, api_key="sk-secret-key")
        asked = {each.path: each.headers.get("authorization") for each in server.received}
        assert (asked["/account"], asked["/draw"]) == (None, "Bearer sk-secret-key")

    @pytest.mark.anyio
    async def test_nor_with_where_it_leads_to(self, server: ScriptedServer) -> None:
        async with editing(server) as opened:
            server.script("/account", reply(PNG))
            elsewhere = server.url.replace("127.0.0.1", "localhost")
            server.script("/moved", reply("", status="302 Found", headers={"Location": f"{server.url}/account"}))
            await opened.generate("a fox", model="paint", images=f"{elsewhere}/moved", api_key="sk-secret-key")
        assert "authorization" not in next(each for each in server.received if each.path == "/account").headers

    @pytest.mark.anyio
    async def test_the_providers_own_address_is_no_exception_from_public_ones(self, server: ScriptedServer) -> None:
        async with client(Editor(), url=server.url) as opened:
            with pytest.raises(InvalidRequest, match="is not public"):
                await opened.generate("a fox", model="paint", images=f"{server.url}/account")
        assert server.received == []

    @pytest.mark.anyio
    async def test_what_the_provider_drew_is_asked_for_with_its_key(self, server: ScriptedServer) -> None:
        server.script("/draw", DRAWN)
        server.script("/fox.png", reply(PNG))
        async with client(Editor(), url=server.url) as opened:
            drawn = await opened.generate("a fox", model="paint", download=False, images=PNG)
            options: Any = {"download": False, "api_key": "sk-secret-key"}
            await opened.generate("a blue fox", model="paint", images=drawn, **options)
        (fetch,) = (each for each in server.received if each.path == "/fox.png" and "authorization" in each.headers)
        assert fetch.headers["authorization"] == "Bearer sk-secret-key"

    @pytest.mark.anyio
    async def test_what_another_provider_drew_is_not(self, server: ScriptedServer) -> None:
        drawn = ImageResponse((Image(url=f"{server.url}/account"),), provider="another")
        async with editing(server) as opened:
            server.script("/account", reply(PNG))
            await opened.generate("a blue fox", model="paint", images=drawn, api_key="sk-secret-key")
        assert "authorization" not in next(each for each in server.received if each.path == "/account").headers

    @pytest.mark.parametrize("address", ["http://bob:hunter2@pictures.example/a.png", "https://bob@pictures.example/"])
    def test_one_with_a_user_in_it_is_refused_and_not_repeated(self, address: str) -> None:
        with pytest.raises(InvalidRequest, match="images: an address with a user or a password") as raised:
            image_of(address)
        assert "bob" not in str(raised.value)


class TestTurned:
    """A photo that is to be shown turned is turned, so that everybody speaks of the same width."""

    @staticmethod
    def photo(kind: str, size: tuple[int, int] = (40, 30), orientation: int = 6) -> bytes:
        content = io.BytesIO()
        exif = PIL.Image.Exif()
        exif[0x0112] = orientation
        image = PIL.Image.new("RGB", size, "white")
        image.paste((200, 0, 0), (0, 0, size[0] // 2, size[1]))
        image.save(content, kind, exif=exif)
        return content.getvalue()

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_it_stands_upright(self, kind: str) -> None:
        image = image_of(self.photo(kind))
        opened = PIL.Image.open(io.BytesIO(image.data or b"")).convert("RGB")
        assert (image.width, image.height) == opened.size == (30, 40)
        assert opened.getpixel((15, 5))[0] > opened.getpixel((15, 5))[1] + 100  # type: ignore[index]
        assert opened.getexif().get(0x0112, 1) == 1

    @pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
    def test_one_that_stands_upright_is_sent_as_it_is(self, kind: str) -> None:
        photo = self.photo(kind, orientation=1)
        assert image_of(photo).data == photo

    def test_of_an_animation_the_first_frame_is_taken(self) -> None:
        content = io.BytesIO()
        frames = [PIL.Image.new("RGB", (8, 8), colour) for colour in ("red", "blue")]
        frames[0].save(content, "GIF", save_all=True, append_images=frames[1:])
        opened = PIL.Image.open(io.BytesIO(image_of(content.getvalue()).data or b""))
        assert (opened.format, getattr(opened, "n_frames", 1)) == ("PNG", 1)
        assert opened.convert("RGB").getpixel((4, 4)) == (255, 0, 0)


def test_a_file_that_is_open_for_text_says_how_to_open_it() -> None:
    with pytest.raises(InvalidRequest, match="opened for bytes"):
        image_of(io.StringIO("a fox"))


@pytest.mark.anyio
@pytest.mark.usefixtures("no_pauses")
async def test_an_address_is_fetched_once_for_all_attempts(server: ScriptedServer) -> None:
    takes = {**MODEL.accepts, "images": Range(1, 1)}
    sections = {name: {"private_addresses": True} for name in ("a", "b")}
    both = routes(server, route("a", FREE, accepts=takes), route("b", FREE, accepts=takes), sections=sections)
    server.script("/original.png", reply(PNG), GONE)
    server.script("/a/draw", DOWN)
    server.script("/b/draw", DRAWN)
    async with both:
        await both.generate("a blue fox", model=ALIAS, images=f"{server.url}/original.png")
    assert (submits(server, "a") > 1, submits(server, "b")) == (True, 1)
    assert server.paths().count("GET /original.png") == 1


@pytest.mark.anyio
async def test_an_address_without_a_picture_is_the_requests_fault_and_nothing_is_drawn(
    server: ScriptedServer,
) -> None:
    async with editing(server) as opened:
        with pytest.raises(InvalidRequest, match=r"images: .*/gone.png cannot be had: 404 Not Found") as raised:
            await opened.generate("a blue fox", model="paint", images=f"{server.url}/gone.png?token=secret")
    assert raised.value.parameter == "images"
    assert "secret" not in str(raised.value)
    assert "POST /draw" not in server.paths()


@pytest.mark.anyio
async def test_an_address_in_a_private_network_is_not_fetched_unless_the_settings_allow_it(
    server: ScriptedServer,
) -> None:
    async with client(Editor(), url="https://example.invalid") as opened:
        with pytest.raises(InvalidRequest, match="is not public"):
            await opened.generate("a blue fox", model="paint", images=f"{server.url}/secret.png")
    assert server.received == []


@pytest.mark.anyio
async def test_pillows_pictures_are_taken_too(server: ScriptedServer) -> None:
    async with editing(server) as opened:
        await opened.generate("a blue fox", model="paint", images=PIL.Image.new("CMYK", (24, 16)))
    assert PIL.Image.open(io.BytesIO(base64.b64decode(sent(server)["images"][0]["data"]))).size == (24, 16)


@pytest.mark.parametrize("kind", ["GIF", "BMP", "TIFF", "AVIF"])
def test_what_few_services_read_becomes_png(kind: str) -> None:
    image = image_of(encoded((24, 16), kind))
    assert (image.media_type, image.suffix, image.width, image.height) == ("image/png", "png", 24, 16)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP"])
def test_what_every_service_reads_stays_as_it_is(kind: str) -> None:
    data = encoded((24, 16), kind)
    assert image_of(data).data == data


@pytest.mark.parametrize(
    ("given", "words"),
    [
        pytest.param("nowhere.png", "images: nowhere.png cannot be read: No such file", id="no file"),
        pytest.param(b"<html>", "images: the bytes that were given cannot be read as a picture", id="no picture"),
        pytest.param(PNG[:-9], "images: the bytes that were given ends short", id="cut"),
        pytest.param(b"", "images: what was given is empty", id="nothing"),
        pytest.param("ftp://example.com/a.png", "begins with http:, https: or data:, not ftp:", id="another scheme"),
        pytest.param("file:///tmp/a.png", "a file is given as its path", id="a file's address"),
        pytest.param(7, "images: a picture is a path, an address, bytes, .* not int", id="a number"),
    ],
)
@pytest.mark.anyio
async def test_what_is_no_picture_is_refused_before_anything_is_sent(
    server: ScriptedServer, given: Any, words: str
) -> None:
    async with editing(server) as opened:
        with pytest.raises(InvalidRequest, match=words):
            opened.stream("a blue fox", model="paint", images=[given])
    assert server.received == []


@pytest.mark.anyio
async def test_a_model_that_takes_no_pictures_is_not_asked(server: ScriptedServer) -> None:
    async with client(url=server.url) as opened:
        with pytest.raises(InvalidRequest, match="does not take images"):
            opened.stream("a blue fox", model="paint", images=PNG)


@pytest.mark.anyio
async def test_more_pictures_than_a_model_takes_are_refused_in_words(server: ScriptedServer) -> None:
    async with editing(server) as opened:
        with pytest.raises(InvalidRequest, match="images must be from 1 to 2 pictures, not 3"):
            opened.stream("a blue fox", model="paint", images=[PNG, PNG, PNG])


@pytest.mark.anyio
async def test_a_model_that_only_edits_says_what_it_lacks(server: ScriptedServer) -> None:
    async with editing(server, requires=("images",)) as opened:
        with pytest.raises(InvalidRequest, match="draws nothing without images: give images") as raised:
            opened.stream("a blue fox", model="paint")
    assert raised.value.parameter == "images"


class TestSizes:
    """Where no size is asked for, the picture's own counts."""

    @pytest.mark.anyio
    @pytest.mark.parametrize("given", ["bytes", "address"])
    async def test_the_size_is_the_pictures(self, server: ScriptedServer, given: str) -> None:
        data = encoded((64, 128))
        async with editing(server) as opened:
            server.script("/original.png", reply(data))
            images: Any = data if given == "bytes" else f"{server.url}/original.png"
            await opened.generate("a blue fox", model="paint", images=images)
        assert sent(server)["size"] == [64, 128]

    @pytest.mark.anyio
    async def test_a_size_that_is_asked_for_counts_more(self, server: ScriptedServer) -> None:
        async with editing(server) as opened:
            await opened.generate("a blue fox", model="paint", images=encoded((64, 128)), width=256, height=256)
        assert sent(server)["size"] == [256, 256]

    @pytest.mark.parametrize(
        ("original", "nearest"),
        [((64, 128), (64, 128)), ((67, 131), (64, 128)), ((4000, 2000), (512, 256)), ((8, 16), (32, 64)),
         ((5000, 10), (512, 32))],
    )  # fmt: skip
    def test_it_is_brought_within_the_rule_in_its_proportions(
        self, original: tuple[int, int], nearest: tuple[int, int]
    ) -> None:
        assert SizeRule(32, 512, 8).nearest(*original) == nearest

    @pytest.mark.anyio
    async def test_of_a_list_the_nearest_in_shape_is_taken(self, server: ScriptedServer) -> None:
        async with editing(server, size=((1024, 1024), (1024, 576), (576, 1024)), defaults={}) as opened:
            await opened.generate("a blue fox", model="paint", images=encoded((200, 100)))
        assert sent(server)["size"] == [1024, 576]


class TestMask:
    """White is drawn anew, black is kept, whatever the mask was given as."""

    def test_it_is_grey_whatever_it_was(self) -> None:
        mask = as_mask(image_of(encoded((16, 16), "JPEG", "RGB", (255, 255, 255))))
        opened = PIL.Image.open(io.BytesIO(mask.data or b""))
        assert (opened.format, opened.mode, opened.getextrema()) == ("PNG", "L", (255, 255))

    def test_what_is_transparent_counts_as_white(self) -> None:
        drawing = PIL.Image.new("RGBA", (2, 1), (0, 0, 0, 255))
        drawing.putpixel((1, 0), (0, 0, 0, 0))
        mask = as_mask(image_of(drawing, "mask"))
        opened = PIL.Image.open(io.BytesIO(mask.data or b""))
        assert (opened.getpixel((0, 0)), opened.getpixel((1, 0))) == (0, 255)

    @pytest.mark.anyio
    async def test_it_has_the_pictures_size(self, server: ScriptedServer) -> None:
        async with editing(server) as opened:
            with pytest.raises(InvalidRequest, match="mask is of 8x8 pixels and the picture of 16x16") as raised:
                opened.stream("a blue fox", model="paint", images=encoded(), mask=encoded((8, 8)))
        assert raised.value.parameter == "mask"

    @pytest.mark.anyio
    @pytest.mark.parametrize("name", ["mask", "strength"])
    async def test_it_means_nothing_without_a_picture(self, server: ScriptedServer, name: str) -> None:
        given: dict[str, Any] = {name: encoded() if name == "mask" else 0.5}
        async with editing(server) as opened:
            with pytest.raises(InvalidRequest, match=f"{name} is about a picture to start from: give images"):
                opened.stream("a blue fox", model="paint", **given)


@pytest.mark.anyio
async def test_a_checkpoint_holds_the_pictures(server: ScriptedServer) -> None:
    server.script("/wait", reply(said(kind="progress", fraction=0.5), then="hold"))
    async with editing(server) as opened:
        server.script("/draw", reply(said(kind="follow", url="/wait", after=0)))
        async with opened.stream("a blue fox", model="paint", images=PNG, mask=PNG) as stream:
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "GET /wait")
            checkpoint = stream.checkpoint()
        server.script("/wait", DRAWN)
        assert checkpoint is not None
        async with opened.resume(checkpoint) as resumed:
            response = await resumed.response()
    assert response.data == PNG
