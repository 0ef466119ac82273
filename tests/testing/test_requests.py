"""Requests that a model takes, for hypothesis."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings
from hypothesis import strategies as st

import impasto_gradio
import impasto_sketch
import impasto_stabilityai_sd35_large
import impasto_voodoohop_flux1_schnell
from impasto import Choices, Model, Provider, Range, SizeRule
from impasto.fitting import fit
from impasto.testing import requests_for
from impasto.testing.requests import edge_requests, full_requests, pairs

PLUGINS = (impasto_gradio, impasto_sketch, impasto_stabilityai_sd35_large, impasto_voodoohop_flux1_schnell)
EVERYTHING = Model(
    Provider("easel"),
    "easel",
    accepts={
        "negative_prompt": None,
        "guidance_scale": Range(1, 20),
        "num_inference_steps": Range(0, 50),
        "seed": Range(0, 99),
        "n": Choices(1, 2, 4),
        "images": None,
        "mask": None,
        "strength": Range(0, 1),
        "extra": Choices("style"),
    },
    size=SizeRule(256, 2048, 16),
)
LISTED = Model(Provider("easel"), "listed", size=((512, 512), (1024, 576)), accepts={"randomize_seed": None})
MODELS = [EVERYTHING, LISTED, *(model for plugin in PLUGINS for model in plugin.list_models())]


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
@settings(max_examples=30)
@given(st.data())
def test_a_random_request_is_one_that_the_model_takes(model: Model, data: st.DataObject) -> None:
    request = data.draw(requests_for(model))
    assert fit(model, request) == request


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
def test_requests_at_the_edges_are_ones_that_the_model_takes(model: Model) -> None:
    for _, request in [*edge_requests(model), *full_requests(model)]:
        assert fit(model, request) == request


@pytest.mark.parametrize(("name", "value"), [("guidance_scale", 20), ("guidance_scale", 1), ("n", 4), ("seed", 99),
                                             ("num_inference_steps", 1), ("extra", {"style": 1}),
                                             ("width", 2048)])  # fmt: skip
def test_every_edge_comes_up(name: str, value: object) -> None:
    assert value in [getattr(request, name) for _, request in edge_requests(EVERYTHING)]
    find(requests_for(EVERYTHING), lambda request: bool(getattr(request, name) == value))


def test_everything_is_said_at_once() -> None:
    for _, request in full_requests(EVERYTHING):
        assert {*EVERYTHING.accepts, "width", "height"} - set(request.given()) <= {"n", "negative_prompt", "seed"}


def test_a_mask_comes_with_its_picture() -> None:
    assert all(request.images for _, request in edge_requests(EVERYTHING) if request.mask or request.strength)


def test_a_pair_differs_in_one_thing() -> None:
    for name, requests in pairs(EVERYTHING):
        field = name.partition("[")[0]
        fields = [request.given() | {"prompt": request.prompt} for request in requests]
        assert len({repr(each.get(field)) for each in fields}) > 1
        same = {field, "width", "height", "aspect_ratio"}
        others = [{key: value for key, value in each.items() if key not in same} for each in fields]
        assert all(each == others[0] for each in others)
