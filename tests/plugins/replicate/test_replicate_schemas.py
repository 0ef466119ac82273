"""A model that is not listed: its schema says how its input spells a request, and what it refuses."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_replicate as plugin
from impasto import (
    Follow,
    HttpRequest,
    Image,
    ImageRequest,
    InvalidRequest,
    Model,
    Progress,
    ProviderUnavailable,
    ServerEvent,
)
from impasto.fitting import fit
from services.replicate_api.fields import choice, file, files, flag, openapi_of, text, whole
from standins.pictures import picture

VERSION = "1f" * 32
FOX = Image(data=picture(), media_type="image/png", width=64, height=64)
PROMPT = {"prompt": text()}


def found(name: str) -> Model:
    model = plugin.find_model(name)
    assert model is not None
    return model


def created(
    fields: dict[str, Any],
    *,
    name: str = "somebody/inkwash",
    official: bool = False,
    required: tuple[str, ...] = ("prompt",),
    **asked: Any,
) -> HttpRequest:
    """Return what creates the prediction, once the schema is known."""
    model = found(name)
    request = fit(model, ImageRequest("a fox", **asked))
    version = {"id": VERSION, "openapi_schema": openapi_of(fields, required, {"type": "string"})}
    said = version if ":" in name else {"is_official": official, "latest_version": version}
    payload = plugin.build_payload(model, request)
    event = ServerEvent("response", json.dumps(said).encode(), payload, request, 200)
    progress, follow = plugin.parse_event(model, event)
    assert progress == Progress("submitting")
    assert isinstance(follow, Follow)
    assert isinstance(follow.payload, HttpRequest)
    return follow.payload


def sent(fields: dict[str, Any], **asked: Any) -> dict[str, Any]:
    said: dict[str, Any] = created({**PROMPT, **fields}, **asked).json["input"]
    del said["prompt"]
    return said


def refused(fields: dict[str, Any], **asked: Any) -> InvalidRequest:
    with pytest.raises(InvalidRequest) as caught:
        created({**PROMPT, **fields}, **asked)
    return caught.value


def test_an_official_model_is_run_by_its_name() -> None:
    payload = created(PROMPT, official=True)
    assert payload.url == "/models/somebody/inkwash/predictions"
    assert payload.json == {"input": {"prompt": "a fox"}}


def test_a_community_model_is_run_by_its_latest_version() -> None:
    payload = created(PROMPT)
    assert payload.url == "/predictions"
    assert payload.json == {"version": VERSION, "input": {"prompt": "a fox"}}


def test_a_version_that_is_named_is_the_one_that_is_run() -> None:
    payload = created(PROMPT, name=f"somebody/inkwash:{VERSION}")
    assert (payload.url, payload.json["version"]) == ("/predictions", VERSION)


@pytest.mark.parametrize(
    ("asked", "names"),
    [
        ({"guidance_scale": 4.0}, ("guidance_scale", "guidance", "cfg", "cfg_scale")),
        ({"num_inference_steps": 9}, ("num_inference_steps", "steps", "num_steps")),
        ({"negative_prompt": "rain"}, ("negative_prompt",)),
        ({"aspect_ratio": "16:9"}, ("aspect_ratio",)),
        ({"seed": 7}, ("seed",)),
    ],
)
def test_a_field_is_sent_by_the_name_that_the_model_has_for_it(asked: dict[str, Any], names: tuple[str, ...]) -> None:
    (value,) = asked.values()
    for name in names:
        assert sent({name: {}}, **asked) == {name: value}


def test_no_seed_is_sent_where_none_was_asked() -> None:
    assert sent({"seed": whole()}) == {}


@pytest.mark.parametrize("name", ["image", "init_image", "input_image", "image_prompt"])
def test_one_picture_is_sent_alone(name: str) -> None:
    assert sent({name: file()}, images=(FOX,)) == {name: FOX.data_url()}


@pytest.mark.parametrize("name", ["image_input", "input_images", "images"])
def test_several_pictures_are_sent_as_a_list(name: str) -> None:
    assert sent({name: files(4)}, images=(FOX, FOX)) == {name: [FOX.data_url()] * 2}


@pytest.mark.parametrize(
    ("said", "is_inverted"),
    [("White areas will be inpainted, black areas preserved.", False),
     ("Black pixels are inpainted, white pixels are preserved.", True)],
)  # fmt: skip
def test_a_mask_is_turned_round_where_the_model_draws_anew_what_is_black(said: str, *, is_inverted: bool) -> None:
    urls = sent({"image": file(), "mask": file(said)}, images=(FOX,), mask=FOX)
    assert (urls["mask"] != FOX.data_url()) == is_inverted


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"width": whole(), "height": whole()}, {"width": 512, "height": 640}),
        ({"width": whole(), "height": whole(), "aspect_ratio": choice("1:1", "custom")},
         {"width": 512, "height": 640, "aspect_ratio": "custom"}),
        ({"width": whole(), "height": whole(), "size": choice("2K", "custom")},
         {"width": 512, "height": 640, "size": "custom"}),
        ({"size": choice("1024x1024", "512x640")}, {"size": "512x640"}),
        ({"resolution": choice("None", "512x640")}, {"resolution": "512x640"}),
    ],
)  # fmt: skip
def test_a_size_is_sent_as_the_model_takes_sizes(fields: dict[str, Any], said: dict[str, Any]) -> None:
    assert sent(fields, width=512, height=640) == said


def test_any_other_field_is_sent_from_extra() -> None:
    assert sent({"brush": choice("fine", "broad"), "glow": flag(False)}, extra={"brush": "broad"}) == {"brush": "broad"}


@pytest.mark.parametrize(
    ("fields", "asked", "parameter"),
    [
        ({}, {"negative_prompt": "rain"}, "negative_prompt"),
        ({}, {"seed": 7}, "seed"),
        ({"width": whole()}, {"width": 512, "height": 512}, "height"),
        ({"steps": whole(1, 8)}, {"num_inference_steps": 9}, "num_inference_steps"),
        ({"width": whole(256, 512), "height": whole(256, 512)}, {"width": 640, "height": 512}, "width"),
        ({"width": whole(), "height": whole(), "size": choice("2K", "custom")}, {"height": 640}, "width"),
        ({"aspect_ratio": choice("1:1", "4:3")}, {"aspect_ratio": "16:9"}, "aspect_ratio"),
        ({"image": file()}, {"images": (FOX, FOX)}, "images"),
        ({"brush": choice("fine", "broad")}, {"extra": {"brsh": "fine"}}, "extra"),
        ({"brush": choice("fine", "broad")}, {"extra": {"brush": "wide"}}, "extra"),
        ({"size": choice("1024x1024")}, {"width": 512, "height": 512}, "width"),
    ],
)
def test_what_the_model_does_not_take_is_refused_before_anything_is_charged(
    fields: dict[str, Any], asked: dict[str, Any], parameter: str
) -> None:
    assert refused(fields, **asked).parameter == parameter


def test_a_refusal_says_what_the_model_takes() -> None:
    assert "it takes prompt, steps, brush" in str(refused({"steps": whole(), "brush": text()}, seed=7))


def test_a_field_that_has_to_be_given_is_asked_for() -> None:
    assert "needs brush" in str(refused({"brush": text()}, required=("prompt", "brush")))
    assert sent({"brush": text()}, required=("prompt", "brush"), extra={"brush": "fine"}) == {"brush": "fine"}


def test_a_model_that_takes_no_prompt_cannot_be_used() -> None:
    with pytest.raises(InvalidRequest, match="takes no prompt"):
        created({"image": file()}, required=("image",), images=(FOX,))


def test_a_model_without_a_version_cannot_be_run() -> None:
    model, request = found("somebody/inkwash"), ImageRequest("a fox")
    event = ServerEvent("response", b'{"latest_version": null}', plugin.build_payload(model, request), request, 200)
    with pytest.raises(ProviderUnavailable, match="no version"):
        plugin.parse_event(model, event)


def test_a_field_that_may_be_null_is_read_like_any_other() -> None:
    fields = {"steps": {"anyOf": [{"type": "integer", "maximum": 8}, {"type": "null"}]}}
    assert sent(fields, num_inference_steps=8) == {"steps": 8}
    assert refused(fields, num_inference_steps=9).parameter == "num_inference_steps"
