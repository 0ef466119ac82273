"""One deadline for the whole request, divided over its routes; a slow consumer does not use it up."""

from __future__ import annotations

import math
import re
import threading

import anyio
import pytest

from impasto import Attempt, Bounds, Image, ImageRequest, ImageResponse, Progress
from impasto.conversation import Emit, Trace
from impasto.deadlines import Clock
from impasto.errors import AllProvidersFailed, DeadlineExceeded, QuotaExceeded
from impasto.failover import Failover, Plan
from impasto.health import InProcessHealth
from impasto.painting import Job, Painter
from impasto.plugins import Plugins
from impasto.router import Route
from impasto.signing import Destination
from standins.provider import MODEL, said
from standins.routes import ALIAS, DRAWN, SILENT, attempts, drawn_by, events_of, route, routes, submits
from standins.server import Answer, ScriptedServer, event_stream, reply

pytestmark = pytest.mark.anyio

BRIEF = 0.3
"""Seconds; short, because it is waited for."""


async def test_a_block_is_cancelled_when_its_time_is_up() -> None:
    with Clock().limit(0.01) as scope:
        await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_clock_that_is_stopped_cancels_nothing() -> None:
    clock = Clock()
    with clock.limit(0.01) as outer, clock.limit(0.01) as inner:
        with clock.paused():
            with clock.paused():
                pass
            assert outer.deadline == inner.deadline == math.inf
            assert 0 < clock.left(outer) <= 0.01
            with clock.limit(5.0) as late:
                assert (late.deadline, clock.left(late)) == (math.inf, 5.0)
        assert outer.deadline < math.inf
        await anyio.sleep_forever()
    assert outer.cancelled_caught or inner.cancelled_caught


async def test_time_that_is_up_when_the_clock_stops_is_up_when_it_goes_on() -> None:
    clock = Clock()
    with clock.limit(-1.0) as scope:
        with clock.paused():
            assert clock.left(scope) < 0
        await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_route_that_says_nothing_leaves_the_next_its_share(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    health = InProcessHealth()
    async with routes(server, route("a"), route("b"), health=health) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS, deadline=2.0))
    assert drawn_by(events) == "b"
    second = attempts(events)[1]
    assert isinstance(second.error, DeadlineExceeded)
    assert "its share of the deadline" in str(second.error)
    assert second.may_be_charged


async def test_each_route_has_an_equal_part_of_what_is_left(server: ScriptedServer) -> None:
    for name in ("a", "b", "c"):
        server.script(f"/{name}/draw", SILENT)
    async with routes(server, route("a"), route("b"), route("c")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS, deadline=3 * BRIEF))
    assert isinstance(error, AllProvidersFailed)
    *shares, last = (str(each) for each in error.attempts)
    assert len(shares) == 2
    assert all(re.fullmatch(r"[ab]: no picture within 0\.\d+ s, its share of the deadline", each) for each in shares)
    assert last == f"c: no picture within {3 * BRIEF:g} s"


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(event_stream(("ping", "null"), ("ping", "null"), then="hold"), id="heartbeats"),
        pytest.param(reply(said(kind="follow", url="/draw")), id="job without an end"),
        pytest.param(SILENT, id="silence"),
    ],
)
async def test_a_server_that_never_finishes_meets_the_deadline(server: ScriptedServer, answer: Answer) -> None:
    server.script("/a/draw", answer)
    async with routes(server, route("a"), settings_fields={"bounds": {"follows": 1_000_000}}) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS, deadline=BRIEF))
    assert isinstance(error, DeadlineExceeded)
    assert str(error) == f"a: no picture within {BRIEF:g} s"


async def test_a_deadline_of_a_providers_own_holds_among_others(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    sections = {"a": {"timeouts": {"deadline": BRIEF}}}
    async with routes(server, route("a"), route("b"), sections=sections) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"


async def test_a_route_without_failover_has_the_whole_deadline(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    async with routes(server, route("a"), route("b")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS, deadline=BRIEF, failover="never"))
    assert str(error) == f"a: no picture within {BRIEF:g} s"


async def test_the_deadline_holds_during_a_pause(server: ScriptedServer) -> None:
    server.script("/a/draw", reply("{}", status="429 Too Many Requests", headers={"Retry-After": "1"}))
    async with routes(server, route("a")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS, deadline=1.9))
    assert isinstance(error, QuotaExceeded), "a second pause would be longer than what is left"
    assert submits(server, "a") == 2


async def test_a_slow_consumer_does_not_use_up_any_routes_time(server: ScriptedServer) -> None:
    server.script("/a/draw", event_stream(("progress", said(fraction=0.1)), then="reset"))
    server.script("/b/draw", event_stream(("progress", said(fraction=0.1)), ("done", said(url="/fox.png"))))
    seen: list[object] = []
    async with routes(server, route("a"), route("b")) as client:
        async with client.stream("a fox", model=ALIAS, deadline=1.0) as stream:
            async for event in stream:
                seen.append(event)
                if isinstance(event, Attempt | Progress):
                    await anyio.sleep(0.4)
    assert isinstance(seen[-1], ImageResponse)


async def test_a_picture_that_is_complete_is_not_lost_to_the_deadline() -> None:
    drawn = ImageResponse((Image(data=b"a picture"),))

    class Slow(Painter):
        async def paint(self, job: Job, emit: Emit, trace: Trace) -> ImageResponse:
            threading.Event().wait(0.05)
            return drawn

    async def ignore(event: object) -> None:
        pass

    request = ImageRequest("a fox")
    plan = Plan((Job(Route(MODEL, request), request, Destination("")),), deadline=0.01)
    painter = Slow(Plugins(), Bounds())
    race = Failover(plan, painter=painter, health=InProcessHealth(), clock=Clock(), emit=ignore)
    assert await race.run() is drawn


async def test_waiting_for_a_place_does_not_speak_against_the_route(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    health = InProcessHealth()
    async with routes(server, route("a", max_concurrency=1), health=health) as client:
        async with client.stream("a fox", model=ALIAS) as first:
            await anext(first)
            await anyio.to_thread.run_sync(server.arrived.wait, 20)
            for _ in range(3):
                _, error = await events_of(client.stream("a cat", model=ALIAS, deadline=0.05))
                assert isinstance(error, DeadlineExceeded)
    assert health.resting("a/oil") == 0
