"""More than one turn: the next picture goes on from the last one."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import pytest

import impasto
from impasto import HttpRequest, Image, ImageRequest, ImageResponse, InvalidRequest, Range, hookimpl
from standins.pictures import picture
from standins.provider import MODEL, PROVIDER, ExampleProvider, client, said
from standins.server import ScriptedServer, reply

PNG = picture()


class Session(ExampleProvider):
    """Remembers its pictures, by an id that it gives with each."""

    def __init__(self, accepts: dict[str, Any], name: str = "example") -> None:
        provider = replace(PROVIDER, id=name)
        super().__init__(replace(MODEL, provider=provider, accepts={**MODEL.accepts, **accepts}))

    @hookimpl
    def build_payload(self, model: impasto.Model, request: ImageRequest) -> impasto.Payload:
        pictures = [each.base64() for each in request.images]
        session = dict(request.session) if request.session else None
        return HttpRequest("POST", "/draw", json={"images": pictures, "session": session})

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        told = event.json()
        return [ImageResponse((Image(url="/fox.png"),), session={"id": told["id"]}, text=told.get("text", ""))]


PICTURES = {"images": Range(1, 3)}
SESSIONS = {**PICTURES, "session": None}


def studio(server: ScriptedServer, *plugins: Session) -> impasto.Client:
    server.script("/fox.png", reply(PNG))
    server.script("/draw", reply(said(id="p1", text="A fox, as asked.")), reply(said(id="p2")))
    names = [plugin.model.provider.id for plugin in plugins]
    return client(*plugins, settings=impasto.Settings(providers={name: {"url": server.url} for name in names}))


def sent(server: ScriptedServer) -> list[Any]:
    return [each.json() for each in server.received if each.path == "/draw"]


@pytest.mark.anyio
async def test_a_provider_with_sessions_is_told_its_own_id_and_not_sent_the_picture(server: ScriptedServer) -> None:
    async with studio(server, Session(SESSIONS)) as opened:
        first = await opened.generate("a fox", model="paint")
        second = await opened.generate("make it blue", model="paint", continue_from=first)
    assert first.text == "A fox, as asked."
    assert sent(server)[1] == {"images": [], "session": {"id": "p1"}}
    assert second.session == {"id": "p2"}


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("name", "accepts"),
    [
        pytest.param("example", PICTURES, id="a model without sessions"),
        pytest.param("another", SESSIONS, id="another provider"),
    ],
)
async def test_any_other_is_sent_the_picture_again(server: ScriptedServer, name: str, accepts: dict[str, Any]) -> None:
    async with studio(server, Session(accepts, name)) as opened:
        first = ImageResponse((Image(data=PNG),), provider="example", session={"id": "p1"})
        await opened.generate("make it blue", model="paint", continue_from=first)
    assert sent(server) == [{"images": [base64.b64encode(PNG).decode()], "session": None}]


@pytest.mark.anyio
async def test_another_server_of_the_same_kind_is_sent_it_too(server: ScriptedServer) -> None:
    async with studio(server, Session(SESSIONS)) as opened:
        drawn = await opened.generate("a fox", model="paint")
    moved = impasto.Settings(providers={"example": {"url": f"{server.url}/another"}})
    server.script("/another/draw", reply(said(id="p3")))
    server.script("/another/fox.png", reply(PNG))
    async with client(Session(SESSIONS), settings=moved) as elsewhere:
        await elsewhere.generate("make it blue", model="paint", continue_from=drawn)
    asked = next(each for each in server.received if each.path == "/another/draw").json()
    assert asked == {"images": [base64.b64encode(PNG).decode()], "session": None}


@pytest.mark.anyio
async def test_further_pictures_stand_behind_it(server: ScriptedServer) -> None:
    other = picture("JPEG")
    async with studio(server, Session(PICTURES)) as opened:
        first = ImageResponse((Image(data=PNG),))
        await opened.generate("both in one", model="paint", continue_from=first, images=other)
    assert sent(server)[0]["images"] == [base64.b64encode(each).decode() for each in (PNG, other)]


@pytest.mark.anyio
async def test_a_picture_that_was_left_where_it_is_is_fetched_first(server: ScriptedServer) -> None:
    async with studio(server, Session(PICTURES)) as opened:
        first = await opened.generate("a fox", model="paint", download=False)
        await opened.generate("make it blue", model="paint", continue_from=first)
    assert server.paths()[:3] == ["POST /draw", "GET /fox.png", "POST /draw"]


@pytest.mark.anyio
async def test_where_no_route_takes_pictures_that_is_said(server: ScriptedServer) -> None:
    async with studio(server, Session({})) as opened:
        with pytest.raises(InvalidRequest, match="does not take images"):
            opened.stream("make it blue", model="paint", continue_from=ImageResponse((Image(data=PNG),)))


@pytest.mark.anyio
async def test_what_is_no_response_is_refused(server: ScriptedServer) -> None:
    given: Any = PNG
    async with studio(server, Session(PICTURES)) as opened:
        with pytest.raises(InvalidRequest, match="continue_from must be an ImageResponse, not bytes"):
            opened.stream("make it blue", model="paint", continue_from=given)
