"""The sizes that GPT Image 2 draws, and the nearest of them to what was asked for.

"Concrete sizes must have both dimensions as multiples of 16, max edge 3840px, aspect ratio <= 3:1, total pixels between
655,360 and 8,294,400": ``GptImage2Input.image_size`` in ``@fal-ai/client`` (fal-js, ``endpoints.ts``, 2026-08-02). For
an edit, fal takes that of the pictures unless it is asked for another.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from impasto import ImageRequest, Range, SizeRule, size_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "openai/gpt-image-2"
EDIT = f"{PATH}/edit"

STEP = 16
LONGEST_SIDE = 3840
STEEPEST = 3
FEWEST_PIXELS = 655_360
MOST_PIXELS = 8_294_400

RULE = SizeRule(minimum=256, maximum=LONGEST_SIDE, multiple=STEP)
"""What can be asked for. Where there is no such size, the nearest one is drawn."""

SIDES = Range(RULE.minimum, RULE.maximum)
"""The same for an edit, which has a size of its own where none is asked for."""


def size_for(request: ImageRequest) -> tuple[int, int] | None:
    """Return the width and height to ask for, in pixels; None where they are left to fal.

    A side without the other means a square, unless there is an aspect ratio.
    """
    width, height = request.width, request.height
    if request.aspect_ratio is not None and not (width and height):
        across, down = (int(part) for part in request.aspect_ratio.split(":"))
        if width is None and height is None:
            return nearest(*size_of(request.aspect_ratio))
        width = width or max(1, round((height or 1) * across / down))
        height = height or max(1, round(width * down / across))
    side = width or height
    return None if side is None else nearest(width or side, height or side)


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
