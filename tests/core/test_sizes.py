"""Sizes: what people expect of a ratio, and how a model's rule rounds."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from impasto import SizeRule, size_of
from impasto.sizes import EXPECTED_SIZES


@pytest.mark.parametrize(("ratio", "size"), EXPECTED_SIZES.items())
def test_a_usual_ratio_has_its_usual_size(ratio: str, size: tuple[int, int]) -> None:
    assert size_of(ratio) == size


@given(st.integers(1, 9999), st.integers(1, 9999))
def test_any_other_ratio_keeps_the_area(across: int, down: int) -> None:
    assume(f"{across}:{down}" not in EXPECTED_SIZES)
    width, height = size_of(f"{across}:{down}")
    assert width >= 8
    assert height >= 8
    if 1 / 8 <= across / down <= 8:
        assert width * height == pytest.approx(1024 * 1024, rel=0.05)
        assert width / height == pytest.approx(across / down, rel=0.05)


@given(st.integers(1, 4096), st.integers(1, 512), st.integers(1, 64))
def test_a_side_is_rounded_down_to_the_multiple_but_not_below_the_minimum(
    side: int, minimum: int, multiple: int
) -> None:
    rule = SizeRule(minimum=minimum, maximum=8192, multiple=multiple)
    rounded = rule.rounded(side)
    assert rounded % multiple == 0
    assert rounded >= minimum
    assert rounded <= side or rounded - multiple < minimum


@pytest.mark.parametrize("fields", [{"minimum": 0}, {"multiple": 0}, {"minimum": 9, "maximum": 8}])
def test_a_rule_that_nothing_can_meet_is_refused(fields: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="not a size rule"):
        SizeRule(**fields)
