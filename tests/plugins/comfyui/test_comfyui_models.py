"""Which models there are: whichever checkpoint a server has first, others by their files' names, workflows."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_comfyui
from impasto import (
    Follow,
    HttpRequest,
    ImageRequest,
    InvalidRequest,
    Model,
    ProtocolError,
    ProviderUnavailable,
    ResponseError,
    ServerEvent,
)
from impasto_comfyui.checkpoints import names_of, picked

SDXL = "sd_xl_base_1.0.safetensors"
FOX = ImageRequest("a red fox", seed=7, id="1f" * 16)


def listed(model: Model, body: Any, status: int = 200) -> ServerEvent:
    """Return the answer to a model's first request, which asks for the server's checkpoints."""
    payload = impasto_comfyui.build_payload(model, FOX)
    assert isinstance(payload, HttpRequest)
    return ServerEvent("response", json.dumps(body).encode(), payload, FOX, status)


def test_a_workflow_has_a_model_of_its_own_which_takes_more_pictures_and_draws_nothing_without_one() -> None:
    model = impasto_comfyui.find_model("workflow")
    assert model is not None
    assert (model.requires, str(model.accepts["images"])) == (("extra",), "Range(minimum=1, maximum=8)")
    with pytest.raises(InvalidRequest, match=r"comfyui/workflow needs extra=\{'workflow': …\}"):
        impasto_comfyui.build_payload(model, ImageRequest("a fox", extra={"scheduler": "beta"}))


@pytest.mark.parametrize("name", ["../etc/passwd", "a//b", "/a", "a/", "-a", "füchse", "a b", "a\n", "x" * 201, ""])
def test_what_cannot_be_a_checkpoint_is_no_model(name: str) -> None:
    assert impasto_comfyui.find_model(name) is None


@pytest.mark.parametrize(
    ("name", "file"),
    [
        (SDXL, SDXL),
        ("sd_xl_base_1.0", SDXL),
        ("SD_XL_BASE_1.0", SDXL),
        ("old/Some-Model-v2-.ckpt", "old\\Some Model (v2).ckpt"),
    ],
)
def test_a_checkpoint_is_found_by_its_name_as_models_go_by_it(name: str, file: str) -> None:
    model = impasto_comfyui.find_model(name)
    assert model is not None
    (follow,) = impasto_comfyui.parse_event(model, listed(model, ["other.ckpt", SDXL, "old\\Some Model (v2).ckpt"]))
    assert isinstance(follow, Follow)
    assert isinstance(follow.payload, HttpRequest)
    assert follow.payload.json["prompt"]["4"]["inputs"]["ckpt_name"] == file


def test_the_servers_checkpoints_are_listed_by_names_that_lead_to_them() -> None:
    payload = impasto_comfyui.request_models(impasto_comfyui.PROVIDER)
    files = [SDXL, "old\\Some Model (v2).ckpt", "狐.safetensors", "狐"]
    event = ServerEvent("response", json.dumps(files).encode(), payload, ImageRequest("x"), 200)
    names = impasto_comfyui.parse_models(impasto_comfyui.PROVIDER, event)
    assert names == [SDXL, "old/Some-Model-v2-.ckpt", "safetensors", "checkpoint@26d10040"]
    assert all(isinstance(name, str) and impasto_comfyui.find_model(name) for name in names)


ALIKE = ["麦橘写实_v7.safetensors", "麦橘幻想_v7.safetensors", "a b.ckpt", "a-b.ckpt", "A-B.safetensors", "x" * 300]


def test_files_whose_names_differ_only_in_what_no_model_can_be_called_are_told_apart() -> None:
    names = names_of(ALIKE)
    assert [*names.values()] == ALIKE
    assert [name for name in names if "@" not in name] == ["a-b.ckpt", "A-B.safetensors"]
    assert all(impasto_comfyui.find_model(name) for name in names)
    assert [picked(ALIKE, name) for name in names] == ALIKE
    assert picked(ALIKE, next(iter(names)).removesuffix(".safetensors")) == ALIKE[0]


@pytest.mark.parametrize("wanted", ["v7.safetensors", "v7", "a-b"])
def test_a_name_that_several_files_have_is_refused_with_theirs(wanted: str) -> None:
    with pytest.raises(ResponseError, match=f"several checkpoints {wanted}: .*Give one of these names"):
        picked(ALIKE, wanted)


@pytest.mark.parametrize(
    ("status", "body", "error", "words"),
    [
        (200, {"models": []}, ProtocolError, "expected the names of checkpoints"),
        (404, {}, ProviderUnavailable, "there is no ComfyUI here"),
        (200, [], ResponseError, "this server has no checkpoint: put one"),
        (200, [f"{number}.ckpt" for number in range(12)], ResponseError, "it has 0.ckpt, .* and 2 more"),
    ],
)
def test_a_list_without_the_checkpoint_is_an_error_that_says_why(
    status: int, body: Any, error: type[ResponseError], words: str
) -> None:
    name = "nowhere.ckpt" if len(body) > 1 else None
    model = impasto_comfyui.list_models()[0] if name is None else impasto_comfyui.find_model(name)
    assert model is not None
    with pytest.raises(error, match=words):
        impasto_comfyui.parse_event(model, listed(model, body, status))
