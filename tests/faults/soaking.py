"""Thousands of generations in a process of their own, where nothing else holds memory: ``python -m faults.soaking``."""

from __future__ import annotations

import ctypes
import gc
import json
import os
import sys
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path

import anyio
import httpx_secure  # noqa: F401  # A rare fault imports it, in one half or the other.

import impasto
from faults.bench import PROVIDERS, client, nothing_left_behind
from faults.server import Apart, apart
from impasto import ImageResponse, ImpastoError, images, policy

AT_ONCE = 200
BRIEF = 1.0
"""Seconds of silence after which a stalled answer is given up."""

BASE = "/gradio4"


@dataclass(frozen=True)
class Soaked:
    """What became of it.

    Attributes:
        pictures: how many generations ended in one picture.
        errors: how many ended in one error.
        faults: how many answers were faulty.
        resident: bytes in memory after the warm-up, and in the end.
        blocks: blocks that Python held then.
    """

    pictures: int
    errors: int
    faults: int
    resident: tuple[int, int]
    blocks: tuple[int, int]


def memory() -> tuple[int, int]:
    """Return the bytes that this process has in memory, and how many blocks Python holds."""
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGESIZE"), sys.getallocatedblocks()


async def soak(soaking: impasto.Client, count: int) -> Counter[str]:
    """Run so many generations, and count how they end."""
    ends: Counter[str] = Counter()
    left = iter(range(count))

    async def work() -> None:
        for _ in left:
            ends[await end_of_one(soaking)] += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(AT_ONCE):
            tasks.start_soon(work)
    return ends


async def end_of_one(soaking: impasto.Client) -> str:
    """Run one generation, and say how it ended."""
    pictures = 0
    try:
        async with soaking.stream("a fox", model="fox", idle_timeout=BRIEF) as stream:
            async for event in stream:
                assert not pictures, "something follows the picture"
                pictures += isinstance(event, ImageResponse)
    except ImpastoError as error:
        assert not pictures, "an error follows the picture"
        assert PROVIDERS[BASE] in str(error)
        return "error"
    assert pictures == 1
    return "picture"


async def memory_at_rest(server: Apart, soaking: impasto.Client) -> tuple[int, int]:
    """Return the `memory` when no connection is kept: chance has it how many wait for their next request, and when."""
    server.hang_up()
    await end_of_one(soaking)  # Connections that are at their end are dropped at the next request.
    return memory()


async def main(count: int) -> None:
    """Run so many generations, and print what became of them. The first half warms up what is kept for good."""
    with apart("--chance", "0.25") as server:
        async with nothing_left_behind(client(server.url, BASE, alone=True)) as soaking:
            ends = await soak(soaking, count // 2)
            resident, blocks = await memory_at_rest(server, soaking)
            ends += await soak(soaking, count - count // 2)
            resident_after, blocks_after = await memory_at_rest(server, soaking)
        soaked = Soaked(
            ends["picture"], ends["error"], server.faults, (resident, resident_after), (blocks, blocks_after)
        )
    print(json.dumps(asdict(soaked)))


if __name__ == "__main__":
    policy._FIRST_PAUSE = 0
    images._PAUSES = (0, 0)
    anyio.run(main, int(sys.argv[2]), backend=sys.argv[1])
