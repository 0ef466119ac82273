"""impasto, with the plugin of the same Space. Like the others, it takes every event, and leaves the picture there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import impasto
from benchmarks.clients import PARAMETERS, Drawn, Generate

PROVIDER = "voodoohop-flux1-schnell"


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Generate]:
    """Open a client whose provider is at the stub."""
    settings = impasto.Settings(providers={PROVIDER: {"url": url}})
    async with impasto.Client(settings=settings) as client:

        async def generate(prompt: str) -> Drawn:
            previews, picture = 0, ""
            async with client.stream(prompt, model="flux", download=False, **PARAMETERS) as stream:  # type: ignore[arg-type]
                async for event in stream:
                    if isinstance(event, impasto.ImagePreview):
                        previews += 1
                    elif isinstance(event, impasto.ImageResponse):
                        picture = event.images[0].url or ""
            return Drawn(picture, previews)

        yield generate
