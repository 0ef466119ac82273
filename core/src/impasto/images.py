"""Pictures: fetched, checked by their bytes, and only then handed out."""

from __future__ import annotations

import base64
import binascii
import contextlib
import io
import re
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import anyio

from impasto.errors import ProtocolError, ProviderUnavailable
from impasto.plaintext import plain_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

    from impasto.carriers.http import HttpSession
    from impasto.events import Image
    from impasto.settings import Bounds
    from impasto.signing import Destination

_PAUSES = (0.1, 0.4)
_DATA_URL = re.compile(r"data:([^,]*?)(;base64)?,(.*)", re.DOTALL | re.IGNORECASE)


class _Interrupted(ProviderUnavailable, ProtocolError):
    """A picture that ended short: worth another try."""


class ImageReader:
    """Completes the pictures of one conversation.

    Args:
        to: the provider, against whose address relative urls are resolved.
        session: opens the session over which pictures are fetched; only called when one must be.
        bounds: how many bytes and pixels a picture may have.
    """

    def __init__(self, to: Destination, session: Callable[[], HttpSession], bounds: Bounds) -> None:
        self._to = to
        self._session = session
        self._bounds = bounds

    def located(self, image: Image) -> Image:
        """Return the picture with an absolute url."""
        return replace(image, url=self._to.resolve(image.url)) if image.is_remote and image.url else image

    async def complete(self, image: Image) -> Image:
        """Return the picture with its bytes, and with media type and size as the bytes tell them.

        A download that ends short is tried again.

        Raises:
            ResponseError: it cannot be had whole, is not an image, or exceeds a bound.
        """
        if image.data is not None:
            return self._checked(image, image.data)
        url = image.url or ""
        if not image.is_remote:
            data = _data_of(url, self._bounds.image_size)
            return self._checked(replace(image, url=None, data=data), data)
        url = self._to.resolve(url)
        for pause in _PAUSES:
            with contextlib.suppress(_Interrupted):
                return await self._download(image, url)
            await anyio.sleep(pause)
        return await self._download(image, url)

    async def _download(self, image: Image, url: str) -> Image:
        try:
            data = await self._session().download(url, self._bounds.image_size)
        except ProviderUnavailable as error:
            if error.status is None or error.status >= 500:
                raise _Interrupted(error.args[0], status=error.status) from error
            raise
        return self._checked(replace(image, url=url), data)

    def _checked(self, image: Image, data: bytes) -> Image:
        media_type = sniff(data)
        if media_type is not None and not is_whole(data, media_type):
            raise _Interrupted(f"the picture ends short, after {len(data)} bytes")
        media_type, width, height = inspect(data)
        if width * height > self._bounds.image_pixels:
            raise ProtocolError(
                f"the picture has {width}x{height} pixels, more than the {self._bounds.image_pixels} allowed"
            )
        return replace(image, data=data, media_type=media_type, width=width, height=height)


def inspect(data: bytes) -> tuple[str, int, int]:
    """Return media type, width and height (pixels) of an encoded picture, from its magic number and header.

    Raises:
        ProtocolError: it is not a picture in a format that is known here.
    """
    media_type = sniff(data)
    if media_type is None:
        text = plain_text(data[:4096].decode(errors="replace"), 120)
        raise ProtocolError(f"not an image, but {len(data)} bytes: {text}")
    try:
        with _reader_of(media_type)(io.BytesIO(data)) as opened:
            width, height = opened.size
    except Exception as error:  # Pillow's readers raise whatever a broken header makes them stumble over
        raise ProtocolError(f"not a readable {media_type}: {error}") from error
    return media_type, width, height


def sniff(data: bytes) -> str | None:
    """Return the media type that the magic number tells (https://mimesniff.spec.whatwg.org), or None."""
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if data.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if data[:4] == b"RIFF" and data[8:14] == b"WEBPVP":
        return "image/webp"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if data[4:8] == b"ftyp" and data[8:12] in {b"avif", b"avis"}:
        return "image/avif"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "image/tiff"
    if data.startswith(b"BM"):
        return "image/bmp"
    return None


def is_whole(data: bytes, media_type: str) -> bool:
    """Tell whether an encoded picture has its end, for the formats that mark it."""
    if media_type == "image/png":
        return b"IEND\xaeB`\x82" in data
    if media_type == "image/jpeg":
        return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
    if media_type == "image/webp":
        return int.from_bytes(data[4:8], "little") + 8 <= len(data)
    return True


def _reader_of(media_type: str) -> Callable[[io.BytesIO], ImageFile]:
    """Return Pillow's reader for one format: it reads the header alone, and has no warning of its own for size."""
    from PIL import (
        AvifImagePlugin,
        BmpImagePlugin,
        GifImagePlugin,
        JpegImagePlugin,
        PngImagePlugin,
        TiffImagePlugin,
        WebPImagePlugin,
    )

    readers: dict[str, Callable[[io.BytesIO], ImageFile]] = {
        "image/png": PngImagePlugin.PngImageFile,
        "image/jpeg": JpegImagePlugin.JpegImageFile,
        "image/webp": WebPImagePlugin.WebPImageFile,
        "image/gif": GifImagePlugin.GifImageFile,
        "image/avif": AvifImagePlugin.AvifImageFile,
        "image/tiff": TiffImagePlugin.TiffImageFile,
        "image/bmp": BmpImagePlugin.BmpImageFile,
    }
    return readers[media_type]


def _data_of(url: str, limit: int) -> bytes:
    """Return what a ``data:`` URL holds (RFC 2397)."""
    match = _DATA_URL.fullmatch(url)
    if match is None:
        raise ProtocolError(f"not a data: URL: {url[:60]}…")
    if len(match[3]) > limit * 2:
        raise ProtocolError(f"the picture is longer than {limit} bytes")
    raw = unquote_to_bytes(match[3])
    if not raw:
        raise ProtocolError("the picture's data: URL is empty")
    if not match[2]:
        return raw
    try:
        return base64.b64decode(b"".join(raw.split()), validate=True)
    except binascii.Error as error:
        raise ProtocolError(f"the picture's base64 is broken: {error}") from error
