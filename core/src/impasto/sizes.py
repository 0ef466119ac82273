"""Picture sizes: rules that models declare, and the sizes that people mean by an aspect ratio."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from impasto.errors import InvalidRequest

EXPECTED_SIZES = {
    "1:1": (1024, 1024),
    "16:9": (1024, 576),
    "9:16": (576, 1024),
    "4:3": (1024, 768),
    "3:4": (768, 1024),
    "3:2": (1024, 682),
    "2:3": (682, 1024),
    "21:9": (1024, 440),
    "9:21": (440, 1024),
    "4:5": (832, 1040),
    "5:4": (1040, 832),
    "2:1": (1024, 512),
    "1:2": (512, 1024),
}
"""Aspect ratio to the width and height, in pixels, that people expect of it."""

_AREA = 1024 * 1024
_RATIO = re.compile(r"([1-9]\d{0,3}):([1-9]\d{0,3})", re.ASCII)


@dataclass(frozen=True, slots=True)
class SizeRule:
    """The sizes a model takes: every side within bounds, rounded down to a multiple.

    Args:
        minimum: the shortest side, in pixels.
        maximum: the longest side, in pixels.
        multiple: sides are rounded down to a multiple of this many pixels.
        area: the most that width times height may be, in pixels; None for no such bound.
    """

    minimum: int = 1
    maximum: int = 65_535
    multiple: int = 1
    area: int | None = None

    def __post_init__(self) -> None:
        has_room = self.area is None or self.minimum**2 <= self.area
        if not (self.multiple >= 1 and 1 <= self.minimum <= self.maximum and has_room):
            raise ValueError(f"not a size rule: {self}")

    def describe(self) -> str:
        """Return the rule in words."""
        step = f", in steps of {self.multiple}" if self.multiple > 1 else ""
        area = f", {self.area} pixels in all at the most" if self.area is not None else ""
        return f"{self.minimum} to {self.maximum} pixels a side{step}{area}"

    def admits(self, side: int) -> bool:
        """Tell whether a side of so many pixels is within the bounds."""
        return self.minimum <= side <= self.maximum

    def nearest(self, width: int, height: int) -> tuple[int, int]:
        """Return the allowed size next to a picture's: scaled into the bounds, in its proportions if possible."""
        scale = min(1.0, self.maximum / max(width, height), self._scale_of_area(width, height))
        scale = max(scale, min(self.minimum / min(width, height), self.maximum / max(width, height)))
        sides = (min(max(round(side * scale), self.minimum), self.maximum) for side in (width, height))
        across, down = (self.rounded(side) for side in sides)
        if self.area is not None and across * down > self.area:
            # One side is at its least: the other gives way.
            longest = self.rounded(max(self.area // min(across, down), self.minimum))
            across, down = (longest, down) if across >= down else (across, longest)
        return across, down

    def _scale_of_area(self, width: int, height: int) -> float:
        return 1.0 if self.area is None else math.sqrt(self.area / (width * height))

    def rounded(self, side: int) -> int:
        """Return the longest side that the rule allows and that is no longer than `side` pixels."""
        smallest = -(-self.minimum // self.multiple) * self.multiple
        return max(side - side % self.multiple, smallest)


def parse_aspect_ratio(aspect_ratio: str) -> tuple[int, int]:
    """Return the two numbers of an aspect ratio such as ``16:9``.

    Raises:
        InvalidRequest: it is not two whole numbers from 1 to 9999 with a colon between them.
    """
    match = _RATIO.fullmatch(aspect_ratio) if isinstance(aspect_ratio, str) else None
    if match is None:
        raise InvalidRequest(
            f"aspect_ratio {aspect_ratio!r}: give width and height as two whole numbers from 1 to 9999 with a colon "
            "between them, such as '16:9'.",
            parameter="aspect_ratio",
        )
    return int(match[1]), int(match[2])


def size_of(aspect_ratio: str) -> tuple[int, int]:
    """Return the width and height in pixels that people expect of an aspect ratio.

    The ratios of `EXPECTED_SIZES` have fixed sizes; any other gets the same area, 1024 × 1024 pixels, with sides
    rounded to multiples of 8.
    """
    across, down = parse_aspect_ratio(aspect_ratio)
    if size := EXPECTED_SIZES.get(aspect_ratio):
        return size
    width = math.sqrt(_AREA * across / down)
    return max(8, round(width / 8) * 8), max(8, round(_AREA / width / 8) * 8)
