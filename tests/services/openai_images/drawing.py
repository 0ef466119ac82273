"""The pictures that the stand-in draws: plain, in the format and of the size that was asked for."""

from __future__ import annotations

import base64
import io

from PIL import Image

from services.serving import Upload

RUST = (183, 65, 14)
"""What everything is drawn in."""

_FORMATS = {"png": "PNG", "jpeg": "JPEG", "webp": "WEBP", "gif": "GIF"}


def draw(
    size: tuple[int, int],
    output_format: str = "png",
    *,
    transparent: bool = False,
    frames: int = 9,
    under: Upload | None = None,
    mask: Upload | None = None,
) -> bytes:
    """Return an encoded picture.

    Args:
        size: width and height, in pixels.
        output_format: as the API names it.
        transparent: whether it has no background.
        frames: of a GIF.
        under: the picture that is edited: it is kept where the mask is opaque.
        mask: a PNG of the size of `under`.
    """
    picture = Image.new("RGBA", size, (*RUST, 0 if transparent else 255))
    if under is not None and mask is not None:
        with Image.open(io.BytesIO(under.data)) as kept, Image.open(io.BytesIO(mask.data)) as stencil:
            picture.paste(kept.convert("RGBA").resize(size), mask=stencil.getchannel("A").resize(size))
    encoded = io.BytesIO()
    if output_format == "gif":
        shades = [Image.new("RGB", size, (number * 10, 65, 14)) for number in range(frames)]
        shades[0].save(encoded, "GIF", save_all=True, append_images=shades[1:], duration=200)
    else:
        shown = picture if transparent else picture.convert("RGB")
        shown.save(encoded, _FORMATS[output_format])
    return encoded.getvalue()


def in_base64(picture: bytes) -> str:
    """Return a picture as the API tells it: without ``data:`` in front."""
    return base64.b64encode(picture).decode()
