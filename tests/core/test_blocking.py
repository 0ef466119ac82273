"""The same without await: in a script, in a notebook's running loop, in a thread."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

import impasto
from impasto import Attempt, ImagePreview, ImageResponse, Progress
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import ExampleProvider, said
from standins.server import PATIENCE, SERVING, ScriptedServer, event_stream, reply


@pytest.fixture
def settings(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch) -> Settings:
    from impasto.plugins import Plugins

    plugins = Plugins(objects={"example": ExampleProvider()})
    monkeypatch.setattr("impasto.client.default_plugins", lambda *_: plugins)
    server.script(
        "/draw",
        event_stream(
            ("progress", said(fraction=0.5)), ("preview", said(url="/half.png")), ("done", said(url="/fox.png"))
        ),
    )
    server.script("/half.png", reply(picture(colour="grey")))
    server.script("/fox.png", reply(picture()))
    return Settings(providers={"example": {"url": server.url}}, default_model="paint")


def test_generate_returns_the_picture_and_leaves_no_thread(settings: Settings) -> None:
    before = set(threading.enumerate())
    assert impasto.generate("a fox", settings=settings).data == picture()
    ours = {thread for thread in threading.enumerate() if thread.name != SERVING}
    assert ours <= before


@pytest.mark.anyio
async def test_generate_works_inside_a_running_event_loop(settings: Settings) -> None:
    assert impasto.generate("a fox", settings=settings).data == picture()


def test_stream_iterates_over_the_same_events(settings: Settings) -> None:
    events = list(impasto.stream("a fox", settings=settings))
    assert [type(event) for event in events] == [Attempt, Progress, ImagePreview, Progress, ImageResponse]


def test_previews_can_be_read_while_the_stream_is_open(settings: Settings) -> None:
    with impasto.stream("a fox", settings=settings) as stream:
        previews = [stream.read(event) for event in stream if isinstance(event, ImagePreview)]
    assert previews == [picture(colour="grey")]


def test_a_preview_of_a_closed_stream_says_so(settings: Settings) -> None:
    with impasto.stream("a fox", settings=settings) as stream:
        (preview,) = [event for event in stream if isinstance(event, ImagePreview)]
        with pytest.raises(impasto.ImpastoError, match="while their stream is open"):
            stream.read(preview)


def test_errors_come_out_as_they_are(settings: Settings, server: ScriptedServer) -> None:
    server.script("/draw", reply("", status="503 Service Unavailable"))
    with pytest.raises(impasto.ProviderUnavailable, match="503"):
        impasto.generate("a fox", settings=settings)


def test_an_invalid_request_is_refused_before_a_thread_is_started(settings: Settings, server: ScriptedServer) -> None:
    before = threading.active_count()
    with pytest.raises(impasto.InvalidRequest):
        impasto.stream("", settings=settings)
    assert threading.active_count() == before
    assert server.received == []


@pytest.mark.parametrize("how", ["with", "break"])
def test_leaving_early_closes_the_connection(settings: Settings, server: ScriptedServer, how: str) -> None:
    server.script("/draw", event_stream(("progress", said(fraction=0.5)), then="hold"))
    before = threading.active_count()
    if how == "with":
        with impasto.stream("a fox", settings=settings) as stream:
            next(event for event in stream if isinstance(event, Progress))
    else:
        for event in impasto.stream("a fox", settings=settings):
            if isinstance(event, Progress):
                break
    assert server.wait_until_left()
    assert [thread for thread in threading.enumerate() if "portal" in thread.name.lower()] == []
    assert threading.active_count() <= before + 2


def test_an_ended_stream_stays_ended(settings: Settings) -> None:
    stream = impasto.stream("a fox", settings=settings)
    assert len(list(stream)) == 5
    assert list(stream) == []


def test_threads_may_draw_at_the_same_time(settings: Settings) -> None:
    drawn: list[bytes] = []
    threads = [
        threading.Thread(target=lambda: drawn.append(impasto.generate("a fox", settings=settings).data))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
    assert drawn == [picture()] * 6


def test_a_response_shows_itself_in_a_notebook_and_saves(settings: Settings, tmp_path: Path) -> None:
    response = impasto.generate("a fox", settings=settings)
    assert response._repr_mimebundle_()["text/html"].startswith('<img src="data:image/png;base64,iVBOR')
    saved = response.save(tmp_path / "new" / "fox.png")
    from PIL import Image

    with Image.open(saved) as opened:
        assert opened.size == (64, 64)
        assert opened.info["prompt"] == "a fox"
