"""What a prompt means to the painter."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from impasto_sketch.words import Thing, understand


@pytest.mark.parametrize(
    "prompt",
    [
        "a red fox under the moon",
        "рыжая лиса под луной",
        "лисица и полная луна",
        "ein roter Fuchs unter dem Mond",
        "zwei Füchse bei Vollmond",
        "un renard roux sous la lune",
        "un zorro rojo bajo la luna",
        "una volpe rossa sotto la luna",
        "uma raposa vermelha sob a lua",
        "kırmızı tilki ay altında",
        "rubah merah di bawah bulan",
        "月の下の赤い狐",
        "月亮下的一只红狐狸",
        "여우가 달빛 아래",
        "ثعلب احمر تحت القمر",
        "روباه زیر ماه",
        "🦊🌕",
    ],
)
def test_a_fox_under_the_moon_is_understood_in_every_language(prompt: str) -> None:
    wish = understand(prompt)

    assert [thing.name for thing in wish.things] == ["🦊"]
    assert {"moon", "fullmoon"} & set(wish.sky)


@pytest.mark.parametrize(
    ("prompt", "name", "count"),
    [
        ("two cats", "🐈", 2),
        ("3 fish", "🐟", 3),
        ("a fish", "🐟", 1),
        ("an octopus", "🐙", 1),
        ("octopus", "🐙", 1),
        ("cats", "🐈", 3),
        ("butterflies", "🦋", 3),
        ("9999 sheep", "🐑", 12),
        ("drei Schafe", "🐑", 3),
        ("deux chats noirs", "🐈", 2),
        ("две собаки", "🐕", 2),
        ("пять рыб", "🐟", 5),
        ("三匹の猫", "🐈", 3),
        ("两只猫", "🐈", 2),
        ("flowers", "🌼", 7),
        ("one sunflower", "🌻", 1),
    ],
)
def test_numbers_and_plurals_are_counted(prompt: str, name: str, count: int) -> None:
    assert [(thing.name, thing.count) for thing in understand(prompt).things] == [(name, count)]


@pytest.mark.parametrize(
    ("prompt", "things"),
    [
        ("two cats under a tree", (Thing("🐈", 2, relation="under", other=1), Thing("🌳"))),
        ("a dragon over a castle", (Thing("🐉", relation="over", other=1), Thing("🏰"))),
        ("an owl on a tree", (Thing("🦉", relation="on", other=1), Thing("🌳"))),
        ("a dog behind the house", (Thing("🐕", relation="behind", other=1), Thing("🏠"))),
        ("кот под деревом", (Thing("🐈", relation="under", other=1), Thing("🌳"))),
        ("木の下の猫", (Thing("🌳"), Thing("🐈", relation="under", other=0))),
        ("red balloon over a city", (Thing("🎈", colour="red", relation="over"),)),
    ],
)
def test_positions_tie_things_together(prompt: str, things: tuple[Thing, ...]) -> None:
    assert understand(prompt).things == things


@pytest.mark.parametrize(
    ("prompt", "facts"),
    [
        ("three sheep on a hill at sunset", {"hills", "sunset"}),
        ("a house in a snowy forest", {"forest", "snow"}),
        ("a sailing boat on the sea at night", {"sea", "night"}),
        ("a lighthouse in a storm", {"storm"}),
        ("a dragon over a castle in autumn", {"autumn"}),
        ("дом в зимнем лесу на рассвете", {"winter", "forest", "dawn"}),
        ("ein Boot auf dem See im Nebel", {"lake", "fog"}),
        ("un château dans les montagnes sous la pluie", {"mountains", "rain"}),
        ("森の中の家、雪", {"forest", "snow"}),
    ],
)
def test_the_scene_is_understood(prompt: str, facts: set[str]) -> None:
    assert set(understand(prompt).describe()["scene"]) == facts


@pytest.mark.parametrize(
    ("prompt", "name", "colour"),
    [
        ("a blue car", "🚗", "blue"),
        ("une voiture bleue", "🚗", "blue"),
        ("синяя машина", "🚗", "blue"),
        ("ein blaues Auto", "🚗", "blue"),
        ("un coche azul", "🚗", "blue"),
    ],
)
def test_a_colour_belongs_to_the_thing_it_is_said_of(prompt: str, name: str, colour: str) -> None:
    (thing,) = understand(prompt).things

    assert (thing.name, thing.colour) == (name, colour)


def test_a_word_is_read_in_the_language_of_its_neighbours() -> None:
    assert understand("le chat et la mer").things[0].name == "🐈"
    assert understand("ein See im Wald").places == ("lake", "forest")
    assert understand("I see the sea").places == ("sea",)


def test_negative_words_leave_things_and_weather_out() -> None:
    wish = understand("a cat and a dog by the sea in the rain under the moon", "dog, rain, moon")

    assert [thing.name for thing in wish.things] == ["🐈"]
    assert wish.weather == ()
    assert wish.sky == ()
    assert wish.places == ("sea",)


def test_without_leaves_out_what_it_stands_before() -> None:
    assert understand("a castle without clouds").sky == ()
    assert understand("замок без облаков").sky == ()


@pytest.mark.parametrize("prompt", ["zxqv blorp snarf", "…", "?!", "\u202e\u0000\x1b[31m", "ꙮ7 ꙮ", "☯☮", "👍🏽"])
def test_what_is_unknown_means_nothing(prompt: str) -> None:
    assert understand(prompt).is_blank


def test_only_the_beginning_of_a_long_prompt_is_read() -> None:
    wish = understand("a fox " + "blorp " * 10_000 + "and a whale")

    assert [thing.name for thing in wish.things] == ["🦊"]


def test_a_heap_of_words_stays_a_picture() -> None:
    wish = understand("cat dog horse cow pig goat sheep owl bear wolf lion frog " * 5)

    assert len(wish.things) == 6


@settings(deadline=None, max_examples=60)
@given(st.text(max_size=60), st.text(max_size=20))
def test_any_text_is_understood_somehow_and_always_alike(prompt: str, negative: str) -> None:
    wish = understand(prompt, negative)

    assert wish == understand(prompt, negative)
    assert all(1 <= thing.count <= 12 for thing in wish.things)
    assert all(thing.other is None or 0 <= thing.other < len(wish.things) for thing in wish.things)
