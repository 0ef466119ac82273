"""A key goes to its provider's own origins, and appears nowhere else."""

from __future__ import annotations

import logging
import pickle
import traceback
from pathlib import Path

import pytest

import impasto
from impasto import AuthenticationError, InvalidRequest, ResponseError
from impasto.plugins import Plugins
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import MODEL, PROVIDER, ExampleProvider, client, said
from standins.server import ScriptedServer, event_stream, reply, running_server

pytestmark = pytest.mark.anyio

KEY = "sk-very-secret-0123456789"


async def test_the_core_signs_requests_to_the_providers_own_origin(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        await opened.generate("a fox", model="paint", api_key=KEY)
    assert [each.headers.get("authorization") for each in server.received] == [f"Bearer {KEY}"] * 2


@pytest.mark.parametrize("source", ["call", "settings", "variable", "stored"])
async def test_where_a_key_comes_from(server: ScriptedServer, source: str, monkeypatch: pytest.MonkeyPatch) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    section = {"url": server.url} | ({"key": KEY} if source == "settings" else {})
    if source == "variable":
        monkeypatch.setenv("EXAMPLE_KEY", KEY)
    if source == "stored":
        from impasto.keys import set_key

        set_key("example", KEY)
    async with client(settings=Settings(providers={"example": section})) as opened:
        api_key = KEY if source == "call" else None
        await opened.generate("a fox", model="paint", api_key=api_key, download=False)
    assert server.received[0].headers["authorization"] == f"Bearer {KEY}"


async def test_the_users_headers_go_to_the_provider(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    settings = Settings(providers={"example": {"url": server.url, "headers": {"X-Team": "blue"}}})
    async with client(settings=settings) as opened:
        await opened.generate("a fox", model="paint", download=False)
    assert server.received[0].headers["x-team"] == "blue"


@pytest.mark.parametrize(
    "auth",
    [
        impasto.Bearer(),
        impasto.ApiKeyHeader("X-Key", prefix="Key "),
        impasto.ApiKeyQuery("api_key"),
    ],
)
class TestAnotherOrigin:
    """A picture elsewhere, or a redirect to elsewhere, sees neither key nor the user's headers."""

    def opened(self, server: ScriptedServer, auth: impasto.Auth) -> impasto.Client:
        from dataclasses import replace

        model = replace(MODEL, provider=replace(PROVIDER, auth=auth))
        settings = Settings(
            providers={
                "example": {
                    "url": server.url,
                    "key": KEY,
                    "headers": {"X-Team": "secret-blue"},
                    "private_addresses": True,
                }
            }
        )
        return client(ExampleProvider(model), settings=settings)

    async def test_a_picture(self, server: ScriptedServer, auth: impasto.Auth) -> None:
        with running_server() as elsewhere:
            server.script("/draw", reply(said(kind="done", url=f"{elsewhere.url}/fox.png")))
            elsewhere.script("/fox.png", reply(picture()))
            async with self.opened(server, auth) as opened:
                response = await opened.generate("a fox", model="paint")
        assert KEY in str(server.received[0])
        assert KEY not in str(elsewhere.received)
        assert "secret-blue" not in str(elsewhere.received)
        assert KEY not in repr(response)

    async def test_a_redirect(self, server: ScriptedServer, auth: impasto.Auth) -> None:
        with running_server() as elsewhere:
            server.script("/draw", reply(status="307 Moved", headers={"Location": f"{elsewhere.url}/draw"}))
            elsewhere.script("/draw", reply(said(kind="done", url="/fox.png")))
            async with self.opened(server, auth) as opened:
                await opened.generate("a fox", model="paint", download=False)
            assert elsewhere.received[0].method == "POST"
            assert elsewhere.received[0].json()["prompt"] == "a fox"
        assert KEY in str(server.received[0])
        assert KEY not in str(elsewhere.received)
        assert "secret-blue" not in str(elsewhere.received)

    async def test_a_redirect_within_the_origin_keeps_them(self, server: ScriptedServer, auth: impasto.Auth) -> None:
        server.script("/draw", reply(status="302 Found", headers={"Location": "/elsewhere"}))
        server.script("/elsewhere", reply(said(kind="done", url="/fox.png")))
        async with self.opened(server, auth) as opened:
            await opened.generate("a fox", model="paint", download=False)
        assert server.paths()[1].startswith("GET /elsewhere")
        assert KEY in str(server.received[1])

    async def test_no_log_and_no_error_shows_them(
        self, server: ScriptedServer, auth: impasto.Auth, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.script("/draw", reply(f'{{"error": "Incorrect key {KEY} for secret-blue"}}', status="401 Unauthorized"))
        async with self.opened(server, auth) as opened:
            with pytest.raises(AuthenticationError, match=r"Incorrect key \*\*\* for \*\*\*") as raised:
                await opened.generate("a fox", model="paint")
        shown = "".join(traceback.format_exception(raised.value)) + repr(raised.value) + str(vars(raised.value))
        assert KEY not in shown
        assert KEY not in caplog.text
        assert "secret-blue" not in shown + caplog.text

    async def test_no_failure_below_http_shows_them(
        self, server: ScriptedServer, auth: impasto.Auth, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(logging.DEBUG)
        server.script("/draw", event_stream(tail=b"data: {", then="reset"))
        async with self.opened(server, auth) as opened:
            with pytest.raises(ResponseError) as raised:
                await opened.generate("a fox", model="paint")
        error: BaseException | None = raised.value
        while error is not None:
            request = getattr(error, "request", None)
            assert KEY not in f"{error!r}{error}{request and (request.url, request.headers.raw)}"
            error = error.__cause__ or error.__context__
        assert KEY not in caplog.text


async def test_a_server_that_repeats_the_key_in_its_stream(server: ScriptedServer) -> None:
    server.script("/draw", event_stream(("refused", said(why=f"key {KEY} may not draw foxes"))))
    async with client(url=server.url) as opened:
        with pytest.raises(impasto.ContentRejected, match=r"key \*\*\* may not draw foxes"):
            await opened.generate("a fox", model="paint", api_key=KEY)


@pytest.mark.parametrize("before", range(270, 300))
async def test_a_key_that_is_cut_with_the_words_around_it(server: ScriptedServer, before: int) -> None:
    server.script("/draw", event_stream(("refused", said(why="x" * before + KEY + "y" * 300))))
    async with client(url=server.url) as opened:
        with pytest.raises(impasto.ContentRejected) as raised:
            await opened.generate("a fox", model="paint", api_key=KEY)
    assert KEY[:4] not in str(raised.value)


async def test_an_address_from_the_settings_untrusts_the_origins_that_the_plugin_declares(
    server: ScriptedServer,
) -> None:
    from dataclasses import replace

    with running_server() as declared:
        model = replace(MODEL, provider=replace(PROVIDER, origins=(declared.url,)))
        server.script("/draw", reply(said(kind="done", url=f"{declared.url}/fox.png")))
        declared.script("/fox.png", reply(picture()))
        for trusted in ((), (declared.url,)):
            section = {"url": server.url, "key": KEY, "origins": list(trusted), "private_addresses": True}
            settings = Settings(providers={"example": section})
            async with client(ExampleProvider(model), settings=settings) as opened:
                await opened.generate("a fox", model="paint")
        first, second = declared.received
    assert "authorization" not in first.headers
    assert second.headers["authorization"] == f"Bearer {KEY}"


async def test_a_missing_key_is_said_before_anything_is_sent(server: ScriptedServer) -> None:
    from dataclasses import replace

    auth = impasto.Bearer(env="EXAMPLE_KEY", help_url="https://example.invalid/keys")
    strict = ExampleProvider(replace(MODEL, provider=replace(PROVIDER, auth=auth)))
    async with client(strict, url=server.url) as opened:
        with pytest.raises(AuthenticationError, match="EXAMPLE_KEY.*impasto keys set example.*example.invalid/keys"):
            opened.stream("a fox", model="paint")
    assert server.received == []


class TestAnAliasOfSeveralProviders:
    def opened(self) -> impasto.Client:
        from dataclasses import replace

        other = ExampleProvider(replace(MODEL, provider=replace(PROVIDER, id="other")))
        return client(ExampleProvider(), other)

    async def test_one_key_for_all_is_refused(self) -> None:
        async with self.opened() as opened:
            with pytest.raises(
                InvalidRequest, match="api_key is for one provider, and 'paint' is served by example, other"
            ):
                opened.stream("a fox", model="paint", api_key=KEY)

    async def test_a_mapping_or_a_full_name_is_accepted(self) -> None:
        async with self.opened() as opened:
            opened.stream("a fox", model="paint", api_key={"example": KEY})
            opened.stream("a fox", model="example/painter", api_key=KEY)


async def test_no_file_that_we_write_holds_the_key(server: ScriptedServer, tmp_path: Path) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        response = await opened.generate("a fox", model="paint", api_key=KEY)
    saved = response.save(tmp_path / "fox.png")
    assert KEY.encode() not in saved.read_bytes()
    assert KEY.encode() not in pickle.dumps(response)


def test_plugins_never_see_a_key() -> None:
    seen: list[object] = []

    class Curious(ExampleProvider):
        @impasto.hookimpl
        def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
            seen.extend((model, request))
            return super().build_payload(model, request)

    opened = impasto.Client(
        settings=Settings(providers={"example": {"key": KEY}}), plugins=Plugins(objects={"example": Curious()})
    )
    opened.stream("a fox", model="paint", api_key=KEY)
    assert KEY not in repr(seen)


async def test_httpx_keeps_its_log_for_the_requests_of_others(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    import httpx

    caplog.set_level(logging.INFO, logger="httpx")
    server.script("/mine", reply("{}"))
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    async with client(url=server.url) as opened:
        await opened.generate("a fox", model="paint", download=False)
    assert caplog.text == ""
    async with httpx.AsyncClient() as mine:
        await mine.get(f"{server.url}/mine")
    assert "/mine" in caplog.text
