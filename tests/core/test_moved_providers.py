"""A provider that the user has moved: no request of its plugin goes to the service itself."""

from __future__ import annotations

from dataclasses import replace

import pytest

import impasto
from impasto import HttpRequest
from impasto.settings import Timeouts
from impasto.signing import Destination
from standins.pictures import picture
from standins.provider import MODEL, PROVIDER, ExampleProvider, client, said
from standins.server import ScriptedServer, reply

SERVICE = replace(PROVIDER, url="https://draw.example/v1", origins=("https://hub.example", "https://eu.draw.example"))


def plugin(url: str) -> ExampleProvider:
    return ExampleProvider(replace(MODEL, provider=SERVICE), HttpRequest("GET", url))


@pytest.fixture
def copy(server: ScriptedServer) -> ScriptedServer:
    server.script("/copy/jobs/7", reply(said(kind="done", url="/fox.png")))
    server.script("/copy/fox.png", reply(picture()))
    return server


@pytest.mark.anyio
@pytest.mark.parametrize(
    "url",
    [
        "/jobs/7?full=1",
        "https://draw.example/v1/jobs/7?full=1",
        "https://draw.example/jobs/7?full=1",
        "//draw.example/v1/jobs/7?full=1",
        "https://hub.example/jobs/7?full=1",
        "//hub.example/jobs/7?full=1",
    ],
)
async def test_what_goes_to_a_declared_origin_goes_to_the_users_address(copy: ScriptedServer, url: str) -> None:
    async with client(plugin(url), url=f"{copy.url}/copy") as opened:
        await opened.generate("a fox", model="paint", api_key="not-a-key")
    assert copy.paths()[0] == "GET /copy/jobs/7?full=1"
    assert copy.received[0].headers["authorization"] == "Bearer not-a-key"


@pytest.mark.anyio
async def test_an_origin_that_the_user_names_stays_where_it_is(copy: ScriptedServer) -> None:
    section = {"url": "http://127.0.0.1:1", "origins": (copy.url,)}
    settings = impasto.Settings(providers={"example": section})
    async with client(plugin(f"{copy.url}/copy/jobs/7"), settings=settings) as opened:
        with pytest.raises(impasto.ProviderUnavailable):
            await opened.generate("a fox", model="paint")
    assert copy.paths()[0] == "GET /copy/jobs/7"


def test_an_address_of_the_service_itself_moves_nothing() -> None:
    region = impasto.Settings(providers={"example": {"url": "https://eu.draw.example/v2"}}).provider("example")
    to = Destination.of(replace(MODEL, provider=SERVICE), region, key=None, timeouts=Timeouts(), proxy=None)
    assert to.resolve_request("/jobs/7") == "https://eu.draw.example/v2/jobs/7"
    for url in ("https://hub.example/jobs/7", "https://draw.example/v1/jobs/7"):
        assert to.resolve_request(url) == url
        assert to.is_own(url)


@pytest.mark.anyio
async def test_an_error_names_the_address_that_was_asked(server: ScriptedServer) -> None:
    async with client(plugin("https://hub.example/jobs/7"), url=f"{server.url}/copy") as opened:
        with pytest.raises(impasto.ResponseError) as raised:
            await opened.generate("a fox", model="paint", failover="never")
    assert f"GET {server.url}/copy/jobs/7" in str(raised.value)


@pytest.mark.anyio
async def test_any_other_address_is_left_as_it_is(copy: ScriptedServer) -> None:
    settings = impasto.Settings(providers={"example": {"url": "http://127.0.0.1:1", "private_addresses": True}})
    async with client(plugin(f"{copy.url}/copy/jobs/7"), settings=settings) as opened:
        with pytest.raises(impasto.ProviderUnavailable):
            await opened.generate("a fox", model="paint", api_key="not-a-key")
    assert copy.paths()[0] == "GET /copy/jobs/7"
    assert "authorization" not in copy.received[0].headers
