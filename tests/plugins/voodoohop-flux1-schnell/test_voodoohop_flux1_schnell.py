"""Voodoohop's Flux-1-Schnell: what it offers, what it sends, and what it makes of the Space's answers."""

from __future__ import annotations

from typing import Any

import pytest

import impasto_voodoohop_flux1_schnell as plugin
from impasto import HttpRequest, Image, ImageRequest, ImageResponse, InvalidRequest, Progress
from impasto.fitting import fit
from spaces.recording import read
from spaces.replay import replay
from spaces.servers import GRADIO_4

(MODEL,) = plugin.list_models()


def sent(**fields: Any) -> list[Any]:
    payload = plugin.build_payload(MODEL, fit(MODEL, ImageRequest("a fox", **fields)))
    assert isinstance(payload, HttpRequest)
    assert (payload.method, payload.url) == ("POST", "/call/infer")
    data: list[Any] = payload.json["data"]
    return data


def test_the_space_its_model_and_its_names() -> None:
    assert plugin.PROVIDER.url == "https://voodoohop-flux-1-schnell.hf.space"
    assert plugin.PROVIDER.auth is None
    assert MODEL.name == "voodoohop-flux1-schnell/voodoohop-flux-1-schnell"
    assert plugin.PROVIDER.default_model == MODEL.id
    assert MODEL.aliases == ("flux-schnell", "flux")


def test_a_prompt_alone_is_drawn_at_768_by_768_in_2_steps_with_a_seed_of_the_servers() -> None:
    assert sent() == ["a fox", 0, True, 768, 768, 2]


def test_everything_that_is_asked_is_sent() -> None:
    assert sent(width=512, height=256, seed=7, num_inference_steps=4) == ["a fox", 7, False, 512, 256, 4]


def test_a_seed_turns_randomizing_off_unless_the_user_says_otherwise() -> None:
    assert sent(seed=7)[1:3] == [7, False]
    assert sent(seed=7, randomize_seed=True)[1:3] == [7, True]


@pytest.mark.parametrize(("asked", "drawn"), [(32, 32), (39, 32), (40, 40), (1001, 1000), (768, 768)])
def test_sides_are_rounded_down_to_multiples_of_8(asked: int, drawn: int) -> None:
    assert sent(width=asked, height=asked)[3:5] == [drawn, drawn]


def test_an_aspect_ratio_becomes_a_size_that_is_rounded_too() -> None:
    assert sent(aspect_ratio="3:2")[3:5] == [1024, 680]


@pytest.mark.parametrize(
    ("field", "value"), [("width", 31), ("negative_prompt", "text"), ("guidance_scale", 3.5), ("seed", 2**31)]
)
def test_what_the_space_cannot_do_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent(**{field: value})
    assert caught.value.parameter == field


def test_the_conversation_with_the_space() -> None:
    request = fit(MODEL, ImageRequest("a fox", width=256, height=256, seed=7))
    assert replay(plugin, MODEL, request, read(GRADIO_4, "drawn")) == [
        Progress("queued"),
        ImageResponse(images=(Image(url="/file=/tmp/gradio/hash-1/image.webp"),), seed=7),
    ]
