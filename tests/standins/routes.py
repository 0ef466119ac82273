"""Several providers with one alias, on one scripted server: each below a path of its own."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import impasto
from impasto import Attempt, HttpRequest, ImageResponse
from impasto.settings import Settings
from standins.pictures import picture
from standins.provider import MODEL, PROVIDER, ExampleProvider, client, said
from standins.server import Answer, ScriptedServer, reply

ALIAS = "flux"

DRAWN = reply(said(kind="done", url="/fox.png"))
PICTURE = reply(picture())
DOWN = reply("{}", status="500 Internal Server Error")
SILENT = Answer(b"", "hold")
BROKEN = Answer(b"", "reset")
NOWHERE = "http://127.0.0.1:1"
"""Where no connection can be opened."""

FREE = HttpRequest("POST", "/draw", json={}, idempotent=True)
"""A submit that may be sent twice."""


def route(name: str, submit: HttpRequest | None = None, **fields: Any) -> ExampleProvider:
    """Return a provider, one of whose model's names is ``flux``; fields are those of `Provider` and `Model`."""
    own = {key: fields.pop(key) for key in ("auth", "max_concurrency", "working") if key in fields}
    own = {"auth": None, **own}
    provider = replace(PROVIDER, id=name, **own)
    return ExampleProvider(replace(MODEL, provider=provider, id="oil", aliases=(ALIAS,), **fields), submit)


def routes(
    server: ScriptedServer,
    *plugins: ExampleProvider,
    sections: dict[str, dict[str, Any]] | None = None,
    others: Sequence[object] = (),
    **options: Any,
) -> impasto.Client:
    """Return a client that knows these providers, at paths of their own unless `sections` say otherwise,
    and other plugins."""
    for plugin in plugins:
        name = plugin.model.provider.id
        server.answers.setdefault(f"/{name}/fox.png", [PICTURE])
    names = [plugin.model.provider.id for plugin in plugins]
    providers = {name: {"url": f"{server.url}/{name}", **(sections or {}).get(name, {})} for name in names}
    settings = Settings(providers=providers, **options.pop("settings_fields", {}))
    return client(*plugins, *others, settings=settings, **options)


def status(line: str, **headers: str) -> Answer:
    """Return an answer of a status such as ``429 Too Many Requests``."""
    return reply(said(detail=f"the service says {line}"), status=line, headers=headers)


async def events_of(stream: impasto.Stream) -> tuple[list[object], Exception | None]:
    """Return everything that a stream says, and the error that it ends in."""
    events: list[object] = []
    try:
        async with stream:
            async for event in stream:
                events.append(event)
    except impasto.ImpastoError as error:
        return events, error
    return events, None


def attempts(events: list[object]) -> list[Attempt]:
    return [event for event in events if isinstance(event, Attempt)]


def told(events: Sequence[object]) -> list[str]:
    """Return the events in a word each: attempts by their route, all others by their type."""
    return [event.route.partition("/")[0] if isinstance(event, Attempt) else type(event).__name__ for event in events]


def drawn_by(events: list[object]) -> str:
    """Return the provider that drew the picture, of which there is one, at the end."""
    (response,) = [event for event in events if isinstance(event, ImageResponse)]
    assert events[-1] is response
    assert response.data == picture()
    return response.provider


def submits(server: ScriptedServer, name: str) -> int:
    """Return how often a provider was asked to draw."""
    return server.paths().count(f"POST /{name}/draw")
