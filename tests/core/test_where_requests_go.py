"""Beyond a provider's own origins, requests reach public addresses only."""

from __future__ import annotations

import socket
from typing import Any

import pytest

import impasto
from impasto import ProtocolError
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import client, said
from standins.server import ScriptedServer, reply, running_server

pytestmark = pytest.mark.anyio


async def refusal(server: ScriptedServer, **options: Any) -> str:
    async with client(url=server.url, **options) as opened:
        with pytest.raises(ProtocolError) as raised:
            await opened.generate("a fox", model="paint")
    return str(raised.value)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1:1",
        "localhost:1",
        "fox.localhost:1",
        "169.254.169.254",
        "10.0.0.1",
        "192.168.1.1",
        "100.64.0.1",
        "0.0.0.0",
        "[::1]:1",
        "[::ffff:127.0.0.1]:1",
        "[fe80::1]",
        "[fd00::1]",
        "[64:ff9b::7f00:1]",
    ],
)
async def test_a_picture_at_a_private_address_is_refused(server: ScriptedServer, host: str) -> None:
    server.script("/draw", reply(said(kind="done", url=f"http://{host}/fox.png")))
    error = await refusal(server)
    assert "is not public" in error
    assert "private_addresses" in error
    assert server.paths() == ["POST /draw"]


@pytest.mark.parametrize("first", ["/draw", "/fox.png"])
async def test_a_redirect_to_a_private_address_is_refused(server: ScriptedServer, first: str) -> None:
    with running_server() as inside:
        server.script("/draw", reply(said(kind="done", url="/fox.png")))
        server.script(first, reply(status="302 Found", headers={"Location": f"{inside.url}/secrets"}))
        assert "the address 127.0.0.1 is not public" in await refusal(server)
    assert inside.connections == 0


async def test_a_name_is_judged_by_the_address_that_is_connected_to(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    really = socket.getaddrinfo

    def rebound(host: Any, *arguments: Any, **options: Any) -> Any:
        return really("127.0.0.1" if host in {"rebound.example", b"rebound.example"} else host, *arguments, **options)

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    with running_server() as inside:
        port = inside.url.rpartition(":")[2]
        server.script("/draw", reply(said(kind="done", url=f"http://rebound.example:{port}/fox.png")))
        assert "the address rebound.example is not public" in await refusal(server)
    assert inside.received == []


async def test_the_user_may_allow_private_addresses_for_a_provider(server: ScriptedServer) -> None:
    with running_server() as inside:
        server.script("/draw", reply(said(kind="done", url=f"{inside.url}/fox.png")))
        inside.script("/fox.png", reply(picture()))
        settings = Settings(providers={"example": {"url": server.url, "private_addresses": True}})
        async with client(settings=settings) as opened:
            assert (await opened.generate("a fox", model="paint")).data == picture()


@pytest.mark.parametrize(
    "host", ["10.0.0.1", "2130706433", "0x7f000001", "0177.0.0.1", "127.1", "127.0.0.1.", "localhost.", "[::1]"]
)
async def test_behind_a_proxy_an_address_in_numbers_is_refused_and_a_name_is_the_proxys_to_resolve(
    server: ScriptedServer, host: str
) -> None:
    server.script("http://painter.invalid/draw", reply(said(kind="done", url=f"http://{host}/fox.png")))
    async with client(url="http://painter.invalid", proxy=server.url) as opened:
        with pytest.raises(impasto.ProtocolError, match="is not public"):
            await opened.generate("a fox", model="paint")
        server.script("http://painter.invalid/draw", reply(said(kind="done", url="http://pictures.invalid/fox.png")))
        server.script("http://pictures.invalid/fox.png", reply(picture()))
        assert (await opened.generate("a fox", model="paint")).data == picture()
