"""Pictures in transcripts: a plain one of the same format stands for each, so that a transcript stays text."""

from __future__ import annotations

import base64
import functools
import io
import re
from typing import TYPE_CHECKING, Any

from impasto.errors import InvalidRequest, ProtocolError
from impasto.images import inspect
from impasto.saving.formats import format_of
from impasto.sources import as_mask, image_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from impasto.events import Image

_SMALL = 8
_NAMED = re.compile(r"\[picture PNG (\d{1,5})x(\d{1,5})\]")
_BASE64 = re.compile(r"[A-Za-z0-9+/]{80,}={0,2}")


@functools.lru_cache(maxsize=64)
def plain_picture(picture_format: str, width: int, height: int, grey: int = 120) -> bytes:
    """Return an encoded grey picture; the same arguments give the same bytes.

    Args:
        picture_format: as Pillow names it, such as ``PNG``.
        width: pixels.
        height: pixels.
        grey: how light, 0 to 255.

    Raises:
        ValueError: Pillow cannot write such a picture.
    """
    import PIL.Image

    encoded = io.BytesIO()
    try:
        PIL.Image.new("RGB", (width, height), (grey, grey, grey)).save(encoded, picture_format)
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


def named(picture: Image) -> str:
    """Return what stands for a picture to start from in a transcript's head, such as ``[picture PNG 64x48]``."""
    return f"[picture PNG {picture.width}x{picture.height}]"


def starting_from(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request's fields with pictures in place of what stands for them in a transcript's head.

    Raises:
        InvalidRequest: something else stands there.
    """
    found = dict(fields)
    if fields.get("images"):
        found["images"] = tuple(_plain_image(each, "images") for each in fields["images"])
    if fields.get("mask"):
        found["mask"] = as_mask(_plain_image(fields["mask"], "mask"))
    return found


def _plain_image(name: object, parameter: str) -> Image:
    match = _NAMED.fullmatch(name) if isinstance(name, str) else None
    if match is None:
        raise InvalidRequest(
            f"{parameter}: in a transcript, a picture to start from is '[picture PNG 64x48]', not {name!r:.60}.",
            parameter=parameter,
        )
    return image_of(plain_picture("PNG", int(match[1]), int(match[2])), parameter)


def holds_picture(text: str) -> bool:
    """Tell whether a text is a picture in base64, by itself or in a ``data:`` URL."""
    try:
        return format_of(base64.b64decode(text.rpartition(",")[2], validate=True)) is not None
    except ValueError:
        return False


def made_plain(data: bytes) -> bytes:
    """Return a plain picture of the same format and size; bytes that are no picture as they are."""
    try:
        _, width, height = inspect(data)
        return plain_picture(str(format_of(data)), width, height)
    except (ProtocolError, ValueError):
        return data


def without_pictures(text: str) -> tuple[str, list[str]]:
    """Return text without the pictures that are written out in base64, and small ones to stand for them.

    In the text, what `with_pictures` puts them back for is left in their places.
    """
    small: list[str] = []

    def replaced(match: re.Match[str]) -> str:
        picture = _small(match[0])
        if picture is None:
            return match[0]
        small.append(picture)
        return f"\0{len(small) - 1}\0"

    return _BASE64.sub(replaced, text.replace("\0", "\ufffd")), small


def with_pictures(text: str, pictures: list[str]) -> str:
    """Return text with pictures in the places that `without_pictures` left."""
    return re.sub("\0(\\d+)\0", lambda match: pictures[int(match[1])], text)


def _small(encoded: str) -> str | None:
    try:
        picture_format = format_of(base64.b64decode(encoded[:80]))
        if picture_format is None:
            return None
        if described(base64.b64decode(encoded)):
            return encoded
        return base64.b64encode(plain_picture(picture_format, _SMALL, _SMALL)).decode()
    except ValueError:  # binascii's too: it is not base64, or no picture that can be written
        return None
