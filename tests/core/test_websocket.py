"""WebSockets, against a real server: as a lane beside a request, and as the conversation itself."""

from __future__ import annotations

import json
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio.to_thread
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket as ServersWebSocket
from starlette.websockets import WebSocketDisconnect

import impasto
from impasto import HttpRequest, Image, ImagePreview, ImageResponse, Progress, WebSocket, hookimpl
from services.serving import serving
from standins.pictures import picture
from standins.provider import MODEL, client
from standins.server import ScriptedServer, reply


@dataclass
class Studio:
    """A service that tells of its work over a WebSocket.

    Attributes:
        says: what it says, once it was asked to draw where `waits` is set.
        closes: the code with which it closes the WebSocket then; 0 for not at all.
        handshakes: the headers and query of each WebSocket that was opened.
        heard: the messages that came.
        left: set when the other side has closed the WebSocket.
        asked: set when it is asked to draw.
        finish: what it waits for before it has drawn.
    """

    says: list[str | bytes] = field(default_factory=list)
    waits: bool = True
    closes: int = 1000
    url: str = ""
    handshakes: list[tuple[dict[str, str], dict[str, str]]] = field(default_factory=list)
    heard: list[str | bytes] = field(default_factory=list)
    left: threading.Event = field(default_factory=threading.Event)
    asked: threading.Event = field(default_factory=threading.Event)
    finish: threading.Event = field(default_factory=threading.Event)

    async def tell(self, websocket: ServersWebSocket) -> None:
        self.handshakes.append((dict(websocket.headers), dict(websocket.query_params)))
        await websocket.accept()
        if self.waits:
            await anyio.to_thread.run_sync(self.asked.wait)
        for message in self.says:
            if message == "listen":
                said = await websocket.receive()
                self.heard.append(said.get("text") or said.get("bytes") or b"")
            elif isinstance(message, str):
                await websocket.send_text(message)
            else:
                await websocket.send_bytes(message)
        if self.closes:
            await websocket.close(self.closes, "out of paint")
            return
        try:
            while True:
                await websocket.receive_text()
        except WebSocketDisconnect:
            self.left.set()

    async def draw(self, request: Request) -> Response:
        self.asked.set()
        await anyio.to_thread.run_sync(self.finish.wait)
        return JSONResponse({"url": "/fox.png"})

    async def show(self, request: Request) -> Response:
        return Response(picture(), media_type="image/png")


@pytest.fixture
def studio() -> Iterator[Studio]:
    made = Studio()
    routes = [
        WebSocketRoute("/ws", made.tell),
        Route("/draw", made.draw, methods=["POST"]),
        Route("/fox.png", made.show),
    ]
    with serving(Starlette(routes=routes)) as made.url:
        yield made
        made.asked.set()
        made.finish.set()


class Told:
    """Draws over HTTP with a WebSocket beside, or over the WebSocket alone."""

    def __init__(self, socket: WebSocket, *, beside: bool) -> None:
        self.socket = socket
        self.beside = beside

    @hookimpl
    def list_models(self) -> list[impasto.Model]:
        return [MODEL]

    @hookimpl
    def build_payload(self, model: impasto.Model, request: impasto.ImageRequest) -> impasto.Payload:
        return HttpRequest("POST", "/draw", json={}, beside=(self.socket,)) if self.beside else self.socket

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        if isinstance(event.data, bytes) and isinstance(event.payload, WebSocket):
            return [ImagePreview(Image(data=event.data))]
        told = event.json()
        if "url" in told:
            return [ImageResponse((Image(url=told["url"]),))]
        return [Progress("drawing", told["fraction"])]


def progress(fraction: float) -> str:
    return json.dumps({"fraction": fraction})


async def events_of(plugin: Told, url: str, **options: Any) -> list[object]:
    async with client(plugin, url=url, **options) as opened, opened.stream("a fox", model="paint") as stream:
        return [event async for event in stream]


@pytest.mark.anyio
async def test_a_lane_is_open_before_the_request_is_sent_and_tells_of_the_work(studio: Studio) -> None:
    studio.says = [progress(0.5), picture(), progress(0.9)]
    fractions, previews, drawn = [], [], None
    plugin = Told(WebSocket("/ws"), beside=True)
    async with client(plugin, url=studio.url) as opened, opened.stream("a fox", model="paint") as stream:
        async for event in stream:
            match event:
                case Progress("drawing", fraction):
                    fractions.append(fraction)
                    if fraction == 0.9:
                        studio.finish.set()
                case ImagePreview(image):
                    previews.append(image.data)
                case ImageResponse():
                    drawn = event
    assert fractions == [0.5, 0.9]
    assert previews == [picture()]
    assert drawn is not None
    assert drawn.data == picture()


@pytest.mark.anyio
@pytest.mark.parametrize("scheme", ["", "ws", "http"])
async def test_a_conversation_may_be_a_websocket(studio: Studio, scheme: str) -> None:
    studio.waits = False
    studio.says = ["listen", "listen", progress(0.5), '{"url": "/fox.png"}']
    url = f"{scheme}{studio.url.removeprefix('http')}/ws" if scheme else "/ws"
    plugin = Told(WebSocket(url, send=("a fox", b"\x00\x01"), params={"client": "impasto"}), beside=False)
    events = await events_of(plugin, studio.url)
    assert studio.heard == ["a fox", b"\x00\x01"]
    assert isinstance(events[-1], ImageResponse)
    assert events[-1].data == picture()
    headers, query = studio.handshakes[0]
    assert query == {"client": "impasto"}
    assert "origin" not in headers


@pytest.mark.anyio
async def test_it_is_signed_at_the_providers_own_origin(studio: Studio) -> None:
    studio.waits = False
    studio.says = ['{"url": "/fox.png"}']
    async with client(Told(WebSocket("/ws"), beside=False), url=studio.url) as opened:
        await opened.generate("a fox", model="paint", api_key="not-a-key")
    assert studio.handshakes[0][0]["authorization"] == "Bearer not-a-key"


@pytest.mark.anyio
async def test_a_websocket_that_cannot_be_opened_does_not_spoil_the_picture(server: ScriptedServer) -> None:
    server.script("/ws", reply("no such thing", status="404 Not Found", media_type="text/plain"))
    server.script("/draw", reply('{"url": "/fox.png"}'))
    server.script("/fox.png", reply(picture()))
    events = await events_of(Told(WebSocket("/ws"), beside=True), server.url)
    assert isinstance(events[-1], ImageResponse)
    assert server.paths()[:2] == ["GET /ws", "POST /draw"]


@pytest.mark.anyio
async def test_leaving_the_stream_closes_it(studio: Studio) -> None:
    studio.says, studio.waits, studio.closes = [progress(0.5)], False, 0
    async with client(Told(WebSocket("/ws"), beside=False), url=studio.url) as opened:
        async with opened.stream("a fox", model="paint") as stream:
            async for event in stream:
                if isinstance(event, Progress):
                    break
        assert await anyio.to_thread.run_sync(studio.left.wait, 20)


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("says", "closes", "words"),
    [
        pytest.param(["x" * 2_000], 1000, "a message is longer than 1000 bytes", id="too long"),
        pytest.param([], 1000, "ended without a picture", id="closed"),
        pytest.param([], 1011, "the WebSocket was closed: 1011 out of paint", id="closed with an error"),
        pytest.param(["{"], 1000, "expected JSON", id="not JSON"),
        pytest.param([progress(0.5)], 0, "nothing was heard for 0.3 s", id="silent"),
    ],
)
async def test_what_goes_wrong_is_told(studio: Studio, says: list[str | bytes], closes: int, words: str) -> None:
    studio.says, studio.waits, studio.closes = says, False, closes
    settings = impasto.Settings(providers={"example": {"url": studio.url}}, bounds=impasto.Bounds(event_size=1_000))
    plugin = Told(WebSocket("/ws"), beside=False)
    async with client(plugin, settings=settings, idle_timeout=0.3) as opened:
        with pytest.raises(impasto.ResponseError, match=words) as raised:
            await opened.generate("a fox", model="paint", failover="never", deadline=5)
    assert raised.value.step == "WebSocket /ws"


@pytest.mark.anyio
async def test_an_answer_for_somebody_else_is_refused(server: ScriptedServer) -> None:
    upgrade = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}
    server.script("/ws", reply(status="101 Switching Protocols", headers=upgrade))
    async with client(Told(WebSocket("/ws"), beside=False), url=server.url) as opened:
        with pytest.raises(impasto.ProtocolError, match="took the WebSocket's handshake for another one"):
            await opened.generate("a fox", model="paint")


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("line", "kind"),
    [("401 Unauthorized", impasto.AuthenticationError), ("503 Service Unavailable", impasto.ProviderUnavailable)],
)
async def test_a_handshake_that_is_refused_is_the_error_that_its_status_means(
    server: ScriptedServer, line: str, kind: type[Exception]
) -> None:
    server.script("/ws", reply('{"detail": "not now"}', status=line))
    async with client(Told(WebSocket("/ws"), beside=False), url=server.url) as opened:
        with pytest.raises(kind, match=f"the WebSocket was refused: {line}: not now"):
            await opened.generate("a fox", model="paint")


@pytest.mark.anyio
async def test_without_its_library_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "wsproto", None)
    async with client(Told(WebSocket("/ws"), beside=False), url="http://127.0.0.1:1") as opened:
        with pytest.raises(impasto.PluginError, match=r"pip install 'impasto\[websocket\]'"):
            await opened.generate("a fox", model="paint")
