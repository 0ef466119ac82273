"""A stream that is left, at whatever moment of failing over, leaves nothing running."""

from __future__ import annotations

import anyio
import pytest

import impasto
from impasto import HttpRequest
from standins.provider import said
from standins.routes import ALIAS, DOWN, DRAWN, FREE, SILENT, attempts, events_of, route, routes
from standins.server import PATIENCE, ScriptedServer, event_stream, reply

pytestmark = pytest.mark.anyio

CANCELLABLE = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel"))
BUSY = reply("{}", status="429 Too Many Requests", headers={"Retry-After": "4"})


def running() -> set[int]:
    return {task.id for task in anyio.get_running_tasks()}


async def leave(client: impasto.Client, server: ScriptedServer, seen: int, asked: str, times: int = 1) -> None:
    """Enter a stream, take so many events, wait until a request arrived, and leave."""
    before = running()
    async with client.stream("a fox", model=ALIAS, hedge_after=0.02) as stream:
        for _ in range(seen):
            await anext(stream)
        assert await anyio.to_thread.run_sync(server.wait_until_asked, asked, times)
    assert running() <= before


@pytest.mark.parametrize("seen", [0, 1])
async def test_in_a_pause_before_the_next_try(server: ScriptedServer, seen: int) -> None:
    server.script("/a/draw", BUSY)
    async with routes(server, route("a")) as client:
        await leave(client, server, seen, "POST /a/draw")
    assert server.paths() == ["POST /a/draw"]


@pytest.mark.parametrize("seen", [0, 1, 2])
async def test_while_two_routes_are_at_work(server: ScriptedServer, seen: int) -> None:
    for name in ("a", "b"):
        server.script(f"/{name}/draw", SILENT)
        server.script(f"/{name}/cancel", reply("{}"))
    async with routes(server, route("a", CANCELLABLE), route("b", CANCELLABLE)) as client:
        await leave(client, server, seen, "POST /b/draw")
    assert sorted(server.paths()[-2:]) == ["POST /a/cancel", "POST /b/cancel"]


@pytest.mark.parametrize("seen", [1, 2])
async def test_when_the_second_route_has_just_begun(server: ScriptedServer, seen: int) -> None:
    server.script("/a/draw", reply("gibberish"))
    server.script("/b/draw", SILENT)
    async with routes(server, route("a"), route("b")) as client:
        await leave(client, server, seen, "POST /b/draw")
        assert await anyio.to_thread.run_sync(server.wait_until_left)


async def test_between_two_polls(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job", after=PATIENCE)))
    server.script("/a/cancel", reply("{}"))
    async with routes(server, route("a", CANCELLABLE)) as client:
        await leave(client, server, 1, "POST /a/draw")
    assert "GET /a/job" not in server.paths()


async def test_with_several_pictures_in_the_making_each_job_is_cancelled(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/a/cancel", reply("{}"))
    async with routes(server, route("a", CANCELLABLE)) as client:
        async with client.stream("a fox", model=ALIAS, n=3):
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "POST /a/draw", 3)
    assert server.paths().count("POST /a/cancel") == 3


async def test_one_of_several_that_fails_stops_the_others_and_cancels_their_jobs(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT, reply("gibberish"))
    server.script("/a/cancel", reply("{}"))
    async with routes(server, route("a", CANCELLABLE)) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS, n=2))
    assert isinstance(error, impasto.ProtocolError)
    assert server.paths().count("POST /a/cancel") == 1, "the other; the one that failed was answered"


async def test_a_provider_that_does_not_answer_a_cancellation_is_not_waited_for(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.painting.CANCEL_TIME", 0.05)
    server.script("/a/draw", SILENT)
    server.script("/a/cancel", SILENT)
    async with routes(server, route("a", CANCELLABLE)) as client:
        with anyio.fail_after(PATIENCE / 2):
            await leave(client, server, 1, "POST /a/draw")


async def test_a_free_job_is_cancelled_before_it_is_submitted_again(server: ScriptedServer) -> None:
    submit = HttpRequest("POST", "/draw", json={}, idempotent=True, on_cancel=HttpRequest("POST", "/cancel"))
    server.script("/a/draw", DOWN, DRAWN)
    server.script("/a/cancel", reply("{}"))
    async with routes(server, route("a", submit)) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert len(attempts(events)) == 2
    assert server.paths() == ["POST /a/draw", "POST /a/cancel", "POST /a/draw", "GET /a/fox.png"]


async def test_at_any_moment(server: ScriptedServer) -> None:
    server.script("/a/draw", event_stream(("progress", said(fraction=0.5)), then="reset"))
    server.script("/b/draw", reply(said(kind="follow", url="/job")))
    server.script("/b/job", DOWN)
    server.script("/c/draw", event_stream(("progress", said(fraction=0.5)), ("done", said(url="/fox.png"))))
    async with routes(server, route("a", FREE, max_concurrency=1), route("b"), route("c")) as client:
        before = running()
        for milliseconds in range(0, 60, 2):
            with anyio.move_on_after(milliseconds / 1000):
                await client.generate("a fox", model=ALIAS, hedge_after=0.01, n=1 + milliseconds % 3)
            assert running() <= before


async def test_leaving_the_client_in_the_middle_of_it(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", SILENT)
    async with routes(server, route("a"), route("b")) as client:
        stream = client.stream("a fox", model=ALIAS, hedge_after=0.02)
        await anext(stream)
        await anext(stream)
        assert await anyio.to_thread.run_sync(server.wait_until_asked, "POST /b/draw")
    with pytest.raises(StopAsyncIteration):
        await anext(stream)
