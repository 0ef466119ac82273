"""The file formats of pictures: known by their first bytes, and made from one another."""

from __future__ import annotations

import io
import warnings
from typing import TYPE_CHECKING, Any

from impasto.errors import UnsavableImage
from impasto.plaintext import plain_text

if TYPE_CHECKING:
    from PIL import Image

FORMATS = {
    ".avif": "AVIF",
    ".bmp": "BMP",
    ".gif": "GIF",
    ".jpeg": "JPEG",
    ".jpg": "JPEG",
    ".png": "PNG",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".webp": "WEBP",
}
"""Suffix, in lower case, to the format's name as Pillow has it."""

MEDIA_TYPES = {
    "AVIF": "image/avif",
    "BMP": "image/bmp",
    "GIF": "image/gif",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "TIFF": "image/tiff",
    "WEBP": "image/webp",
}
"""A format's name to its media type (https://www.iana.org/assignments/media-types)."""

QUALITY = 95
"""Of lossy formats, 0 to 100: hardly to be told from the original."""

MOST_PIXELS = 250_000_000
"""Pixels of all frames of an animation together, beyond which it is not converted: a gigabyte in memory."""

_ANIMATED = frozenset({"AVIF", "GIF", "PNG", "WEBP"})
_LOSSLESS = frozenset({"BMP", "GIF", "PNG"})
_OPAQUE = frozenset({"BMP", "JPEG"})
_MODES = {
    "AVIF": {"RGB", "RGBA"},
    "BMP": {"1", "L", "P", "RGB"},
    "GIF": {"1", "L", "P", "RGB", "RGBA"},
    "JPEG": {"L", "RGB", "CMYK"},
    "PNG": {"1", "L", "LA", "P", "RGB", "RGBA", "I;16"},
    "TIFF": {"1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK"},
    "WEBP": {"RGB", "RGBA"},
}
_OPTIONS: dict[str, dict[str, Any]] = {
    "AVIF": {"quality": QUALITY},
    "JPEG": {"quality": QUALITY, "subsampling": 0},
    "TIFF": {"compression": "tiff_lzw"},
    "WEBP": {"quality": QUALITY},
}


def format_of(data: bytes) -> str | None:
    """Return an encoded picture's format, by Pillow's name for it; None for one that is not in `FORMATS`.

    Read from the first bytes (https://mimesniff.spec.whatwg.org/#matching-an-image-type-pattern, and for AVIF
    the brands of its ``ftyp`` box), never from what somebody says it is.
    """
    if data.startswith(b"\x89PNG\r\n\x1a\n"):
        return "PNG"
    if data.startswith(b"\xff\xd8\xff"):
        return "JPEG"
    if data.startswith((b"GIF87a", b"GIF89a")):
        return "GIF"
    if data.startswith(b"RIFF") and data[8:12] == b"WEBP":
        return "WEBP"
    if data.startswith((b"II*\0", b"MM\0*")):
        return "TIFF"
    if data.startswith(b"BM"):
        return "BMP"
    if data[4:8] == b"ftyp" and _brands(data) & {b"avif", b"avis"}:
        return "AVIF"
    return None


def check_picture(data: bytes) -> None:
    """Raise `UnsavableImage` unless the bytes are a picture, as far as shows without decoding its pixels."""
    try:
        with _open(data) as image:
            image.verify()
    except Exception as error:
        raise UnsavableImage(f"The bytes are not a picture that can be read: {_reason(error)}.") from error


def converted(data: bytes, target: str) -> bytes:
    """Return a picture in another format.

    Transparency becomes white where the format has none; colours and depths that it cannot hold become the
    nearest it can (RGB, 8 bits); of an animation the first frame is taken where it cannot move. Lossy formats are
    written at `QUALITY`, WebP without loss if the source had none.

    Args:
        data: an encoded picture, in any format that Pillow reads.
        target: one of the formats in `FORMATS`.

    Raises:
        UnsavableImage: the picture cannot be read, or not be written in that format.
    """
    try:
        with _open(data) as image:
            return _encoded(image, target)
    except UnsavableImage:
        raise
    except Exception as error:
        raise UnsavableImage(f"The picture cannot be converted to {target}: {_reason(error)}.") from error


def _brands(data: bytes) -> set[bytes]:
    end = min(int.from_bytes(data[:4], "big"), 64)
    return {data[8:12], *(data[at : at + 4] for at in range(16, end, 4))}


def _open(data: bytes) -> Image.Image:
    from PIL import Image

    with warnings.catch_warnings():
        # How many pixels are too many was decided when the picture came.
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        return Image.open(io.BytesIO(data))


def _reason(error: Exception) -> str:
    return plain_text(str(error)).rstrip(".") or type(error).__name__


def _encoded(image: Image.Image, target: str) -> bytes:
    from PIL import ImageOps

    source = image.format or ""
    options = dict(_OPTIONS.get(target, {}))
    if target == "WEBP" and source in _LOSSLESS:
        options = {"lossless": True}
    if target in _ANIMATED and source in _ANIMATED and getattr(image, "is_animated", False):
        first, more = _frames(image)
        options |= more
    else:
        image.load()
        first = _fitted(ImageOps.exif_transpose(image), target)
    profile = image.info.get("icc_profile")
    if profile and _colours(image.mode) == _colours(first.mode):
        options["icc_profile"] = profile
    encoded = io.BytesIO()
    first.save(encoded, format=target, **options)
    return encoded.getvalue()


def _frames(image: Image.Image) -> tuple[Image.Image, dict[str, Any]]:
    from PIL import ImageSequence

    count = getattr(image, "n_frames", 1)
    if count * image.width * image.height > MOST_PIXELS:
        raise UnsavableImage(
            f"The animation is too large to be converted: {count} frames of {image.width}x{image.height} pixels."
        )
    frames, durations = [], []
    for frame in ImageSequence.Iterator(image):
        frames.append(frame.convert("RGBA"))
        durations.append(round(frame.info.get("duration", 100)))
    return frames[0], {
        "save_all": True,
        "append_images": frames[1:],
        "duration": durations,
        "loop": image.info.get("loop", 0),
    }


def _fitted(image: Image.Image, target: str) -> Image.Image:
    from PIL import Image as Pillow

    transparent = image.has_transparency_data
    if transparent and target in _OPAQUE:
        above = image.convert("RGBA")
        ground = Pillow.new("RGBA", above.size, "white")
        return Pillow.alpha_composite(ground, above).convert("RGB")
    if transparent and image.mode not in {"LA", "RGBA"}:
        return image.convert("RGBA")
    if image.mode in _MODES[target]:
        return image
    if image.mode.startswith("I"):
        # 16 bits a pixel; Pillow's own conversion would clip them at 255.
        image = image.convert("I").point(lambda value: value * (1 / 256)).convert("L")
        return image if "L" in _MODES[target] else image.convert("RGB")
    return image.convert("RGBA" if transparent else "RGB")


def _colours(mode: str) -> str:
    return {"1": "L", "LA": "L", "I;16": "L", "P": "RGB", "RGBA": "RGB"}.get(mode, mode)
