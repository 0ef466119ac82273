"""Pictures to start from, and which models a service serves, on the command line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import impasto
from cli.installed import Invoke
from impasto import Cost, Follow, HttpRequest, Image, ImageResponse, Model, Range, hookimpl
from impasto.plugins import Plugins
from standins.pictures import picture
from standins.provider import MODEL, PROVIDER, ExampleProvider
from standins.server import ScriptedServer, reply

FOX = picture()
Plug = Callable[..., Plugins]


class Editor(ExampleProvider):
    """Takes pictures; its service also says which models it serves."""

    def __init__(self, **fields: Any) -> None:
        accepts = {**MODEL.accepts, "images": Range(1, 3), "mask": None, "strength": Range(0, 1)}
        super().__init__(replace(MODEL, accepts=accepts, **fields))

    @hookimpl
    def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
        pictures = [each.base64() for each in request.images]
        mask = request.mask and request.mask.base64()
        return HttpRequest(
            "POST", "/draw", json={"images": pictures, "mask": mask, "strength": request.strength}, step=model.id
        )

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        cost = Cost(0.04, source="computed", as_of="2026-11-26")
        return [ImageResponse((Image(data=FOX),), cost=cost, usage={"images": 1}, text="As you wish.")]

    @hookimpl
    def find_model(self, name: str) -> Model | None:
        return Model(PROVIDER, name, label="found")

    @hookimpl
    def request_models(self, provider: impasto.Provider) -> HttpRequest:
        return HttpRequest("GET", "/models")

    @hookimpl
    def parse_models(self, provider: impasto.Provider, event: impasto.ServerEvent) -> list[str | Follow]:
        return list(event.json())


@pytest.fixture
def easel(server: ScriptedServer, plugged: Plug, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """A service that edits, and the command line that knows it alone."""
    monkeypatch.setenv("IMPASTO_PROVIDER_EXAMPLE_URL", server.url)
    server.script("/draw", reply("{}"))
    plugged(Editor())
    return server


def test_pictures_mask_and_strength_are_sent(easel: ScriptedServer, invoke: Invoke, in_tmp_path: Path) -> None:
    for name in ("fox.png", "cat.png"):
        (in_tmp_path / name).write_bytes(FOX)
    (in_tmp_path / "mask.png").write_bytes(picture(colour="white"))
    arguments = ["-i", "fox.png", "--image", "cat.png", "--mask", "mask.png", "--strength", "0.5"]
    assert invoke("paint", "a blue fox", "-m", "paint", *arguments).exit_code == 0
    sent = easel.received[0].json()
    assert sent["images"] == [base64.b64encode(FOX).decode()] * 2
    assert sent["mask"]
    assert sent["strength"] == 0.5


def test_a_picture_that_is_not_there_is_told_before_anything_is_sent(easel: ScriptedServer, invoke: Invoke) -> None:
    with pytest.raises(impasto.InvalidRequest, match=r"images: gone\.png cannot be read: No such file"):
        invoke("paint", "a blue fox", "-m", "paint", "-i", "gone.png")
    assert easel.received == []


def test_json_says_what_all_pictures_cost_and_of_when_the_price_is(easel: ScriptedServer, invoke: Invoke) -> None:
    told = json.loads(invoke("paint", "a fox", "-m", "paint", "-n", "3", "--json").stdout)
    assert told["cost"] == {"amount": 0.12, "currency": "USD", "source": "computed", "as_of": "2026-11-26"}
    assert told["usage"] == {"images": 3}
    assert told["text"] == "As you wish."


class TestModels:
    def test_those_that_a_service_serves_are_asked_for_and_then_known(
        self, easel: ScriptedServer, invoke: Invoke
    ) -> None:
        easel.script("/models", reply('["oil-1", "oil-2"]'))
        assert "example/oil-1" not in invoke("models").stdout
        refreshed = invoke("models", "--refresh")
        assert refreshed.exit_code == 0
        assert "example/oil-1" in refreshed.stdout
        assert "example/oil-2" in invoke("models").stdout
        described = {each["name"]: each for each in json.loads(invoke("models", "--json").stdout)}
        asked_at = datetime.fromisoformat(described["example/oil-1"]["asked_at"])
        assert datetime.now(UTC) - asked_at < timedelta(minutes=5)
        assert described["example/painter"]["asked_at"] is None
        assert easel.paths() == ["GET /models"]

    @pytest.mark.parametrize("name", ["example", "paint", "painter", "example/painter"])
    def test_those_of_a_name_are_listed_alone(self, plugged: Plug, invoke: Invoke, name: str) -> None:
        plugged(Editor(), ExampleProvider(Model(impasto.Provider(id="other", url="http://127.0.0.1:1"), "brush")))
        listed = json.loads(invoke("models", name, "--json").stdout)
        assert [each["name"] for each in listed] == ["example/painter"]

    def test_a_name_that_nothing_goes_by_is_told_with_the_nearest(self, plugged: Plug, invoke: Invoke) -> None:
        plugged(Editor())
        with pytest.raises(impasto.UnknownModel, match="Did you mean painter"):
            invoke("models", "paintr")

    def test_one_that_was_found_so_draws_by_its_bare_name(self, easel: ScriptedServer, invoke: Invoke) -> None:
        easel.script("/models", reply('["oil-1"]'))
        invoke("models", "--refresh")
        assert json.loads(invoke("paint", "a fox", "-m", "oil-1", "--json").stdout)["model"] == "oil-1"

    def test_a_service_that_does_not_answer_is_told_of(self, easel: ScriptedServer, invoke: Invoke) -> None:
        easel.script("/models", reply('{"detail": "out of paint"}', status="503 Service Unavailable"))
        result = invoke("models", "--refresh")
        assert result.exit_code == 1
        assert "example/painter" in result.stdout
        assert "example did not say which models it serves: " in result.stderr
        assert "out of paint" in result.stderr

    @pytest.mark.parametrize("name", ["example", "paint", "example/painter", "mine"])
    def test_those_that_a_name_leads_to_are_asked_alone(
        self, easel: ScriptedServer, plugged: Plug, invoke: Invoke, monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        silent = ExampleProvider(replace(MODEL, provider=impasto.Provider("mute", url="http://127.0.0.1:9")))
        plugged(Editor(), silent)
        monkeypatch.setenv("IMPASTO_ALIASES", "mine=mute/painter|paint")
        easel.script("/models", reply('["oil-1"]'))
        result = invoke("models", name, "--refresh")
        assert (result.exit_code, result.stderr) == (0, "")
        assert easel.paths() == ["GET /models"]

    def test_a_name_none_of_whose_services_can_be_asked_is_refused(self, plugged: Plug, invoke: Invoke) -> None:
        plugged(ExampleProvider())
        with pytest.raises(impasto.InvalidRequest, match=r"^paint cannot be asked for its models"):
            invoke("models", "paint", "--refresh")

    def test_where_nobody_can_be_asked_that_is_said(self, plugged: Plug, invoke: Invoke) -> None:
        plugged(ExampleProvider())
        result = invoke("models", "--refresh")
        assert result.exit_code == 1
        assert "no installed plugin's service can be asked which models it serves" in result.stderr

    def test_one_that_is_deprecated_is_marked_and_warns(
        self, server: ScriptedServer, plugged: Plug, invoke: Invoke, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("IMPASTO_PROVIDER_EXAMPLE_URL", server.url)
        server.script("/draw", reply("{}"))
        plugged(Editor(aliases=(), deprecated="retires 2027-01-15; use painter-2"))
        assert "example/painter (deprecated)" in invoke("models").stdout
        told = json.loads(invoke("paint", "a fox", "-m", "painter", "--json").stdout)
        assert told["warnings"] == ["example/painter is deprecated: retires 2027-01-15; use painter-2"]
