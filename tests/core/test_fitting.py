"""How a request is made to fit a model, or refused by name."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import Choices, ImageRequest, InvalidRequest, Model, Provider, Range, SizeRule
from impasto.fitting import fit

PROVIDER = Provider(id="atelier")
MODEL = Model(
    provider=PROVIDER,
    id="oil",
    accepts={
        "seed": Range(0, 100),
        "randomize_seed": None,
        "num_inference_steps": Range(1, 50),
        "extra": Choices("style", "quality"),
    },
    defaults={"width": 768, "height": 512, "num_inference_steps": 2},
    size=SizeRule(minimum=32, maximum=2048, multiple=8),
)


def test_defaults_are_filled_in_where_the_user_said_nothing() -> None:
    fitted = fit(MODEL, ImageRequest("a fox", num_inference_steps=7))
    assert (fitted.width, fitted.height, fitted.num_inference_steps) == (768, 512, 7)


def test_a_parameter_that_the_model_does_not_take_is_refused_with_those_it_takes() -> None:
    with pytest.raises(InvalidRequest, match="atelier/oil does not take guidance_scale") as raised:
        fit(MODEL, ImageRequest("a fox", guidance_scale=3))
    assert "num_inference_steps" in str(raised.value)
    assert raised.value.parameter == "guidance_scale"


@pytest.mark.parametrize(
    ("request_", "words"),
    [
        (ImageRequest("a fox", num_inference_steps=51), "num_inference_steps must be from 1 to 50, not 51"),
        (ImageRequest("a fox", seed=101), "seed must be from 0 to 100, not 101"),
        (ImageRequest("a fox", width=31), "width must be 32 to 2048 pixels a side, in steps of 8, not 31"),
        (ImageRequest("a fox", height=2049), "height must be 32 to 2048 pixels a side, in steps of 8, not 2049"),
        (ImageRequest("a fox", aspect_ratio="9999:1"), "must be 32 to 2048 pixels a side"),
        (
            ImageRequest("a fox", extra={"stile": 1}),
            "there is no 'stile' in extra; did you mean style? known: style, quality",
        ),
    ],
)
def test_a_value_out_of_range_is_refused_with_parameter_rule_and_model(request_: ImageRequest, words: str) -> None:
    with pytest.raises(InvalidRequest, match="^atelier/oil") as raised:
        fit(MODEL, request_)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("fields", "size"),
    [
        ({"width": 513, "height": 519}, (512, 512)),
        ({"width": 512}, (512, 512)),
        ({"height": 256}, (768, 256)),
        ({"aspect_ratio": "16:9"}, (1024, 576)),
        ({"aspect_ratio": "3:2"}, (1024, 680)),
        ({"aspect_ratio": "2:1", "width": 512}, (512, 256)),
        ({"aspect_ratio": "2:1", "height": 512}, (1024, 512)),
        ({}, (768, 512)),
    ],
)
def test_the_size_follows_from_what_was_said_of_it(fields: dict[str, int], size: tuple[int, int]) -> None:
    fitted = fit(MODEL, ImageRequest("a fox", **fields))  # type: ignore[arg-type]
    assert (fitted.width, fitted.height) == size


class TestListedSizes:
    model = replace(MODEL, size=((1024, 1024), (1536, 1024)), defaults={})

    def test_the_first_is_usual(self) -> None:
        fitted = fit(self.model, ImageRequest("a fox"))
        assert (fitted.width, fitted.height) == (1024, 1024)

    def test_a_ratio_finds_its_size(self) -> None:
        fitted = fit(self.model, ImageRequest("a fox", aspect_ratio="3:2"))
        assert (fitted.width, fitted.height) == (1536, 1024)

    def test_a_size_that_is_not_listed_is_refused_with_those_that_are(self) -> None:
        with pytest.raises(InvalidRequest, match="draws 1024x1024, 1536x1024; 512x512 is none of them"):
            fit(self.model, ImageRequest("a fox", width=512, height=512))


def test_a_model_without_a_size_rule_takes_no_size() -> None:
    with pytest.raises(InvalidRequest, match="does not take width"):
        fit(replace(MODEL, size=None), ImageRequest("a fox", width=512))


class TestSeeds:
    def test_without_a_seed_the_server_chooses(self) -> None:
        assert fit(MODEL, ImageRequest("a fox")).randomize_seed is True

    def test_a_seed_turns_randomizing_off(self) -> None:
        assert fit(MODEL, ImageRequest("a fox", seed=7)).randomize_seed is False

    def test_unless_the_user_says_otherwise(self) -> None:
        assert fit(MODEL, ImageRequest("a fox", seed=7, randomize_seed=True)).randomize_seed is True

    @given(st.integers())
    def test_where_the_server_cannot_the_core_draws_one_in_range(self, _: int) -> None:
        model = replace(MODEL, accepts={"seed": Range(3, 9)})
        seed = fit(model, ImageRequest("a fox")).seed
        assert seed is not None
        assert 3 <= seed <= 9

    def test_a_model_that_knows_no_seed_gets_none(self) -> None:
        assert fit(replace(MODEL, accepts={}, defaults={}), ImageRequest("a fox")).seed is None


def test_several_pictures_are_never_refused_since_they_can_be_asked_for_one_by_one() -> None:
    assert fit(MODEL, ImageRequest("a fox", n=4)).n == 4


class TestRatios:
    """Models that know aspect ratios alone, or sizes alone, take what people ask for in the other words."""

    RATIOS = replace(MODEL, accepts={"aspect_ratio": Choices("1:1", "16:9", "9:16")}, defaults={}, size=None)
    SIZES = replace(MODEL, accepts={}, defaults={}, size=((1024, 1024), (1344, 768), (768, 1344)))

    @pytest.mark.parametrize(("size", "ratio"), [((512, 512), "1:1"), ((1344, 768), "16:9"), ((576, 1024), "9:16")])
    def test_a_size_becomes_the_ratio_that_it_has(self, size: tuple[int, int], ratio: str) -> None:
        fitted = fit(self.RATIOS, ImageRequest("a fox", width=size[0], height=size[1]))
        assert (fitted.width, fitted.height, fitted.aspect_ratio) == (None, None, ratio)

    def test_a_size_of_another_shape_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="draws shapes, not sizes: instead of width, give aspect_ratio"):
            fit(self.RATIOS, ImageRequest("a fox", width=1024, height=768))

    @pytest.mark.parametrize(("ratio", "size"), [("16:9", (1344, 768)), ("9:16", (768, 1344)), ("1:1", (1024, 1024))])
    def test_a_ratio_becomes_the_size_that_is_near_enough(self, ratio: str, size: tuple[int, int]) -> None:
        fitted = fit(self.SIZES, ImageRequest("a fox", aspect_ratio=ratio))
        assert (fitted.width, fitted.height) == size

    def test_a_ratio_that_no_size_has_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="draws 1024x1024, 1344x768, 768x1344"):
            fit(self.SIZES, ImageRequest("a fox", aspect_ratio="4:3"))


def test_an_area_bounds_both_sides_together() -> None:
    model = replace(MODEL, size=SizeRule(64, 4096, 16, area=2048 * 2048))
    assert fit(model, ImageRequest("a fox", width=4096, height=1024)).width == 4096
    with pytest.raises(InvalidRequest, match="4194304 pixels in all at the most, not 4096x2048"):
        fit(model, ImageRequest("a fox", width=4096, height=2048))


@given(st.integers(1, 10_000), st.integers(1, 10_000))
def test_the_size_next_to_a_pictures_is_always_one_that_is_allowed(width: int, height: int) -> None:
    rule = SizeRule(64, 4096, 16, area=2048 * 2048)
    across, down = rule.nearest(width, height)
    assert rule.admits(across)
    assert rule.admits(down)
    assert across % 16 == down % 16 == 0
    assert across * down <= 2048 * 2048
