"""What the picture's world is: hour, weather, ground, horizon, where the light comes from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto_sketch.colour import GROUNDS, WORDS, Light, light_of, mix
from impasto_sketch.words import FLOWERS, Wish

if TYPE_CHECKING:
    from random import Random

AERIAL = frozenset("🎈🚁✈🛸🚀🦅🦋🐝🪁🦇🕊🐉🛩🪂🦜🐦🦉🛰☄🪽🐞")
"""Things that may be in the air."""

AFLOAT = frozenset("⛵🚤🚢🚣🛥⛴🛶🦢🦆🐬🐳🐋🦈🐊")
"""Things that lie on water."""

DIVERS = frozenset("🐬🐳🐋🦈🐊")
"""Things of which the lower part is under the water on which they are."""

SUBMARINE = frozenset("🐟🐠🐡🐙🦑🦈🐳🐋🐬🦐🦞🪼🐚🪸🧜🤿🦭🐢🦀")
"""Things at home under water."""

SMALL = frozenset("☕🍵🍷🕯🕰💎👑📚🔑🏺🎂🍰🫖🎻🎸🎹🪑🛋🧸🎁📷⏰☎💐🪴🥀🧶🎺🎷🥁🖼🕹🎧📖📕🪔🏆⚽🏀🎲♟")
"""Things that stand on a table; food does too."""


@dataclass(frozen=True, slots=True)
class Setting:
    """The world of one picture.

    Attributes:
        kind: ``land``, ``water``, ``space``, ``underwater``, ``indoor`` or ``abstract``.
        time: the hour.
        light: its colours.
        season: one of spring, summer, autumn, winter.
        weather: what falls or blows.
        sky: what is to be seen in the sky.
        places: backdrops: mountains, hills, forest, city.
        ground: ``grass``, ``sand``, ``snow``, ``street``, ``moon`` or ``rock``.
        open_ground: the colour of the ground.
        growth: the colour of trees and bushes.
        sprinkle: the colour of what flowers or lies in the grass.
        water: the colour of water.
        horizon: where it is, from the top, 0 to 1 of the height.
        sun: the place of sun or moon, 0 to 1 of width and height.
        flowers: whether the meadow is full of them.
        shore: whether there is ground in front of the water.
        hump: whether the foreground is a hilltop.
        tints: what the prompt says of the colours of places.
    """

    kind: str
    time: str
    light: Light
    season: str
    weather: tuple[str, ...]
    sky: tuple[str, ...]
    places: tuple[str, ...]
    ground: str
    open_ground: str
    growth: str
    sprinkle: str
    water: str
    horizon: float
    sun: tuple[float, float]
    flowers: bool
    shore: bool
    hump: bool
    tints: tuple[tuple[str, str], ...]

    def lit(self, colour: str, share: float = 1.0) -> str:
        """Return a colour of the land as it looks in this light."""
        return mix(colour, self.light.ambient, self.light.land * share)

    def far(self, colour: str, depth: float) -> str:
        """Return a colour of the land as seen through the air; `depth` 1 is the horizon itself."""
        haze = 0.75 if "fog" in self.weather else 0.0
        return mix(self.lit(colour), self.light.horizon, max(depth, haze * (0.4 + 0.6 * depth)))

    @property
    def outline(self) -> str:
        """What stands for black in things: dark, and of the hour's own hue."""
        return mix("#4a342c", self.light.zenith, 0.5 if self.time in {"dusk", "night"} else 0.2)


def imagine(wish: Wish, rng: Random) -> Setting:
    """Return the world that suits a wish; what the wish leaves open is drawn from `rng`."""
    names = {thing.name for thing in wish.things}
    places = set(wish.places)
    weather = wish.weather
    if {"sun", "moon", "fullmoon", "crescent", "stars", "aurora", "rainbow"} & set(wish.sky):
        weather = tuple(what for what in weather if what != "snow")
    moonlit = bool({"moon", "fullmoon", "crescent", "stars", "aurora"} & set(wish.sky))
    airborne = bool(names) and names <= AERIAL
    kind = _kind(wish, names, places)
    time = wish.time or ("night" if moonlit else rng.choice(("day", "day", "day", "dawn", "sunset")))
    if not wish.time and not moonlit and weather:
        time = "day"
    season = wish.season or ("winter" if "snow" in wish.weather else rng.choice(("spring", "summer")))
    ground = "grass"
    if "desert" in places or "beach" in places or names & set("🐪🐫🌵🏝🦂"):
        ground = "sand"
    if season == "winter" or "snow" in wish.weather or names & set("🐧⛄🛷🦭"):
        ground, season = "snow", "winter"
    if "moonscape" in places:
        ground = "moon"
    backdrops = [place for place in ("mountains", "city", "hills", "forest") if place in places]
    if not backdrops and kind == "land" and "desert" not in places:
        woodland = names & set("🦊🐺🐻🦌🦉🐿🦔🐗🍄🦝🦡")
        backdrops = ["hills", "forest"] if woodland else ["hills"] if "meadow" in places else ["mountains", "hills"]
        if airborne:
            backdrops = ["mountains", "hills"]
    horizon = {"water": 0.56, "indoor": 0.66}.get(kind, 0.64)
    if airborne and kind == "land":
        horizon = 0.82
    if "city" in places and kind == "land":
        horizon = 0.84 if airborne or not names else 0.72
    shore = kind == "water" and bool(names - AFLOAT - AERIAL)
    left = rng.random() < 0.5
    sun = (rng.uniform(0.2, 0.3) if left else rng.uniform(0.7, 0.8), rng.uniform(0.2, 0.26))
    if time in {"dawn", "sunset"} and not moonlit:
        sun = (sun[0], horizon - rng.uniform(0.07, 0.14))
    open_ground, growth, sprinkle = GROUNDS[season]
    open_ground = {"sand": "#e3bd7c", "snow": "#edf3f8", "moon": "#9d9a9b", "street": "#6f7077"}.get(
        ground, open_ground
    )
    water = "#2f7f9f"
    for place, colour in wish.tints.items():
        if place in {"meadow", "hills"}:
            open_ground = mix(open_ground, WORDS[colour], 0.65)
        if place == "forest":
            growth = mix(growth, WORDS[colour], 0.6)
        if place in {"sea", "lake"}:
            water = mix(water, WORDS[colour], 0.7)
    tint = wish.tints.get("sky") or next((wish.tints[hour] for hour in (time,) if hour in wish.tints), None)
    tint = tint or (wish.colours[0] if wish.colours and not names else None)
    return Setting(
        kind=kind,
        time=time,
        light=light_of(time, weather, WORDS[tint] if tint else None),
        season=season,
        weather=weather,
        sky=wish.sky,
        places=tuple(backdrops),
        ground=ground,
        open_ground=open_ground,
        growth=growth,
        sprinkle=sprinkle,
        water=water,
        horizon=horizon,
        sun=sun,
        flowers=bool(names & FLOWERS) or ("meadow" in places and season in {"spring", "summer"}),
        shore=shore,
        hump="hills" in places and bool(names - AERIAL) and kind == "land",
        tints=tuple(sorted(wish.tints.items())),
    )


def _kind(wish: Wish, names: set[str], places: set[str]) -> str:
    if wish.is_blank:
        return "abstract"
    if "space" in places:
        return "space"
    if "underwater" in places:
        return "underwater"
    if "indoor" in places:
        return "indoor"
    if places & {"sea", "lake", "beach"} or names & (AFLOAT | {"lighthouse", "🏝"}):
        return "water"
    outdoors = places or wish.weather or wish.sky or wish.season
    if names and names <= SUBMARINE and not outdoors:
        return "underwater"
    if names and not outdoors and all(name in SMALL or is_food(name) for name in names):
        return "indoor"
    return "land"


def is_food(name: str) -> bool:
    """Tell whether an emoji is something to eat or drink."""
    point = ord(name[0]) if len(name) == 1 else 0
    return 0x1F345 <= point <= 0x1F37F or 0x1F950 <= point <= 0x1F96F or 0x1F9C0 <= point <= 0x1F9CB
