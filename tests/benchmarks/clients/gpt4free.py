"""gpt4free's own provider class, pointed at the stub.

0.5.3.1 is the last version that has the class. It opens a session for every generation, reads every event, and shows
no previews.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from g4f.Provider.hf_space.Voodoohop_Flux1Schnell import (  # type: ignore[import-not-found]
    Voodoohop_Flux1Schnell,
)
from g4f.providers.response import ImageResponse  # type: ignore[import-not-found]

from benchmarks.clients import PARAMETERS, Drawn, Generate


@asynccontextmanager
async def opened(url: str) -> AsyncIterator[Generate]:
    """Point the class at the stub."""

    class Provider(Voodoohop_Flux1Schnell):  # type: ignore[misc]
        api_endpoint = f"{url}/call/infer"

    async def generate(prompt: str) -> Drawn:
        messages = [{"role": "user", "content": prompt}]
        parts = Provider.create_async_generator("flux", messages, prompt=prompt, **PARAMETERS)
        (picture,) = [part async for part in parts]
        assert isinstance(picture, ImageResponse)
        (address,) = picture.get_list()
        return Drawn(address, 0)

    yield generate
