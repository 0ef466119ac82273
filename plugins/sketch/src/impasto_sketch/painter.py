"""Thick paint: a picture is painted anew, in brush strokes from coarse to fine, and lit from the side."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from PIL import Image as Pictures
from PIL import ImageChops, ImageFilter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from random import Random

    from PIL.Image import Image

_ANGLES = 16
_LAYERS = ((0.058, 0, 1.0), (0.03, 7, 0.95), (0.0145, 9, 0.9), (0.0078, 11, 0.85), (0.0046, 13, 0.8))
"""Brush size as a share of the picture's side; how far off a colour must be, 0 to 255; how opaque the paint is."""

_BREATH = 9_000.0
"""Work done between two chances to be cancelled: strokes, each with a part for its area; some 20 ms."""


@dataclass(frozen=True, slots=True)
class Brush:
    """One brush at one angle.

    Attributes:
        mask: where it leaves paint.
        relief: how thick.
    """

    mask: Image
    relief: Image


def repaint(picture: Image, details: Image, rng: Random) -> Iterator[Image | None]:
    """Paint a picture anew.

    Args:
        picture: what to paint, RGB.
        details: L, of the same size: where to paint more finely.
        rng: moves the hand.

    Yields:
        None between strokes; the canvas after each layer, to be copied if kept; the last is the finished picture.
    """
    width, height = picture.size
    side = math.sqrt(width * height)
    canvas = picture.filter(ImageFilter.BoxBlur(side * 0.05)).point([min(255, round(v * 0.92)) for v in range(256)] * 3)
    relief = Pictures.new("L", picture.size, 128)
    swirl = tuple(rng.uniform(0, math.tau) for _ in range(3))
    work = 0.0
    for number, (share, tolerance, opacity) in enumerate(_LAYERS):
        radius = max(1.2, side * share)
        yield None
        brushes = _brushes(radius, opacity, rng)
        step = max(1.0, radius * 0.85)
        across, down = max(2, round(width / step)), max(2, round(height / step))
        yield None
        goal = picture.resize((across, down), Pictures.Resampling.BOX)
        missing = ImageChops.difference(picture, canvas).convert("L").resize((across, down), Pictures.Resampling.BOX)
        yield None
        grey = goal.convert("L").filter(ImageFilter.BoxBlur(1))
        wanted, off, lights = goal.tobytes(), missing.tobytes(), grey.tobytes()
        finer = details.resize((across, down), Pictures.Resampling.BOX).tobytes()
        cells = [cell for cell in range(across * down) if off[cell] >= tolerance - finer[cell] * tolerance // 360]
        rng.shuffle(cells)
        for cell in cells:
            row, column = divmod(cell, across)
            angle = _direction(lights, across, down, column, row, swirl)
            brush = brushes[round(angle / math.pi * _ANGLES) % _ANGLES]
            shift = rng.randint(-9, 9) if number < 4 else rng.randint(-4, 4)
            red, green, blue = wanted[3 * cell : 3 * cell + 3]
            paint = (
                min(255, max(0, red + shift + rng.randint(-3, 3))),
                min(255, max(0, green + shift)),
                min(255, max(0, blue + shift + rng.randint(-3, 3))),
            )
            spread = 0.35 if finer[cell] > 100 else 0.8
            x = int((column + 0.5 + rng.uniform(-spread, spread) / 2) * width / across - brush.mask.width / 2)
            y = int((row + 0.5 + rng.uniform(-spread, spread) / 2) * height / down - brush.mask.height / 2)
            canvas.paste(paint, (x, y), brush.mask)
            if number < 4:
                relief.paste(brush.relief, (x, y), brush.mask)
            work += 12 + brush.mask.width * brush.mask.height * 0.012
            if work > _BREATH:
                work = 0.0
                yield None
        if number < len(_LAYERS) - 1:
            yield canvas
    yield None
    canvas = Pictures.composite(Pictures.blend(canvas, picture, 0.5), canvas, details)
    yield None
    edges = ImageFilter.Kernel((3, 3), (-2, -2, 0, -2, 0, 2, 0, 2, 2), scale=9, offset=128)
    lit = relief.filter(ImageFilter.GaussianBlur(side / 1500)).filter(edges)
    yield None
    lit = lit.point([round(128 + (v - 128) * 0.62) for v in range(256)])
    yield ImageChops.overlay(canvas, Pictures.merge("RGB", (lit, lit, lit)))


def _direction(lights: bytes, across: int, down: int, column: int, row: int, swirl: tuple[float, ...]) -> float:
    """Return the angle of a stroke, 0 to pi: along the edges of forms, elsewhere along a slow swirl."""
    left, right = max(column - 1, 0), min(column + 1, across - 1)
    above, below = max(row - 1, 0), min(row + 1, down - 1)
    dx = lights[row * across + right] - lights[row * across + left]
    dy = lights[below * across + column] - lights[above * across + column]
    if dx * dx + dy * dy > 150:
        return (math.atan2(dy, dx) + math.pi / 2) % math.pi
    x, y = column / across, row / down
    bend = math.sin(3.1 * x + swirl[0]) + math.sin(4.3 * y + swirl[1]) + math.sin(5.7 * (x + y) + swirl[2])
    return (0.32 * bend) % math.pi


def _brushes(radius: float, opacity: float, rng: Random) -> list[Brush]:
    """Return one brush, made of bristles, turned to each angle."""
    long, thick = max(3, round(radius * 3.2)), max(2, round(radius * 1.25))
    grain = max(2, min(thick, 18))
    bristles = Pictures.frombytes("L", (3, grain), bytes(rng.randrange(60, 256) for _ in range(3 * grain)))
    bristles = bristles.resize((long, thick), Pictures.Resampling.BICUBIC)
    envelope = bytes(
        round(
            255
            * opacity
            * max(0.0, 1 - abs((column + 0.5) / long * 2 - 1) ** 5)
            * max(0.0, 1 - abs((row + 0.5) / thick * 2 - 1) ** 4)
        )
        for row in range(thick)
        for column in range(long)
    )
    soft = Pictures.frombytes("L", (long, thick), envelope)
    mask = ImageChops.multiply(soft, bristles.point([min(255, 110 + v) for v in range(256)]))
    return [
        Brush(
            mask.rotate(-180 * turn / _ANGLES, Pictures.Resampling.BILINEAR, expand=True),
            bristles.rotate(-180 * turn / _ANGLES, Pictures.Resampling.BILINEAR, expand=True),
        )
        for turn in range(_ANGLES)
    ]
