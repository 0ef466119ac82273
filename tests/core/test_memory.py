"""What a picture costs in memory: nothing is held longer than somebody can reach it, nor copied without need."""

from __future__ import annotations

import base64
import gc
import tracemalloc
from collections.abc import Iterator
from typing import Self

import pytest

import impasto
from impasto import ImagePreview, ImageResponse
from impasto.images import _data_of
from impasto.sse import Decoder
from standins.pictures import picture
from standins.provider import LocalProvider, client, said
from standins.server import ScriptedServer, event_stream, reply

OF_HTTPX = {"impasto.carriers.pools"}
"""Whose objects httpx's requests hold, which refer to themselves."""

LINE = 5_000_000
"""Bytes."""


class Counted(bytes):
    """Bytes that are counted while they live."""

    alive = 0

    def __new__(cls, data: bytes) -> Self:
        cls.alive += 1
        return super().__new__(cls, data)

    def __del__(self) -> None:
        type(self).alive -= 1


@pytest.fixture
def without_garbage_collector() -> Iterator[None]:
    """What is still freed is freed at once, because nothing refers to it, rather than some time later."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


@pytest.mark.anyio
@pytest.mark.usefixtures("without_garbage_collector")
async def test_a_preview_is_gone_when_its_taker_lets_it_go() -> None:
    def paint(seed: int | None) -> Iterator[object]:
        for _ in range(5):
            yield ImagePreview(impasto.Image(data=Counted(picture())))
        yield ImageResponse((impasto.Image(data=picture()),))

    alive = []
    async with client(LocalProvider(paint)) as opened, opened.stream("a fox", model="brush") as stream:
        async for event in stream:
            if isinstance(event, ImagePreview):
                del event
                alive.append(Counted.alive)
    assert len(alive) == 5
    assert max(alive) <= 2, "the next one may be in the painter's hand already"
    assert Counted.alive == 0


@pytest.mark.anyio
@pytest.mark.usefixtures("without_garbage_collector")
async def test_a_generation_leaves_nothing_for_the_garbage_collector(server: ScriptedServer) -> None:
    server.script("/draw", event_stream(("progress", said(fraction=0.5)), ("done", said(url="/fox.png"))))
    server.script("/fox.png", reply(picture()))
    async with client(url=server.url) as opened:
        for _ in range(3):
            await opened.generate("a fox", model="paint")
        gc.collect()
        for _ in range(5):
            await opened.generate("a fox", model="paint")
        gc.set_debug(gc.DEBUG_SAVEALL)
        try:
            gc.collect()
            modules = [type(each).__module__ for each in gc.garbage]
        finally:
            gc.set_debug(0)
            gc.garbage.clear()
    assert [each for each in modules if each.startswith("impasto.") and each not in OF_HTTPX] == []


def test_a_long_line_costs_its_bytes_and_the_text_made_of_them() -> None:
    stream = b"event: complete\ndata: " + b"A" * LINE + b"\n\n"
    decoder = Decoder(2 * LINE)
    tracemalloc.start()
    try:
        size = 0
        for start in range(0, len(stream), 65_536):
            for event in decoder.feed(stream[start : start + 65_536]):
                size = len(event.data)
                del event
        held, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert size == LINE
    assert peak < 2.3 * LINE
    assert held < 0.1 * LINE


def test_base64_is_decoded_without_a_copy_of_the_text() -> None:
    url = "data:image/png;base64," + base64.b64encode(bytes(LINE)).decode()
    tracemalloc.start()
    try:
        data = _data_of(url, 2 * LINE)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(data) == LINE
    assert peak < 2.5 * LINE, "the text behind the comma, and the bytes"
