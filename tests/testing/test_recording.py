"""What passes between impasto and a service is written down as it came, without keys."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import anyio
import pytest

import impasto
from impasto.plugins import Plugins
from impasto.testing import Transcript, play, record, replaying
from impasto.testing.playing import request_of
from standins.pictures import picture
from standins.provider import MODEL as EXAMPLE
from standins.provider import PROVIDER, ExampleProvider, said
from standins.server import ScriptedServer, event_stream, reply
from testing.little import impasto_easel

KEY = "sk-a-very-secret-key"
JOB = "54f47adc83d84526a32300c082638fe1"
PLUGINS = Plugins(objects={"easel": impasto_easel})
(MODEL,) = PLUGINS.models


def recorded(server: ScriptedServer, **options: Any) -> tuple[Transcript, object]:
    section = {"url": f"{server.url}/v1", "key": KEY, "headers": {"X-Team": "the blue team"}, "private_addresses": True}
    settings = impasto.Settings(providers={"easel": section})
    return record("a red fox", MODEL, plugins=PLUGINS, settings=settings, **options)


@pytest.fixture
def easel(server: ScriptedServer) -> ScriptedServer:
    said = json.dumps({"status": "waiting", "id": JOB, "owner": "jane@mail.example", "key": KEY})
    server.script("/v1/paintings", reply(said, headers={"Set-Cookie": "session=1", "X-Request-Cost": "2"}))
    done = json.dumps({"status": "finished", "picture": f"{server.url}/cdn/{JOB}.png", "seed": 7})
    server.script(f"/v1/paintings/{JOB}", reply(done))
    server.script(f"/cdn/{JOB}.png", reply(picture(size=(48, 32)), media_type="image/png"))
    return server


def test_a_conversation_is_written_down_as_it_was_held(easel: ScriptedServer) -> None:
    transcript, ending = recorded(easel, fields={"width": 512, "height": 512, "seed": 7})
    assert isinstance(ending, impasto.ImageResponse)
    assert (transcript.model, transcript.ends) == ("easel/easel-2", "picture")
    assert transcript.request == {"prompt": "a red fox", "width": 512, "height": 512, "seed": 7}
    submit, poll, download = transcript.exchanges
    assert (submit.method, submit.url) == ("POST", "/paintings")
    assert json.loads(submit.sent) == {"prompt": "a red fox", "size": [512, 512], "seed": 7}
    assert submit.headers == {"content-type": "application/json", "x-request-cost": "2"}
    assert poll.url == "/paintings/00000000000000000000000000000001"
    assert download.url == "https://easel.example/cdn/00000000000000000000000000000001.png"
    assert transcript.text().endswith("< [picture PNG 48x32]\n")


def test_it_is_signed_and_the_transcript_holds_no_key(easel: ScriptedServer) -> None:
    transcript, _ = recorded(easel)
    assert {each.headers["authorization"] for each in easel.received} == {f"Bearer {KEY}"}
    text = transcript.text()
    for secret in (KEY, "blue team", "jane", "session", JOB, "127.0.0.1", "authorization"):
        assert secret not in text


def test_what_was_recorded_replays(easel: ScriptedServer) -> None:
    transcript, _ = recorded(easel)
    played = play(impasto_easel, MODEL, request_of(MODEL, transcript), transcript.exchanges)
    assert isinstance(played.ending, impasto.ImageResponse)
    assert len(played.left) == 1


def test_the_seed_that_is_drawn_is_written_down(easel: ScriptedServer) -> None:
    transcript, _ = recorded(easel)
    assert json.loads(transcript.exchanges[0].sent)["seed"] == transcript.request["seed"]


def test_a_key_does_not_go_where_the_provider_is_not(easel: ScriptedServer) -> None:
    elsewhere = easel.url.replace("127.0.0.1", "localhost")
    done = json.dumps({"status": "finished", "picture": f"{elsewhere}/cdn/{JOB}.png", "seed": 7})
    easel.script(f"/v1/paintings/{JOB}", reply(done))
    transcript, ending = recorded(easel)
    assert isinstance(ending, impasto.ImageResponse)
    assert transcript.exchanges[-1].url.startswith("http://localhost:")
    assert "authorization" not in easel.received[-1].headers
    assert "x-team" not in easel.received[-1].headers


def test_a_failure_is_recorded_once_however_often_it_may_be_tried(server: ScriptedServer) -> None:
    server.script("/v1/paintings", reply('{"detail": "busy"}', status="503 Service Unavailable"))
    transcript, ending = recorded(server)
    assert isinstance(ending, impasto.ProviderUnavailable)
    assert transcript.ends == "ProviderUnavailable"
    assert [each.status for each in transcript.exchanges] == [503]


def test_a_stream_is_written_down_event_by_event(server: ScriptedServer) -> None:
    server.script(
        "/v1/paintings", event_stream(("message", '{"status": "refused", "why": "no foxes"}'), ("more", "{}"))
    )
    transcript, ending = recorded(server)
    assert isinstance(ending, impasto.ContentRejected)
    assert transcript.exchanges[0].body.startswith(
        b'event: message\ndata: {"status": "refused", "why": "no foxes"}\n\n'
    )
    assert transcript.exchanges[0].body.endswith(b"\n\n")


def test_a_redirect_into_a_private_network_is_not_followed(easel: ScriptedServer) -> None:
    elsewhere = easel.url.replace("127.0.0.1", "localhost")
    done = json.dumps({"status": "finished", "picture": f"{elsewhere}/cdn/{JOB}.png", "seed": 7})
    easel.script(f"/v1/paintings/{JOB}", reply(done))
    settings = impasto.Settings(providers={"easel": {"url": f"{easel.url}/v1", "key": KEY}})
    _, ending = record("a red fox", MODEL, plugins=PLUGINS, settings=settings)
    assert isinstance(ending, impasto.ResponseError)
    assert "not public" in str(ending)
    assert f"GET /cdn/{JOB}.png" not in easel.paths()


def test_without_a_key_nothing_is_sent(server: ScriptedServer) -> None:
    with pytest.raises(impasto.ImpastoError, match="easel needs a key: set EASEL_KEY"):
        record("a fox", MODEL, plugins=PLUGINS, settings=impasto.Settings(providers={"easel": {"url": server.url}}))
    assert server.received == []


async def _painted(client: impasto.Client) -> impasto.ImageResponse:
    async with client:
        return await client.generate("a fox", model="paint")


class TestAServiceOfTwoHosts:
    """A provider whose models are looked up at one host, and drawn by at another."""

    class Gallery(ExampleProvider):
        """Looks a model up before it asks for a picture."""

        @impasto.hookimpl
        def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
            return impasto.HttpRequest("GET", f"{model.provider.origins[0]}/models/oil")

    @pytest.fixture
    def gallery(self, server: ScriptedServer) -> Gallery:
        hub = server.url.replace("127.0.0.1", "localhost")
        provider = replace(PROVIDER, url=f"{server.url}/v1", origins=(hub,))
        server.script("/models/oil", reply(said(kind="follow", url="/draw")))
        server.script("/v1/draw", reply(said(kind="done", url="/fox.png")))
        server.script("/v1/fox.png", reply(picture(), media_type="image/png"))
        return self.Gallery(replace(EXAMPLE, provider=provider))

    def test_what_goes_to_either_is_passed_on_signed_and_written_down(
        self, server: ScriptedServer, gallery: Gallery
    ) -> None:
        settings = impasto.Settings(providers={"example": {"key": KEY}})
        transcript, ending = record(
            "a fox", gallery.model, plugins=Plugins(objects={"gallery": gallery}), settings=settings
        )
        assert isinstance(ending, impasto.ImageResponse)
        hub = gallery.model.provider.origins[0]
        assert [each.url for each in transcript.exchanges] == [f"{hub}/models/oil", "/draw", "/fox.png"]
        assert server.received[0].headers["host"].startswith("localhost:")
        assert server.received[0].headers["authorization"] == f"Bearer {KEY}"

    def test_it_is_replayed_to_a_provider_that_is_moved_there(self, gallery: Gallery) -> None:
        plugins = Plugins(objects={"gallery": gallery})
        transcript, _ = record("a fox", gallery.model, plugins=plugins, settings=impasto.Settings())
        with replaying(transcript, gallery.model.provider.url) as there:
            moved = impasto.Settings(providers={"example": {"url": there.url}})
            response = anyio.run(_painted, impasto.Client(settings=moved, plugins=plugins))
        assert response.width == 64

    def test_where_the_user_has_moved_it_the_transcript_names_the_service(
        self, server: ScriptedServer, gallery: Gallery
    ) -> None:
        provider = replace(gallery.model.provider, url="https://draw.example/v1", origins=("https://hub.example",))
        moved = self.Gallery(replace(gallery.model, provider=provider))
        server.script("/v1/models/oil", reply(said(kind="follow", url="/draw")))
        settings = impasto.Settings(providers={"example": {"url": f"{server.url}/v1", "private_addresses": True}})
        transcript, ending = record(
            "a fox", moved.model, plugins=Plugins(objects={"gallery": moved}), settings=settings
        )
        assert isinstance(ending, impasto.ImageResponse)
        assert transcript.exchanges[0].url == "https://hub.example/models/oil"
        assert server.paths()[0] == "GET /v1/models/oil"
