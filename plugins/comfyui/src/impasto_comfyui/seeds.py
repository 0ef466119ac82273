"""Which seed is drawn with. ComfyUI draws none itself, so one is made where nobody asks for any.

The core would draw one for a model that cannot; but then nobody could tell it from one that was asked for, and the
default that a workflow has for its seed would never hold.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impasto import ImageRequest


def seed_asked(request: ImageRequest) -> int | None:
    """Return the seed that is asked for; None for any."""
    return None if request.randomize_seed else request.seed


def seed_of(request: ImageRequest) -> int:
    """Return the seed that is asked for, or else one made from the request's id, of 64 bits; 0 where none is wanted."""
    if (asked := seed_asked(request)) is not None:
        return asked
    if request.randomize_seed is False:
        return 0
    return int.from_bytes(hashlib.sha256(request.id.encode()).digest()[:8])
