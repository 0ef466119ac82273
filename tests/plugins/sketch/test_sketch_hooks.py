"""The plugin, as the core sees it."""

from __future__ import annotations

import subprocess
import sys

import pytest

import impasto_sketch
from impasto import ImagePreview, ImageRequest, ImageResponse, LocalCall, Model, Progress, ServerEvent
from impasto_sketch.studio import Finished, Stage


@pytest.fixture
def model() -> Model:
    (only,) = impasto_sketch.list_models()
    return only


@pytest.fixture
def request_for_a_fox() -> ImageRequest:
    return ImageRequest("a fox", width=96, height=64, seed=5, negative_prompt="rain")


def test_the_model_is_called_sketch_and_says_that_it_is_no_neural_network(model: Model) -> None:
    assert model.name == "sketch/sketch"
    assert "offline" in model.aliases
    assert "not by a neural network" in model.label
    assert model.provider.url == ""
    assert model.provider.default_model == model.id


def test_the_same_request_gives_an_equal_payload(model: Model, request_for_a_fox: ImageRequest) -> None:
    payload = impasto_sketch.build_payload(model, request_for_a_fox)

    assert payload == impasto_sketch.build_payload(model, request_for_a_fox)
    assert isinstance(payload, LocalCall)
    assert payload.kwargs == {"prompt": "a fox", "negative_prompt": "rain", "width": 96, "height": 64, "seed": 5}


def test_a_call_becomes_progress_four_previews_and_a_picture(model: Model, request_for_a_fox: ImageRequest) -> None:
    payload = impasto_sketch.build_payload(model, request_for_a_fox)
    assert isinstance(payload, LocalCall)
    outcomes = [
        outcome
        for said in payload.function(**payload.kwargs)
        if said is not None
        for outcome in impasto_sketch.parse_event(model, ServerEvent("object", said, payload, request_for_a_fox))
    ]

    assert sum(isinstance(outcome, ImagePreview) for outcome in outcomes) == 4
    assert sum(isinstance(outcome, Progress) for outcome in outcomes) == 5
    response = outcomes[-1]
    assert isinstance(response, ImageResponse)
    assert response.seed == 5
    assert response.image.media_type == "image/png"
    assert response.image.data is not None
    assert response.image.data.startswith(b"\x89PNG\r\n")
    assert response.metadata["subjects"] == ["🦊"]


@pytest.mark.parametrize("said", [Stage("shaping", 0.5, b"png"), Stage("sketching", 0.1), Finished(b"png", 7, {})])
def test_an_event_always_means_the_same(model: Model, request_for_a_fox: ImageRequest, said: object) -> None:
    event = ServerEvent("object", said, LocalCall(impasto_sketch.paint), request_for_a_fox)

    assert impasto_sketch.parse_event(model, event) == impasto_sketch.parse_event(model, event)


def test_something_else_than_a_stage_is_refused(model: Model, request_for_a_fox: ImageRequest) -> None:
    event = ServerEvent("object", "paint", LocalCall(impasto_sketch.paint), request_for_a_fox)

    with pytest.raises(TypeError, match="not a stage of a painting: 'paint'"):
        impasto_sketch.parse_event(model, event)


def test_listing_the_model_loads_no_library_for_painting() -> None:
    code = "import sys, impasto_sketch as s; s.list_models(); print(*({'PIL', 'emoji', 'resvg_py'} & set(sys.modules)))"

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)

    assert done.stdout.strip() == ""
