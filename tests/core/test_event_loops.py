"""Cancellation from outside, in each event loop's own way, and clients that outlive it."""

from __future__ import annotations

import asyncio
import importlib

import anyio
import pytest
import trio
from outcome import Outcome

import impasto
from impasto import ImageResponse, Progress
from standins.pictures import picture
from standins.provider import client, said
from standins.server import PATIENCE, ScriptedServer, event_stream, reply

ENDLESS = event_stream(("progress", said(fraction=0.1)), then="hold")


@pytest.fixture
def silent_then_fine(server: ScriptedServer) -> ScriptedServer:
    importlib.import_module("impasto.carriers.direct")  # Not within the time that a test gives to a request.
    importlib.import_module("impasto.carriers.http")
    server.script("/draw", ENDLESS, reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    return server


@pytest.mark.anyio
async def test_a_timeout_around_one_call_leaves_the_client_usable(silent_then_fine: ScriptedServer) -> None:
    async with client(url=silent_then_fine.url) as opened:
        with pytest.raises(TimeoutError):
            with anyio.fail_after(0.2):
                await opened.generate("a fox", model="paint")
        assert isinstance(await opened.generate("a fox", model="paint"), ImageResponse)


@pytest.mark.anyio
async def test_a_timeout_around_the_whole_client_comes_out_as_it_is(silent_then_fine: ScriptedServer) -> None:
    with pytest.raises(TimeoutError):
        with anyio.fail_after(0.2):
            async with client(url=silent_then_fine.url) as opened:
                await opened.generate("a fox", model="paint")
    assert silent_then_fine.wait_until_left()


def test_asyncios_own_timeout_leaves_the_client_usable(silent_then_fine: ScriptedServer) -> None:
    async def main() -> ImageResponse:
        async with client(url=silent_then_fine.url) as opened:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(opened.generate("a fox", model="paint"), 0.2)
            return await opened.generate("a fox", model="paint")

    assert asyncio.run(main()).data == picture()


def test_asyncios_own_cancellation_of_a_task_comes_out_as_it_is(silent_then_fine: ScriptedServer) -> None:
    async def main() -> None:
        async with client(url=silent_then_fine.url) as opened:

            async def draw() -> None:
                async with opened.stream("a fox", model="paint") as stream:
                    async for event in stream:
                        if isinstance(event, Progress):
                            started.set()

            started = asyncio.Event()
            task = asyncio.create_task(draw())
            await asyncio.wait_for(started.wait(), PATIENCE)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            assert task.cancelled()

    asyncio.run(main())
    assert silent_then_fine.wait_until_left()


def test_gather_draws_side_by_side(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))

    async def main() -> list[ImageResponse]:
        async with client(url=server.url) as opened:
            return await asyncio.gather(*(opened.generate(f"fox {n}", model="paint") for n in range(8)))

    assert [response.prompt for response in asyncio.run(main())] == [f"fox {n}" for n in range(8)]


@pytest.mark.anyio
async def test_one_stream_that_fails_leaves_its_neighbours_alone(server: ScriptedServer) -> None:
    server.script("/draw", reply("", status="500 Oops"), reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        failing = opened.stream("a fox", model="paint")
        with pytest.raises(impasto.ProviderUnavailable):
            await failing.response()
        assert (await opened.generate("a fox", model="paint")).data == picture()


@pytest.mark.anyio
async def test_a_stream_that_was_read_to_its_end_is_at_its_end(server: ScriptedServer) -> None:
    server.script("/draw", reply(said(kind="done", url="/fox.png")))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        stream = opened.stream("a fox", model="paint")
        assert [event async for event in stream]
        assert [event async for event in stream] == []
        with pytest.raises(impasto.ImpastoError, match="read to its end"):
            await stream.response()


def test_trio_as_a_guest_of_asyncio_is_trio(server: ScriptedServer) -> None:
    server.script("/draw", event_stream(("progress", said(fraction=0.5)), ("done", said(url="/fox.png"))))
    server.script("/fox.png", reply(picture()))

    async def guest() -> ImageResponse:
        async with client(url=server.url) as opened:
            return await opened.generate("a fox", model="paint")

    async def host() -> ImageResponse:
        done: asyncio.Future[Outcome[ImageResponse]] = asyncio.get_running_loop().create_future()
        trio.lowlevel.start_guest_run(
            guest,
            run_sync_soon_threadsafe=asyncio.get_running_loop().call_soon_threadsafe,
            done_callback=done.set_result,
        )
        return (await done).unwrap()

    assert asyncio.run(host()).data == picture()
