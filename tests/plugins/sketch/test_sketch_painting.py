"""What the painter paints."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections import Counter
from itertools import pairwise
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pictures
from PIL import ImageChops, ImageStat

from impasto_sketch.composition import Placed, compose
from impasto_sketch.openmoji import drawing, extent, has_drawing
from impasto_sketch.setting import imagine
from impasto_sketch.studio import Finished, Stage, paint
from impasto_sketch.words import understand


def painted(prompt: str, width: int = 96, height: int = 96, seed: int = 1, negative: str = "") -> Finished:
    *_, last = paint(prompt, negative, width, height, seed)
    assert isinstance(last, Finished)
    return last


def opened(data: bytes) -> Pictures.Image:
    picture = Pictures.open(io.BytesIO(data))
    picture.load()
    return picture


def placed(prompt: str, size: tuple[int, int] = (768, 768), seed: int = 1) -> list[Placed]:
    wish, rng = understand(prompt), Random(seed)
    return compose(wish.things, imagine(wish, rng), size, rng, extent)


def test_the_same_request_gives_the_same_bytes() -> None:
    assert painted("a fox under the moon") == painted("a fox under the moon")


def test_another_process_paints_the_same_bytes() -> None:
    code = (
        "import hashlib, sys\nfrom impasto_sketch.studio import paint\n"
        "*_, last = paint('zwei Füchse im Wald bei Nacht', 'stars', 80, 96, 11)\n"
        "print(hashlib.sha256(last.picture).hexdigest())"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-X", "utf8", "-c", code],
            env={**os.environ, "PYTHONHASHSEED": hash_seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hash_seed in ("1", "2")
    ]

    assert runs[0] == runs[1]
    assert len(runs[0].strip()) == 64


def test_another_seed_composes_another_picture() -> None:
    pictures = {painted("a fox under the moon", seed=seed).picture for seed in range(4)}

    assert len(pictures) == 4


@settings(deadline=None, max_examples=15)
@given(
    width=st.integers(64, 240),
    height=st.integers(64, 240),
    seed=st.integers(0, 2**32 - 1),
    prompt=st.sampled_from(
        [
            "twelve sheep in the rain",
            "a ship on the sea",
            "a cat in space",
            "fish under water",
            "coffee on a table",
            "a bird on a tree by a castle in fog with snow",
            "a wizard and a dragon over a city",
            "blorp",
            "aurora and a rainbow",
        ]
    ),
)
def test_a_picture_has_the_size_that_was_asked(width: int, height: int, seed: int, prompt: str) -> None:
    picture = opened(painted(prompt, width, height, seed).picture)

    assert (picture.format, picture.size, picture.mode) == ("PNG", (width, height), "RGB")


@pytest.mark.parametrize("size", [(2048, 64), (64, 2048), (64, 64)])
def test_extreme_shapes_are_painted_too(size: tuple[int, int]) -> None:
    assert opened(painted("two elephants under a tree at night", *size).picture).size == size


def test_previews_come_nearer_and_nearer_to_the_picture() -> None:
    *stages, last = (event for event in paint("a red balloon over the sea", "", 256, 256, 3) if event)
    assert isinstance(last, Finished)
    previews = [stage.preview for stage in stages if isinstance(stage, Stage) and stage.preview]
    picture = opened(last.picture)

    distances = [sum(ImageStat.Stat(ImageChops.difference(opened(data), picture)).mean) for data in previews]

    assert len(previews) == 4
    assert distances == sorted(distances, reverse=True)


def test_progress_goes_forward_only() -> None:
    fractions = [event.fraction for event in paint("a cat", "", 96, 96, 1) if isinstance(event, Stage)]

    assert all(earlier < later for earlier, later in pairwise(fractions))
    assert 0 < fractions[0] < fractions[-1] < 1


def test_painting_can_be_given_up_at_any_moment() -> None:
    moments = sum(1 for _ in paint("a cat", "", 128, 128, 1))
    assert moments > 20

    for moment in (1, 5, moments // 2, moments - 2):
        work = paint("a cat", "", 128, 128, 1)
        for _ in range(moment):
            next(work)
        work.close()
        assert list(work) == []


def test_a_picture_of_768_pixels_leaves_many_moments_to_give_up() -> None:
    events = Counter(type(event) for event in paint("a cat", "", 768, 768, 1))

    assert events[type(None)] >= 40


def test_the_subject_is_really_in_the_picture() -> None:
    with_balloon = opened(painted("a red balloon in the sky by day", 128, 128).picture)
    without = opened(painted("a red balloon in the sky by day", 128, 128, negative="balloon").picture)

    def red_pixels(picture: Pictures.Image) -> int:
        red, green, blue = picture.split()
        strong = ImageChops.subtract(red, ImageChops.lighter(green, blue))
        return sum(strong.histogram()[90:])

    assert red_pixels(with_balloon) > 300
    assert red_pixels(without) < 30


def test_night_is_darker_than_day() -> None:
    def brightness(prompt: str) -> float:
        return float(ImageStat.Stat(opened(painted(prompt).picture).convert("L")).mean[0])

    assert brightness("a meadow at night") < 0.6 * brightness("a meadow by day")


def test_a_prompt_that_says_nothing_still_gives_a_picture_of_many_colours() -> None:
    finished = painted("zxqv blorp", 128, 128)

    assert ImageStat.Stat(opened(finished.picture).convert("L")).stddev[0] > 15
    assert "attribution" not in finished.metadata


def test_a_picture_tells_what_was_understood_and_whom_to_credit() -> None:
    metadata = painted("two cats on the beach at sunset").metadata

    assert metadata["subjects"] == ["2 × 🐈"]
    assert metadata["scene"] == ["sunset", "beach"]
    assert "OpenMoji" in metadata["attribution"]
    assert "CC BY-SA 4.0" in metadata["attribution"]


def test_nobody_is_credited_where_nothing_was_borrowed() -> None:
    assert "attribution" not in painted("a lighthouse by the sea").metadata
    assert "attribution" not in painted("snowy mountains at dawn").metadata


@pytest.mark.parametrize(
    "prompt",
    [
        "<svg onload='x'>&amp; </svg> a cat \"quoted\"",
        "\u202eقطة\u202c \x00\x07\x1b[2J",
        "🏳️‍🌈👨‍👩‍👧‍👦🫠\U0001f3fb\ufe0f\u200d",
        "a" * 100_000,
        "two " * 2_000,
        "fox fox " * 5_000,
        "ｆｕｌｌｗｉｄｔｈ ｃａｔ ﷺ",
    ],
)
def test_hostile_prompts_are_painted_like_any_other(prompt: str) -> None:
    assert opened(painted(prompt, 64, 64).picture).size == (64, 64)


def test_what_stands_on_the_ground_stands_below_the_horizon() -> None:
    for seed in range(12):
        for item in placed("a dog, a horse and a house in a meadow", seed=seed):
            assert item.foot > 0.64 * 768


def test_what_flies_over_a_castle_is_above_it() -> None:
    for seed in range(12):
        by_name = {item.thing.name: item for item in placed("a dragon over a castle", seed=seed)}
        assert by_name["🐉"].foot <= by_name["🏰"].foot - 0.7 * by_name["🏰"].height


def test_what_is_under_a_tree_is_painted_after_it_and_stands_nearer() -> None:
    items = placed("two cats under a tree")

    assert [item.thing.name for item in items] == ["🌳", "🐈", "🐈"]
    assert all(cat.foot > items[0].foot for cat in items[1:])


@settings(deadline=None, max_examples=40)
@given(
    prompt=st.sampled_from(
        ["twelve dogs", "a cat, a dog, a cow, a pig, a bee and a house", "ten balloons", "nine boats"]
    ),
    width=st.integers(64, 2048),
    height=st.integers(64, 2048),
    seed=st.integers(0, 1000),
)
def test_everything_that_is_wished_for_is_within_the_picture(prompt: str, width: int, height: int, seed: int) -> None:
    items = placed(prompt, (width, height), seed)

    assert len(items) == sum(thing.count for thing in understand(prompt).things)
    for item in items:
        assert 0 <= item.x <= width
        assert 0 < item.foot <= height * 1.02
        assert item.foot - item.height >= -0.05 * height


def test_a_colour_word_changes_the_art_and_keeps_what_is_white() -> None:
    blue = drawing("🚗", "blue", "#222222")
    plain = drawing("🚗", None, "#222222")

    assert blue is not None
    assert plain is not None
    assert blue != plain


def test_there_is_no_art_for_what_is_no_emoji() -> None:
    assert not has_drawing("../../../etc/passwd")
    assert drawing("blorp", None, "#222222") is None
