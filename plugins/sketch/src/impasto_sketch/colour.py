"""Colours: mixing them, and the palettes of the hours, the seasons and the weather."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TypeAlias

Colour: TypeAlias = str
"""Six hexadecimal digits behind a ``#``."""


def mix(one: Colour, other: Colour, share: float) -> Colour:
    """Return a colour between two: `share` 0 gives the first, 1 the other."""
    parts = zip(channels(one), channels(other), strict=True)
    return "#" + "".join(f"{min(255, max(0, round(a + (b - a) * share))):02x}" for a, b in parts)


def channels(colour: Colour) -> tuple[int, int, int]:
    """Return red, green and blue, 0 to 255."""
    return int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16)


@dataclass(frozen=True, slots=True)
class Light:
    """How an hour of the day colours everything.

    Attributes:
        zenith: the sky at the top.
        middle: the sky half-way down.
        horizon: the sky at the horizon.
        glow: the light around the sun or the moon.
        ambient: what the land takes on.
        land: how much of it the land takes on, 0 to 1.
        thing: how much of it things take on, 0 to 1.
        cloud: the lit side of clouds.
    """

    zenith: Colour
    middle: Colour
    horizon: Colour
    glow: Colour
    ambient: Colour
    land: float
    thing: float
    cloud: Colour


LIGHTS = {
    "day": Light("#2f7fc4", "#79b8e3", "#dcecea", "#fff6cf", "#fff3d0", 0.06, 0.0, "#ffffff"),
    "dawn": Light("#5b74b8", "#e3a3b4", "#ffdcae", "#fff0c4", "#f2b69a", 0.24, 0.1, "#ffd9cc"),
    "sunset": Light("#3f3577", "#d3586c", "#ffb457", "#ffe08a", "#c4603c", 0.34, 0.16, "#ff9d7a"),
    "dusk": Light("#232a5c", "#66528f", "#e79a86", "#ffc49a", "#3a3566", 0.5, 0.26, "#a87fa6"),
    "night": Light("#070e2b", "#14265a", "#35558c", "#cfe0ff", "#0f1d45", 0.66, 0.3, "#3d5488"),
}
"""The hours."""

GROUNDS = {
    "spring": ("#8fbf4f", "#4f8f3a", "#f3a6c2"),
    "summer": ("#86ad3f", "#3f7d35", "#f2c53d"),
    "autumn": ("#b3a158", "#9a5a24", "#d8492a"),
    "winter": ("#edf3f8", "#a9c0d6", "#ffffff"),
}
"""Season to the colours of open ground, of growth, and of what lies or flowers in it."""

WORDS = {
    "red": "#c8322b",
    "orange": "#e8772a",
    "yellow": "#f3cf3c",
    "gold": "#e0a92e",
    "green": "#4d9a45",
    "turquoise": "#2fa8a0",
    "blue": "#2f6fc4",
    "purple": "#7a4aa5",
    "pink": "#ee86ad",
    "white": "#f3efe6",
    "black": "#20222c",
    "brown": "#7d5233",
    "grey": "#8b9096",
}
"""Colour words."""


def light_of(time: str, weather: tuple[str, ...], tint: Colour | None) -> Light:
    """Return the light of an hour, dulled by weather and tinted by a colour word."""
    light = LIGHTS[time]
    dark = time in {"night", "dusk"}
    if "storm" in weather:
        grey, share = ("#1c2430", "#434e5c", "#87939a"), 0.82
    elif "rain" in weather:
        grey, share = ("#55636f", "#8897a0", "#c3ccce"), 0.66
    elif "fog" in weather:
        grey, share = ("#9aa8b0", "#bfc9cc", "#dfe4e2"), 0.6
    elif "snow" in weather:
        grey, share = ("#8fa3b8", "#b9c8d6", "#e6edf2"), 0.62
    else:
        grey, share = ("", "", ""), 0.0
    if share:
        share *= 0.45 if time != "day" else 1.0
        veil = [mix(colour, "#0c1530", 0.55 if dark else 0.0) for colour in grey]
        light = replace(
            light,
            zenith=mix(light.zenith, veil[0], share),
            middle=mix(light.middle, veil[1], share),
            horizon=mix(light.horizon, veil[2], share),
            cloud=mix(light.cloud, veil[1], share * 0.9),
        )
    if "storm" in weather:
        light = replace(light, ambient=mix(light.ambient, "#2a3440", 0.7), land=max(light.land, 0.42),
                        thing=max(light.thing, 0.14))  # fmt: skip
    if tint:
        light = replace(
            light,
            zenith=mix(light.zenith, mix(tint, "#000010", 0.35), 0.6),
            middle=mix(light.middle, tint, 0.6),
            horizon=mix(light.horizon, mix(tint, "#ffffff", 0.5), 0.55),
        )
    return light
