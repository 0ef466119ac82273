"""Leaving a stream stops its work, closes its connection, and leaves nothing behind."""

from __future__ import annotations

import gc
import threading
from collections.abc import Iterator

import anyio
import pytest

import impasto
from impasto import Attempt, HttpRequest, Image, ImagePreview, ImageResponse, Progress
from standins.pictures import picture
from standins.provider import ExampleProvider, LocalProvider, client, said
from standins.server import PATIENCE, Answer, ScriptedServer, event_stream, reply

pytestmark = pytest.mark.anyio

ENDLESS = event_stream(("progress", said(fraction=0.1)), then="hold")


async def first_sign(stream: impasto.Stream) -> object:
    """Return the first thing that is heard of the provider."""
    event: object = await anext(stream)
    while isinstance(event, Attempt):
        event = await anext(stream)
    return event


async def test_leaving_the_block_early_closes_the_connection_at_once(server: ScriptedServer) -> None:
    server.script("/draw", ENDLESS)
    async with client(url=server.url) as opened:
        async with opened.stream("a fox", model="paint") as stream:
            await first_sign(stream)
        assert await anyio.to_thread.run_sync(server.wait_until_left)


async def test_a_cancelled_scope_closes_the_connection_at_once(server: ScriptedServer) -> None:
    server.script("/draw", ENDLESS)
    async with client(url=server.url) as opened:
        with anyio.CancelScope() as scope:
            async with opened.stream("a fox", model="paint") as stream:
                await first_sign(stream)
                scope.cancel()
                await anyio.sleep_forever()
        assert scope.cancelled_caught
        assert await anyio.to_thread.run_sync(server.wait_until_left)


async def test_leaving_the_client_stops_streams_that_are_still_open(server: ScriptedServer) -> None:
    server.script("/draw", ENDLESS)
    async with client(url=server.url) as opened:
        stream = opened.stream("a fox", model="paint")
        assert await first_sign(stream) == Progress("drawing", 0.1)
    assert server.wait_until_left()


async def test_a_bare_async_for_that_is_left_stops_when_the_stream_is_collected(server: ScriptedServer) -> None:
    server.script("/draw", ENDLESS)
    async with client(url=server.url) as opened:
        async for event in opened.stream("a fox", model="paint"):
            if isinstance(event, Progress):
                break
        gc.collect()
        assert await anyio.to_thread.run_sync(server.wait_until_left)


async def test_a_stream_that_is_left_before_it_said_anything(server: ScriptedServer) -> None:
    server.script("/draw", event_stream(then="hold"))
    async with client(url=server.url) as opened:
        async with opened.stream("a fox", model="paint"):
            await anyio.to_thread.run_sync(server.arrived.wait, PATIENCE)
        assert await anyio.to_thread.run_sync(server.wait_until_left)


async def test_leaving_while_the_picture_is_downloaded(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()[:40], length=1000, then="hold"))
    async with client(url=server.url) as opened:
        async with opened.stream("a fox", model="paint") as stream:
            assert await first_sign(stream) == Progress("downloading")
        assert not [each for each in threading.enumerate() if "impasto" in each.name]


async def test_an_abandoned_job_is_cancelled_at_the_provider_where_its_payload_says_how(server: ScriptedServer) -> None:
    cancel = HttpRequest("POST", "/cancel", json={"job": 7})
    submit = HttpRequest("POST", "/draw", json={}, on_cancel=cancel)
    server.script("/draw", ENDLESS)
    server.script("/cancel", reply("{}"))
    async with client(ExampleProvider(submit=submit), url=server.url) as opened:
        async with opened.stream("a fox", model="paint") as stream:
            await first_sign(stream)
    assert server.paths() == ["POST /draw", "POST /cancel"]
    assert server.received[-1].json() == {"job": 7}


class Queue(ExampleProvider):
    """Says that the job is waiting, and asks for it a minute later."""

    @impasto.hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        poll = HttpRequest("GET", "/job/7", on_cancel=HttpRequest("POST", "/job/7/cancel"))
        return [Progress("waiting"), impasto.Follow(poll, after=60)]


async def test_a_job_can_be_dropped_as_soon_as_its_taking_is_told(server: ScriptedServer) -> None:
    server.script("/draw", reply("{}"))
    server.script("/job/7/cancel", reply("{}"))
    async with client(Queue(), url=server.url) as opened:
        async with opened.stream("a fox", model="paint") as stream:
            assert await first_sign(stream) == Progress("waiting")
            assert stream.checkpoint() is not None
    assert server.paths() == ["POST /draw", "POST /job/7/cancel"]


async def test_a_job_can_be_dropped_before_it_is_asked_for(server: ScriptedServer) -> None:
    server.script("/draw", reply("{}"))
    server.script("/job/7/cancel", reply("{}"))
    async with client(Queue(), url=server.url) as opened:
        with pytest.raises(impasto.DeadlineExceeded):
            await opened.generate("a fox", model="paint", deadline=0.2)
    assert server.paths() == ["POST /draw", "POST /job/7/cancel"]


async def test_a_finished_job_is_not_cancelled(server: ScriptedServer) -> None:
    submit = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel"))
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(ExampleProvider(submit=submit), url=server.url) as opened:
        await opened.generate("a fox", model="paint")
    assert server.paths() == ["POST /draw", "GET /fox.png"]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(reply(said(kind="refused", why="no foxes")), id="words"),
        pytest.param(reply("<html>"), id="nonsense"),
    ],
)
async def test_a_job_whose_answer_was_read_is_not_cancelled_whatever_it_says(
    server: ScriptedServer, answer: Answer
) -> None:
    submit = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel"))
    server.script("/draw", answer)
    async with client(ExampleProvider(submit=submit), url=server.url) as opened:
        with pytest.raises(impasto.ResponseError):
            await opened.generate("a fox", model="paint")
    assert server.paths() == ["POST /draw"]


async def test_a_cancellation_that_the_provider_refuses_is_no_error(server: ScriptedServer) -> None:
    submit = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/nowhere"))
    server.script("/draw", ENDLESS)
    async with client(ExampleProvider(submit=submit), url=server.url) as opened:
        async with opened.stream("a fox", model="paint") as stream:
            await first_sign(stream)
    assert server.paths() == ["POST /draw", "POST /nowhere"]


async def test_a_slow_consumer_does_not_use_up_the_servers_deadline(server: ScriptedServer) -> None:
    server.script(
        "/draw",
        event_stream(("progress", said(fraction=0.1)), ("progress", said(fraction=0.2)), ("done", said(url="/f"))),
    )
    server.script("/f", reply(picture()))
    deadline = 0.5
    async with client(url=server.url) as opened, opened.stream("a fox", model="paint", deadline=deadline) as stream:
        async for event in stream:
            if isinstance(event, Progress):
                await anyio.sleep(deadline / 2)
    assert isinstance(event, ImageResponse)


class Strokes:
    """A local call that tells how far it got, and whether it was closed."""

    def __init__(self) -> None:
        self.closed = threading.Event()
        self.go_on = threading.Event()

    def __call__(self, seed: int | None) -> Iterator[object]:
        try:
            yield Progress("drawing", 0.5)
            yield ImagePreview(Image(data=picture(colour="grey"), media_type="image/png"))
            while not self.go_on.wait(0.01):
                yield None
            yield ImageResponse(images=(Image(data=picture()),), seed=seed)
        finally:
            self.closed.set()


async def test_a_local_call_is_stopped_at_its_next_yield() -> None:
    strokes = Strokes()
    async with client(LocalProvider(strokes)) as opened:
        async with opened.stream("a fox", model="brush") as stream:
            await first_sign(stream)
        assert await anyio.to_thread.run_sync(strokes.closed.wait, PATIENCE)


async def test_a_local_call_runs_to_its_end_when_nobody_leaves() -> None:
    strokes = Strokes()
    strokes.go_on.set()
    async with client(LocalProvider(strokes, seed=None)) as opened, opened.stream("a fox", model="brush") as stream:
        events = [event async for event in stream]
    assert [type(event) for event in events] == [Attempt, Progress, ImagePreview, ImageResponse]
    assert isinstance(events[2], ImagePreview)
    assert await events[2].read() == picture(colour="grey")
    assert strokes.closed.is_set()


async def test_a_local_call_that_raises_is_its_plugins_fault() -> None:
    def broken(seed: int | None) -> Iterator[object]:
        yield Progress("drawing")
        raise ZeroDivisionError("no brush")

    async with client(LocalProvider(broken)) as opened:
        with pytest.raises(impasto.PluginError, match="plugin 'plugin0'.*ZeroDivisionError: no brush"):
            await opened.generate("a fox", model="brush")


async def test_local_calls_run_side_by_side_with_other_work_in_threads() -> None:
    strokes = Strokes()
    strokes.go_on.set()
    done = []

    async def draw() -> None:
        done.append(await opened.generate("a fox", model="brush"))

    async with client(LocalProvider(strokes)) as opened, anyio.create_task_group() as tasks:
        for _ in range(30):
            tasks.start_soon(draw)
    assert len(done) == 30


async def test_leaving_at_any_moment_leaves_no_generator_half_run(server: ScriptedServer) -> None:
    server.script("/draw", event_stream(*[("progress", said(fraction=0.1))] * 20, ("done", said(url="/fox.png"))))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        for milliseconds in range(20):
            with anyio.move_on_after(milliseconds / 1000):
                await opened.generate("a fox", model="paint")
        gc.collect()
