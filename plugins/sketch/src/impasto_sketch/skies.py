"""What is above the horizon: the sky, its lights, its clouds."""

from __future__ import annotations

import itertools
import math
from typing import TYPE_CHECKING

from impasto_sketch import svg
from impasto_sketch.colour import mix

if TYPE_CHECKING:
    from random import Random

    from impasto_sketch.setting import Setting


def paint_sky(setting: Setting, width: int, height: int, rng: Random) -> tuple[list[str], list[str]]:
    """Return the shapes of the sky, and the definitions they need."""
    light = setting.light
    horizon = height * setting.horizon
    unit = min(width, height)
    dark = setting.time in {"night", "dusk"}
    overcast = {"storm", "rain", "fog", "snow"} & set(setting.weather)
    colours = [(0.0, light.zenith, 1.0), (0.5, light.middle, 1.0), (1.0, light.horizon, 1.0)]
    definitions = [svg.vertical("sky", colours)]
    body = [svg.rectangle(0, 0, width, horizon + unit * 0.08, "url(#sky)")]
    if (dark and not overcast) or "stars" in setting.sky:
        body += stars(rng, width, horizon * 0.92, unit, 150 if "stars" in setting.sky else 90)
    if "aurora" in setting.sky:
        shapes, needed = _aurora(width, horizon, unit, rng)
        body += shapes
        definitions += needed
    if not overcast or {"sun", "moon", "fullmoon", "crescent"} & set(setting.sky):
        shapes, needed = _luminary(setting, width, height)
        body += shapes
        definitions += needed
    if "rainbow" in setting.sky:
        body += _rainbow(width, horizon, unit, rng)
    body += _clouds(setting, width, horizon, unit, rng)
    if "storm" in setting.weather:
        body += _lightning(width, horizon, unit, rng, setting.sun[0])
    return body, definitions


def stars(rng: Random, width: float, bottom: float, unit: float, count: int) -> list[str]:
    """Return stars of several sizes, most of them small."""
    shapes = []
    for _ in range(count):
        x, y = rng.uniform(0, width), bottom * rng.random() ** 1.3
        size = unit * rng.choice((0.0016, 0.0016, 0.0022, 0.0035))
        shapes.append(svg.ellipse(x, y, size, size, rng.choice(("#ffffff", "#dfe9ff", "#fff3d6")), rng.uniform(0.6, 1)))
    for _ in range(5):
        x, y, size = rng.uniform(0, width), bottom * rng.uniform(0.03, 0.6), unit * rng.uniform(0.008, 0.013)
        for angle in (0.0, math.pi / 2):
            dx, dy = size * math.cos(angle), size * math.sin(angle)
            shapes.append(svg.line([(x - dx, y - dy), (x + dx, y + dy)], "#ffffff", unit * 0.0022, 0.9))
    return shapes


def _luminary(setting: Setting, width: int, height: int) -> tuple[list[str], list[str]]:
    unit = min(width, height)
    x, y = setting.sun[0] * width, setting.sun[1] * height
    lunar = setting.time == "night" or ({"moon", "fullmoon", "crescent"} & set(setting.sky) and setting.time != "day")
    wide = max(width, height)
    glow = setting.light.glow
    reach = wide * (0.42 if lunar else 0.55)
    definitions = [
        svg.radial("glow", [(0.0, glow, 0.85), (0.14, glow, 0.5), (0.45, glow, 0.16), (1.0, glow, 0.0)]),
    ]
    body = [svg.ellipse(x, y, reach, reach, "url(#glow)", 0.75 if lunar else 1.0)]
    if lunar or {"moon", "fullmoon", "crescent"} & set(setting.sky):
        size = unit * (0.105 if "fullmoon" in setting.sky else 0.088)
        if "crescent" in setting.sky:
            shape = (
                f'<path fill="#fff4cf" d="M{x + size * 0.35:.1f} {y - size:.1f}A{size:.1f} {size:.1f} 0 1 0 '
                f"{x + size:.1f} {y + size * 0.35:.1f}A{size * 0.8:.1f} {size * 0.8:.1f} 0 1 1 {x + size * 0.35:.1f} "
                f'{y - size:.1f}Z"/>'
            )
            return [*body, shape], definitions
        body.append(svg.ellipse(x, y, size, size, "#fff3cf"))
        for dx, dy, part in ((-0.3, -0.25, 0.22), (0.25, 0.1, 0.28), (-0.15, 0.42, 0.16), (0.3, -0.45, 0.12)):
            body.append(svg.ellipse(x + dx * size, y + dy * size, part * size, part * size * 0.9, "#e3d2a4", 0.75))
        return body, definitions
    low = setting.time in {"dawn", "sunset", "dusk"}
    size = unit * (0.085 if low else 0.062)
    core = "#fff2b8" if low else "#fffbe6"
    return [
        *body,
        svg.ellipse(x, y, size * 1.35, size * 1.35, core, 0.35),
        svg.ellipse(x, y, size, size, core),
    ], definitions


def _clouds(setting: Setting, width: int, horizon: float, unit: float, rng: Random) -> list[str]:
    heavy = "clouds" in setting.sky or {"storm", "rain", "snow"} & set(setting.weather)
    few = "fog" in setting.weather or (setting.time == "night" and not heavy)
    count = 2 if few else 8 if heavy else 4
    count = max(1, round(count * min(2.5, max(0.7, width / (horizon * 1.5)))))
    shapes = []
    lit, shade = setting.light.cloud, mix(setting.light.cloud, setting.light.middle, 0.55)
    if "storm" in setting.weather:
        lit, shade = mix(lit, "#5a6470", 0.5), mix(shade, "#1b222c", 0.6)
    low = setting.time in {"dawn", "sunset", "dusk"}
    for index in range(count):
        x = width * ((index + rng.uniform(0.1, 0.9)) / count)
        if not heavy and abs(x - setting.sun[0] * width) < unit * 0.24:
            x = setting.sun[0] * width + unit * 0.34 * (1 if setting.sun[0] < 0.5 else -1)
        y = horizon * (rng.uniform(0.06, 0.4) if heavy else rng.uniform(0.1, 0.66))
        size = unit * rng.uniform(0.05, 0.085) * (1.5 if heavy else 1.0) * (1.15 - 0.6 * y / horizon)
        flat = 0.3 if low else 0.55
        opacity = 0.5 if setting.time == "night" and not heavy else 0.9
        for colour, drop, part in ((shade, 0.3, 1.0), (lit, 0.0, 0.84)):
            for _ in range(7):
                dx = rng.gauss(0, 1.15) * size
                across = size * rng.uniform(0.6, 1.15) * part * max(0.45, 1 - abs(dx) / (4 * size))
                dy = (drop - rng.uniform(0, 0.55) * max(0.0, 1 - abs(dx) / (2.2 * size))) * size * flat * 1.5
                shapes.append(
                    svg.ellipse(x + dx, y + dy, across * (1.6 if low else 1.2), across * flat, colour, opacity)
                )
    return shapes


def _aurora(width: int, horizon: float, unit: float, rng: Random) -> tuple[list[str], list[str]]:
    definitions, shapes = [], []
    for index, colour in enumerate(("#3fe0a0", "#57d6c9", "#9a6ae0")):
        name = f"aurora{index}"
        definitions.append(svg.vertical(name, [(0.0, colour, 0.0), (0.75, colour, 0.6), (1.0, colour, 0.05)]))
        bottom = svg.rolling(rng, width, horizon * (0.5 + 0.1 * index), unit * 0.09, 1.2)
        for left, right in itertools.pairwise(bottom):
            tall = horizon * rng.uniform(0.3, 0.42)
            shapes.append(
                f'<path fill="url(#{name})" d="M{left[0]:.1f} {left[1]:.1f}L{right[0] + 1:.1f} {right[1]:.1f}'
                f'V{right[1] - tall:.1f}H{left[0]:.1f}Z"/>'
            )
    return shapes, definitions


def _rainbow(width: int, horizon: float, unit: float, rng: Random) -> list[str]:
    middle = width * rng.uniform(0.4, 0.6)
    reach = min(width * 0.46, horizon * 0.88)
    band = unit * 0.016
    colours = ("#e0473f", "#f0903c", "#f6dc55", "#62b85a", "#4a8fd8", "#7a5ab8")
    return [
        f'<circle cx="{middle:.1f}" cy="{horizon:.1f}" r="{reach - index * band:.1f}" fill="none" stroke="{colour}"'
        f' stroke-width="{band * 1.15:.2f}" stroke-opacity=".62"/>'
        for index, colour in enumerate(colours)
    ]


def _lightning(width: int, horizon: float, unit: float, rng: Random, side: float) -> list[str]:
    x, y = width * side, horizon * 0.16
    points = [(x, y)]
    while y < horizon * 0.97:
        x += rng.uniform(-0.045, 0.045) * unit
        y += horizon * rng.uniform(0.07, 0.14)
        points.append((x, min(y, horizon)))
    fork = points[len(points) // 2]
    branch = [fork, (fork[0] + unit * 0.06, fork[1] + horizon * 0.1), (fork[0] + unit * 0.07, fork[1] + horizon * 0.2)]
    return [
        svg.line(points, "#cfdcff", unit * 0.02, 0.3),
        svg.line(points, "#ffffff", unit * 0.0075),
        svg.line(branch, "#f4f6ff", unit * 0.004, 0.9),
    ]
