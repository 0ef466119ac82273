"""Where things stand: size, depth, number and neighbourhood, by the rules of a picture rather than of the world."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from impasto_sketch.creatures import SEATED
from impasto_sketch.setting import AERIAL, AFLOAT, Setting, is_food
from impasto_sketch.words import FLOWERS, Thing

if TYPE_CHECKING:
    from random import Random

_BUILDINGS = frozenset("🏠🏡🏰🏯⛪🏛🏭🏢🏚🏨🏫🕌🛕🎡🎪🗼🗽⛺🌋🏝🎢⛩🛖🏟") | {"lighthouse", "windmill"}
_TREES = frozenset("🌳🌲🌴🌵🎄🎋")
_LARGE = frozenset("🐘🦒🐎🐄🐂🐃🦌🐪🐫🐉🦕🦖🦣🦏🦛🚂🚗🚌🚜🚢⛵🚀🐳🐋🦬🫎🦓🐅🐆🛸✈🚁")
_LITTLE = frozenset("🐇🐁🐀🐿🦔🐦🐤🐥🐓🦆🐸🐢🦎🐌🐞🐝🦋🍄🦀🐟🐠🐡🦐🐛🐜🦗🕷🕊🦇🐚⚽🍁")
_ALWAYS_ALOFT = frozenset("🎈🚁✈🛸🚀🦋🐝🪁🦇🪂🦅🛩🕊☄")
_BED = frozenset("🦀🐚🪸🦞🦐🐙🐌🤿")

_PEOPLE = ((0x1F466, 0x1F478), (0x1F47C, 0x1F47C), (0x1F481, 0x1F487), (0x1F934, 0x1F936), (0x1F977, 0x1F977),
           (0x1F9B8, 0x1F9B9), (0x1F9D1, 0x1F9DB), (0x1F9DD, 0x1F9DF), (0x1FAC5, 0x1FAC5))  # fmt: skip

Extent = Callable[[str], tuple[float, float, float, float]]
"""Tells which part of its 72 by 72 units a picture fills."""


@dataclass(frozen=True, slots=True)
class Placed:
    """One thing in its place, in pixels.

    Attributes:
        thing: what it is.
        x: its middle.
        foot: its lower edge.
        width: across.
        height: from foot to top.
        base: ``ground``, ``water``, ``table`` or ``air``: what is under it.
        flipped: whether it looks the other way.
        tilt: turned by so many degrees.
        depth: the order of painting; less is farther away.
    """

    thing: Thing
    x: float
    foot: float
    width: float
    height: float
    base: str
    flipped: bool
    tilt: float
    depth: float


def compose(
    things: Sequence[Thing], setting: Setting, size: tuple[int, int], rng: Random, extent: Extent
) -> list[Placed]:
    """Return every thing in its place, from the farthest to the nearest."""
    if not things:
        return []
    stage = _Stage(things, setting, size, rng, extent)
    return sorted(stage.place(), key=lambda placed: placed.depth)


def is_bust(name: str) -> bool:
    """Tell whether an emoji shows a person's head and shoulders."""
    return any(first <= ord(name[0]) <= last for first, last in _PEOPLE)


class _Stage:
    def __init__(
        self, things: Sequence[Thing], setting: Setting, size: tuple[int, int], rng: Random, extent: Extent
    ) -> None:
        self.things = things
        self.setting = setting
        self.width, self.height = size
        self.unit = min(self.width, self.height * 1.05, self.width * 1.05)
        self.rng = rng
        self.extent = extent
        self.horizon = self.height * setting.horizon
        self.bases = [self._base(thing) for thing in things]

    def place(self) -> list[Placed]:
        slots = self._slots()
        groups: dict[int, list[Placed]] = {}
        order = sorted(range(len(self.things)), key=lambda index: self._other(index) is not None)
        for index in order:
            groups[index] = self._group(index, slots[index], groups)
        return [placed for group in groups.values() for placed in group]

    def _other(self, index: int) -> int | None:
        thing = self.things[index]
        return thing.other if thing.relation in {"on", "under", "over", "behind", "before"} else None

    def _base(self, thing: Thing) -> str:
        kind = self.setting.kind
        if kind == "space":
            return "air"
        if kind == "underwater":
            return "ground" if thing.name in _BED else "air"
        if kind == "indoor":
            return "table"
        if is_bust(thing.name):
            return "edge"
        if thing.name in _ALWAYS_ALOFT or (thing.name in AERIAL and thing.relation == "over"):
            return "air"
        if kind == "water" and thing.name in AFLOAT:
            return "water"
        return "ground"

    def _slots(self) -> list[float]:
        """Return the middle of each group, as a share of the width."""
        count = len(self.things)
        shine = self.setting.sun[0]
        away = 1 if shine < 0.5 else -1
        if count == 1:
            aside = 0.13 if self.bases[0] == "air" else 0.06
            return [0.5 + away * (aside if self.setting.kind in {"land", "water"} else 0.0)]
        first = 0.5 + away * 0.2
        rest = [0.5 - away * 0.2, 0.5 + away * 0.42, 0.5 - away * 0.42, 0.5, 0.5 + away * 0.3]
        if count == 3:
            return [0.5, 0.5 - away * 0.3, 0.5 + away * 0.3]
        slots = [first, *rest][:count]
        for index in range(count):
            if (other := self._other(index)) is not None and other < count:
                slots[other] = 0.5 + away * 0.14
        return slots

    def _scale(self, thing: Thing, index: int) -> float:
        name = thing.name
        if self.setting.kind == "indoor":
            share = 0.44 if len(self.things) == 1 else 0.34
        elif is_bust(name):
            share = 0.5 if len(self.things) == 1 else 0.42
        elif name in _BUILDINGS:
            share = 0.44 if name == "🏠" else 0.5
        elif name in _TREES:
            share = 0.54
        elif name in SEATED or name in _LARGE:
            share = 0.42
        elif name in FLOWERS:
            share = 0.62 if thing.count > 3 else 0.42
        elif name in _LITTLE or is_food(name):
            share = 0.25
        else:
            share = 0.36
        if self.setting.kind in {"space", "underwater"}:
            share *= 1.3
        if len(self.things) == 1:
            share = max(share * 1.12, 0.34)
        elif index and self._base(thing) == "air":
            share *= 0.8
        return share / float(max(1.0, thing.count**0.3))

    def _group(self, index: int, slot: float, groups: dict[int, list[Placed]]) -> list[Placed]:
        thing = self.things[index]
        left, top, right, bottom = self.extent(thing.name)
        across, tall = max(1.0, right - left), max(1.0, bottom - top)
        size = self._scale(thing, index) * self.unit
        if self.height > self.width * 1.25:
            size = min(size * 1.3, self.width * 0.86)
        other = self._other(index)
        anchor = groups[other][0] if other is not None and groups.get(other) else None
        width, height = size * across / max(across, tall), size * tall / max(across, tall)
        x, foot, base = slot * self.width, self._foot(thing, height), self.bases[index]
        if anchor:
            x, foot, base, factor = self._beside(thing, anchor, (x, foot, width, height), base)
            width, height = width * factor, height * factor
        return self._several(thing, (x, foot, width, height), base, anchor)

    def _foot(self, thing: Thing, height: float) -> float:
        base = self._base(thing)
        land = self.height - self.horizon
        if base == "air":
            if self.setting.kind in {"space", "underwater"}:
                return self.height * 0.54 + height / 2
            return max(height * 1.08, self.horizon * (0.48 if len(self.things) == 1 else 0.34) + height / 2)
        if base == "edge":
            return self.height * 1.01
        if base == "table":
            return self.horizon + land * 0.42
        if base == "water":
            return self.horizon + land * (0.4 if self.setting.shore else 0.52)
        if self.setting.kind == "underwater":
            return self.height * 0.92
        if self.setting.kind == "water":
            return self.height * (0.885 if thing.name in _BUILDINGS | _TREES else 0.925)
        if thing.name in _BUILDINGS | _TREES:
            return self.horizon + land * (0.52 if len(self.things) == 1 else 0.4)
        return self.horizon + land * 0.76

    def _beside(
        self, thing: Thing, anchor: Placed, place: tuple[float, float, float, float], base: str
    ) -> tuple[float, float, str, float]:
        """Return middle, foot, base and a factor for the size of a thing in relation to another."""
        x, foot, width, height = place
        side = 1 if x >= anchor.x else -1
        if thing.relation == "over" and base == "air":
            factor = 1.12 if anchor.base != "air" else 0.9
            lowest = anchor.foot - anchor.height - self.unit * 0.03
            middle = anchor.x - (anchor.x - self.width / 2) * 1.3
            return middle, max(height * factor * 1.04, min(lowest, foot * 1.1)), base, factor
        if thing.relation == "on":
            factor = min(1.0, 0.62 * anchor.width / width)
            crown = 0.32 if anchor.thing.name in _TREES else 0.04
            return anchor.x, anchor.foot - anchor.height * (1 - crown), "perch", factor
        if "edge" in {base, anchor.base} or (thing.relation == "under" and anchor.base == "air"):
            return anchor.x, foot, base, 1.0
        if thing.relation == "under":
            return anchor.x + side * anchor.width * 0.12, anchor.foot + self.unit * 0.08, base, 0.82
        if thing.relation == "behind":
            return anchor.x + side * (anchor.width * 0.5 + width * 0.1), anchor.foot - self.unit * 0.03, base, 0.95
        return anchor.x + side * anchor.width * 0.42, anchor.foot + self.unit * 0.07, base, 1.0

    def _several(
        self, thing: Thing, place: tuple[float, float, float, float], base: str, anchor: Placed | None
    ) -> list[Placed]:
        x, foot, width, height = place
        count = thing.count
        room = self.width * (0.94 if len(self.things) == 1 or thing.name in FLOWERS else 0.6)
        rows = 1 if count <= 3 else 2 if count <= 8 else 3
        per_row = -(-count // rows)
        pitch = min(width * (1.3 if count > 3 else 1.12), (room - width) / max(1, per_row - 1)) if count > 1 else 0.0
        if thing.name in FLOWERS and count > 3:
            pitch = (room - width) / max(1, per_row - 1)
            x = self.width / 2
        if count > 1 and pitch < width * 0.8:
            factor = max(0.45, pitch / (width * 0.8))
            width, height = width * factor, height * factor
        flip = self.rng.random() < 0.5 if anchor is None else x < anchor.x
        placed = []
        for number in range(count):
            row, column = divmod(number, per_row)
            in_row = min(per_row, count - row * per_row)
            dx = (column - (in_row - 1) / 2) * pitch + (row % 2) * pitch * 0.3
            jitter = self.rng.uniform(-0.06, 0.06) * width if count > 1 else 0.0
            if base == "air":
                dy = (self.rng.uniform(-0.3, 0.3) if count > 1 else 0.0) * height + row * height * 0.8
                near = self.rng.uniform(0.78, 1.05) if count > 1 else 1.0
            else:
                dy = -row * height * 0.34 + (self.rng.uniform(-0.1, 0.1) * height if count > 1 else 0.0)
                near = (1 - 0.17 * row) * (self.rng.uniform(0.93, 1.05) if count > 1 else 1.0)
            dy = 0.0 if base == "perch" else dy
            middle = self._within(x + dx + jitter, width * near)
            at = min(max(foot + dy, height * near * 1.02), self.height * (1.01 if base == "edge" else 0.965))
            if base == "ground" and self.setting.kind == "land":
                at = max(at, self.horizon + self.unit * 0.03)
            depth = {"air": self.horizon * 0.5, "perch": foot + self.height, "edge": self.height}.get(base, at)
            if thing.relation == "before":
                depth += self.height
            looks = flip if self.rng.random() < 0.75 or count == 1 else not flip
            tilt = self.rng.uniform(-9, 9) if base == "air" and self.setting.kind == "space" else 0.0
            item = Placed(thing, middle, at, width * near, height * near, base, looks, tilt, depth)
            placed.append(item)
        return [replace(item, depth=item.depth - 0.001 * number) for number, item in enumerate(placed)]

    def _within(self, x: float, width: float) -> float:
        margin = min(width * 0.56, self.width / 2)
        return min(max(x, margin), self.width - margin)
