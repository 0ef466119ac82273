"""How large a picture is to be. ComfyUI knows no aspect ratios, and draws what is asked, rounded down to 8 pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING

from impasto import size_of

if TYPE_CHECKING:
    from impasto import ImageRequest
    from impasto_comfyui.styles import Style

LONGEST_OF_PICTURE = 2048
"""Pixels a side, within which a picture to start from is brought, where no size is asked."""

_USUAL = 1024
_SHORTEST = 16


def size_asked(request: ImageRequest, style: Style) -> tuple[int, int] | None:
    """Return the size to draw; None for that of the picture to start from.

    A ratio means what it means everywhere in impasto, at the style's usual size.

    Args:
        request: may say width, height, or an aspect ratio.
        style: with the usual size.
    """
    width, height = request.width, request.height
    picture = request.images[0] if request.images else None
    if width is None and height is None and request.aspect_ratio is None and (picture or request.session):
        if picture is None or not picture.width or not picture.height:
            return None
        scale = LONGEST_OF_PICTURE / max(picture.width, picture.height)
        return None if scale >= 1 else _rounded(picture.width * scale, picture.height * scale, style.multiple)
    across, down = _proportions(request)
    if width is None and height is None:
        wide, high = size_of(request.aspect_ratio or "1:1")
        return _rounded(wide * style.side / _USUAL, high * style.side / _USUAL, style.multiple)
    if not across or not down:
        return _rounded(width or style.side, height or style.side, style.multiple)
    return _rounded(width or (height or 0) * across / down, height or (width or 0) * down / across, style.multiple)


def _proportions(request: ImageRequest) -> tuple[int, int]:
    if request.aspect_ratio is not None:
        across, _, down = request.aspect_ratio.partition(":")
        return int(across), int(down)
    picture = request.images[0] if request.images else None
    return (picture.width or 0, picture.height or 0) if picture else (0, 0)


def _rounded(width: float, height: float, multiple: int) -> tuple[int, int]:
    across, down = (max(int(side + 0.5) // multiple * multiple, _SHORTEST) for side in (width, height))
    return across, down
