"""Runs many generations at once in a process of its own: ``python -m benchmarks.crowd BACKEND CLIENT URL``.

Every line on standard input asks for a measurement, as a JSON object: ``{"at_once": 32, "seconds": 1}`` for what a
generation costs, ``{"hold": 1000}`` for the memory of so many in flight. Each is answered with one line; the
client lives as long as the process.
"""

from __future__ import annotations

import ctypes
import gc
import itertools
import json
import os
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter, process_time

import anyio

from benchmarks.clients import Drawn, Generate, Opened, opener
from benchmarks.stub import HELD, HOLD, RELEASE, allow_many_descriptors

WARM = 32
"""How many generations at once warm a client up before its memory is measured."""

_QUIET = 0.3
"""Seconds after which what was sent to this process has been taken by it."""


def numbers(at_least: int, seconds: float) -> Iterator[int]:
    """Count for so many seconds, and in any case so far."""
    end = perf_counter() + seconds
    for number in itertools.count():
        if number >= at_least and perf_counter() >= end:
            return
        yield number


async def crowd(generate: Generate, at_once: int, seconds: float) -> list[Drawn]:
    """Run so many generations at once for so many seconds, and in any case so many; return what came of them."""
    drawn: list[Drawn] = []
    left = numbers(at_once, seconds)

    async def work() -> None:
        for number in left:
            drawn.append(await generate(f"picture {number}"))

    async with anyio.create_task_group() as tasks:
        for _ in range(at_once):
            tasks.start_soon(work)
    assert all(each.picture.endswith("/image-3.webp") for each in drawn), drawn[0]
    return drawn


async def cost(generate: Generate, at_once: int, seconds: float) -> dict[str, float]:
    """Return what a generation costs: this process's CPU, and how many are done in a second.

    So many generations as will run at once go before, so that what keeps its connections has them.
    """
    await crowd(generate, at_once, 0.1)
    gc.collect()
    cpu, wall = process_time(), perf_counter()
    count = len(await crowd(generate, at_once, seconds))
    cpu, wall = process_time() - cpu, perf_counter() - wall
    return {"cpu_us": cpu / count * 1e6, "per_second": count / wall}


async def memory(generate: Generate, url: str, count: int) -> dict[str, float]:
    """Return the memory of a generation in flight: previews seen, picture to come.

    Right in a new process only: memory that was used before is used again, and does not count.
    """
    await crowd(generate, WARM, 0.5)
    assert await anyio.to_thread.run_sync(_ask, f"{url}{HELD}/0") == 0
    idle = _resident()
    async with anyio.create_task_group() as tasks:
        for _ in range(count):
            tasks.start_soon(_held, generate)
        assert await anyio.to_thread.run_sync(_ask, f"{url}{HELD}/{count}") == count
        await anyio.sleep(_QUIET)
        busy = _resident()
        assert await anyio.to_thread.run_sync(_ask, url + RELEASE) == count
    return {"kb": (busy - idle) / count / 1000}


async def _held(generate: Generate) -> None:
    await generate(HOLD)


def _ask(url: str) -> int:
    with urllib.request.urlopen(url) as answer:
        return int(answer.read())


def _resident() -> int:
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")


async def answer(opened: Opened, url: str) -> None:
    """Answer every line of standard input, with one client for all."""
    async with opened(url) as generate:
        while line := await anyio.to_thread.run_sync(sys.stdin.readline):
            asked = json.loads(line)
            if "hold" in asked:
                measured = await memory(generate, url, asked["hold"])
            else:
                measured = await cost(generate, asked["at_once"], asked["seconds"])
            print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    allow_many_descriptors()
    backend, client, url = sys.argv[1:]
    anyio.run(answer, opener(client), url, backend=backend)
