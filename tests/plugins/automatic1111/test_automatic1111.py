"""What the plugin offers and what it sends."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_automatic1111 as plugin
from impasto import BasicAuth, Follow, HttpRequest, ImageRequest, InvalidRequest, Model, ResponseError, ServerEvent
from impasto.fitting import fit
from impasto.sources import as_mask, image_of
from impasto_automatic1111.checkpoints import LISTING
from impasto_automatic1111.progress import own_job

(LOADED,) = plugin.list_models()
ID = "ab" * 16


def named(name: str) -> Model:
    model = plugin.find_model(name)
    assert model is not None
    return model


def asked(model: Model = LOADED, **fields: Any) -> ImageRequest:
    return fit(model, ImageRequest(**{"prompt": "a fox", "seed": 7, **fields})).with_id(ID)


def payload(**fields: Any) -> HttpRequest:
    built = plugin.build_payload(LOADED, asked(**fields))
    assert isinstance(built, HttpRequest)
    return built


def checkpoint(path: str, hash: str | None = None, model_name: str = "") -> dict[str, Any]:  # noqa: A002
    stem = path.rpartition("/")[2].removesuffix(".safetensors")
    title = f"{path} [{hash}]" if hash else path
    return {
        "title": title,
        "model_name": model_name or stem,
        "hash": hash,
        "sha256": hash and hash.ljust(64, "0"),
        "filename": f"/models/{path}",
    }


def listing(*checkpoints: dict[str, Any], model: Model = LOADED, **fields: Any) -> ServerEvent:
    return ServerEvent("response", json.dumps(checkpoints).encode(), LISTING, asked(model, **fields), 200)


def chosen(name: str, *checkpoints: dict[str, Any], **fields: Any) -> HttpRequest:
    """Return what is sent when the server has these checkpoints, and one is asked for."""
    model = named(name)
    (follow,) = plugin.parse_event(model, listing(*checkpoints, model=model, **fields))
    assert isinstance(follow, Follow)
    assert isinstance(follow.payload, HttpRequest)
    return follow.payload


def test_the_server_is_the_one_on_this_machine_with_a_password_if_it_has_one() -> None:
    assert plugin.PROVIDER.url == "http://127.0.0.1:7860"
    assert plugin.PROVIDER.auth == BasicAuth(
        env="AUTOMATIC1111_AUTH",
        optional=True,
        help_url="https://github.com/AUTOMATIC1111/stable-diffusion-webui/wiki/API",
    )
    assert plugin.PROVIDER.max_concurrency == 1


def test_what_is_loaded_is_the_default_and_any_other_checkpoint_has_a_name() -> None:
    assert (LOADED.name, LOADED.aliases) == ("automatic1111/current", ())
    assert plugin.PROVIDER.default_model == LOADED.id
    assert named("sdxl/turbo.safetensors").accepts == LOADED.accepts


@pytest.mark.parametrize("name", ["", "my merge", "turbo [e869ac7d69]", "../x", "a" * 201, "fox\n"])
def test_what_no_model_can_be_called_is_no_checkpoint(name: str) -> None:
    assert plugin.find_model(name) is None


def test_a_prompt_alone_is_drawn_with_the_web_uis_own_size_and_steps() -> None:
    sent = payload()
    assert (sent.method, sent.url) == ("POST", "/sdapi/v1/txt2img")
    assert sent.json == {
        "prompt": "a fox",
        "width": 512,
        "height": 512,
        "steps": 20,
        "seed": 7,
        "batch_size": 1,
        "force_task_id": ID,
    }


def test_everything_that_is_asked_is_sent_by_the_names_of_the_web_ui() -> None:
    more = {"sampler_name": "Euler a", "styles": ["oil"], "override_settings": {"CLIP_stop_at_last_layers": 2}}
    sent = payload(
        negative_prompt="rain", width=640, height=384, guidance_scale=5.5, num_inference_steps=30, n=4, extra=more
    )
    assert sent.json == {
        "prompt": "a fox",
        "negative_prompt": "rain",
        "width": 640,
        "height": 384,
        "cfg_scale": 5.5,
        "steps": 30,
        "seed": 7,
        "batch_size": 4,
        "force_task_id": ID,
        **more,
    }


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"width": 4096, "height": 4096, "n": 2}, "n"),
        ({"width": 2048, "height": 2048, "n": 5}, "n"),
        ({"width": 2048, "height": 2048, "extra": {"n_iter": 5}}, "extra"),
        ({"width": 2560, "height": 2560, "extra": {"enable_hr": True}}, "extra"),
        ({"width": 1024, "height": 1024, "n": 2, "extra": {"enable_hr": True, "hr_scale": 4}}, "n"),
    ],
)
def test_more_than_an_answer_can_hold_is_refused_before_it_is_drawn(fields: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidRequest, match="more than one answer can hold, 16777216 pixels in all") as raised:
        payload(**fields)
    assert raised.value.parameter == parameter


@pytest.mark.parametrize(
    "fields",
    [
        {"width": 4096, "height": 4096},
        {"width": 1440, "height": 1440, "n": 8},
        {"width": 2560, "height": 2560, "extra": {"enable_hr": True, "hr_resize_x": 4096}},
        {"width": 2560, "height": 2560, "extra": {"enable_hr": False, "n_iter": "x"}},
    ],
)
def test_as_much_as_an_answer_can_hold_is_drawn(fields: dict[str, Any]) -> None:
    assert payload(**fields).method == "POST"


def test_a_picture_is_changed_as_a_whole(red: bytes) -> None:
    image = image_of(red)
    sent = payload(images=(image,), strength=0.4)
    assert sent.url == "/sdapi/v1/img2img"
    assert sent.json["init_images"] == [image.base64()]
    assert (sent.json["width"], sent.json["height"], sent.json["denoising_strength"]) == (64, 64, 0.4)
    assert "mask" not in sent.json


def test_without_a_strength_the_web_uis_own_is_sent(red: bytes) -> None:
    assert payload(images=(image_of(red),)).json["denoising_strength"] == 0.75


def test_of_a_masked_picture_the_white_part_is_drawn_anew_at_the_pictures_own_scale(
    red: bytes, right_half: bytes
) -> None:
    mask = as_mask(image_of(right_half))
    sent = payload(images=(image_of(red),), mask=mask).json
    assert sent["mask"] == mask.base64()
    assert (sent["inpainting_mask_invert"], sent["inpainting_fill"], sent["inpaint_full_res"]) == (0, 1, False)


@pytest.mark.parametrize("name", ["mask", "strength"])
def test_mask_and_strength_need_a_picture(name: str, right_half: bytes) -> None:
    with pytest.raises(InvalidRequest, match="give images") as caught:
        payload(**{name: as_mask(image_of(right_half)) if name == "mask" else 0.5})
    assert caught.value.parameter == name


def test_two_pictures_are_one_too_many(red: bytes) -> None:
    with pytest.raises(InvalidRequest, match="images must be 1 picture, not 2"):
        payload(images=(image_of(red), image_of(red)))


def test_the_answer_may_take_long_and_the_request_may_be_sent_twice() -> None:
    sent = payload()
    assert sent.idle == 3600
    assert sent.repeatable
    assert sent.on_cancel == HttpRequest("POST", "/sdapi/v1/interrupt")


def test_beside_it_the_job_is_asked_for_by_its_id() -> None:
    (lane,) = payload().beside
    assert lane == own_job(ID)
    assert isinstance(lane, HttpRequest)
    assert (lane.method, lane.url) == ("POST", "/internal/progress")
    assert lane.json == {"id_task": ID, "id_live_preview": -1, "live_preview": True}


def test_a_named_checkpoint_is_looked_up_first() -> None:
    assert plugin.build_payload(named("turbo"), asked(named("turbo"))) == LISTING
    assert (LISTING.method, LISTING.url) == ("GET", "/sdapi/v1/sd-models")


def test_what_cannot_be_drawn_is_refused_before_checkpoints_are_asked_for() -> None:
    with pytest.raises(InvalidRequest):
        plugin.build_payload(named("turbo"), asked(named("turbo"), strength=0.5))


@pytest.mark.parametrize(
    "name",
    ["turbo", "turbo.safetensors", "sdxl_turbo", "sdxl/turbo.safetensors", "e869ac7d69", "e869ac7d69".ljust(64, "0")],
)
def test_a_checkpoint_is_known_by_each_of_its_names_and_asked_for_by_its_title(name: str) -> None:
    turbo = checkpoint("sdxl/turbo.safetensors", "e869ac7d69", "sdxl_turbo")
    sent = chosen(name, checkpoint("v1-5.safetensors", "6ce0161689"), turbo)
    assert sent.json["override_settings"] == {"sd_model_checkpoint": "sdxl/turbo.safetensors [e869ac7d69]"}


def test_a_checkpoint_goes_with_other_settings() -> None:
    sent = chosen("turbo", checkpoint("turbo.ckpt"), extra={"override_settings": {"CLIP_stop_at_last_layers": 2}})
    assert sent.json["override_settings"] == {
        "CLIP_stop_at_last_layers": 2,
        "sd_model_checkpoint": "turbo.ckpt",
    }


def test_a_checkpoint_on_windows_is_known_by_its_file() -> None:
    turbo = checkpoint("turbo.safetensors") | {"filename": "C:\\models\\Stable-diffusion\\xl\\turbo.safetensors"}
    assert chosen("turbo.safetensors", turbo).json["override_settings"] == {"sd_model_checkpoint": "turbo.safetensors"}


def test_a_name_of_two_checkpoints_is_refused_with_both() -> None:
    both = [checkpoint("a/fox.safetensors", "1" * 10, "a_fox"), checkpoint("b/fox.safetensors", "2" * 10, "b_fox")]
    with pytest.raises(ResponseError, match=r"several .*a/fox.safetensors \[1111111111\], b/fox.safetensors"):
        chosen("fox", *both)


def test_checkpoints_are_listed_under_names_that_can_be_asked_for() -> None:
    told = plugin.parse_models(
        plugin.PROVIDER,
        listing(
            checkpoint("v1-5.safetensors", "6ce0161689"),
            checkpoint("My Merge.safetensors", "abc1234567"),
            checkpoint("a/fox.safetensors", "1" * 10),
            checkpoint("b/fox.safetensors", "2" * 10),
            checkpoint("no hash.safetensors"),
        ),
    )
    assert told == ["v1-5", "abc1234567", "a/fox.safetensors", "b/fox.safetensors"]
    assert all(plugin.find_model(name) for name in told)


def test_the_checkpoints_are_asked_for_where_they_are_listed() -> None:
    assert plugin.request_models(plugin.PROVIDER) == LISTING
