"""What runs beside a conversation: it tells of the work, ends with it, and never spoils it."""

from __future__ import annotations

import json
from typing import Any

import anyio.to_thread
import pytest

import impasto
from impasto import Follow, HttpRequest, Image, ImagePreview, ImageResponse, Progress, WebSocket, hookimpl
from standins.pictures import picture
from standins.provider import MODEL, client, said
from standins.server import Answer, ScriptedServer, reply

POLL = HttpRequest("GET", "/progress", step="lane")
DRAWN = reply(said(kind="done", url="/fox.png"))


class Watched:
    """One long POST to ``/draw``, with lanes beside it; what a lane says are outcomes as JSON."""

    def __init__(self, *lanes: HttpRequest | WebSocket, again: bool = False) -> None:
        self.lanes = lanes
        self.again = again

    @hookimpl
    def list_models(self) -> list[impasto.Model]:
        return [MODEL]

    @hookimpl
    def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
        return HttpRequest("POST", "/draw", json={}, beside=self.lanes)

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        told = event.json()
        if event.payload.step != "lane":
            if "follow" in told:
                lanes = self.lanes if self.again else ()
                return [Follow(HttpRequest("GET", told["follow"], beside=lanes))]
            return [ImageResponse((Image(url=told["url"]),))]
        outcomes: list[impasto.Outcome] = [Progress("drawing", told["fraction"])]
        if "preview" in told:
            outcomes.append(ImagePreview(Image(url=told["preview"])))
        if told.get("done"):
            outcomes.append(ImageResponse((Image(url="/of-the-lane.png"),)))
        elif not told.get("last"):
            outcomes.append(Follow(POLL))
        return outcomes


async def watch(server: ScriptedServer, plugin: Watched) -> list[object]:
    """Return everything that a stream says."""
    events: list[object] = []
    server.answers.setdefault("/draw", [DRAWN])
    server.script("/fox.png", reply(picture()))
    async with client(plugin, url=server.url) as opened, opened.stream("a fox", model="paint") as stream:
        async for event in stream:
            events.append(event)
    return events


@pytest.fixture
def gated(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> ScriptedServer:
    """A server whose ``/draw`` waits until ``/progress`` was asked for three times."""
    answer = server._next_answer

    def next_answer(path: str) -> Answer:
        if path == "/draw":
            assert server.wait_until_asked("GET /progress", 3)
        return answer(path)

    monkeypatch.setattr(server, "_next_answer", next_answer)
    return server


def fractions(events: list[object]) -> list[float | None]:
    return [event.fraction for event in events if isinstance(event, Progress) and event.stage == "drawing"]


def told(**fields: Any) -> Answer:
    return reply(json.dumps(fields))


@pytest.mark.anyio
async def test_progress_is_polled_beside_a_long_answer_and_ends_with_it(gated: ScriptedServer) -> None:
    gated.script("/progress", told(fraction=0.1), told(fraction=0.5, preview="/half.png"), told(fraction=0.9))
    events = await watch(gated, Watched(POLL))
    assert fractions(events)[:2] == [0.1, 0.5]
    assert [event.image_url for event in events if isinstance(event, ImagePreview)] == [f"{gated.url}/half.png"]
    assert isinstance(events[-1], ImageResponse)
    assert gated.paths().count("POST /draw") == 1


@pytest.mark.anyio
@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply("{}", status="500 Internal Server Error"), id="status"),
        pytest.param(Answer(b"", "reset"), id="reset"),
        pytest.param(reply("<html>", media_type="text/html"), id="not JSON"),
        pytest.param(told(fraction="much"), id="nonsense"),
        pytest.param(told(fraction=1, done=True), id="a picture"),
    ],
)
async def test_whatever_becomes_of_a_lane_the_picture_is_the_conversations(
    server: ScriptedServer, answer: Answer
) -> None:
    server.script("/progress", answer)
    events = await watch(server, Watched(POLL))
    assert isinstance(events[-1], ImageResponse)
    assert events[-1].image_url == f"{server.url}/fox.png"


@pytest.mark.anyio
async def test_a_lane_that_is_held_open_does_not_hold_up_the_picture(server: ScriptedServer) -> None:
    server.script("/progress", Answer(b"", "hold"))
    events = await watch(server, Watched(POLL))
    assert isinstance(events[-1], ImageResponse)
    assert await anyio.to_thread.run_sync(server.wait_until_left), "its connection is closed with the conversation"


@pytest.mark.anyio
async def test_a_lane_goes_on_through_every_step_and_is_begun_once(gated: ScriptedServer) -> None:
    gated.script("/draw", told(follow="/result"))
    gated.script("/result", DRAWN)
    gated.script("/progress", told(fraction=0.1), told(fraction=0.2), told(fraction=0.3, last=True))
    events = await watch(gated, Watched(POLL, POLL, again=True))
    assert fractions(events) == [0.1, 0.2, 0.3]
    assert gated.paths().count("GET /progress") == 3


@pytest.mark.anyio
async def test_the_conversations_failure_is_told_as_it_is(server: ScriptedServer) -> None:
    server.script("/draw", reply('{"detail": "no foxes today"}', status="422 Unprocessable Entity"))
    server.script("/progress", Answer(b"", "hold"))
    with pytest.raises(impasto.ResponseError, match="no foxes today") as raised:
        await watch(server, Watched(POLL))
    assert type(raised.value) is impasto.ResponseError


@pytest.mark.anyio
async def test_leaving_the_stream_closes_the_lanes_too(server: ScriptedServer) -> None:
    server.script("/draw", Answer(b"", "hold"))
    server.script("/progress", told(fraction=0.5, last=True))
    async with client(Watched(POLL), url=server.url) as opened:
        async with opened.stream("a fox", model="paint") as stream:
            async for event in stream:
                if isinstance(event, Progress):
                    break
        assert await anyio.to_thread.run_sync(server.wait_until_left)


@pytest.mark.anyio
async def test_what_a_lane_says_counts_among_the_events(gated: ScriptedServer) -> None:
    gated.script("/progress", told(fraction=0.5))
    gated.script("/draw", DRAWN)
    settings = impasto.Settings(providers={"example": {"url": gated.url}}, bounds=impasto.Bounds(events=2))
    async with client(Watched(POLL), settings=settings) as opened:
        with pytest.raises(impasto.ResponseError, match="more than 2 events"):
            await opened.generate("a fox", model="paint")
