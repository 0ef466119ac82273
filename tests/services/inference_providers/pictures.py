"""Small pictures, such as a service may have drawn."""

from __future__ import annotations

import io

import PIL.Image

_LARGEST = 128
_USUAL = (64, 64)


def drawn(width: int | None, height: int | None, kind: str = "PNG", colour: str = "orangered") -> bytes:
    """Return a picture of the size that was asked for; of 64 by 64 pixels where none was, or too large a one."""
    size = (width, height) if width and height and max(width, height) <= _LARGEST else _USUAL
    content = io.BytesIO()
    PIL.Image.new("RGB", size, colour).save(content, kind)
    return content.getvalue()
