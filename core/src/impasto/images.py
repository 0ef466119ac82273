"""Pictures: fetched, checked by their bytes, and only then handed out."""

from __future__ import annotations

import binascii
import contextlib
import importlib
import io
from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import unquote_to_bytes

import anyio

from impasto.errors import AuthenticationError, ProtocolError, ProviderUnavailable
from impasto.events import Image
from impasto.plaintext import plain_text
from impasto.saving.formats import MEDIA_TYPES, format_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from PIL.ImageFile import ImageFile

    from impasto.carriers.http import HttpSession
    from impasto.settings import Bounds
    from impasto.signing import Destination

_PAUSES = (0.1, 0.4)
_READERS = {
    "AVIF": ("AvifImagePlugin", "AvifImageFile"),
    "BMP": ("BmpImagePlugin", "BmpImageFile"),
    "GIF": ("GifImagePlugin", "GifImageFile"),
    "JPEG": ("JpegImagePlugin", "JpegImageFile"),
    "PNG": ("PngImagePlugin", "PngImageFile"),
    "TIFF": ("TiffImagePlugin", "TiffImageFile"),
    "WEBP": ("WebPImagePlugin", "WebPImageFile"),
}


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
        if not image.is_remote or not image.url or (url := self._to.resolve(image.url)) == image.url:
            return image
        return Image(url, None, image.media_type, image.width, image.height, image.seed)

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
        except AuthenticationError as error:
            if self._to.is_own(url):
                raise
            # It was asked for without a key, at an address that is good for a while.
            words = f"the picture's address is not valid, or not any more: {error.args[0]}"
            raise ProviderUnavailable(words, status=error.status) from error
        except ProviderUnavailable as error:
            if error.status is None or error.status >= 500:
                raise _Interrupted(error.args[0], status=error.status) from error
            raise
        return self._checked(replace(image, url=url), data)

    def _checked(self, image: Image, data: bytes) -> Image:
        if not is_whole(data):
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
    picture_format = format_of(data)
    if picture_format is None:
        text = plain_text(data[:4096].decode(errors="replace"), 120)
        raise ProtocolError(f"not an image, but {len(data)} bytes{f': {text}' if text else ''}")
    try:
        with _reader_of(picture_format)(io.BytesIO(data)) as opened:
            width, height = opened.size
    except Exception as error:  # Pillow's readers raise whatever a broken header makes them stumble over
        raise ProtocolError(f"not a readable {picture_format}: {error}") from error
    return MEDIA_TYPES[picture_format], width, height


def is_whole(data: bytes) -> bool:
    """Tell whether an encoded picture has its end, where its format marks it."""
    match format_of(data):
        case "PNG":
            return b"IEND\xaeB`\x82" in data
        case "JPEG":
            return data.rfind(b"\xff\xd9") > data.rfind(b"\xff\xda")
        case "WEBP":
            return int.from_bytes(data[4:8], "little") + 8 <= len(data)
        case _:
            return True


def _reader_of(picture_format: str) -> Callable[[io.BytesIO], ImageFile]:
    """Return Pillow's reader for one format: it reads the header alone, and has no warning of its own for size."""
    module, name = _READERS[picture_format]
    reader: Callable[[io.BytesIO], ImageFile] = getattr(importlib.import_module(f"PIL.{module}"), name)
    return reader


def _data_of(url: str, limit: int) -> bytes:
    """Return what a ``data:`` URL holds (RFC 2397)."""
    declared, comma, content = url.partition(",")
    if not comma or not declared.lower().startswith("data:"):
        raise ProtocolError(f"not a data: URL: {url[:60]}…")
    if len(content) > limit * 2:
        raise ProtocolError(f"the picture is longer than {limit} bytes")
    if not content:
        raise ProtocolError("the picture's data: URL is empty")
    if not declared.lower().endswith(";base64"):
        return unquote_to_bytes(content)
    with contextlib.suppress(ValueError):
        return binascii.a2b_base64(content, strict_mode=True)
    # It may be escaped, or broken into lines.
    try:
        return binascii.a2b_base64(b"".join(unquote_to_bytes(content).split()), strict_mode=True)
    except binascii.Error as error:
        raise ProtocolError(f"the picture's base64 is broken: {error}") from error
