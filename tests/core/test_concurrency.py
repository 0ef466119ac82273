"""A provider is asked for so many pictures at once and no more; who waits for a place is told so."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace

import anyio
import pytest

import impasto
from impasto import Image, ImageResponse, Progress
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import LocalProvider, client
from standins.routes import ALIAS, BROKEN, DRAWN, SILENT, attempts, drawn_by, events_of, route, routes, submits
from standins.server import ScriptedServer

pytestmark = pytest.mark.anyio

PICTURE = picture()


class Easel:
    """A local call that counts how many of it run at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.now = self.most = self.total = 0

    def __call__(self, seed: int | None) -> Iterator[object]:
        with self.lock:
            self.now += 1
            self.total += 1
            self.most = max(self.most, self.now)
        try:
            for _ in range(5):
                threading.Event().wait(0.002)
                yield None
            yield ImageResponse(images=(Image(data=PICTURE),))
        finally:
            with self.lock:
                self.now -= 1


def limited(easel: Easel, limit: int | None) -> LocalProvider:
    plugin = LocalProvider(easel)
    plugin.model = replace(plugin.model, provider=replace(plugin.provider, max_concurrency=limit))
    return plugin


async def draw_many(opened: impasto.Client, number: int) -> int:
    drawn = []

    async def draw() -> None:
        drawn.append(await opened.generate("a fox", model="brush"))

    async with anyio.create_task_group() as tasks:
        for _ in range(number):
            tasks.start_soon(draw)
    return len(drawn)


@pytest.mark.parametrize("limit", [1, 3])
async def test_the_limit_of_the_plugin_holds_however_many_wait(limit: int) -> None:
    easel = Easel()
    async with client(limited(easel, limit)) as opened:
        assert await draw_many(opened, 40) == 40
    assert easel.most == limit


async def test_without_one_there_is_none() -> None:
    easel = Easel()
    async with client(limited(easel, None)) as opened:
        assert await draw_many(opened, 40) == 40
    assert easel.most > 3


async def test_the_users_own_limit_comes_before_the_plugins() -> None:
    easel = Easel()
    settings = Settings(providers={"local": {"max_concurrency": 2}})
    async with client(limited(easel, 4), settings=settings) as opened:
        await draw_many(opened, 20)
    assert easel.most == 2


async def test_several_pictures_of_one_request_keep_to_it_too() -> None:
    easel = Easel()
    async with client(limited(easel, 2)) as opened:
        events, _ = await events_of(opened.stream("a fox", model="brush", n=7))
    response = events[-1]
    assert isinstance(response, ImageResponse)
    assert len(response.images) == easel.total == 7
    assert easel.most == 2


async def test_who_waits_is_told_so(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT, DRAWN)
    async with routes(server, route("a", max_concurrency=1)) as opened:
        async with opened.stream("a fox", model=ALIAS) as first:
            await anext(first)
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "POST /a/draw")
            async with opened.stream("a cat", model=ALIAS) as second:
                assert isinstance(await anext(second), impasto.Attempt)
                assert await anext(second) == Progress("waiting", detail="for one of 1 places at a")
                assert submits(server, "a") == 1
                await first.aclose()
                assert (await second.response()).data == picture()


async def test_who_stops_waiting_leaves_the_place_to_the_next(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT, DRAWN)
    async with routes(server, route("a", max_concurrency=1)) as opened:
        async with opened.stream("a fox", model=ALIAS) as first:
            await anext(first)
            for _ in range(3):
                async with opened.stream("a cat", model=ALIAS) as impatient:
                    assert [await anext(impatient), await anext(impatient)][1] == Progress(
                        "waiting", detail="for one of 1 places at a"
                    )
        assert (await opened.generate("a dog", model=ALIAS)).data == picture()


async def test_a_place_is_free_again_after_a_failure(server: ScriptedServer) -> None:
    server.script("/a/draw", BROKEN)
    async with routes(server, route("a", max_concurrency=1)) as opened:
        for _ in range(3):
            await events_of(opened.stream("a fox", model=ALIAS))
        server.script("/a/draw", DRAWN)
        assert (await opened.generate("a fox", model=ALIAS)).data == picture()


async def test_places_of_one_provider_are_none_of_anothers(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a", max_concurrency=1), route("b", max_concurrency=1)) as opened:
        async with opened.stream("a fox", model="a/oil") as first:
            await anext(first)
            assert (await opened.generate("a cat", model="b/oil")).provider == "b"


async def test_a_route_whose_places_are_taken_may_get_company(server: ScriptedServer) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a", max_concurrency=1), route("b")) as opened:
        async with opened.stream("a fox", model="a/oil") as first:
            await anext(first)
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "POST /a/draw")
            events, _ = await events_of(opened.stream("a cat", model=ALIAS, hedge_after=0.05, failover="unsent"))
    assert drawn_by(events) == "b"
    assert attempts(events)[1].hedge
    assert submits(server, "a") == 1
