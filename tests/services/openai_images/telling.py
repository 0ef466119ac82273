"""What the API tells beside its pictures: tokens, and events."""

from __future__ import annotations

import json
from typing import Any

from services.openai_images.bodies import Painting

CREATED = 1_764_000_000
"""When everything was made, in seconds since the epoch."""


def usage_of(asked: Painting, images: int) -> dict[str, Any]:
    """Return the tokens of a request: 10 of text, 40 for each picture in, 200 for each out, 100 for each preview."""
    text, pictures = 10, 40 * images
    out = 200 * (asked.n or 1) + 100 * (asked.partial_images or 0)
    details = {"text_tokens": text, "image_tokens": pictures}
    total = text + pictures + out
    return {
        "total_tokens": total,
        "input_tokens": text + pictures,
        "output_tokens": out,
        "input_tokens_details": details,
    }


def event(name: str, **data: Any) -> str:
    """Return a server-sent event whose type stands in its data too."""
    return f"event: {name}\ndata: {json.dumps({'type': name, **data})}\n\n"
