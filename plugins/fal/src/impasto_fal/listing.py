"""The list of models that fal serves today: https://docs.fal.ai/platform-apis/v1/models, seen 2026-11-26."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto import Follow, HttpRequest, Provider, ServerEvent
from impasto_fal.endpoint import PROVIDER
from impasto_fal.models import found

if TYPE_CHECKING:
    from collections.abc import Mapping

HOST = "https://api.fal.ai"
"""Where fal keeps the list; a private copy of the service has it beside its queue."""

CATEGORIES = ("text-to-image", "image-to-image")

PAGE = 100
"""Models that are asked for at once; fal gives fewer if it likes."""


def asked(provider: Provider) -> HttpRequest:
    """Return what asks for the first page of the first category."""
    url = f"{HOST if provider.url == PROVIDER.url else ''}/v1/models"
    return _page(url, CATEGORIES[0])


def told(event: ServerEvent) -> list[str | Follow]:
    """Return the names on a page, and the next page, or that of the next category."""
    assert isinstance(event.payload, HttpRequest)  # noqa: S101
    said = event.json()
    names = [name for each in said["models"] if isinstance(name := each["endpoint_id"], str) and found(name)]
    cursor, category = said.get("next_cursor"), event.payload.params["category"]
    rest = CATEGORIES[CATEGORIES.index(category) + 1 :]
    if isinstance(cursor, str) and cursor and said["models"]:
        return [*names, Follow(_page(event.payload.url, category, cursor=cursor))]
    return [*names, *(Follow(_page(event.payload.url, each)) for each in rest[:1])]


def _page(url: str, category: str, **params: str) -> HttpRequest:
    asked: Mapping[str, str] = {"category": category, "status": "active", "limit": str(PAGE), **params}
    return HttpRequest("GET", url, params=asked)
