"""The pictures that a request starts from, whatever they were given as: read, checked, of a kind all services take."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from impasto.errors import ImpastoError, InvalidRequest, ResponseError
from impasto.events import Image, ImageResponse
from impasto.images import inspect, is_whole
from impasto.saving.formats import converted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import PIL.Image

    from impasto.request import ImageRequest

ImageSource: TypeAlias = "str | os.PathLike[str] | bytes | Image | ImageResponse | PIL.Image.Image"
"""What a picture can be given as: a file's path, an address (``https:``, ``data:``), encoded bytes, a picture of
Pillow's, or what impasto has drawn."""

LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read."""

KINDS = frozenset({"image/png", "image/jpeg", "image/webp"})
"""The media types that reach a plugin; pictures of others become PNG."""

_ADDRESS = ("http://", "https://", "data:")


def images_of(given: Any, parameter: str = "images") -> tuple[Image, ...]:
    """Return the pictures that somebody gave: one, or several.

    Raises:
        InvalidRequest: one cannot be read, or is no picture.
    """
    if given is None:
        return ()
    several = isinstance(given, Iterable) and not isinstance(given, str | bytes | os.PathLike | ImageResponse)
    return tuple(image_of(each, parameter) for each in (given if several else (given,)))


def image_of(given: Any, parameter: str = "images") -> Image:
    """Return a picture: with its bytes, unless it was given as an address, which is fetched later.

    Raises:
        InvalidRequest: it cannot be read, or is no picture.
    """
    if isinstance(given, ImageResponse):
        given = given.image
    if isinstance(given, Image):
        if given.data is None:
            return image_of(given.url or "", parameter)
        given = given.data
    if isinstance(given, str) and given.lower().startswith(_ADDRESS):
        return Image(given)
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        return completed(Image(data=_read(path, parameter)), parameter, str(path))
    if isinstance(given, bytes | bytearray | memoryview):
        return completed(Image(data=bytes(given) or b"\0"), parameter, "the bytes that were given")
    if hasattr(given, "save") and hasattr(given, "mode"):
        return completed(Image(data=_encoded(given, parameter)), parameter, "the picture that was given")
    raise InvalidRequest(
        f"{parameter}: a picture is a path, an address, bytes, a picture of Pillow's, an impasto.Image or an "
        f"ImageResponse, not {type(given).__name__}.",
        parameter=parameter,
    )


def completed(image: Image, parameter: str, name: str) -> Image:
    """Return a picture that has its bytes, with type and size as these tell them, and in a format of `KINDS`.

    Raises:
        InvalidRequest: it is no picture, or not whole.
    """
    data = image.data or b""
    try:
        media_type, width, height = inspect(data)
        if not is_whole(data):
            raise InvalidRequest(f"{parameter}: {name} ends short, after {len(data)} bytes.", parameter=parameter)
        if media_type not in KINDS:
            data = converted(data, "PNG")
            media_type, width, height = inspect(data)
    except InvalidRequest:
        raise
    except ImpastoError as error:
        raise InvalidRequest(
            f"{parameter}: {name} cannot be read as a picture: {error}.", parameter=parameter
        ) from error
    return Image(None, data, media_type, width, height, image.seed)


def as_mask(mask: Image) -> Image:
    """Return a mask in the one form that plugins see: PNG, 8 bits of grey, white where to draw anew, black elsewhere.

    Of a picture that is transparent somewhere, what is transparent counts as white, whatever its colour.

    Raises:
        InvalidRequest: its pixels cannot be read.
    """
    import PIL.Image
    import PIL.ImageChops

    try:
        with PIL.Image.open(io.BytesIO(mask.data or b"")) as opened:
            grey = opened.convert("LA" if opened.has_transparency_data else "L")
    except Exception as error:  # Pillow's readers raise whatever broken pixels make them stumble over
        raise InvalidRequest(f"mask: it cannot be read: {error}.", parameter="mask") from error
    if grey.mode == "LA":
        alpha = grey.getchannel("A")
        is_opaque = alpha.getextrema() == (255, 255)
        grey = grey.getchannel("L") if is_opaque else PIL.ImageChops.invert(alpha)
    content = io.BytesIO()
    grey.save(content, "PNG")
    return Image(None, content.getvalue(), "image/png", grey.width, grey.height)


def check_mask(request: ImageRequest) -> None:
    """Raise `InvalidRequest` where mask and picture are known to be of different sizes."""
    mask, first = request.mask, request.images[0] if request.images else None
    if mask is None or first is None or mask.width is None or first.width is None:
        return
    if (mask.width, mask.height) != (first.width, first.height):
        raise InvalidRequest(
            f"mask is of {mask.width}x{mask.height} pixels and the picture of {first.width}x{first.height}: give a "
            "mask of the picture's size.",
            parameter="mask",
        )


def has_addresses(request: ImageRequest) -> bool:
    """Tell whether one of the request's pictures is yet to be fetched."""
    return any(image.data is None for image in (*request.images, *((request.mask,) if request.mask else ())))


async def fetched(request: ImageRequest, fetch: Callable[[Image], Awaitable[Image]]) -> ImageRequest:
    """Return a request all of whose pictures have their bytes.

    Args:
        request: some of its pictures may be addresses.
        fetch: downloads one.

    Raises:
        InvalidRequest: one cannot be had, or is no picture.
    """

    async def whole(image: Image, parameter: str) -> Image:
        if image.data is not None:
            return image
        name = "the data: URL" if not image.is_remote else (image.url or "").partition("?")[0]
        try:
            return completed(await fetch(image), parameter, name)
        except ResponseError as error:
            raise InvalidRequest(f"{parameter}: {name} cannot be had: {error.args[0]}.", parameter=parameter) from error

    images = tuple([await whole(image, "images") for image in request.images])
    mask = None if request.mask is None else as_mask(await whole(request.mask, "mask"))
    found = replace(request, images=images, mask=mask)
    check_mask(found)
    return found


def _read(path: Path, parameter: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidRequest(f"{parameter}: {path} cannot be read: {reason}.", parameter=parameter) from error
    if not data:
        raise InvalidRequest(f"{parameter}: {path} is empty.", parameter=parameter)
    if len(data) > LARGEST:
        raise InvalidRequest(f"{parameter}: {path} is longer than {LARGEST} bytes.", parameter=parameter)
    return data


def _encoded(picture: PIL.Image.Image, parameter: str) -> bytes:
    content = io.BytesIO()
    try:
        if picture.mode not in {"1", "L", "LA", "P", "RGB", "RGBA"}:
            picture = picture.convert("RGB")
        picture.save(content, "PNG")
    except Exception as error:  # Pillow raises whatever lies behind a picture that is loaded only now
        raise InvalidRequest(f"{parameter}: the picture cannot be written: {error}.", parameter=parameter) from error
    return content.getvalue()
