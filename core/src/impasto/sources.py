"""The pictures that a request starts from, whatever they were given as: read, checked, of a kind all services take."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Protocol, TypeAlias, TypeVar
from urllib.parse import urlsplit

from impasto.errors import ImpastoError, InvalidRequest, ResponseError
from impasto.events import Image, ImageResponse
from impasto.images import inspect, is_whole
from impasto.saving.formats import converted

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    import PIL.Image

    from impasto.request import ImageRequest

ImageSource: TypeAlias = "str | os.PathLike[str] | bytes | IO[bytes] | Image | ImageResponse | PIL.Image.Image"
"""What a picture can be given as: a file's path, an address (``https:``, ``data:``), encoded bytes, an open file, a
picture of Pillow's, or what impasto has drawn."""

_ONE = (str, bytes, bytearray, memoryview, os.PathLike, ImageResponse)
_T = TypeVar("_T")


class InThread(Protocol):
    """Calls a function in a thread of its own."""

    async def __call__(self, function: Callable[..., _T], *arguments: Any) -> _T:
        """Return what the function returns."""


LARGEST = 64 * 1024 * 1024
"""Bytes of a file that is read."""

KINDS = frozenset({"image/png", "image/jpeg", "image/webp"})
"""The media types that reach a plugin; pictures of others become PNG."""

_ADDRESS = ("http://", "https://", "data:")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_ORIENTATION = 0x0112
"""The tag of Exif that says which way up a picture is shown (CIPA DC-008, section 4.6.5); 1 is as it is stored."""

_MARKS = {"image/jpeg": b"Exif\0\0", "image/png": b"eXIf", "image/webp": b"EXIF"}
"""What stands before Exif in an encoded picture."""


@dataclass(frozen=True, slots=True)
class Drawn(Image):
    """A picture that a provider drew and keeps at an address: to be fetched from it as from nobody else, with its key.

    Attributes:
        provider: the provider's id.
    """

    provider: str = ""


def images_of(given: Any, parameter: str = "images") -> tuple[Image, ...]:
    """Return the pictures that somebody gave: one, or several.

    Raises:
        InvalidRequest: one cannot be read, or is no picture.
    """
    if given is None:
        return ()
    several = isinstance(given, Iterable) and not isinstance(given, _ONE) and not hasattr(given, "read")
    return tuple(image_of(each, parameter) for each in (given if several else (given,)))


def image_of(given: Any, parameter: str = "images") -> Image:
    """Return a picture: with its bytes, unless it was given as an address, which is fetched later.

    Raises:
        InvalidRequest: it cannot be read, or is no picture.
    """
    if isinstance(given, ImageResponse):
        if given.image.is_remote and given.provider:
            return Drawn(given.image.url, provider=given.provider)
        given = given.image
    if isinstance(given, Drawn):
        return given
    if isinstance(given, Image):
        if given.data is None:
            return image_of(given.url or "", parameter)
        given = given.data
    if isinstance(given, str) and given.lower().startswith(_ADDRESS):
        return Image(_without_user(given, parameter))
    if isinstance(given, str) and _SCHEME.match(given):
        scheme = given.partition(":")[0]
        raise InvalidRequest(
            f"{parameter}: an address begins with http:, https: or data:, not {scheme}:; a file is given as its path.",
            parameter=parameter,
        )
    if isinstance(given, str | os.PathLike):
        path = Path(given)
        return completed(Image(data=_read(path, parameter)), parameter, str(path))
    if isinstance(given, bytes | bytearray | memoryview):
        name = "the bytes that were given"
        return completed(Image(data=_within_bound(bytes(given), "what was given", parameter)), parameter, name)
    if callable(getattr(given, "read", None)):
        return image_of(_content(given, parameter), parameter)
    if hasattr(given, "save") and hasattr(given, "mode"):
        return completed(Image(data=_encoded(given, parameter)), parameter, "the picture that was given")
    raise InvalidRequest(
        f"{parameter}: a picture is a path, an address, bytes, an open file, a picture of Pillow's, an impasto.Image "
        f"or an ImageResponse, not {type(given).__name__}.",
        parameter=parameter,
    )


def completed(image: Image, parameter: str, name: str) -> Image:
    """Return a picture that has its bytes, with type and size as these tell them, and in a format of `KINDS`.

    A picture that is to be shown turned (Exif) is turned, since services disagree on whether to; of an animation of
    another format, the first frame is taken.

    Raises:
        InvalidRequest: it is no picture, or not whole.
    """
    data = image.data or b""
    try:
        media_type, width, height = inspect(data)
        if not is_whole(data):
            raise InvalidRequest(f"{parameter}: {name} ends short, after {len(data)} bytes.", parameter=parameter)
        if media_type not in KINDS or _is_turned(data, media_type):
            data = _upright(data, "JPEG" if media_type == "image/jpeg" else "PNG")
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


async def fetched(
    request: ImageRequest, fetch: Callable[[Image], Awaitable[Image]], in_thread: InThread
) -> ImageRequest:
    """Return a request all of whose pictures have their bytes.

    Args:
        request: some of its pictures may be addresses.
        fetch: downloads one.
        in_thread: calls a function in a thread, since decoding takes a while.

    Raises:
        InvalidRequest: one cannot be had, or is no picture.
    """

    async def whole(image: Image, parameter: str) -> Image:
        if image.data is not None:
            return image
        name = "the data: URL" if not image.is_remote else (image.url or "").partition("?")[0]
        try:
            return await in_thread(completed, await fetch(image), parameter, name)
        except ResponseError as error:
            raise InvalidRequest(f"{parameter}: {name} cannot be had: {error.args[0]}.", parameter=parameter) from error

    images = tuple([await whole(image, "images") for image in request.images])
    mask = None if request.mask is None else await in_thread(as_mask, await whole(request.mask, "mask"))
    found = replace(request, images=images, mask=mask)
    check_mask(found)
    return found


def _without_user(address: str, parameter: str) -> str:
    try:
        has_user = "@" in urlsplit(address).netloc
    except ValueError as error:
        raise InvalidRequest(f"{parameter}: not an address: {error}.", parameter=parameter) from error
    if has_user:
        raise InvalidRequest(
            f"{parameter}: an address with a user or a password in it is not fetched: fetch the picture, and give its "
            "bytes.",
            parameter=parameter,
        )
    return address


def _is_turned(data: bytes, media_type: str) -> bool:
    """Tell whether a picture is to be shown turned or mirrored."""
    if _MARKS[media_type] not in data:
        return False
    import PIL.Image

    with PIL.Image.open(io.BytesIO(data)) as opened:
        return opened.getexif().get(_ORIENTATION, 1) not in {0, 1}


def _upright(data: bytes, target: str) -> bytes:
    import PIL.Image

    with PIL.Image.open(io.BytesIO(data)) as opened:
        if not getattr(opened, "is_animated", False):
            return converted(data, target)
        first = io.BytesIO()
        opened.convert("RGBA" if opened.has_transparency_data else "RGB").save(first, target)
        return first.getvalue()


def _content(file: Any, parameter: str) -> bytes:
    try:
        data = file.read(LARGEST + 1)
    except Exception as error:  # whatever a stranger's file object raises
        raise InvalidRequest(f"{parameter}: the file cannot be read: {error}.", parameter=parameter) from error
    if not isinstance(data, bytes):
        raise InvalidRequest(f"{parameter}: the file must be opened for bytes (mode 'rb').", parameter=parameter)
    return _within_bound(data, "the file", parameter)


def _within_bound(data: bytes, name: str, parameter: str) -> bytes:
    if not data:
        raise InvalidRequest(f"{parameter}: {name} is empty.", parameter=parameter)
    if len(data) > LARGEST:
        raise InvalidRequest(f"{parameter}: {name} is longer than {LARGEST} bytes.", parameter=parameter)
    return data


def _read(path: Path, parameter: str) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise InvalidRequest(f"{parameter}: {path} cannot be read: {reason}.", parameter=parameter) from error
    return _within_bound(data, str(path), parameter)


def _encoded(picture: PIL.Image.Image, parameter: str) -> bytes:
    content = io.BytesIO()
    try:
        if picture.mode not in {"1", "L", "LA", "P", "RGB", "RGBA"}:
            picture = picture.convert("RGB")
        picture.save(content, "PNG")
    except Exception as error:  # Pillow raises whatever lies behind a picture that is loaded only now
        raise InvalidRequest(f"{parameter}: the picture cannot be written: {error}.", parameter=parameter) from error
    return content.getvalue()
