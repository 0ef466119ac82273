"""What the plugin sends to the Black Forest Labs API: each family's own fields, and nothing that was not asked for."""

from __future__ import annotations

from typing import Any

import pytest

import impasto_bfl as plugin
from impasto import HttpRequest, Image, ImageRequest, InvalidRequest, Model
from impasto.fitting import fit
from impasto.sources import as_mask, image_of
from impasto_bfl import bodies
from standins.pictures import picture

MODELS = {model.id: model for model in plugin.list_models()}
FOX = image_of(picture("PNG", (256, 320)), "images")
HAT = image_of(picture("JPEG", (320, 256)), "images")
MASK = as_mask(image_of(picture("PNG", (256, 320), "white"), "mask"))


def submitted(model: Model, **fields: Any) -> HttpRequest:
    payload = plugin.build_payload(model, fit(model, ImageRequest("a red fox", **fields)))
    assert isinstance(payload, HttpRequest)
    return payload


def sent(name: str, **fields: Any) -> dict[str, Any]:
    body: dict[str, Any] = submitted(MODELS[name], **fields).json
    return body


@pytest.mark.parametrize("name", MODELS)
def test_a_model_has_a_path_of_its_own(name: str) -> None:
    fields = {each: {"images": (FOX,), "mask": MASK}[each] for each in MODELS[name].requires}
    payload = submitted(MODELS[name], **fields)
    assert (payload.method, payload.url) == ("POST", f"/v1/{name}")


def test_a_submit_is_not_sent_twice_for_it_is_paid_for() -> None:
    assert not submitted(MODELS["flux-2-pro"]).repeatable


def test_what_is_not_said_is_left_to_the_service() -> None:
    assert sent("flux-3-image") == {"prompt": "a red fox"}
    assert sent("flux-pro-1.1-ultra", seed=7) == {"prompt": "a red fox", "seed": 7}


def test_flux_2_is_asked_for_a_size() -> None:
    assert sent("flux-2-pro", seed=7) == {"prompt": "a red fox", "width": 1024, "height": 1024, "seed": 7}
    assert sent("flux-2-max", seed=7, width=1000, height=70)["width"] == 992
    assert "aspect_ratio" not in sent("flux-2-klein-9b", aspect_ratio="16:9")


def test_flux_2_flex_has_steps_and_guidance() -> None:
    asked = sent("flux-2-flex", seed=7, width=512, height=512, guidance_scale=4.5, num_inference_steps=20)
    assert asked == {"prompt": "a red fox", "width": 512, "height": 512, "seed": 7, "guidance": 4.5, "steps": 20}


def test_flux_1_is_drawn_in_landscape_unless_it_is_asked_otherwise() -> None:
    asked = sent("flux-dev", seed=7, guidance_scale=3.5)
    assert asked == {"prompt": "a red fox", "width": 1024, "height": 768, "seed": 7, "guidance": 3.5}


@pytest.mark.parametrize("name", ["flux-kontext-pro", "flux-kontext-max", "flux-pro-1.1-ultra"])
def test_a_model_with_ratios_takes_any_between_21_9_and_9_21(name: str) -> None:
    assert sent(name, seed=7, aspect_ratio="7:3") == {"prompt": "a red fox", "seed": 7, "aspect_ratio": "7:3"}
    with pytest.raises(InvalidRequest, match=r"between 21:9 and 9:21, not 5:2") as caught:
        sent(name, aspect_ratio="5:2")
    assert caught.value.parameter == "aspect_ratio"


def test_flux_3_takes_the_ratios_that_it_lists() -> None:
    assert sent("flux-3-image", aspect_ratio="7:5")["aspect_ratio"] == "7:5"
    with pytest.raises(InvalidRequest, match="one of 21:9"):
        sent("flux-3-image", aspect_ratio="7:3")


@pytest.mark.parametrize("name", ["flux-2-pro", "flux-2-flex", "flux-kontext-max"])
def test_pictures_have_numbered_fields(name: str) -> None:
    asked = sent(name, images=(FOX, HAT, FOX))
    pictures = {field: value for field, value in asked.items() if field.startswith("input_image")}
    assert pictures == {
        "input_image": FOX.base64(),
        "input_image_2": HAT.base64(),
        "input_image_3": FOX.base64(),
    }


def test_an_edited_picture_keeps_its_size() -> None:
    asked = sent("flux-2-pro", images=(FOX,))
    assert (asked["width"], asked["height"]) == (256, 320)


def test_flux_3_takes_pictures_as_a_list() -> None:
    assert sent("flux-3-image", images=(FOX, HAT)) == {
        "prompt": "a red fox",
        "images": [FOX.base64(), HAT.base64()],
    }


@pytest.mark.parametrize("name", ["flux-pro-1.1", "flux-dev", "flux-pro-1.1-ultra"])
def test_a_picture_is_a_prompt_to_the_older_models(name: str) -> None:
    asked = sent(name, images=(FOX,))
    assert asked["image_prompt"] == FOX.base64()
    assert not any(field.startswith("input_image") for field in asked)


@pytest.mark.parametrize(("strength", "kept"), [(0.9, 0.1), (1.0, 0.0), (0.0, 1.0)])
def test_strength_is_how_much_of_the_picture_goes(strength: float, kept: float) -> None:
    asked = sent("flux-pro-1.1-ultra", images=(FOX,), strength=strength)
    assert asked["image_prompt_strength"] == kept


def test_fill_draws_anew_what_is_white_in_the_mask() -> None:
    asked = sent("flux-pro-1.0-fill", images=(FOX,), mask=MASK, seed=7, guidance_scale=30, num_inference_steps=40)
    assert asked == {
        "prompt": "a red fox",
        "image": FOX.base64(),
        "mask": MASK.base64(),
        "seed": 7,
        "guidance": 30,
        "steps": 40,
    }


def test_expand_adds_margins() -> None:
    asked = sent("flux-pro-1.0-expand", images=(FOX,), seed=7, extra={"top": 64, "left": 32})
    assert asked == {"prompt": "a red fox", "image": FOX.base64(), "seed": 7, "top": 64, "left": 32}


@pytest.mark.parametrize(
    ("name", "fields", "lacking"),
    [
        ("flux-pro-1.0-fill", {}, "images"),
        ("flux-pro-1.0-fill", {"images": (FOX,)}, "mask"),
        ("flux-pro-1.0-expand", {}, "images"),
    ],
)
def test_an_editor_is_not_paid_for_nothing(name: str, fields: dict[str, Any], lacking: str) -> None:
    with pytest.raises(InvalidRequest, match=f"without {lacking}"):
        sent(name, **fields)


@pytest.mark.parametrize(
    ("name", "extra"),
    [
        ("flux-2-pro", {"disable_pup": True, "safety_tolerance": 5, "output_format": "webp"}),
        ("flux-2-flex", {"prompt_upsampling": False}),
        ("flux-3-image", {"resolution": "4k", "grounding": False, "version": "latest", "safety_tolerance": 0}),
        ("flux-kontext-pro", {"prompt_upsampling": True}),
        ("flux-pro-1.1-ultra", {"raw": True}),
    ],
)
def test_fields_of_the_services_own_are_sent_by_their_names(name: str, extra: dict[str, Any]) -> None:
    asked = sent(name, extra=extra)
    assert {field: asked[field] for field in extra} == extra


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("flux-2-pro", {"extra": {"raw": True}}),
        ("flux-2-pro", {"extra": {"webhook_url": "https://example.com"}}),
        ("flux-2-pro", {"images": (FOX,) * 9}),
        ("flux-2-klein-4b", {"images": (FOX,) * 5}),
        ("flux-2-pro", {"num_inference_steps": 20}),
        ("flux-2-pro", {"width": 4112}),
        ("flux-2-pro", {"width": 2560, "height": 1664}),
        ("flux-2-pro", {"mask": MASK, "images": (FOX,)}),
        ("flux-3-image", {"seed": 7}),
        ("flux-3-image", {"width": 1024, "height": 128}),
        ("flux-pro-1.1", {"width": 1472}),
        ("flux-pro-1.1", {"strength": 0.5, "images": (FOX,)}),
    ],
)
def test_what_a_model_cannot_do_is_refused_before_anything_is_sent(name: str, fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match=f"bfl/{name}"):
        sent(name, **fields)


def test_a_picture_that_the_service_would_not_take_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "LARGEST_PICTURE", 100)
    with pytest.raises(InvalidRequest, match=r"it takes 100 at most") as caught:
        sent("flux-2-pro", images=(Image(data=picture(), media_type="image/png", width=64, height=64),))
    assert caught.value.parameter == "images"


def test_a_size_that_has_the_shape_of_a_ratio_is_asked_for_as_that() -> None:
    asked = sent("flux-3-image", width=1280, height=720)
    assert asked["aspect_ratio"] == "16:9"
    assert "width" not in asked
