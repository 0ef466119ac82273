"""Small pictures, made on the spot."""

from __future__ import annotations

import io

from PIL import Image


def picture(media_format: str = "PNG", size: tuple[int, int] = (64, 64), colour: str = "orange") -> bytes:
    """Return an encoded picture of one colour."""
    encoded = io.BytesIO()
    Image.new("RGB", size, colour).save(encoded, media_format)
    return encoded.getvalue()
