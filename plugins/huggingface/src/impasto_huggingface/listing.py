"""The list of models that are served, from the Hub (docs/inference-providers/hub-api.md)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from impasto import Follow, HttpRequest, ServerEvent
from impasto_huggingface import hub
from impasto_huggingface.choosing import EDIT, PROVIDERS, TEXT

PAGES = 5
"""Pages that are read for each task: LoRAs are served in their thousands, and the most popular models come first."""

_NEXT = re.compile(r'<([^<>]+)>;\s*rel="next"')


def ask(task: str = TEXT) -> HttpRequest:
    """Return what asks for the first page of the models of a task, those first that people use now.

    Args:
        task: `TEXT` or `EDIT`.
    """
    query = urlencode(
        {
            "inference_provider": ",".join(name for name, tasks in PROVIDERS.items() if task in tasks),
            "pipeline_tag": task,
            "expand": "inferenceProviderMapping",
            "sort": "trendingScore",
            "limit": 100,
        },
        safe=",",
    )
    return _page(query, task, 1)


def read(event: ServerEvent) -> list[str | Follow]:
    """Return the names on a page, and what asks for the next.

    Raises:
        ResponseError: the Hub does not answer.
    """
    payload = event.payload
    assert isinstance(payload, HttpRequest)  # noqa: S101
    step = payload.step if isinstance(payload.step, Mapping) else {}
    task, page = step["task"], step["page"]
    hub.raise_for_failure(event)
    found: list[str | Follow] = [each["id"] for each in event.json() if _is_served(each, task)]
    more = _NEXT.search(event.headers.get("link", ""))
    if more and page < PAGES:
        query = urlsplit(more[1]).query
        return [*found, Follow(_page(query, task, page + 1))]
    return [*found, Follow(ask(EDIT))] if task == TEXT else found


def _page(query: str, task: str, page: int) -> HttpRequest:
    step = {"task": task, "page": page}
    return HttpRequest("GET", f"{hub.ORIGIN}/api/models?{query}", statuses=hub.ALL_STATUSES, step=step)


def _is_served(said: Mapping[str, Any], task: str) -> bool:
    told: Any = said.get("inferenceProviderMapping") or ()
    entries: Iterable[Mapping[str, Any]] = (
        [{"provider": name, **each} for name, each in told.items()] if isinstance(told, Mapping) else told
    )
    return any(
        each["status"] == "live" and each["task"] == task and task in PROVIDERS.get(each["provider"], ())
        for each in entries
    )
