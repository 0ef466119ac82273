"""aiohttp, with one session."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp  # type: ignore[import-not-found]

from benchmarks.clients import Drawn, Generate, inputs


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Generate]:
    """Open a session without a limit of connections."""
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def generate(prompt: str) -> Drawn:
            async with session.post(f"{url}/call/infer", json=inputs(prompt)) as response:
                response.raise_for_status()
                event_id = (await response.json())["event_id"]
            previews, picture, name = 0, "", ""
            async with session.get(f"{url}/call/infer/{event_id}") as response:
                response.raise_for_status()
                async for line in response.content:
                    field, _, value = line.decode().rstrip("\n").partition(": ")
                    if field == "event":
                        name = value
                    elif field == "data":
                        address = json.loads(value)[0]["url"]
                        if name == "complete":
                            picture = address
                        else:
                            previews += 1
            return Drawn(picture, previews)

        yield generate
