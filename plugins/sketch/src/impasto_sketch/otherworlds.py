"""Places without a horizon: space, the sea's depth, a table in a room, and pictures of nothing but colour."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from impasto_sketch import svg
from impasto_sketch.colour import WORDS, mix
from impasto_sketch.skies import stars

if TYPE_CHECKING:
    from random import Random

    from impasto_sketch.setting import Setting

_HARMONIES = (
    ("#16213e", "#1f5f8b", "#e9a23b", "#f4e3c1", "#c8553d"),
    ("#2b1b3d", "#7a3b69", "#e58f65", "#f7d6a5", "#3a7d8c"),
    ("#10302f", "#2d6a5f", "#d9a441", "#f1ead2", "#b5473c"),
    ("#22223b", "#5f6caf", "#f2a7b5", "#fbe7d0", "#5fb3a8"),
    ("#3b1c1a", "#a63d40", "#e9b872", "#f5ead3", "#4f7c82"),
)
"""Palettes of five, from dark ground to accents."""


def paint_space(setting: Setting, width: int, height: int, rng: Random) -> tuple[list[str], list[str]]:
    """Return nebulae, stars and planets."""
    unit, wide = min(width, height), max(width, height)
    hues = rng.choice(
        (("#5b2a86", "#c14a8a", "#2f6fc4"), ("#1f6f8b", "#3fb8a8", "#6a4ab8"), ("#8a3a5a", "#e0823c", "#4a3a9a"))
    )
    definitions = [
        svg.radial(f"cloud{i}", [(0, hue, 0.6), (0.5, hue, 0.25), (1, hue, 0)]) for i, hue in enumerate(hues)
    ]
    definitions.append(svg.vertical("deep", [(0, "#060818", 1), (0.6, "#11143a", 1), (1, "#1d1440", 1)]))
    body = [svg.rectangle(0, 0, width, height, "url(#deep)")]
    slope = rng.uniform(-0.6, 0.6)
    for index in range(14):
        along = index / 13 - 0.5
        x = width * (0.5 + along * 1.1)
        y = height * (0.5 + slope * along) + rng.gauss(0, 0.09) * unit
        size = wide * rng.uniform(0.14, 0.3)
        body.append(svg.ellipse(x, y, size, size * 0.6, f"url(#cloud{index % 3})"))
    body += stars(rng, width, height, unit, 170)
    side = rng.choice((0.2, 0.8))
    base, ring = rng.choice((("#d98a4a", "#f0d4a0"), ("#4a8fc0", "#bfe0ea"), ("#b0567a", "#f0b8c8")))
    x, y, size = width * side, height * rng.uniform(0.16, 0.24), unit * 0.1
    lit, shaded = mix(base, "#ffffff", 0.45), mix(base, "#050818", 0.8)
    definitions.append(
        f'<radialGradient id="planet" cx=".32" cy=".3" r=".85">'
        f"{svg.stops([(0, lit, 1), (0.5, base, 1), (1, shaded, 1)])}</radialGradient>"
    )
    body.append(svg.ellipse(x, y, size, size, "url(#planet)"))
    body.append(
        f'<ellipse cx="{x:.1f}" cy="{y:.1f}" rx="{size * 1.75:.1f}" ry="{size * 0.42:.1f}" fill="none" stroke="{ring}"'
        f' stroke-width="{size * 0.12:.2f}" stroke-opacity=".8" transform="rotate(-18 {x:.1f} {y:.1f})"'
        f' stroke-dasharray="{size * 4.1:.1f} {size * 2.4:.1f}" stroke-dashoffset="{size * 0.1:.1f}"/>'
    )
    return body, definitions


def paint_depth(setting: Setting, width: int, height: int, rng: Random) -> tuple[list[str], list[str]]:
    """Return water under its surface: rays of light, a sandy bed, weeds, bubbles."""
    unit = min(width, height)
    definitions = [
        svg.vertical("depth", [(0, "#8fdcdc", 1), (0.25, "#3fa6c4", 1), (0.7, "#1b5f94", 1), (1, "#12365f", 1)])
    ]
    definitions.append(svg.vertical("ray", [(0, "#f2fff2", 0.42), (1, "#f2fff2", 0)]))
    body = [svg.rectangle(0, 0, width, height, "url(#depth)")]
    for _ in range(6):
        x, across = rng.uniform(0, width), unit * rng.uniform(0.03, 0.09)
        lean = unit * rng.uniform(-0.2, -0.1)
        body.append(
            svg.shape(
                [(x, -2), (x + across, -2), (x + across * 2.2 + lean, height * 0.8), (x + lean, height * 0.8)],
                "url(#ray)",
            )
        )
    for depth, base in ((0.55, 0.86), (0.0, 0.92)):
        crest = svg.rolling(rng, width, height * base, unit * 0.025, 1.4)
        body.append(svg.shape(svg.down_to(crest, height), mix("#d9c48a", "#1f6a98", 0.35 + depth * 0.6)))
    for _ in range(round(16 * width / unit)):
        x, tall = rng.uniform(0, width), unit * rng.uniform(0.08, 0.24)
        hue = rng.choice(("#2f8a5a", "#1f6f5f", "#4aa05a", "#c2557a", "#d9783c"))
        sway = rng.uniform(0.01, 0.03) * unit
        points = [(x + sway * math.sin(step * 1.1 + x), height * 0.955 - tall * step / 8) for step in range(9)]
        body.append(svg.line(points, mix(hue, "#1b5f94", 0.25), unit * rng.uniform(0.007, 0.014)))
    for _ in range(34):
        x, y, size = rng.uniform(0, width), rng.uniform(0.05, 0.85) * height, unit * rng.uniform(0.003, 0.011)
        body.append(svg.ellipse(x, y, size, size, "#dff8f6", 0.5))
    return body, definitions


def paint_room(setting: Setting, width: int, height: int, rng: Random) -> tuple[list[str], list[str]]:
    """Return a wall in soft light and a wooden table."""
    unit = min(width, height)
    edge = height * setting.horizon
    wall, wood = rng.choice(
        (("#3f6a6a", "#8a5a34"), ("#7a4a4a", "#6f4a30"), ("#4f5f86", "#94623a"), ("#6b7048", "#7d4f2e"))
    )
    if setting.time == "night":
        wall, wood = mix(wall, "#141a33", 0.5), mix(wood, "#141a33", 0.3)
    side = 0.22 if setting.sun[0] < 0.5 else 0.78
    definitions = [
        svg.radial("lamp", [(0, "#ffe7b0", 0.6), (0.5, "#ffdf9a", 0.22), (1, "#ffdf9a", 0)]),
        svg.vertical("wall", [(0, mix(wall, "#10141c", 0.35), 1), (1, wall, 1)]),
        svg.vertical("wood", [(0, mix(wood, "#ffe0a8", 0.32), 1), (0.2, wood, 1), (1, mix(wood, "#1c0f0a", 0.5), 1)]),
    ]
    reach = max(width, height) * 0.62
    body = [
        svg.rectangle(0, 0, width, edge + 2, "url(#wall)"),
        svg.rectangle(0, edge, width, height - edge, "url(#wood)"),
    ]
    for _ in range(46):
        y, x, long = edge + (height - edge) * rng.random(), rng.uniform(-0.2, 1) * width, unit * rng.uniform(0.2, 0.5)
        body.append(
            svg.line(
                [(x, y), (x + long, y + unit * 0.004)],
                mix(wood, rng.choice(("#1c0f0a", "#ffe0a8")), 0.4),
                unit * 0.003,
                0.5,
            )
        )
    body.append(svg.ellipse(width * side, height * 0.22, reach, reach, "url(#lamp)"))
    return body, definitions


def paint_abstract(colours: tuple[str, ...], width: int, height: int, rng: Random) -> tuple[list[str], list[str]]:
    """Return sweeping bands, a few discs and a light behind them; in the colours named, if any are."""
    unit = min(width, height)
    dark, second, warm, pale, accent = rng.choice(_HARMONIES)
    if colours:
        first = WORDS[colours[0]]
        dark, second, warm = mix(first, "#0d0f1e", 0.78), mix(first, "#101830", 0.3), mix(first, "#ffffff", 0.25)
        accent = WORDS[colours[1]] if len(colours) > 1 else accent
    definitions = [svg.vertical("ground", [(0, dark, 1), (1, mix(dark, second, 0.6), 1)])]
    definitions.append(svg.radial("light", [(0, pale, 0.95), (0.4, warm, 0.45), (1, warm, 0)]))
    body = [svg.rectangle(0, 0, width, height, "url(#ground)")]
    x, y = width * rng.choice((0.34, 0.66)), height * rng.uniform(0.3, 0.42)
    body.append(svg.ellipse(x, y, unit * 0.75, unit * 0.75, "url(#light)"))
    palette = (second, warm, accent, pale, mix(second, pale, 0.4), mix(accent, dark, 0.4), mix(warm, pale, 0.5))
    bands = 9
    turn = rng.uniform(-0.35, 0.35)
    for index in range(bands):
        base = height * (0.42 + 0.64 * index / bands)
        crest = svg.rolling(rng, width, base, unit * rng.uniform(0.05, 0.13), rng.uniform(0.5, 1.1))
        crest = [(px, py + turn * (px - width / 2) * 0.5) for px, py in crest]
        thick = unit * rng.uniform(0.05, 0.15)
        lower = [(px, py + thick * (0.35 + math.sin(math.pi * px / width) ** 2)) for px, py in crest]
        body.append(svg.shape([*crest, *reversed(lower)], palette[index % len(palette)], 0.95))
    size = unit * rng.uniform(0.13, 0.17)
    body.append(svg.ellipse(x, y, size, size, pale))
    body.append(svg.ellipse(x + size * 0.12, y + size * 0.1, size * 0.82, size * 0.82, mix(pale, warm, 0.5), 0.7))
    for _ in range(5):
        px, py, small = (
            rng.uniform(0.08, 0.92) * width,
            rng.uniform(0.08, 0.5) * height,
            unit * rng.uniform(0.012, 0.04),
        )
        body.append(svg.ellipse(px, py, small, small, rng.choice(palette), 0.9))
    return body, definitions
