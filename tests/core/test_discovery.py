"""Which models a service says that it serves: asked for within bounds, kept, and used by name."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

import impasto
from impasto import Follow, HttpRequest, Model, hookimpl
from impasto import discovered as discovered_room
from standins.pictures import picture
from standins.provider import PROVIDER, ExampleProvider, client, said
from standins.server import Answer, ScriptedServer, reply


class Gallery(ExampleProvider):
    """Its service lists its models at ``/models``, page by page."""

    @hookimpl
    def find_model(self, name: str) -> Model | None:
        return Model(PROVIDER, name) if name.startswith("oil") else None

    @hookimpl
    def request_models(self, provider: impasto.Provider) -> HttpRequest:
        return HttpRequest("GET", "/models")

    @hookimpl
    def parse_models(self, provider: impasto.Provider, event: impasto.ServerEvent) -> list[str | Follow]:
        told = event.json()
        following = [Follow(HttpRequest("GET", told["next"]))] if "next" in told else []
        return [*told["names"], *following]


def names(*found: str, **fields: Any) -> Answer:
    return reply(json.dumps({"names": found, **fields}))


@pytest.mark.anyio
async def test_every_page_is_asked_for_and_what_the_plugin_knows_is_kept(server: ScriptedServer) -> None:
    server.script("/models", names("oil-1", "chalk", next="/more"))
    server.script("/more", names("oil-2", "oil-1", "oil <script>"))
    async with client(Gallery(), url=server.url) as opened:
        assert await opened.refresh_models() == {"example": ("oil-1", "oil-2")}
        assert [model.name for model, _ in opened.discovered()] == ["example/oil-1", "example/oil-2"]


@pytest.mark.anyio
async def test_a_later_client_knows_them_without_asking(server: ScriptedServer) -> None:
    server.script("/models", names("oil-1"))
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(Gallery(), url=server.url) as opened:
        await opened.refresh_models("example")
    async with client(Gallery(), url=server.url) as opened:
        response = await opened.generate("a fox", model="oil-1")
    assert response.model == "oil-1"
    assert server.paths().count("GET /models") == 1


@pytest.mark.anyio
async def test_what_one_address_serves_says_nothing_of_another(server: ScriptedServer) -> None:
    server.script("/models", names("oil-1"))
    async with client(Gallery(), url=server.url) as opened:
        await opened.refresh_models()
    async with client(Gallery(), url="http://127.0.0.1:1") as elsewhere:
        assert elsewhere.discovered() == []


@pytest.mark.anyio
async def test_the_question_is_signed(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXAMPLE_KEY", "not-a-key")
    server.script("/models", names("oil-1"))
    async with client(Gallery(), url=server.url) as opened:
        await opened.refresh_models()
    assert server.received[0].headers["authorization"] == "Bearer not-a-key"


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("answer", "kind", "words"),
    [
        pytest.param(reply("{}", status="401 Unauthorized"), impasto.AuthenticationError, "401", id="key"),
        pytest.param(reply("<html>"), impasto.ProtocolError, "expected JSON", id="page"),
        pytest.param(reply('{"names": 7}'), impasto.ProtocolError, "was not understood", id="nonsense"),
        pytest.param(names(next=7), impasto.ProtocolError, "to go on at int 7", id="no address"),
        pytest.param(Answer(b"", "reset"), impasto.ProviderUnavailable, "connection broke", id="reset"),
    ],
)
async def test_a_service_that_does_not_say_is_told_of_and_what_was_known_stays(
    server: ScriptedServer, answer: Answer, kind: type[Exception], words: str
) -> None:
    server.script("/models", names("oil-1"), answer)
    async with client(Gallery(), url=server.url) as opened:
        await opened.refresh_models()
        error = (await opened.refresh_models())["example"]
        assert isinstance(error, kind)
        assert words in str(error)
        assert [model.id for model, _ in opened.discovered()] == ["oil-1"]


@pytest.mark.anyio
async def test_what_the_settings_say_of_one_model_says_nothing_of_its_provider(server: ScriptedServer) -> None:
    server.script("/models", names("oil-1"))
    sections = {"example": {"url": server.url}, "example/painter": {"url": "http://127.0.0.1:1", "key": "of-the-model"}}
    async with client(Gallery(), settings=impasto.Settings(providers=sections)) as opened:
        assert await opened.refresh_models() == {"example": ("oil-1",)}
        assert [model.id for model, _ in opened.discovered()] == ["oil-1"]
    assert "authorization" not in server.received[0].headers


@pytest.mark.anyio
async def test_a_key_that_the_service_repeats_is_not_shown(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Echo(Gallery):
        @hookimpl
        def parse_models(self, provider: impasto.Provider, event: impasto.ServerEvent) -> Any:
            return event.json()

    monkeypatch.setenv("EXAMPLE_KEY", "sk-secret-key")
    server.script("/models", reply('{"you sent": "sk-secret-key"}'))
    async with client(Echo(), url=server.url) as opened:
        error = (await opened.refresh_models())["example"]
    assert isinstance(error, impasto.PluginError)
    assert "sk-secret-key" not in str(error)


@pytest.mark.anyio
async def test_pages_without_end_are_bounded(server: ScriptedServer) -> None:
    server.script("/models", names("oil-1", next="/models"))
    async with client(Gallery(), url=server.url) as opened:
        assert await opened.refresh_models() == {"example": ("oil-1",)}
    assert len(server.received) == 40


@pytest.mark.anyio
async def test_names_without_end_are_bounded(server: ScriptedServer) -> None:
    server.script("/models", names(*(f"oil-{number}" for number in range(3_000))))
    async with client(Gallery(), url=server.url) as opened:
        found = (await opened.refresh_models())["example"]
    assert isinstance(found, tuple)
    assert len(found) == 2_000


@pytest.mark.anyio
async def test_who_cannot_be_asked_is_named_with_those_who_can() -> None:
    async with client(Gallery(), ExampleProvider(MODEL_ELSEWHERE)) as opened:
        with pytest.raises(impasto.InvalidRequest, match="other cannot be asked for its models; these can: example"):
            await opened.refresh_models("other")


MODEL_ELSEWHERE = Model(impasto.Provider(id="other", url="http://127.0.0.1:1"), "brush")


@pytest.mark.anyio
@pytest.mark.parametrize(
    "damage",
    [
        pytest.param(lambda text: text[:20], id="cut"),
        pytest.param(lambda text: text.replace('"format": 1', '"format": 9'), id="another format"),
        pytest.param(lambda text: "[1, 2]", id="something else"),
        pytest.param(lambda text: text.replace("http://", "https://"), id="another address"),
    ],
)
async def test_a_damaged_file_is_as_none(server: ScriptedServer, damage: Callable[[str], str]) -> None:
    server.script("/models", names("oil-1"))
    async with client(Gallery(), url=server.url) as opened:
        await opened.refresh_models()
        path = discovered_room._path(PROVIDER, server.url)
        assert path is not None
        path.write_text(damage(path.read_text()))
        assert opened.discovered() == []


def test_the_file_is_the_users_own_and_holds_no_key() -> None:
    said_then = discovered_room.Discovered(("oil-1",), 7.0)
    discovered_room.write_discovered(PROVIDER, "https://example.invalid", said_then)
    path = discovered_room._path(PROVIDER, "https://example.invalid")
    assert path is not None
    assert json.loads(path.read_text()).keys() == {"format", "url", "asked_at", "names"}
    assert path.stat().st_mode & 0o777 == 0o600
