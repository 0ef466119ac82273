"""Requests go through the proxy that the user names: for a call, a client, in the settings or the environment."""

from __future__ import annotations

from typing import Any

import pytest

import impasto
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import client, said
from standins.server import ScriptedServer, reply

pytestmark = pytest.mark.anyio

PROVIDER_URL = "http://painter.invalid"


@pytest.fixture
def proxy(server: ScriptedServer) -> ScriptedServer:
    """A proxy, which is asked for whole addresses."""
    server.script(f"{PROVIDER_URL}/draw", reply(said(kind="done", url="/fox.png")))
    server.script(f"{PROVIDER_URL}/fox.png", reply(picture()))
    return server


@pytest.mark.parametrize("source", ["call", "client", "settings", "environment"])
async def test_a_proxy_may_be_named_in_four_places(
    proxy: ScriptedServer, source: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings: dict[str, Any] = {"providers": {"example": {"url": PROVIDER_URL}}}
    if source == "settings":
        settings["proxy"] = proxy.url
    if source == "environment":
        monkeypatch.setenv("HTTP_PROXY", proxy.url)
    options = {"proxy": proxy.url} if source == "client" else {}
    async with client(settings=Settings(**settings), **options) as opened:
        response = await opened.generate("a fox", model="paint", proxy=proxy.url if source == "call" else None)
    assert response.data == picture()
    assert proxy.paths() == [f"POST {PROVIDER_URL}/draw", f"GET {PROVIDER_URL}/fox.png"]


async def test_the_calls_proxy_comes_first(proxy: ScriptedServer) -> None:
    settings = Settings(providers={"example": {"url": PROVIDER_URL}}, proxy="http://settings.invalid:1")
    async with client(settings=settings, proxy="http://client.invalid:1") as opened:
        response = await opened.generate("a fox", model="paint", proxy=proxy.url)
    assert response.data == picture()


async def test_a_proxy_that_fails_is_named_as_the_fault(server: ScriptedServer) -> None:
    async with client(url=PROVIDER_URL, proxy="http://127.0.0.1:1") as opened:
        with pytest.raises(impasto.ProviderUnavailable, match="no connection"):
            await opened.generate("a fox", model="paint")


@pytest.mark.parametrize("proxy", ["ftp://x.invalid", "nonsense"])
async def test_a_proxy_that_is_no_url_is_an_invalid_request(proxy: str) -> None:
    async with client(url=PROVIDER_URL) as opened:
        with pytest.raises(impasto.InvalidRequest, match="proxy cannot be used"):
            await opened.generate("a fox", model="paint", proxy=proxy)


async def test_the_proxys_password_is_shown_nowhere(proxy: ScriptedServer) -> None:
    url = proxy.url.replace("http://", "http://me:pass-word@")
    settings = Settings(providers={"example": {"url": PROVIDER_URL}}, proxy=url)
    assert "pass-word" not in repr(settings)
    proxy.script(f"{PROVIDER_URL}/draw", reply("{}", status="407 Proxy Authentication Required"))
    async with client(settings=settings) as opened:
        with pytest.raises(impasto.ProviderUnavailable, match="407") as raised:
            await opened.generate("a fox", model="paint")
    assert "proxy-authorization" in proxy.received[0].headers
    assert "pass-word" not in repr(raised.value)
