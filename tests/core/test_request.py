"""What a request may say, and what is said of one that may not."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import ImageRequest, InvalidRequest
from impasto.options import Options, request_of


@pytest.mark.parametrize("prompt", ["", "   ", "\n\t", "\u3000"])
def test_a_blank_prompt_is_refused(prompt: str) -> None:
    with pytest.raises(InvalidRequest, match="prompt is blank"):
        ImageRequest(prompt)


def test_a_prompt_is_text() -> None:
    with pytest.raises(InvalidRequest, match="prompt must be text, not bytes"):
        ImageRequest(b"a fox")  # type: ignore[arg-type]


def test_half_a_surrogate_pair_is_refused_because_it_cannot_be_sent() -> None:
    with pytest.raises(InvalidRequest, match="surrogate"):
        ImageRequest("a fox \ud83e")


@pytest.mark.parametrize("field", ["width", "height"])
@pytest.mark.parametrize("value", [0, -1, 10**9, "512", 512.0, math.nan, True, None.__class__])
def test_a_side_is_a_whole_number_of_pixels_within_bounds(field: str, value: Any) -> None:
    with pytest.raises(
        InvalidRequest, match=rf"{field} must be a whole number of pixels from 1 to 65535, not "
    ) as raised:
        ImageRequest("a fox", **{field: value})
    assert raised.value.parameter == field


@pytest.mark.parametrize(
    "ratio", ["16x9", "0:1", "1:0", "16:9:4", "-1:1", "16", "", "1.5:1", " 1:1", "١:١", "99999:1", 1.5]
)
def test_an_aspect_ratio_is_two_whole_numbers_and_a_colon(ratio: Any) -> None:
    with pytest.raises(InvalidRequest, match=r"two whole numbers from 1 to 9999 with a colon between them"):
        ImageRequest("a fox", aspect_ratio=ratio)


@pytest.mark.parametrize(
    ("field", "value", "rule"),
    [
        ("num_inference_steps", 0, "from 1 to 10000"),
        ("n", 0, "from 1 to 1000"),
        ("n", None, "from 1 to 1000"),
        ("seed", -1, "from 0 to 18446744073709551615"),
        ("seed", 1.0, "whole number"),
        ("guidance_scale", math.nan, "from 0 to 1000"),
        ("guidance_scale", math.inf, "from 0 to 1000"),
        ("guidance_scale", "7", "from 0 to 1000"),
        ("strength", 1.01, "from 0 to 1"),
        ("randomize_seed", "yes", "True or False"),
        ("extra", ["style"], "must map names"),
        ("images", (b"png",), "tuple of impasto.Image"),
        ("mask", b"png", "impasto.Image"),
        ("negative_prompt", 3, "must be text"),
    ],
)
def test_each_parameter_names_its_rule(field: str, value: Any, rule: str) -> None:
    with pytest.raises(InvalidRequest, match=field) as raised:
        ImageRequest("a fox", **{field: value})
    assert rule in str(raised.value)


def test_both_sides_and_a_ratio_contradict_each_other() -> None:
    with pytest.raises(InvalidRequest, match="leave out aspect_ratio"):
        request_of("a fox", Options(width=512, height=512, aspect_ratio="1:1"))


def test_given_names_only_what_the_user_said() -> None:
    assert ImageRequest("a fox", seed=0, n=1, width=512).given() == {"seed": 0, "width": 512}


class TestMessages:
    def test_the_last_user_turn_is_the_prompt(self) -> None:
        messages = [
            {"role": "user", "content": "a dog"},
            {"role": "assistant", "content": "here"},
            {"role": "user", "content": "a cat"},
            {"role": "assistant", "content": "…"},
        ]
        assert request_of(None, Options(messages=messages)).prompt == "a cat"

    def test_a_list_of_parts_counts_by_its_texts(self) -> None:
        parts = [{"type": "text", "text": "a cat"}, {"type": "image_url", "image_url": {"url": "…"}}, "in space"]
        assert request_of(None, Options(messages=[{"role": "user", "content": parts}])).prompt == "a cat\nin space"

    @pytest.mark.parametrize(
        ("messages", "words"),
        [
            ([], "no turn of role 'user'"),
            ([{"role": "system", "content": "a cat"}], "no turn of role 'user'"),
            ([{"role": "user", "content": "  "}], "has no text"),
            ([{"role": "user", "content": None}], "has no text"),
            ([{"role": "user"}], "has no text"),
            ([{"role": "user", "content": [{"type": "image_url"}]}], "has no text"),
            ("a cat", "must be a list of turns"),
            ({"role": "user", "content": "a cat"}, "must be a list of turns"),
            (["a cat"], "a turn must be"),
            (7, "must be a list of turns"),
        ],
    )
    def test_messages_without_a_prompt_are_refused(self, messages: Any, words: str) -> None:
        with pytest.raises(InvalidRequest, match=words):
            request_of(None, {"messages": messages})

    def test_neither_prompt_nor_messages_is_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="neither a prompt nor messages"):
            request_of(None, {})

    def test_both_prompt_and_messages_are_refused(self) -> None:
        with pytest.raises(InvalidRequest, match="Both prompt and messages"):
            request_of("a cat", Options(messages=[{"role": "user", "content": "a cat"}]))


@pytest.mark.parametrize(
    ("name", "meant"),
    [("steps", "num_inference_steps"), ("guidance", "guidance_scale"), ("widht", "width"), ("timeout", "deadline")],
)
def test_an_unknown_parameter_is_refused_with_the_one_that_was_meant(name: str, meant: str) -> None:
    with pytest.raises(InvalidRequest, match=f"no parameter '{name}'. Did you mean {meant}"):
        request_of("a fox", {name: 4})


@given(
    st.fixed_dictionaries(
        {},
        optional={
            name: st.none()
            | st.integers()
            | st.floats()
            | st.text()
            | st.booleans()
            | st.binary()
            | st.lists(st.integers())
            for name in (
                "width",
                "height",
                "aspect_ratio",
                "seed",
                "n",
                "strength",
                "guidance_scale",
                "extra",
                "images",
            )
        },
    )
)
def test_any_nonsense_makes_a_request_or_an_invalid_request(fields: dict[str, Any]) -> None:
    try:
        request = request_of("a fox", fields)
    except InvalidRequest as error:
        assert error.parameter in {*fields, "aspect_ratio"}
    else:
        assert request.prompt == "a fox"
