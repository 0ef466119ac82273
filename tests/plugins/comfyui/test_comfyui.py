"""What ComfyUI is asked for a request, step by step, without any server."""

from __future__ import annotations

import json
import uuid
from typing import Any

import PIL.Image
import pytest

import impasto_comfyui
from impasto import Follow, HttpRequest, ImageRequest, InvalidRequest, Model, ServerEvent
from impasto.fitting import fit
from impasto.sources import as_mask, image_of

JOB = "1f1f1f1f-1f1f-1f1f-1f1f-1f1f1f1f1f1f"
SD15 = "v1-5-pruned-emaonly-fp16.safetensors"
SDXL = "sd_xl_base_1.0.safetensors"
SCHNELL = "flux1-schnell-fp8.safetensors"
DEV = "flux1-dev-fp8.safetensors"
PICTURE = image_of(PIL.Image.new("RGB", (128, 96)))
MASK = as_mask(image_of(PIL.Image.new("L", (128, 96), 255)))


def model_of(name: str = "checkpoint") -> Model:
    (listed,) = impasto_comfyui.list_models()
    found = listed if name == listed.id else impasto_comfyui.find_model(name)
    assert found is not None
    return found


def asked(model: Model, **fields: Any) -> ImageRequest:
    """Return a request as the plugin sees it."""
    return fit(model, ImageRequest("a red fox", **{"seed": 7, **fields})).with_id("1f" * 16)


def answered(model: Model, payload: HttpRequest, body: Any, request: ImageRequest, status: int = 200) -> HttpRequest:
    """Return what the plugin goes on with after an answer."""
    event = ServerEvent("response", json.dumps(body).encode(), payload, request, status)
    *_, follow = impasto_comfyui.parse_event(model, event)
    assert isinstance(follow, Follow)
    assert isinstance(follow.payload, HttpRequest)
    return follow.payload


def submitted(checkpoint: str, model: Model | None = None, **fields: Any) -> HttpRequest:
    """Return what submits a job to a server with one checkpoint, which names its uploads a, b, c."""
    model = model or model_of()
    request = asked(model, **fields)
    payload = impasto_comfyui.build_payload(model, request)
    assert isinstance(payload, HttpRequest)
    names = iter("abc")
    while payload.url != "/prompt":
        said: Any = [checkpoint]
        if payload.url == "/upload/image":
            said = {"name": f"{next(names)}.png", "subfolder": "impasto", "type": "input"}
        payload = answered(model, payload, said, request)
    return payload


def graph(checkpoint: str = SD15, **fields: Any) -> dict[str, Any]:
    """Return the graph of a request, nodes by their classes."""
    return {node["class_type"]: node["inputs"] for node in submitted(checkpoint, **fields).json["prompt"].values()}


def test_first_it_asks_which_checkpoints_there_are() -> None:
    payload = impasto_comfyui.build_payload(model_of(), asked(model_of()))
    assert isinstance(payload, HttpRequest)
    assert (payload.method, payload.url) == ("GET", "/models/checkpoints")


def test_a_job_is_submitted_with_a_graph_and_an_id_that_is_known_before() -> None:
    payload = submitted(SD15, width=512, height=384, num_inference_steps=9, guidance_scale=6, negative_prompt="rain")
    assert (payload.method, payload.url, payload.idempotent) == ("POST", "/prompt", True)
    assert payload.json == {
        "prompt": {
            "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": SD15}},
            "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 384, "batch_size": 1}},
            "6": {"class_type": "CLIPTextEncode", "inputs": {"text": "a red fox", "clip": ["4", 1]}},
            "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "rain", "clip": ["4", 1]}},
            "3": {
                "class_type": "KSampler",
                "inputs": {
                    "model": ["4", 0],
                    "positive": ["6", 0],
                    "negative": ["7", 0],
                    "latent_image": ["5", 0],
                    "seed": 7,
                    "steps": 9,
                    "cfg": 6.0,
                    "sampler_name": "euler",
                    "scheduler": "normal",
                    "denoise": 1.0,
                },
            },
            "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
            "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "impasto/impasto"}},
        },
        "prompt_id": JOB,
        "client_id": JOB,
        "extra_data": {"preview_method": "auto"},
    }


def test_an_id_of_any_form_becomes_a_uuid_since_others_are_refused() -> None:
    request = ImageRequest("a fox", extra={"workflow": {"1": {"class_type": "Any", "inputs": {"text": "%prompt%"}}}})
    payload = impasto_comfyui.build_payload(model_of(), request.with_id("any form"))
    assert isinstance(payload, HttpRequest)
    assert str(uuid.UUID(payload.json["prompt_id"])) == payload.json["prompt_id"]


@pytest.mark.parametrize(
    ("checkpoint", "fields", "size"),
    [
        (SD15, {}, (512, 512)),
        (SD15, {"aspect_ratio": "16:9"}, (512, 288)),
        (SDXL, {}, (1024, 1024)),
        (SDXL, {"aspect_ratio": "3:2"}, (1024, 680)),
        (SDXL, {"width": 700}, (696, 1024)),
        (SDXL, {"width": 800, "aspect_ratio": "2:1"}, (800, 400)),
        (SDXL, {"width": 16, "height": 16_384}, (16, 16_384)),
        ("v2-1_768-ema-pruned.ckpt", {}, (768, 768)),
        ("some/where/dreams.safetensors", {}, (1024, 1024)),
    ],
)
def test_the_size_is_the_checkpoints_own_unless_one_is_asked(
    checkpoint: str, fields: dict[str, Any], size: tuple[int, int]
) -> None:
    latent = graph(checkpoint, **fields)["EmptyLatentImage"]
    assert (latent["width"], latent["height"]) == size


@pytest.mark.parametrize(
    ("checkpoint", "expected"),
    [
        ("sd3.5_large.safetensors", (28, 4.5, "euler", "sgm_uniform")),
        ("sd3.5_large_turbo.safetensors", (4, 1.0, "euler", "sgm_uniform")),
        ("sd_xl_turbo_1.0_fp16.safetensors", (1, 1.0, "euler_ancestral", "normal")),
        ("sdxl_lightning_8step.safetensors", (8, 1.0, "euler", "sgm_uniform")),
        ("LCM_Dreamshaper_v7.safetensors", (4, 1.0, "lcm", "sgm_uniform")),
        (SDXL, (20, 7.0, "euler", "normal")),
    ],
)
def test_settings_that_nobody_asked_for_suit_the_checkpoints_name(
    checkpoint: str, expected: tuple[object, ...]
) -> None:
    sampler = graph(checkpoint)["KSampler"]
    assert (sampler["steps"], sampler["cfg"], sampler["sampler_name"], sampler["scheduler"]) == expected


def test_flux_is_guided_by_a_node_of_its_own() -> None:
    nodes = graph(DEV, guidance_scale=2.5, width=1000, height=500)
    assert nodes["FluxGuidance"]["guidance"] == 2.5
    assert nodes["KSampler"]["positive"] == ["16", 0]
    assert nodes["KSampler"]["cfg"] == 1.0
    assert nodes["EmptySD3LatentImage"] == {"width": 992, "height": 496, "batch_size": 1}


def test_what_makes_no_difference_to_flux_is_refused_by_name() -> None:
    assert "negative_prompt" not in model_of(DEV).accepts
    assert {"negative_prompt", "guidance_scale"}.isdisjoint(model_of(SCHNELL).accepts)
    with pytest.raises(InvalidRequest, match="negative_prompt") as raised:
        graph(DEV, negative_prompt="rain")
    assert raised.value.parameter == "negative_prompt"
    with pytest.raises(InvalidRequest, match="guidance_scale"):
        graph(SCHNELL, guidance_scale=2)


def test_a_guidance_of_1_takes_no_negative_prompt() -> None:
    with pytest.raises(InvalidRequest, match="give a higher one"):
        graph(SD15, guidance_scale=1, negative_prompt="rain")


def test_pictures_are_uploaded_before_the_job_is_submitted() -> None:
    model = model_of()
    request = asked(model, images=(PICTURE,), mask=MASK)
    payload = impasto_comfyui.build_payload(model, request)
    assert isinstance(payload, HttpRequest)
    upload = answered(model, payload, [SD15], request)
    assert (upload.method, upload.url, upload.idempotent) == ("POST", "/upload/image", True)
    assert upload.data == {"type": "input", "subfolder": "impasto"}
    assert upload.files is not None
    name, data, media_type = upload.files["image"]
    assert isinstance(name, str)
    assert name.endswith(".png")
    assert (data, media_type) == (PICTURE.data, "image/png")
    second = answered(model, upload, {"name": "init (1).png", "subfolder": "impasto", "type": "input"}, request)
    assert second.files is not None
    assert second.files["image"][1] == MASK.data
    last = answered(model, second, {"name": "b.png", "subfolder": "", "type": "input"}, request)
    assert last.json["prompt"]["10"]["inputs"] == {"image": "impasto/init (1).png"}
    assert last.json["prompt"]["12"]["inputs"] == {"image": "b.png", "channel": "red"}


def test_from_a_picture_is_started_as_far_from_it_as_strength_says() -> None:
    nodes = graph(images=(PICTURE,), strength=0.4, n=3)
    assert nodes["LoadImage"] == {"image": "impasto/a.png"}
    assert nodes["VAEEncode"] == {"pixels": ["10", 0], "vae": ["4", 2]}
    assert nodes["RepeatLatentBatch"] == {"samples": ["11", 0], "amount": 3}
    assert (nodes["KSampler"]["latent_image"], nodes["KSampler"]["denoise"]) == (["14", 0], 0.4)
    assert not {"ImageScale", "EmptyLatentImage"} & set(nodes)


def test_a_mask_limits_the_noise_and_an_inpainting_model_is_told_of_it_in_its_own_way() -> None:
    nodes = graph(images=(PICTURE,), mask=MASK)
    assert nodes["LoadImageMask"] == {"image": "impasto/b.png", "channel": "red"}
    assert nodes["SetLatentNoiseMask"] == {"samples": ["11", 0], "mask": ["12", 0]}
    assert nodes["KSampler"]["denoise"] == 1.0
    nodes = graph("sd-v1-5-inpainting.ckpt", images=(PICTURE,), mask=MASK)
    assert nodes["InpaintModelConditioning"]["mask"] == ["12", 0]
    assert [nodes["KSampler"][name] for name in ("positive", "negative", "latent_image")] == [
        ["13", 0],
        ["13", 1],
        ["13", 2],
    ]


def test_a_picture_is_scaled_only_where_another_size_is_asked_or_it_is_huge() -> None:
    assert graph(images=(PICTURE,), width=256, height=96)["ImageScale"]["width"] == 256
    assert "ImageScale" not in graph(images=(PICTURE,), width=128)
    huge = image_of(PIL.Image.new("RGB", (4096, 1024)))
    scaled = graph(images=(huge,))["ImageScale"]
    assert (scaled["width"], scaled["height"]) == (2048, 512)


def test_an_earlier_picture_is_named_where_it_lies() -> None:
    nodes = graph(session={"image": "impasto/impasto_00001_.png [output]"})
    assert nodes["LoadImage"] == {"image": "impasto/impasto_00001_.png [output]"}


@pytest.mark.parametrize(
    ("session", "fields", "size"),
    [
        ({"width": 1024, "height": 768}, {}, None),
        ({"width": 1024, "height": 768}, {"width": 1024}, None),
        ({"width": 1024, "height": 768}, {"width": 512}, (512, 384)),
        ({"width": 4096, "height": 1024}, {}, (2048, 512)),
        ({}, {"width": 512}, (512, 0)),
        ({}, {"height": 512}, (0, 512)),
        ({"width": "wide", "height": True}, {"width": 512, "height": 256}, (512, 256)),
        ({}, {"aspect_ratio": "2:1", "width": 512}, (512, 256)),
        ({}, {}, None),
    ],
)
def test_an_earlier_picture_is_scaled_as_one_that_is_sent(
    session: dict[str, Any], fields: dict[str, Any], size: tuple[int, int] | None
) -> None:
    scaled = graph(session={"image": "a.png [output]", **session}, **fields).get("ImageScale")
    assert (scaled and (scaled["width"], scaled["height"])) == size


def test_loras_and_another_vae_stand_between_the_checkpoint_and_the_rest() -> None:
    told = {"loras": {"ink.safetensors": 0.5, "oil.safetensors": 1}, "vae_name": "clear.safetensors"}
    nodes = submitted(SD15, extra=told).json["prompt"]
    assert nodes["20"]["inputs"]["model"] == ["4", 0]
    assert nodes["21"]["inputs"] == {
        "model": ["20", 0], "clip": ["20", 1], "lora_name": "oil.safetensors", "strength_model": 1.0,
        "strength_clip": 1.0,
    }  # fmt: skip
    assert nodes["3"]["inputs"]["model"] == ["21", 0]
    assert nodes["6"]["inputs"]["clip"] == ["21", 1]
    assert nodes["8"]["inputs"]["vae"] == ["15", 0]


@pytest.mark.parametrize(
    ("extra", "words"),
    [
        ({"sampler_name": 3}, "sampler_name must be text"),
        ({"preview_method": "film"}, "preview_method must be one of auto, default, none"),
        ({"loras": {"ink": "much"}}, "loras must map file names to strengths"),
        ({"workflow": "flow.json"}, r"-x workflow="),
    ],
)
def test_extra_fields_of_another_type_are_refused_before_anything_is_drawn(extra: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidRequest, match=words) as raised:
        submitted(SD15, extra=extra)
    assert raised.value.parameter == "extra"


@pytest.mark.parametrize(
    ("fields", "parameter"),
    [
        ({"mask": MASK}, "mask"),
        ({"strength": 0.5}, "strength"),
        ({"session": {"image": "a [output]"}, "images": (PICTURE,)}, "images"),
        ({"session": {"file": 1}}, "session"),
    ],
)
def test_what_means_nothing_is_refused(fields: dict[str, Any], parameter: str) -> None:
    with pytest.raises(InvalidRequest) as raised:
        submitted(SD15, **fields)
    assert raised.value.parameter == parameter
