"""The list of models at https://api.fal.ai/v1/models, in pages."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

from services.fal_api.failures import of_request

PAGE = 3
"""Models on a page at most, however many are asked for: "actual maximum depends on query type"."""

CATALOGUE = {
    "fal-ai/flux/schnell": "text-to-image",
    "fal-ai/flux/dev": "text-to-image",
    "fal-ai/aura-flow": "text-to-image",
    "openai/gpt-image-2": "text-to-image",
    "fal-ai/flux-2/edit": "image-to-image",
    "fal-ai/bagel/edit": "image-to-image",
    "fal-ai/wan/v2.2-a14b/text-to-video": "text-to-video",
}
DEPRECATED = {"fal-ai/flux-realism": "text-to-image"}

_FIELDS = {"limit", "cursor", "category", "status", "q", "endpoint_id", "expand"}


def page(query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page of what is asked for.

    Raises:
        Failure: a field is not known, or not as it should be.
    """
    if wrong := set(query) - _FIELDS:
        raise of_request(400, f"unknown query field {min(wrong)}", "validation_error")
    limit, status = query.get("limit", str(PAGE)), query.get("status", "")
    if not limit.isdecimal() or int(limit) < 1 or status not in {"", "active", "deprecated"}:
        raise of_request(400, "limit must be at least 1, status active or deprecated", "validation_error")
    models = [
        _model(name, category, state)
        for state, listed in (("active", CATALOGUE), ("deprecated", DEPRECATED))
        for name, category in listed.items()
        if status in {"", state} and query.get("category", category) == category
    ]
    count = min(int(limit), PAGE)
    begin = (int(base64.b64decode(query["cursor"])) - 1) * count if "cursor" in query else 0
    more = begin + count < len(models)
    cursor = base64.b64encode(str(begin // count + 2).encode()).decode() if more else None
    return {"models": models[begin : begin + count], "next_cursor": cursor, "has_more": more}


def _model(name: str, category: str, status: str) -> dict[str, Any]:
    metadata = {
        "display_name": name.rpartition("/")[2],
        "category": category,
        "description": "",
        "status": status,
        "tags": [],
        "updated_at": "2026-11-01T12:00:00Z",
        "is_favorited": False,
        "thumbnail_url": "https://fal.media/files/example.jpg",
        "model_url": f"https://fal.run/{name}",
        "date": "2024-08-01T00:00:00Z",
        "highlighted": False,
        "pinned": False,
    }
    return {"endpoint_id": name, "metadata": metadata}
