"""asyncio's streams and requests written by hand: as little as the work can be done with in Python."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import urlsplit

from benchmarks.clients import Drawn, Generate, inputs


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Generate]:
    """Open a client that keeps its connections."""
    host, port = urlsplit(url).hostname, urlsplit(url).port or 80
    idle: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []

    async def generate(prompt: str) -> Drawn:
        reader, writer = idle.pop() if idle else await asyncio.open_connection(host, port)
        body = json.dumps(inputs(prompt)).encode()
        writer.write(
            b"POST /call/infer HTTP/1.1\r\nHost: %b:%d\r\nContent-Type: application/json\r\n"
            b"Content-Length: %d\r\n\r\n%b" % (str(host).encode(), port, len(body), body)
        )
        head = await reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        event_id = json.loads(await reader.readexactly(length))["event_id"]
        writer.write(
            b"GET /call/infer/%b HTTP/1.1\r\nHost: %b:%d\r\n\r\n" % (event_id.encode(), str(host).encode(), port)
        )
        await reader.readuntil(b"\r\n\r\n")
        previews, picture, rest = 0, "", b""
        while size := int(await reader.readuntil(b"\r\n"), 16):
            rest += (await reader.readexactly(size + 2))[:-2]
            *events, rest = rest.split(b"\n\n")
            for event in events:
                name, _, data = event.removeprefix(b"event: ").partition(b"\ndata: ")
                address = json.loads(data)[0]["url"]
                if name == b"complete":
                    picture = address
                else:
                    previews += 1
        await reader.readexactly(2)
        idle.append((reader, writer))
        return Drawn(picture, previews)

    try:
        yield generate
    finally:
        for _, writer in idle:
            writer.close()
