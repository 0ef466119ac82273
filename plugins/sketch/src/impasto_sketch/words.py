"""From a prompt to what should be in the picture: things, how many, where they are, and the scene around them."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

from impasto_sketch.concepts import COLOURS, PLACES, RELATIONS, SEASONS, SKY, TIMES, WEATHER, concepts

MOST_THINGS = 6
"""Kinds of things in one picture; more would be a heap."""

FLOWERS = frozenset("🌷🌼🌻🌹🌸🌺🪻")
"""Things that, not counted, come in numbers."""

_NOUN_FIRST = frozenset({"fr", "es", "it", "pt", "id", "ar", "fa"})
_POSTPOSITIONS = frozenset({"zh", "ja", "ko", "tr"})


@dataclass(frozen=True, slots=True)
class Thing:
    """Something to be drawn.

    Attributes:
        name: an emoji, or the name of a picture of this plugin's own.
        count: how many, 1 to 12.
        colour: one of `COLOURS`, where the prompt gives it one.
        relation: where it is: one of `RELATIONS`.
        other: the index of the thing to which it stands in that relation; None for the scene.
    """

    name: str
    count: int = 1
    colour: str | None = None
    relation: str | None = None
    other: int | None = None


@dataclass(frozen=True, slots=True)
class Wish:
    """What a prompt asks for, as far as it was understood.

    Attributes:
        things: what to draw, in the order in which it was named.
        time: one of `TIMES`.
        sky: some of `SKY`.
        weather: some of `WEATHER`.
        season: one of `SEASONS`.
        places: some of `PLACES`, in the order in which they were named.
        colours: colours that belong to no thing.
        tints: a place or a feature of the sky, and the colour it was given.
    """

    things: tuple[Thing, ...] = ()
    time: str | None = None
    sky: tuple[str, ...] = ()
    weather: tuple[str, ...] = ()
    season: str | None = None
    places: tuple[str, ...] = ()
    colours: tuple[str, ...] = ()
    tints: dict[str, str] = field(default_factory=dict)

    @property
    def is_blank(self) -> bool:
        """Whether nothing but colours was understood."""
        return not (self.things or self.time or self.sky or self.weather or self.season or self.places)

    def describe(self) -> dict[str, Any]:
        """Return what was understood, in plain data, for people to read."""
        return {
            "subjects": [f"{thing.count} × {thing.name}" if thing.count > 1 else thing.name for thing in self.things],
            "scene": [*filter(None, (self.time, self.season)), *self.places, *self.sky, *self.weather, *self.colours],
        }


def understand(prompt: str, negative_prompt: str = "") -> Wish:
    """Return what a prompt asks for.

    Args:
        prompt: any text, in any of fourteen languages, or emoji; the first `LONGEST` characters are read.
        negative_prompt: what to leave out, in the same words.
    """
    unwanted = {concept for concept, _ in concepts(negative_prompt)} - {*RELATIONS, "stop", "without"}
    if unwanted & {"moon", "fullmoon", "crescent"}:
        unwanted |= {"moon", "fullmoon", "crescent"}
    reader = _Reader(unwanted)
    for concept, language in concepts(prompt):
        reader.take(concept, language)
    return reader.wish()


class _Reader:
    """Takes concepts one by one, and puts numbers, colours and relations with what they belong to."""

    def __init__(self, unwanted: set[str]) -> None:
        self._unwanted = unwanted
        self._things: list[Thing] = []
        self._facts: list[str] = []
        self._colours: list[str] = []
        self._tints: dict[str, str] = {}
        self._colour: str | None = None
        self._count: int | None = None
        self._relation: str | None = None
        self._other: int | None = None
        self._refused = False
        self._plural = False

    def take(self, concept: str, language: str) -> None:
        """Take the next concept."""
        if concept == "without":
            self._refused = True
        elif concept == "plural":
            self._plural = self._count in {None, 1}
        elif concept in COLOURS:
            self._colour_with(concept, language)
        elif concept.isdecimal():
            self._count = int(concept)
        elif concept in RELATIONS:
            self._relate(concept, language)
        elif concept != "stop":
            if concept in self._unwanted or self._refused:
                self._unwanted.add(concept)
            elif concept in (*TIMES, *SKY, *WEATHER, *SEASONS, *PLACES):
                self._note(concept)
            elif concept:
                self._draw(concept)
            self._refused = False
            self._count, self._plural = (None, False) if concept else (self._count, self._plural)

    def wish(self) -> Wish:
        """Return what was understood."""
        self._drop_colour()

        def those(kinds: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(dict.fromkeys(fact for fact in self._facts if fact in kinds))

        return Wish(
            things=tuple(self._things),
            time=next(iter(those(TIMES)), None),
            sky=those(SKY),
            weather=those(WEATHER),
            season=next(iter(those(SEASONS)), None),
            places=those(PLACES),
            colours=tuple(dict.fromkeys(self._colours)),
            tints=self._tints,
        )

    def _colour_with(self, colour: str, language: str) -> None:
        if colour in self._unwanted:
            return
        if language in _NOUN_FIRST and self._things and self._relation is None and not self._things[-1].colour:
            self._things[-1] = replace(self._things[-1], colour=colour)
            return
        self._drop_colour()
        self._colour = colour

    def _relate(self, relation: str, language: str) -> None:
        self._relation = relation
        self._other = None
        if language in _POSTPOSITIONS and relation not in {"with", "and", "in"} and self._things:
            last = len(self._things) - 1
            if last > 0 and self._things[0].relation is None:
                self._things[0] = replace(self._things[0], relation=relation, other=last)
                self._relation = None
            else:
                self._other = last

    def _note(self, fact: str) -> None:
        self._facts.append(fact)
        if self._colour:
            self._tints[fact] = self._colour
            self._colour = None
        if self._things and self._relation in {"over", "behind", "on"} and self._things[-1].relation is None:
            self._things[-1] = replace(self._things[-1], relation=self._relation)
        self._relation = None

    def _draw(self, name: str) -> None:
        known = next((index for index, thing in enumerate(self._things) if thing.name == name), None)
        if known is not None:
            count = (
                min(12, self._things[known].count + (self._count or 1)) if self._count else self._things[known].count
            )
            self._things[known] = replace(self._things[known], count=count)
        elif len(self._things) < MOST_THINGS:
            index = len(self._things)
            count = self._count or 1
            if self._plural or (name in FLOWERS and self._count is None):
                count = 7 if name in FLOWERS else 3
            thing = Thing(name, count=count, colour=self._colour)
            self._colour = None
            if self._other is not None:
                thing = replace(thing, relation=self._relation, other=self._other)
            elif index and self._relation and self._things[index - 1].relation is None:
                self._things[index - 1] = replace(self._things[index - 1], relation=self._relation, other=index)
            self._things.append(thing)
        self._relation = self._other = None

    def _drop_colour(self) -> None:
        if self._colour:
            self._colours.append(self._colour)
            self._colour = None
