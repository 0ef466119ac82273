"""Writing SVG: the few shapes that scenes are made of, in pixels."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from random import Random


def document(width: int, height: int, body: Iterable[str], definitions: Iterable[str] = ()) -> str:
    """Return a whole SVG document."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}">'
        f"<defs>{''.join(definitions)}</defs>{''.join(body)}</svg>"
    )


def stops(colours: Sequence[tuple[float, str, float]]) -> str:
    """Return gradient stops; each is a place from 0 to 1, a colour, an opacity."""
    return "".join(
        f'<stop offset="{at:.3f}" stop-color="{colour}" stop-opacity="{opacity:.3f}"/>'
        for at, colour, opacity in colours
    )


def vertical(name: str, colours: Sequence[tuple[float, str, float]]) -> str:
    """Return the definition of a gradient from top to bottom."""
    return f'<linearGradient id="{name}" x1="0" y1="0" x2="0" y2="1">{stops(colours)}</linearGradient>'


def radial(name: str, colours: Sequence[tuple[float, str, float]]) -> str:
    """Return the definition of a gradient from a middle outwards."""
    return f'<radialGradient id="{name}">{stops(colours)}</radialGradient>'


def rectangle(x: float, y: float, width: float, height: float, fill: str, opacity: float = 1.0) -> str:
    """Return a rectangle."""
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{max(0.1, width):.1f}" height="{max(0.1, height):.1f}" fill="{fill}"'
        f' fill-opacity="{opacity:.3f}"/>'
    )


def ellipse(x: float, y: float, across: float, down: float, fill: str, opacity: float = 1.0) -> str:
    """Return an ellipse of two radii."""
    return (
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{max(0.1, across):.2f}" ry="{max(0.1, down):.2f}" fill="{fill}"'
        f' fill-opacity="{opacity:.3f}"/>'
    )


def line(points: Sequence[tuple[float, float]], stroke: str, width: float, opacity: float = 1.0) -> str:
    """Return a line through points, with round ends."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return (
        f'<path d="M{path}" fill="none" stroke="{stroke}" stroke-width="{width:.2f}" stroke-opacity="{opacity:.3f}"'
        ' stroke-linecap="round" stroke-linejoin="round"/>'
    )


def shape(points: Sequence[tuple[float, float]], fill: str, opacity: float = 1.0) -> str:
    """Return a filled polygon."""
    path = "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{path}Z" fill="{fill}" fill-opacity="{opacity:.3f}"/>'


def rolling(rng: Random, width: int, base: float, swing: float, waves: float) -> list[tuple[float, float]]:
    """Return a soft skyline from the left edge to the right: hills and dunes."""
    phases = [
        (rng.uniform(0, math.tau), waves * factor, share) for factor, share in ((1, 1.0), (2.1, 0.4), (4.7, 0.12))
    ]
    count = 64
    return [
        (
            width * step / count,
            base
            - swing * sum(share * math.sin(phase + math.tau * rate * step / count) for phase, rate, share in phases),
        )
        for step in range(count + 1)
    ]


def jagged(rng: Random, width: int, base: float, swing: float, peaks: int) -> list[tuple[float, float]]:
    """Return a sharp skyline from the left edge to the right: mountains."""
    heights = [rng.uniform(0.0, 0.3) if step % 2 == 0 else rng.uniform(0.65, 1.0) for step in range(2 * peaks + 1)]
    rough = 0.16
    while len(heights) < 200:
        finer = [heights[0]]
        for left, right in itertools.pairwise(heights):
            finer += [(left + right) / 2 + rng.uniform(-rough, rough), right]
        heights, rough = finer, rough * 0.5
    last = len(heights) - 1
    return [(width * step / last, base - swing * height) for step, height in enumerate(heights)]


def down_to(points: Sequence[tuple[float, float]], bottom: float) -> list[tuple[float, float]]:
    """Return the area under a skyline."""
    return [*points, (points[-1][0], bottom), (points[0][0], bottom)]
