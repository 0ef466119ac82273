"""Paints from a transcript through `impasto.Client`: the whole way, against a server on loopback."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any

import anyio

from impasto.client import Client
from impasto.hookspecs import hookimpl
from impasto.payloads import Follow, Outcome
from impasto.plugins import Plugins
from impasto.settings import Settings
from impasto.testing.pictures import starting_from
from impasto.testing.standin import replaying

if TYPE_CHECKING:
    from collections.abc import Generator

    from impasto.events import ImageResponse, ServerEvent
    from impasto.models import Model
    from impasto.testing.transcript import Transcript

_DEADLINE = 30.0


class AtOnce:
    """A plugin that lets every conversation go on without its pauses."""

    @hookimpl(wrapper=True)
    def parse_event(self, model: Model, event: ServerEvent) -> Generator[None, list[Outcome], list[Outcome]]:
        """Take the pauses out of what the model's own plugin says."""
        outcomes = yield
        return [dataclasses.replace(each, after=0) if isinstance(each, Follow) else each for each in outcomes]


def paint_from(
    transcript: Transcript, model: Model, plugin: object, *, tell: list[str], download: bool
) -> ImageResponse:
    """Return the picture that a conversation ends in.

    Args:
        transcript: what the server says.
        model: the model's declaration.
        plugin: the plugin's module, or object.
        tell: takes a line about each request.
        download: whether the picture is in the transcript too.

    Raises:
        ImpastoError: there is no picture, and why.
    """
    provider = model.provider
    plugins = Plugins(objects={"subject": plugin, "at-once": AtOnce()})
    fields = starting_from(transcript.request)
    prompt = fields.pop("prompt", "a red fox")

    async def paint(url: str) -> ImageResponse:
        sections: dict[str, Any] = {name: {"url": url} for name in (provider.id, model.name)} if url else {}
        settings = Settings(providers=sections, timeouts={"deadline": _DEADLINE})
        async with Client(settings=settings, plugins=plugins) as client:
            key = None if provider.auth is None else "not-a-key"
            return await client.generate(
                prompt, model=model.name, api_key=key, failover="never", download=download, **fields
            )

    if not transcript.exchanges:
        return anyio.run(paint, "")
    with replaying(transcript, model.url or provider.url, tell.append) as server:
        return anyio.run(paint, server.url)
