"""How large a picture is to be. ComfyUI knows no aspect ratios, and draws what is asked, rounded down to 8 pixels."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from impasto import size_of
from impasto_comfyui.declarations import LONGEST_SIDE

if TYPE_CHECKING:
    from impasto import ImageRequest
    from impasto_comfyui.styles import Style

LONGEST_OF_PICTURE = 2048
"""Pixels a side, within which a picture to start from is brought, where no size is asked."""

_USUAL = 1024
_SHORTEST = 16
_OF_LATENT = 8


def size_asked(request: ImageRequest, style: Style) -> tuple[int, int] | None:
    """Return the size to draw; None for that of the picture to start from.

    A ratio means what it means everywhere in impasto, at the style's usual size.

    Args:
        request: may say width, height, or an aspect ratio.
        style: with the usual size.
    """
    width, height = request.width, request.height
    if width is None and height is None and request.aspect_ratio is None and (request.images or request.session):
        if (start := size_of_start(request)) is None:
            return None
        scale = LONGEST_OF_PICTURE / max(start)
        return None if scale >= 1 else _rounded(start[0] * scale, start[1] * scale, style.multiple)
    across, down = _proportions(request)
    if width is None and height is None:
        wide, high = size_of(request.aspect_ratio or "1:1")
        return _rounded(wide * style.side / _USUAL, high * style.side / _USUAL, style.multiple)
    if not across or not down:
        return _rounded(width or style.side, height or style.side, style.multiple)
    return _rounded(width or (height or 0) * across / down, height or (width or 0) * down / across, style.multiple)


def sides_asked(request: ImageRequest, style: Style) -> dict[str, int]:
    """Return ``width`` and ``height``, as far as the request settles them.

    One of them settles the other, where there is an aspect ratio, or a picture whose shape is to be kept.
    """
    given = {name for name in ("width", "height") if getattr(request, name) is not None}
    if not given and request.aspect_ratio is None:
        return {}
    sides = dict(zip(("width", "height"), size_asked(request, style) or (), strict=False))
    return sides if all(_proportions(request)) else {name: sides[name] for name in given}


def size_scaled(request: ImageRequest, style: Style) -> tuple[int, int] | None:
    """Return the size to which the picture that is started from is brought; None where it stays as it is.

    A side of 0 is for ComfyUI to derive from the other one, where the picture's own size is not known.
    """
    size, start = size_asked(request, style), size_of_start(request)
    if size is None or size == start:
        return None
    if start is None and request.aspect_ratio is None:
        return (size[0] if request.width else 0, size[1] if request.height else 0)
    return size


def size_drawn(request: ImageRequest, style: Style) -> tuple[int, int] | None:
    """Return the size of what is drawn with a checkpoint; None where it is not known beforehand."""
    if request.images or request.session:
        size = size_scaled(request, style) or size_of_start(request)
    else:
        size = size_asked(request, style)
    if size is None or 0 in size:
        return None
    return size[0] // _OF_LATENT * _OF_LATENT, size[1] // _OF_LATENT * _OF_LATENT


def size_of_start(request: ImageRequest) -> tuple[int, int] | None:
    """Return the size of the picture that is started from, or gone on from; None where it is not known."""
    told: Any = request.session or {}
    first = request.images[0] if request.images else None
    across, down = (first.width, first.height) if first else (told.get("width"), told.get("height"))
    return (across, down) if _is_side(across) and _is_side(down) else None


def _is_side(told: object) -> TypeGuard[int]:
    return isinstance(told, int) and not isinstance(told, bool) and 0 < told <= LONGEST_SIDE


def _proportions(request: ImageRequest) -> tuple[int, int]:
    if request.aspect_ratio is not None:
        across, _, down = request.aspect_ratio.partition(":")
        return int(across), int(down)
    return size_of_start(request) or (0, 0)


def _rounded(width: float, height: float, multiple: int) -> tuple[int, int]:
    across, down = (max(int(side + 0.5) // multiple * multiple, _SHORTEST) for side in (width, height))
    return across, down
