"""Addresses on a detour: a server on loopback stands for a service, and for every other origin that it names."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit, urlunsplit

from impasto.payloads import Follow, HttpRequest, LocalCall, Payload

if TYPE_CHECKING:
    from impasto.events import ServerEvent
    from impasto.models import Model
    from impasto.payloads import Outcome
    from impasto.plugins import Plugins
    from impasto.request import ImageRequest

_P = TypeVar("_P", bound="Payload")

_OTHERS = "/~/"
_ADDRESS = re.compile(r"(https?):(//|\\/\\/)([A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?(?::\d{1,5})?)")


class Detour:
    """Turns addresses of a service into addresses of a server on loopback, and back.

    The service's own origin is at the server's root, so that paths stay what they are; others are below ``/~/``.

    Args:
        base: the provider's url.
        here: scheme, host and port of the server.
    """

    def __init__(self, base: str, here: str) -> None:
        parts = urlsplit(base)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._base = parts.path.rstrip("/")
        self._here = here

    @property
    def url(self) -> str:
        """What to put in place of the provider's url."""
        return self._here + self._base

    def real(self, target: str) -> str:
        """Return the address that a target (path and query) on the server stands for."""
        if not target.startswith(_OTHERS):
            return self._origin + target
        scheme, _, rest = target.removeprefix(_OTHERS).partition("/")
        return f"{scheme}://{rest}"

    def written(self, url: str) -> str:
        """Return an address as transcripts have it: below the provider's url, or absolute."""
        own = self._origin + self._base
        rest = url.removeprefix(own)
        if rest != url and (not rest or rest[0] in "/?"):
            return rest if rest.startswith("/") else f"/{rest}"
        return url

    def address_of(self, written: str) -> str:
        """Return the absolute address that one in a transcript means."""
        return written if "://" in written.partition("?")[0] else f"{self._origin}{self._base}/{written.lstrip('/')}"

    def turned(self, text: str, origins: frozenset[str] | None = None) -> str:
        r"""Return text in which http(s) addresses lead to the server; JSON's ``\\/`` is understood.

        Args:
            text: the words of the service.
            origins: those to turn; None for all.
        """

        def turn(match: re.Match[str]) -> str:
            scheme, slashes, host = match.groups()
            origin = f"{scheme}://{host}"
            if origins is not None and origin not in origins:
                return match[0]
            turned = self._here if origin == self._origin else f"{self._here}{_OTHERS}{scheme}/{host}"
            return turned.replace("/", "\\/") if "\\" in slashes else turned

        return _ADDRESS.sub(turn, text)


class DetouredPlugins:
    """Plugins whose requests go to the server too where they name another origin of the service by its address.

    Args:
        plugins: what makes payloads, and does everything else.
        detour: turns addresses.
        origins: the service's.
    """

    def __init__(self, plugins: Plugins, detour: Detour, origins: frozenset[str]) -> None:
        self._plugins = plugins
        self._detour = detour
        self._origins = origins

    def __getattr__(self, name: str) -> Any:
        """Return what the plugins have."""
        return getattr(self._plugins, name)

    def build_payload(self, model: Model, request: ImageRequest) -> Payload:
        """Return the plugin's payload."""
        return self._led(self._plugins.build_payload(model, request))

    def parse_event(self, model: Model, event: ServerEvent) -> list[Outcome]:
        """Return the plugin's outcomes."""
        outcomes = self._plugins.parse_event(model, event)
        return [
            replace(each, payload=self._led(each.payload)) if isinstance(each, Follow) else each for each in outcomes
        ]

    def _led(self, payload: _P) -> _P:
        if isinstance(payload, LocalCall) or not isinstance(payload, Payload):
            return payload
        led = replace(payload, url=self._detour.turned(payload.url, self._origins))
        if not isinstance(led, HttpRequest):
            return led
        on_cancel = None if led.on_cancel is None else self._led(led.on_cancel)
        return replace(led, on_cancel=on_cancel, beside=tuple(self._led(lane) for lane in led.beside))


def origin_in(url: str) -> str:
    """Return scheme and host of an address, as they stand there."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc, "", "", ""))
