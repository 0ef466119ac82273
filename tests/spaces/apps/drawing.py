"""Pictures without a model: quick, different for every prompt and seed, the same for the same two."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np  # type: ignore[import-not-found]
from PIL import Image


def draw(prompt: str, seed: int, width: int, height: int, cells: int = 8) -> Any:
    """Return a picture of soft colour fields.

    Args:
        prompt: decides the colours, together with the seed.
        seed: any whole number.
        width: pixels.
        height: pixels.
        cells: fields along each side; fewer make a coarser picture.
    """
    digest = hashlib.sha256(f"{prompt}\0{seed}".encode()).digest()
    dice = np.random.default_rng(int.from_bytes(digest[:8], "big"))
    fields = dice.integers(0, 256, (cells, cells, 3), dtype=np.uint8)
    return Image.fromarray(fields).resize((int(width), int(height)), Image.Resampling.BICUBIC)
