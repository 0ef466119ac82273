"""Spaces by name."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

import impasto_gradio
from impasto_gradio.spaces import space_url


@pytest.mark.parametrize(
    ("name", "url"),
    [
        ("stabilityai/stable-diffusion-3.5-large", "https://stabilityai-stable-diffusion-3-5-large.hf.space"),
        ("Voodoohop/Flux-1-Schnell", "https://voodoohop-flux-1-schnell.hf.space"),
        ("some_one/My_Space.v2", "https://some-one-my-space-v2.hf.space"),
    ],
)
def test_a_space_answers_at_the_subdomain_made_of_its_name(name: str, url: str) -> None:
    assert space_url(name) == url


@pytest.mark.parametrize(
    "name",
    [
        "", "space", "owner/", "/space", "a/b/c", "owner/a--b", "owner/a..b", "owner/-a", "owner/a.", "owner/a b",
        "owner/a\n", "öwner/a", "owner/a?b", "owner/a#b", "a@b/c", "http://host/x", "owner/" + "a" * 97, "__/__",
    ],
)  # fmt: skip
def test_what_cannot_be_a_spaces_name_is_none(name: str) -> None:
    assert impasto_gradio.find_model(name) is None


def test_a_name_too_long_for_a_subdomain_is_none_because_only_the_hub_knows_how_it_is_shortened() -> None:
    assert space_url("owner/" + "a" * 57) == f"https://owner-{'a' * 57}.hf.space"
    assert space_url("owner/" + "a" * 58) is None


@given(st.text(max_size=120) | st.from_regex(r"[\w.-]{1,40}/[\w.-]{1,40}", fullmatch=True))
def test_an_address_is_always_one_subdomain_of_the_hub(name: str) -> None:
    url = space_url(name)
    assert url is None or re.fullmatch(r"https://[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.hf\.space", url)


@given(st.text(max_size=120) | st.from_regex(r"[\w.-]{1,40}/[\w.-]{1,40}", fullmatch=True))
def test_whatever_the_name_there_is_a_model_or_none(name: str) -> None:
    model = impasto_gradio.find_model(name)
    assert model is None or (model.id, model.url) == (name, space_url(name))
