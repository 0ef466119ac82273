"""Pictures in transcripts: a plain one of the same format stands for each, so that a transcript stays text."""

from __future__ import annotations

import base64
import binascii
import functools
import io
import re

from impasto.errors import ProtocolError
from impasto.images import inspect
from impasto.saving.formats import format_of

_GREY = (120, 120, 120)
_SMALL = 8
_BASE64 = re.compile(r"[A-Za-z0-9+/]{80,}={0,2}")


@functools.lru_cache(maxsize=64)
def plain_picture(picture_format: str, width: int, height: int) -> bytes:
    """Return an encoded grey picture; the same arguments give the same bytes.

    Args:
        picture_format: as Pillow names it, such as ``PNG``.
        width: pixels.
        height: pixels.

    Raises:
        ValueError: Pillow cannot write such a picture.
    """
    from PIL import Image

    encoded = io.BytesIO()
    try:
        Image.new("RGB", (width, height), _GREY).save(encoded, picture_format)
    except (KeyError, OSError, SystemError) as error:
        raise ValueError(f"no picture can be made of format {picture_format}, {width}x{height} pixels") from error
    return encoded.getvalue()


def described(data: bytes) -> str | None:
    """Return format and size of a picture that `plain_picture` made, such as ``PNG 64x48``; None for anything else."""
    picture_format = format_of(data)
    if picture_format is None:
        return None
    try:
        _, width, height = inspect(data)
        if data != plain_picture(picture_format, width, height):
            return None
    except (ProtocolError, ValueError):
        return None
    return f"{picture_format} {width}x{height}"


def made_plain(data: bytes) -> bytes:
    """Return a plain picture of the same format and size; bytes that are no picture as they are."""
    try:
        _, width, height = inspect(data)
        return plain_picture(str(format_of(data)), width, height)
    except (ProtocolError, ValueError):
        return data


def with_small_pictures(text: str) -> str:
    """Return text in which a small picture stands for each that is written out in base64."""
    return _BASE64.sub(_small, text)


def _small(match: re.Match[str]) -> str:
    try:
        head = base64.b64decode(match[0][:80])
    except binascii.Error:
        return match[0]
    picture_format = format_of(head)
    if picture_format is None:
        return match[0]
    try:
        return base64.b64encode(plain_picture(picture_format, _SMALL, _SMALL)).decode()
    except ValueError:
        return match[0]
