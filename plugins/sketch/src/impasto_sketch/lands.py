"""What is below the sky: mountains, hills, forests, cities, ground, water; and what comes before all things."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from impasto_sketch import svg
from impasto_sketch.colour import mix

if TYPE_CHECKING:
    from random import Random

    from impasto_sketch.setting import Setting

Layer: TypeAlias = tuple[list[str], list[str]]
"""Shapes, and the definitions they need."""


def paint_backdrop(setting: Setting, width: int, height: int, rng: Random) -> Layer:
    """Return what rises behind the horizon: mountains, a city, hills, a forest."""
    unit = min(width, height)
    horizon = height * setting.horizon
    body: list[str] = []
    places = setting.places
    if "mountains" in places:
        body += _mountains(setting, width, horizon, unit, rng)
    if "city" in places:
        body += _city(setting, width, horizon, unit, rng)
    if "hills" in places or (setting.ground == "sand" and setting.kind == "land"):
        tall = 0.05 if "mountains" in places else 0.09
        for depth, base, swing in ((0.5, -0.055, tall), (0.26, -0.012, tall * 0.7)):
            crest = svg.rolling(rng, width, horizon + base * unit, swing * unit, max(1.0, width / height) * 1.1)
            colour = setting.open_ground if setting.ground != "grass" else mix(setting.open_ground, setting.growth, 0.5)
            body.append(svg.shape(svg.down_to(crest, horizon + unit * 0.1), setting.far(colour, depth)))
    if "forest" in places:
        body += _forest(setting, width, horizon, unit, rng)
    return body, []


def paint_ground(setting: Setting, width: int, height: int, rng: Random) -> Layer:
    """Return what lies before the horizon: ground, or water with a shore."""
    unit = min(width, height)
    if setting.kind != "water":
        return _ground(setting, width, height, unit, rng)
    body, definitions = _water(setting, width, height, unit, rng)
    if setting.shore:
        body += _shore(setting, width, height, unit, rng)
    return body, definitions


def _mountains(setting: Setting, width: int, horizon: float, unit: float, rng: Random) -> list[str]:
    body = []
    wide = width / unit
    for depth, tall, peaks, rock in ((0.72, 0.34, 3, "#5b6f94"), (0.48, 0.21, 4, "#4d5f78")):
        crest = svg.jagged(
            rng, width, horizon + unit * 0.01, min(unit * tall, horizon * 0.62), max(2, round(peaks * wide * 0.7))
        )
        colour = setting.far(rock, depth)
        body.append(svg.shape(svg.down_to(crest, horizon + 3), colour))
        snow = setting.far("#f6f8fb", depth * 0.35)
        peak = min(y for _, y in crest)
        snowline = peak + (horizon - peak) * (0.62 if setting.season == "winter" else 0.36)
        cap = [(x, y) for x, y in crest]
        under = [(x, max(y, min(y + unit * 0.11, snowline + rng.uniform(-0.022, 0.022) * unit))) for x, y in cap]
        body.append(svg.shape([*cap, *reversed(under)], snow, 0.92))
        side = 1 if setting.sun[0] < 0.5 else -1
        for (x, y), (_, before), (_, after) in zip(crest[4:-4:2], crest[:-8:2], crest[8::2], strict=False):
            if y < before and y < after and horizon - y > unit * 0.08:
                drop = (horizon - y) * 0.75
                slope = [(x, y), (x + side * drop * 0.5, y + drop), (x + side * drop * 0.05, y + drop * 0.8)]
                body.append(svg.shape(slope, mix(colour, "#101830", 0.5), 0.28))
    return body


def _city(setting: Setting, width: int, horizon: float, unit: float, rng: Random) -> list[str]:
    body = []
    dark = setting.time in {"night", "dusk", "dawn", "sunset"}
    for depth, tall, base in ((0.62, 0.36, "#5a6580"), (0.3, 0.25, "#3d475e")):
        x = -unit * 0.02
        while x < width:
            across = unit * rng.uniform(0.05, 0.1)
            high = min(unit * tall, horizon * 0.6) * rng.choice((0.45, 0.6, 0.75, 0.9, 1.0)) * rng.uniform(0.85, 1.1)
            colour = setting.far(mix(base, rng.choice(("#7a5b62", "#4b6a80", "#5a5a70")), 0.35), depth)
            body.append(svg.rectangle(x, horizon - high, across, high + unit * 0.03, colour))
            body.append(
                svg.rectangle(x + across * 0.72, horizon - high, across * 0.28, high + unit * 0.03, "#0c1228", 0.14)
            )
            if rng.random() < 0.25:
                body.append(svg.line([(x + across / 2, horizon - high), (x + across / 2, horizon - high - unit * 0.05)],
                                     colour, unit * 0.004))  # fmt: skip
            fill, share = ("#ffdf94", 0.42) if dark else (mix(colour, "#dfeaf2", 0.4), 0.3)
            wall = (x, horizon - high, across, high)
            body += _windows(wall, fill, share, 0.85 if depth < 0.5 else 0.55, unit, rng)
            x += across * rng.uniform(0.95, 1.1)
    return body


def _windows(
    wall: tuple[float, float, float, float], fill: str, share: float, opacity: float, unit: float, rng: Random
) -> list[str]:
    """Return the windows of a house: a share of all that it might have."""
    x, y, across, high = wall
    pane = unit * 0.011
    return [
        svg.rectangle(
            x + pane * (0.6 + column * 1.9),
            y + pane * (0.9 + row * 2.3),
            pane,
            pane * 1.3,
            fill,
            opacity * rng.uniform(0.6, 1),
        )
        for row in range(int(high / (pane * 2.3)))
        for column in range(int(across / (pane * 1.9)))
        if rng.random() < share
    ]


def _forest(setting: Setting, width: int, horizon: float, unit: float, rng: Random) -> list[str]:
    body = []
    for depth, tall, base in ((0.55, 0.16, 0.0), (0.3, 0.24, 0.016), (0.08, 0.34, 0.035)):
        x = -unit * 0.03
        gap = (width * 0.27, width * 0.73) if depth < 0.2 else (0.0, 0.0)
        if depth > 0.2:
            brush = svg.rolling(rng, width, horizon - unit * (0.07 * depth - 0.005), unit * 0.012, 6)
            colour = setting.far(
                mix(setting.growth, "#4a3020" if setting.season == "autumn" else "#1f4a3a", 0.45), depth
            )
            body.append(svg.shape(svg.down_to(brush, horizon + unit * 0.06), colour))
        while x < width + unit * 0.03:
            high = min(unit * tall, horizon * 0.62) * rng.uniform(0.65, 1.1)
            if not gap[0] < x < gap[1]:
                colour = setting.far(
                    mix(setting.growth, rng.choice(("#1f4a3a", "#3a5a2a", setting.growth)), 0.5), depth
                )
                if setting.season == "winter":
                    colour = setting.far(mix("#35604f", "#23463f", rng.random()), depth)
                if setting.season == "autumn":
                    colour = setting.far(rng.choice(("#b5542a", "#d08a2e", "#8a4a24", "#a8702c", "#c23f2a")), depth)
                    body += _round_tree(x, horizon + base * unit, high * 0.8, colour, rng)
                else:
                    snow = setting.lit("#f2f6fa") if setting.season == "winter" else None
                    body += fir(x, horizon + base * unit, high, colour, snow)
            x += high * rng.uniform(0.2, 0.36)
    return body


def fir(x: float, y: float, high: float, colour: str, snow: str | None) -> list[str]:
    """Return a fir that stands at a point, so many pixels high, with snow of that colour on it, if any."""
    body = [svg.rectangle(x - high * 0.02, y - high * 0.15, high * 0.04, high * 0.17, mix(colour, "#2a1c14", 0.6))]
    for tier in range(4):
        top = y - high + high * 0.2 * tier
        half, bottom = high * (0.1 + 0.055 * tier), top + high * 0.34
        body.append(
            svg.shape([(x, top), (x + half, bottom), (x - half, bottom)], mix(colour, "#0a1a1a", 0.05 * (3 - tier)))
        )
        if snow:
            points = ((0.0, 0.0), (0.66, 0.2), (0.2, 0.15), (-0.25, 0.2), (-0.66, 0.19))
            body.append(svg.shape([(x + half * dx, top + high * dy) for dx, dy in points], snow, 0.92))
    return body


def _round_tree(x: float, y: float, high: float, colour: str, rng: Random) -> list[str]:
    body = [svg.rectangle(x - high * 0.03, y - high * 0.4, high * 0.06, high * 0.42, mix(colour, "#2a1c14", 0.7))]
    for _ in range(5):
        dx, dy, size = rng.uniform(-0.17, 0.17), rng.uniform(0.5, 0.85), rng.uniform(0.13, 0.2)
        body.append(
            svg.ellipse(
                x + dx * high, y - dy * high, size * high, size * high, mix(colour, "#ffe08a", rng.uniform(0, 0.2))
            )
        )
    return body


def _water(setting: Setting, width: int, height: int, unit: float, rng: Random) -> tuple[list[str], list[str]]:
    light, horizon = setting.light, height * setting.horizon
    deep = mix(setting.lit(setting.water, 0.3), light.zenith, 0.5)
    near = mix(mix(setting.water, light.middle, 0.45), light.horizon, 0.5)
    definitions = [svg.vertical("water", [(0.0, near, 1), (0.25, mix(near, deep, 0.45), 1), (1, deep, 1)])]
    body = [svg.rectangle(0, horizon, width, height - horizon, "url(#water)")]
    stormy = "storm" in setting.weather
    sun = setting.sun[0] * width
    shining = not stormy and not {"rain", "fog"} & set(setting.weather)
    for _ in range(170):
        depth = rng.random() ** 1.4
        y = horizon + (height - horizon) * depth
        long = unit * (0.02 + 0.14 * depth) * rng.uniform(0.5, 1.4)
        x = rng.uniform(-0.05, 1.0) * width
        crest = (long * 0.16) if stormy else long * 0.03
        colour = mix(deep, rng.choice((light.horizon, light.middle, "#ffffff", light.zenith)), rng.uniform(0.2, 0.55))
        body.append(
            svg.line([(x, y), (x + long * 0.5, y - crest), (x + long, y)], colour, unit * (0.002 + 0.008 * depth), 0.6)
        )
        if stormy and rng.random() < 0.35:
            foam = [(x + long * at, y - crest * rise) for at, rise in ((0.2, 0.7), (0.5, 1.0), (0.7, 0.6))]
            body.append(svg.line(foam, "#f2f6f8", unit * (0.003 + 0.008 * depth), 0.8))
    if shining:
        for _ in range(70):
            depth = rng.random() ** 1.2
            y = horizon + (height - horizon) * depth * 0.9 + 1
            long = unit * (0.012 + 0.05 * depth) * rng.uniform(0.5, 1.3)
            x = sun + rng.gauss(0, 1) * unit * (0.016 + 0.05 * depth)
            body.append(
                svg.line(
                    [(x - long, y), (x + long, y)], light.glow, unit * (0.003 + 0.006 * depth), rng.uniform(0.45, 0.95)
                )
            )
    return body, definitions


def _shore(setting: Setting, width: int, height: int, unit: float, rng: Random) -> list[str]:
    colour = setting.open_ground if setting.ground != "grass" else mix(setting.open_ground, "#7a7a5a", 0.35)
    crest = svg.rolling(rng, width, height * 0.825, unit * 0.018, 0.9)
    foam = [(x, y - unit * 0.01) for x, y in crest]
    body = [svg.shape(svg.down_to(foam, height), mix(setting.light.horizon, "#ffffff", 0.5), 0.75)]
    body.append(svg.shape(svg.down_to(crest, height), setting.lit(colour)))
    body += _texture(setting, width, height * 0.85, height, unit, setting.lit(colour), rng)
    return body


def _ground(setting: Setting, width: int, height: int, unit: float, rng: Random) -> tuple[list[str], list[str]]:
    horizon = height * setting.horizon
    near, far = setting.lit(setting.open_ground), setting.far(setting.open_ground, 0.34)
    if setting.ground == "snow":
        near, far = mix(near, setting.light.zenith, 0.12), mix(far, setting.light.middle, 0.1)
    if "city" in setting.places and setting.ground == "grass":
        near, far = mix(near, setting.growth, 0.3), mix(far, setting.growth, 0.3)
    definitions = [
        svg.vertical("ground", [(0.0, far, 1), (0.3, mix(far, near, 0.6), 1), (1.0, mix(near, "#0c1a14", 0.2), 1)])
    ]
    crest = svg.rolling(rng, width, horizon + unit * 0.012, unit * 0.012, 1.3)
    body = [svg.shape(svg.down_to(crest, height), "url(#ground)")]
    if setting.hump:
        top = height * 0.74
        arch = [(width * step / 40, top + (step / 40 - 0.5) ** 2 * height * 0.62) for step in range(41)]
        body.append(svg.shape(svg.down_to(arch, height), mix(near, setting.light.glow, 0.1)))
    body += _texture(setting, width, horizon + unit * 0.04, height, unit, near, rng)
    return body, definitions


def _texture(
    setting: Setting, width: int, top: float, bottom: float, unit: float, colour: str, rng: Random
) -> list[str]:
    """Return what lies about on the ground: patches of light, blades, flowers."""
    body = []
    for _ in range(90):
        depth = rng.random()
        y, x = top + (bottom - top) * depth, rng.uniform(0, width)
        patch = mix(
            colour, rng.choice((setting.lit(setting.growth), setting.light.glow, mix(colour, "#16202a", 0.4))), 0.28
        )
        size = unit * (0.02 + 0.09 * depth) * rng.uniform(0.5, 1.2)
        body.append(svg.ellipse(x, y, size, size * 0.13, patch, 0.5))
    if setting.ground == "moon":
        for _ in range(9):
            depth = rng.random()
            y, x, size = top + (bottom - top) * depth, rng.uniform(0, width), unit * (0.02 + 0.07 * depth)
            body.append(svg.ellipse(x, y, size, size * 0.3, mix(colour, "#15151c", 0.45)))
            body.append(svg.ellipse(x, y + size * 0.06, size * 0.9, size * 0.22, mix(colour, "#15151c", 0.25)))
    if setting.ground == "grass":
        for _ in range(120):
            depth = rng.random()
            y, x, tall = top + (bottom - top) * depth, rng.uniform(0, width), unit * (0.008 + 0.03 * depth)
            blade = mix(colour, setting.lit(setting.growth), rng.uniform(0.3, 0.8))
            body.append(
                svg.line(
                    [(x, y), (x + rng.uniform(-0.4, 0.4) * tall, y - tall)], blade, unit * (0.002 + 0.003 * depth), 0.8
                )
            )
    count = 130 if setting.flowers else 26 if setting.ground == "grass" and setting.season != "summer" else 0
    for _ in range(count):
        depth = rng.random() ** 0.8
        y, x, size = top + (bottom - top) * depth, rng.uniform(0, width), unit * (0.003 + 0.008 * depth)
        petals = (
            rng.choice((setting.sprinkle, "#ffffff", "#e8554a", "#f2c53d", "#c58ae0"))
            if setting.flowers
            else setting.sprinkle
        )
        body.append(svg.ellipse(x, y, size, size * 0.8, setting.lit(petals, 0.7), 0.95))
    return body


def paint_front(setting: Setting, width: int, height: int, rng: Random) -> list[str]:
    """Return what comes before all things: blades of grass at the lower edge, rain, snow, fog."""
    unit = min(width, height)
    body: list[str] = []
    if setting.kind == "land" and setting.ground in {"grass", "snow"}:
        blade = setting.lit(mix(setting.growth, "#18301f", 0.35) if setting.ground == "grass" else "#dfe8f1")
        for _ in range(round(70 * width / unit)):
            x, tall = rng.uniform(0, width), unit * rng.uniform(0.02, 0.055)
            lean = rng.uniform(-0.5, 0.5) * tall
            if setting.ground == "grass":
                tip, foot = (x + lean, height - tall), height + 2
                colour = mix(blade, setting.lit(setting.growth), rng.random())
                body.append(svg.shape([(x - unit * 0.004, foot), tip, (x + unit * 0.006, foot)], colour))
    if "rain" in setting.weather or "storm" in setting.weather:
        for _ in range(round(110 * width * height / unit**2)):
            x, y, long = rng.uniform(-0.1, 1.1) * width, rng.uniform(-0.1, 1) * height, unit * rng.uniform(0.025, 0.06)
            body.append(svg.line([(x, y), (x - long * 0.3, y + long)], "#e6eef4", unit * 0.0025, rng.uniform(0.2, 0.5)))
    if "snow" in setting.weather:
        for _ in range(round(150 * width * height / unit**2)):
            size = unit * rng.choice((0.003, 0.004, 0.006, 0.009))
            body.append(
                svg.ellipse(
                    rng.uniform(0, width), rng.uniform(0, height), size, size, "#ffffff", rng.uniform(0.6, 0.95)
                )
            )
    return body
