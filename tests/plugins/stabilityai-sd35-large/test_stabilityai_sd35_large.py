"""Stability AI's SD-3.5-Large: what it offers, what it sends, and what it makes of the Space's answers."""

from __future__ import annotations

from typing import Any

import pytest

import impasto_stabilityai_sd35_large as plugin
from impasto import Bearer, HttpRequest, ImagePreview, ImageRequest, ImageResponse, InvalidRequest
from impasto.fitting import fit
from impasto.sizes import EXPECTED_SIZES
from spaces.recording import read
from spaces.replay import replay
from spaces.servers import GRADIO_6

(MODEL,) = plugin.list_models()


def sent(**fields: Any) -> list[Any]:
    payload = plugin.build_payload(MODEL, fit(MODEL, ImageRequest("a fox", **fields)))
    assert isinstance(payload, HttpRequest)
    assert (payload.method, payload.url) == ("POST", "/gradio_api/call/infer")
    data: list[Any] = payload.json["data"]
    return data


def test_the_space_its_model_and_its_names() -> None:
    assert plugin.PROVIDER.url == "https://stabilityai-stable-diffusion-3-5-large.hf.space"
    assert MODEL.name == "stabilityai-sd35-large/stabilityai-stable-diffusion-3-5-large"
    assert plugin.PROVIDER.default_model == MODEL.id
    assert MODEL.aliases == ("sd-3.5", "sd-3.5-large")


def test_a_token_is_optional_and_read_from_hf_token() -> None:
    auth = plugin.PROVIDER.auth
    assert isinstance(auth, Bearer)
    assert (auth.env, auth.optional) == ("HF_TOKEN", True)


def test_a_prompt_alone_is_drawn_square_in_50_steps_with_a_seed_of_the_servers() -> None:
    assert sent() == ["a fox", "", 0, True, 1024, 1024, 4.5, 50]


def test_everything_that_is_asked_is_sent() -> None:
    asked: dict[str, Any] = {"negative_prompt": "text", "guidance_scale": 3.0, "num_inference_steps": 20, "seed": 7}
    assert sent(width=640, height=512, **asked) == ["a fox", "text", 7, False, 640, 512, 3.0, 20]


@pytest.mark.parametrize(("ratio", "size"), EXPECTED_SIZES.items())
def test_an_aspect_ratio_gives_the_size_that_people_expect_of_it(ratio: str, size: tuple[int, int]) -> None:
    assert sent(aspect_ratio=ratio)[4:6] == [*size]


def test_width_and_height_come_before_the_default_aspect_ratio() -> None:
    assert sent(width=999, height=777)[4:6] == [999, 777]


@pytest.mark.parametrize(("field", "value"), [("guidance_scale", 8), ("num_inference_steps", 51), ("strength", 0.5)])
def test_what_the_space_cannot_do_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidRequest) as caught:
        sent(**{field: value})
    assert caught.value.parameter == field


def test_the_conversation_with_the_space_shows_previews() -> None:
    asked: dict[str, Any] = {"negative_prompt": "text", "seed": 7, "num_inference_steps": 8}
    request = fit(MODEL, ImageRequest("a fox", width=512, height=512, **asked))
    _, *previews, response = replay(plugin, MODEL, request, read(GRADIO_6, "previewed"))
    assert [type(each) for each in previews] == [ImagePreview] * 3
    assert isinstance(response, ImageResponse)
    assert (response.seed, response.image_url) == (7, "/gradio_api/file=/tmp/gradio/hash-3/image.webp")
