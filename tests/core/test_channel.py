"""Events are handed over in order; a slow taker holds up the sender; nobody waits for one who is gone."""

from __future__ import annotations

import anyio
import anyio.lowlevel
import pytest

from impasto.channel import Channel

pytestmark = pytest.mark.anyio


async def test_events_arrive_in_the_order_in_which_they_were_handed_over() -> None:
    channel: Channel[int] = Channel()
    taken = []

    async def take() -> None:
        with pytest.raises(anyio.EndOfStream):
            while True:
                taken.append(await channel.receive())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        for number in range(0, 100, 2):
            channel.put(number)
            await channel.send(number + 1)
        channel.close()
    assert taken == list(range(100))


async def test_sending_waits_until_the_event_was_taken() -> None:
    channel: Channel[str] = Channel()
    sent = []

    async def send() -> None:
        await channel.send("first")
        sent.append("first")
        await channel.send("second")
        sent.append("second")

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(send)
        await anyio.wait_all_tasks_blocked()
        assert sent == []
        assert await channel.receive() == "first"
        await anyio.wait_all_tasks_blocked()
        assert sent == ["first"]
        assert await channel.receive() == "second"


async def test_sending_to_one_who_waits_takes_no_time() -> None:
    channel: Channel[str] = Channel()
    taken = []

    async def take() -> None:
        taken.append(await channel.receive())

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(take)
        await anyio.wait_all_tasks_blocked()
        assert channel.is_awaited
        await channel.send("event")
        assert not channel.is_awaited, "the one who waited has something to take already"
    assert taken == ["event"]


async def test_one_who_stopped_waiting_takes_nothing_with_him() -> None:
    channel: Channel[str] = Channel()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await channel.receive()
    assert not channel.is_awaited
    channel.put("event")
    assert await channel.receive() == "event"


async def test_a_sender_that_stopped_waiting_holds_up_no_other() -> None:
    channel: Channel[str] = Channel()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await channel.send("given up")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(channel.send, "sent")
        assert [await channel.receive(), await channel.receive()] == ["given up", "sent"]


async def test_closing_lets_everybody_go_and_loses_nothing() -> None:
    channel: Channel[str] = Channel()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(channel.send, "event")
        await anyio.wait_all_tasks_blocked()
        channel.close()
    assert await channel.receive() == "event"
    with pytest.raises(anyio.EndOfStream):
        await channel.receive()


async def test_dropping_forgets_what_nobody_took() -> None:
    channel: Channel[str] = Channel()
    channel.put("event")
    channel.drop()
    with pytest.raises(anyio.EndOfStream):
        await channel.receive()
