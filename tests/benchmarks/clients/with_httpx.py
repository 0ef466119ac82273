"""httpx and httpx-sse, with one client."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import httpx_sse

from benchmarks.clients import Drawn, Generate, inputs


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Generate]:
    """Open a client with as many connections as are needed, of which it keeps as many as it does by default."""
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=20)
    async with httpx.AsyncClient(base_url=url, limits=limits, timeout=60) as client:

        async def generate(prompt: str) -> Drawn:
            answer = (await client.post("/call/infer", json=inputs(prompt))).raise_for_status()
            previews, picture = 0, ""
            path = f"/call/infer/{answer.json()['event_id']}"
            async with httpx_sse.aconnect_sse(client, "GET", path) as source:
                source.response.raise_for_status()
                async for event in source.aiter_sse():
                    address = event.json()[0]["url"]
                    if event.event == "complete":
                        picture = address
                    else:
                        previews += 1
            return Drawn(picture, previews)

        yield generate
