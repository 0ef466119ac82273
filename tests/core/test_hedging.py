"""Hedging: a route that shows nothing for a while gets company, and the first complete picture wins."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import anyio
import pytest

import impasto
from impasto import HttpRequest, Image, ImageResponse, Progress
from impasto.errors import AllProvidersFailed, ContentRejected, InvalidRequest
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import LocalProvider, client, said
from standins.routes import (
    ALIAS,
    BROKEN,
    DRAWN,
    FREE,
    SILENT,
    attempts,
    drawn_by,
    events_of,
    route,
    routes,
    submits,
    told,
)
from standins.server import Answer, ScriptedServer, event_stream, reply

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]

SOON = 0.05
"""Seconds; short, because it is waited for."""

CANCELLABLE = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel"))


async def expect_nothing(stream: impasto.Stream, seconds: float) -> None:
    with anyio.move_on_after(seconds):
        pytest.fail(f"nothing was to happen, but {await anext(stream)} did")


async def test_it_is_off_unless_it_is_asked_for(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as opened, opened.stream("a fox", model=ALIAS) as stream:
        await anext(stream)
        await expect_nothing(stream, 4 * SOON)
    assert submits(server, "b") == 0


async def test_the_next_route_starts_beside_one_that_shows_nothing(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as opened:
        events, _ = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=SOON))
        assert await anyio.to_thread.run_sync(server.wait_until_left), "the loser's connection is closed"
    assert drawn_by(events) == "b"
    first, second = attempts(events)
    assert (first.hedge, second.hedge) == (False, True)
    assert (second.error, second.may_be_charged) == (None, False)


async def test_the_first_may_still_win(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job", after=10 * SOON)))
    server.script("/a/job", DRAWN)
    server.script("/b/draw", SILENT)
    server.script("/b/cancel", reply("{}"))
    async with routes(server, route("a"), route("b", CANCELLABLE)) as opened:
        events, _ = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=SOON))
        assert await anyio.to_thread.run_sync(server.wait_until_left)
    assert drawn_by(events) == "a"
    assert told(events) == ["a", "b", "Progress", "ImageResponse"]
    assert server.paths().count("POST /b/cancel") == 1


async def test_heartbeats_are_nothing(server: ScriptedServer) -> None:
    server.script("/a/draw", event_stream(("ping", "null"), then="hold"))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as opened:
        events, _ = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=SOON))
    assert drawn_by(events) == "b"


@pytest.mark.parametrize("n", [1, 2])
async def test_a_route_that_has_shown_something_is_left_alone(server: ScriptedServer, n: int) -> None:
    def starts(seed: int | None) -> Iterator[object]:
        yield Progress("drawing")
        while not finish.wait(0.01):
            yield None
        yield ImageResponse(images=(Image(data=picture()),))

    finish = threading.Event()
    server.script("/a/draw", DRAWN)
    local = LocalProvider(starts)
    settings = Settings(providers={"a": {"url": f"{server.url}/a"}}, aliases={"own": ["brush", ALIAS]})
    async with client(local, route("a"), settings=settings) as opened:
        async with opened.stream("a fox", model="own", hedge_after=20 * SOON, n=n) as stream:
            for _ in range(1 + n):
                await anext(stream)
            await expect_nothing(stream, 25 * SOON)
            finish.set()
            assert (await stream.response()).provider == "local"
    assert submits(server, "a") == 0


async def test_it_goes_on_to_the_third(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", SILENT)
    server.script("/c/draw", DRAWN)
    async with routes(server, route("a"), route("b"), route("c")) as opened:
        events, _ = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=SOON))
    assert drawn_by(events) == "c"
    assert [each.hedge for each in attempts(events)] == [False, True, True]


async def test_a_losers_error_does_not_come_up(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job", after=10 * SOON)))
    server.script("/a/job", DRAWN)
    server.script("/b/draw", BROKEN)
    async with routes(server, route("a"), route("b")) as opened:
        events, error = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=SOON))
    assert error is None
    assert drawn_by(events) == "a"


@pytest.mark.parametrize("job", [DRAWN, BROKEN], ids=["draws", "fails"])
async def test_one_that_is_refused_waits_for_one_that_is_at_work(server: ScriptedServer, job: Answer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job", after=10 * SOON)))
    server.script("/a/job", job)
    server.script("/b/draw", reply(said(kind="refused", why="no foxes")))
    server.script("/c/draw", DRAWN)
    async with routes(server, route("a", FREE), route("b"), route("c")) as opened:
        events, error = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=SOON))
    if job is DRAWN:
        assert drawn_by(events) == "a"
    else:
        assert isinstance(error, ContentRejected)
    assert submits(server, "c") == 0


async def test_all_may_fail(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job", after=10 * SOON)))
    server.script("/a/job", reply("gibberish"))
    server.script("/b/draw", BROKEN)
    async with routes(server, route("a"), route("b")) as opened:
        _, error = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=SOON))
    assert isinstance(error, AllProvidersFailed)
    assert sorted(str(each).partition(",")[0] for each in error.attempts) == ["a", "b"]


async def test_two_pictures_at_once_are_one(server: ScriptedServer) -> None:
    for name in ("a", "b"):
        server.script(f"/{name}/draw", reply(said(kind="follow", url="/job", after=2 * SOON)))
        server.script(f"/{name}/job", DRAWN)
    async with routes(server, route("a"), route("b")) as opened:
        for milliseconds in range(1, 10):
            hedge_after = milliseconds / 1000
            events, error = await events_of(opened.stream("a fox", model=ALIAS, hedge_after=hedge_after))
            assert error is None
            assert drawn_by(events) in {"a", "b"}


@pytest.mark.parametrize("n", [1, 3])
async def test_unsent_forbids_it_once_the_first_may_be_charged(server: ScriptedServer, n: int) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as opened:
        async with opened.stream("a fox", model=ALIAS, hedge_after=SOON, failover="unsent", n=n) as stream:
            await anext(stream)
            await expect_nothing(stream, 4 * SOON)
    assert submits(server, "b") == 0


async def test_a_consumer_who_looks_late_hears_of_both_attempts_in_order(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as opened:
        async with opened.stream("a fox", model=ALIAS, hedge_after=SOON) as stream:
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "POST /b/draw")
            events = [event async for event in stream]
    assert told(events) == ["a", "b", "Progress", "ImageResponse"]


@pytest.mark.parametrize("nonsense", [0, -1, float("nan"), True, "soon"])
async def test_it_is_a_number_of_seconds(server: ScriptedServer, nonsense: float) -> None:
    async with routes(server, route("a")) as opened:
        with pytest.raises(InvalidRequest, match="hedge_after must be a positive number of seconds"):
            opened.stream("a fox", model=ALIAS, hedge_after=nonsense)
