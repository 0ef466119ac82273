"""Asks a service which models it serves, within bounds."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import anyio

from impasto.discovered import MOST_NAMES, Discovered, write_discovered
from impasto.errors import DeadlineExceeded, PluginError, ProtocolError, ResponseError
from impasto.models import is_name
from impasto.payloads import Follow, HttpRequest
from impasto.request import ImageRequest

if TYPE_CHECKING:
    from impasto.carriers.http import HttpSession
    from impasto.events import ServerEvent
    from impasto.models import Provider
    from impasto.plugins import Plugins
    from impasto.signing import Destination

MOST_ANSWERS = 40
"""Answers of one service, beyond which no more is asked."""

DEADLINE = 30.0
"""Seconds for asking one service."""


async def discover(provider: Provider, *, plugins: Plugins, to: Destination, session: HttpSession) -> Discovered:
    """Ask a service which models it serves, and keep what it says.

    Args:
        provider: the service.
        plugins: calls the hooks of its plugin.
        to: where it is.
        session: carries the requests.

    Raises:
        ResponseError: it does not say.
        PluginError: its plugin failed.
    """
    moved = replace(provider, url=to.url)
    try:
        with anyio.fail_after(DEADLINE):
            found = await _ask(moved, plugins, session)
    except TimeoutError as error:
        late = DeadlineExceeded(f"it did not say within {DEADLINE:g} s which models it serves")
        raise late.at(provider=provider.id, model="", step="models") from error
    except PluginError as error:
        error.args = (to.redact(str(error.args[0])), *error.args[1:])
        raise
    except ResponseError as error:
        error.args = (to.redact(str(error.args[0])), *error.args[1:])
        raise error.at(provider=provider.id, model="", step="models") from error.__cause__
    usable = [name for name in found if plugins.find_model(provider.id, name) is not None]
    discovered = Discovered(tuple(usable), time.time())
    write_discovered(provider, to.url, discovered)
    return discovered


async def _ask(provider: Provider, plugins: Plugins, session: HttpSession) -> list[str]:
    nothing = ImageRequest("which models there are")
    names: dict[str, None] = {}
    follow: Follow | None = None
    payload = plugins.request_models(provider)

    async def take(event: ServerEvent) -> bool:
        nonlocal follow
        for each in plugins.parse_models(provider, event):
            if isinstance(each, Follow):
                follow = each
            elif is_name(each):
                names[each] = None
        return follow is not None or len(names) >= MOST_NAMES

    for _ in range(MOST_ANSWERS):
        if payload is None or len(names) >= MOST_NAMES:
            break
        await session.exchange(payload, nothing, take)
        following, follow, payload = follow, None, None
        if following is not None:
            if not isinstance(following.payload, HttpRequest):
                raise ProtocolError("which models there are is asked over HTTP alone")
            await anyio.sleep(following.after)
            payload = following.payload
    return list(names)[:MOST_NAMES]
