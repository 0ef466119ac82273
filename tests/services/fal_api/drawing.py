"""The pictures of the stand-in: plain, whole, and of the size that was asked for."""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
from dataclasses import dataclass
from typing import Any

import PIL.Image

from services.fal_api.failures import Failure, detail, of_model
from services.fal_api.vocabulary import NAMED, Input

LARGEST = 2048
"""Pixels a side; a picture that would be larger is drawn small."""

SMALL = 64

RATIO_SIDE = 192
"""Pixels of the longer side of a picture of which only the aspect ratio was asked for."""


@dataclass(frozen=True)
class Drawn:
    """A picture, encoded."""

    data: bytes
    media_type: str
    width: int
    height: int

    @property
    def data_uri(self) -> str:
        """The picture in a ``data:`` URI, as ``sync_mode`` has it."""
        return f"data:{self.media_type};base64,{base64.b64encode(self.data).decode()}"


def colour(seed: int, index: int = 0) -> tuple[int, int, int]:
    """The colour of the picture that a seed gives; ``index`` counts the pictures of one request."""
    red, green, blue = hashlib.sha256(f"{seed} {index}".encode()).digest()[:3]
    return red, green, blue


def draw(body: Input, seed: int, index: int, *, unsafe: bool = False) -> Drawn:
    """Draw one picture: in the colour of its seed; where a mask is black, what was there stays; black if unsafe.

    Raises:
        Failure: a picture to start from cannot be read, or is of another size than its mask.
    """
    asked = body.model_dump()
    source = _source(asked)
    picture = PIL.Image.new("RGB", _size(asked, source), (0, 0, 0) if unsafe else colour(seed, index))
    name = "mask_image_url" if "mask_image_url" in asked else "mask_url"
    if source is not None and asked.get(name) and not unsafe:
        mask = _read(asked[name], name).convert("L")
        if mask.size != source.size:
            raise of_model(422, detail("image_aspect_ratio_error", "Mask and image must have the same size", name))
        kept = source.convert("RGB").resize(picture.size)
        picture = PIL.Image.composite(picture, kept, mask.resize(picture.size))
    kind = str(asked.get("output_format") or asked.get("format") or "png")
    content = io.BytesIO()
    picture.save(content, kind.upper(), quality=95)
    return Drawn(content.getvalue(), f"image/{kind}", *picture.size)


def _source(asked: dict[str, Any]) -> PIL.Image.Image | None:
    if asked.get("image_url") is not None:
        return _read(asked["image_url"], "image_url")
    sources = [_read(each, "image_urls", index) for index, each in enumerate(asked.get("image_urls") or ())]
    return sources[0] if sources else None


def _size(asked: dict[str, Any], source: PIL.Image.Image | None) -> tuple[int, int]:
    size = asked.get("image_size")
    if isinstance(size, dict):
        width, height = size["width"], size["height"]
        return (width, height) if max(width, height) <= LARGEST else (SMALL, SMALL)
    if size in NAMED:
        return NAMED[str(size)]
    across, _, down = str(asked.get("aspect_ratio") or asked.get("resolution_mode") or "").partition(":")
    if down:
        longer = max(int(across), int(down))
        return RATIO_SIDE * int(across) // longer, RATIO_SIDE * int(down) // longer
    return source.size if source is not None else (SMALL, SMALL)


def _read(value: str, *loc: str | int) -> PIL.Image.Image:
    if value.startswith("https://"):
        words = "Failed to download the file. Please check if the URL is accessible and try again."
        raise of_model(422, detail("file_download_error", words, *loc, input=value))
    head, comma, content = value.partition(";base64,")
    if not comma or not head.startswith("data:image/"):
        raise of_model(422, detail("value_error", "Input must be a valid HTTPS URL or a Data URI", *loc))
    try:
        picture = PIL.Image.open(io.BytesIO(base64.b64decode(content, validate=True)))
        picture.load()
    except (binascii.Error, OSError, SyntaxError, ValueError) as error:
        raise unreadable(*loc) from error
    if PIL.Image.MIME[picture.format or ""] != head.removeprefix("data:"):
        raise unreadable(*loc)
    return picture


def unreadable(*loc: str | int) -> Failure:
    """What fal says to a picture that it cannot read."""
    return of_model(422, detail("image_load_error", "Failed to load the image. Please ensure it is valid.", *loc))
