"""The sizes that GPT Image 2 and later draw, and the nearest of them to what was asked for.

Both sides are multiples of 16, their ratio is between 1:3 and 3:1, no side is longer than 3840 pixels: the SDK
``openai`` 3.57.0, ``types/image_generate_params.py``. The least and the most pixels: OpenAI says only that there are
limits; these were found by trying (OpenClaw, 2026-08-03).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from impasto import ImageRequest, SizeRule, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

STEP = 16
LONGEST_SIDE = 3840
STEEPEST = 3
FEWEST_PIXELS = 655_360
MOST_PIXELS = 8_294_400

RULE = SizeRule(minimum=256, maximum=LONGEST_SIDE, multiple=STEP)
"""What can be asked for. Where there is no such size, the nearest one is drawn."""

FIXED = ((1024, 1024), (1536, 1024), (1024, 1536))
"""All that GPT Image 1.5 and its like draw."""


def is_drawn(width: int, height: int) -> bool:
    """Tell whether there are pictures of this size, in pixels."""
    return (
        width % STEP == height % STEP == 0
        and max(width, height) <= min(LONGEST_SIDE, STEEPEST * min(width, height))
        and FEWEST_PIXELS <= width * height <= MOST_PIXELS
    )


def nearest(width: int, height: int) -> tuple[int, int]:
    """Return the size, in pixels, that is nearest to one that was asked for, in its ratio and its area."""
    if is_drawn(width, height):
        return width, height
    ratio = min(max(width / height, 1 / STEEPEST), STEEPEST)
    area = min(max(width * height, FEWEST_PIXELS), MOST_PIXELS)
    across = min(math.sqrt(area * ratio), LONGEST_SIDE, LONGEST_SIDE * ratio)

    def distance(size: tuple[int, int]) -> float:
        return abs(math.log(size[0] / size[1] / ratio)) + abs(math.log(size[0] * size[1] / area))

    return min(_around(across, across / ratio), key=distance)


def _around(width: float, height: float) -> Iterator[tuple[int, int]]:
    for across in range(-2, 4):
        for down in range(-2, 4):
            size = int(width / STEP + across) * STEP, int(height / STEP + down) * STEP
            if is_drawn(*size):
                yield size


def asked_size(request: ImageRequest) -> tuple[int, int] | None:
    """Return the width and height that a request means, in pixels; None where it leaves them to the server.

    A side without the other means a square, unless there is an aspect ratio.
    """
    width, height = request.width, request.height
    if width and height:
        return width, height
    if request.aspect_ratio is None:
        return (width or height or 0, width or height or 0) if width or height else None
    across, down = (int(part) for part in request.aspect_ratio.split(":"))
    if width:
        return width, max(1, round(width * down / across))
    if height:
        return max(1, round(height * across / down)), height
    return size_of(request.aspect_ratio)
