"""Replicate's models: what is offered, and what is sent for a request."""

from __future__ import annotations

import base64
import dataclasses
import io
import json
import random
from typing import Any

import PIL.Image
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import impasto_replicate as plugin
from impasto import (
    Bearer,
    Choices,
    HttpRequest,
    Image,
    ImageRequest,
    InvalidRequest,
    Model,
    ProtocolError,
    Range,
    ServerEvent,
)
from impasto.fitting import fit
from impasto.testing import requests_for
from impasto_replicate.models import LISTED
from impasto_replicate.pictures import LARGEST_INSIDE
from services.replicate_api import SHEETS
from services.replicate_api.fields import problems
from standins.pictures import picture

MODELS = {model.id: model for model in plugin.list_models()}
SMALL = Image(data=picture(), media_type="image/png", width=64, height=64)
LARGE = Image(data=picture("PNG") + b"\0" * LARGEST_INSIDE, media_type="image/png", width=64, height=64)
NOT_RATIOS = {"match_input_image", "custom", "Not set"}
"""What a schema offers beside aspect ratios."""


def mask(colour: int) -> Image:
    content = io.BytesIO()
    PIL.Image.new("L", (64, 64), colour).save(content, "PNG")
    return Image(data=content.getvalue(), media_type="image/png", width=64, height=64)


def payload_for(name: str, **asked: Any) -> HttpRequest:
    model = MODELS[name]
    payload = plugin.build_payload(model, fit(model, ImageRequest("a fox", **asked)))
    assert isinstance(payload, HttpRequest)
    return payload


def sent(name: str, **asked: Any) -> dict[str, Any]:
    """Return the input that is sent, with a seed wherever one is taken."""
    seed = {"seed": 7} if "seed" in MODELS[name].accepts else {}
    said: dict[str, Any] = payload_for(name, **seed, **asked).json["input"]
    return said


def test_the_service_and_its_key() -> None:
    assert plugin.PROVIDER.url == "https://api.replicate.com/v1"
    assert plugin.PROVIDER.auth == Bearer(
        env="REPLICATE_API_TOKEN", help_url="https://replicate.com/account/api-tokens"
    )


@pytest.mark.parametrize(
    ("alias", "name"),
    [("flux", "black-forest-labs/flux-schnell"), ("flux-schnell", "black-forest-labs/flux-schnell"),
     ("flux-dev", "black-forest-labs/flux-dev"), ("flux-pro", "black-forest-labs/flux-pro"),
     ("flux-2-pro", "black-forest-labs/flux-2-pro"), ("sd-3.5", "stability-ai/stable-diffusion-3.5-large"),
     ("sdxl", "stability-ai/sdxl"), ("qwen-image", "qwen/qwen-image"), ("nano-banana-2", "google/nano-banana-2")],
)  # fmt: skip
def test_models_have_the_names_that_other_providers_share(alias: str, name: str) -> None:
    assert [model.id for model in MODELS.values() if alias in model.aliases] == [name]


def test_an_official_model_is_run_by_its_name() -> None:
    payload = payload_for("black-forest-labs/flux-schnell", seed=7)
    assert (payload.method, payload.url) == ("POST", "/models/black-forest-labs/flux-schnell/predictions")
    assert payload.json == {"input": {"prompt": "a fox", "seed": 7}}
    assert payload.headers == {"Prefer": "wait=5"}


def test_a_community_model_is_run_by_its_version() -> None:
    payload = payload_for("stability-ai/sdxl", seed=7)
    assert payload.url == "/predictions"
    assert payload.json == {
        "version": "7762fd07cf82c948538e41f63f77d685e02b063e37e496e96eefd46c929f9bdc",
        "input": {"prompt": "a fox", "seed": 7, "width": 1024, "height": 1024},
    }


def test_a_prediction_is_not_submitted_twice() -> None:
    assert not payload_for("black-forest-labs/flux-schnell").repeatable


def test_everything_that_is_asked_is_sent_by_the_models_own_names() -> None:
    asked = {"n": 2, "num_inference_steps": 20, "guidance_scale": 3.5, "strength": 0.6, "images": (SMALL,)}
    assert sent("black-forest-labs/flux-dev", aspect_ratio="16:9", extra={"go_fast": False}, **asked) == {
        "prompt": "a fox", "aspect_ratio": "16:9", "seed": 7, "num_outputs": 2, "num_inference_steps": 20,
        "guidance": 3.5, "prompt_strength": 0.6, "image": SMALL.data_url(), "go_fast": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("name", "along"),
    [("black-forest-labs/flux-1.1-pro", {"aspect_ratio": "custom"}),
     ("black-forest-labs/flux-2-pro", {"aspect_ratio": "custom"}), ("stability-ai/sdxl", {})],
)  # fmt: skip
def test_a_size_is_sent_so_that_it_counts(name: str, along: dict[str, Any]) -> None:
    said = sent(name, aspect_ratio="16:9")
    assert {"width": 1024, "height": 576, **along}.items() <= said.items()


@pytest.mark.parametrize(("ratio", "size"), [("1:1", (2048, 2048)), ("16:9", (2560, 1440)), ("21:9", (3024, 1296))])
def test_seedream_draws_an_aspect_ratio_at_2k(ratio: str, size: tuple[int, int]) -> None:
    said = sent("bytedance/seedream-4", aspect_ratio=ratio)
    assert (said["size"], said["width"], said["height"]) == ("custom", *size)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"extra": {"size": "4K"}}, {"size": "4K", "aspect_ratio": "1:1"}),
        ({"extra": {"size": "4K"}, "aspect_ratio": "16:9"}, {"size": "4K", "aspect_ratio": "16:9"}),
        ({"extra": {"size": "4K"}, "aspect_ratio": "7:4"}, {"size": "4K", "aspect_ratio": "16:9"}),
        ({"extra": {"size": "4K"}, "images": (SMALL,)}, {"size": "4K"}),
        ({"extra": {"size": "4K"}, "images": (SMALL,), "aspect_ratio": "3:2"}, {"size": "4K", "aspect_ratio": "3:2"}),
        ({"extra": {"aspect_ratio": "21:9"}}, {"aspect_ratio": "21:9"}),
        ({"extra": {"aspect_ratio": "match_input_image"}, "images": (SMALL,)}, {"aspect_ratio": "match_input_image"}),
        ({"extra": {"width": 3000, "height": 1250}}, {"size": "custom", "width": 3000, "height": 1250}),
        ({"extra": {"size": "custom", "height": 2000}}, {"size": "custom", "width": 2048, "height": 2000}),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["bytedance/seedream-4", "bytedance/seedream-4.5"])
def test_a_size_that_extra_names_counts_and_keeps_the_shape(
    name: str, asked: dict[str, Any], said: dict[str, Any]
) -> None:
    """Seedream's ``aspect_ratio`` is "only used when size is not 'custom'"."""
    found = sent(name, **asked)
    assert {field: found[field] for field in ("size", "aspect_ratio", "width", "height") if field in found} == said


def test_seedream_4_5_draws_no_small_pictures_and_says_so() -> None:
    small = {"width": 1500, "height": 1200}
    with pytest.raises(InvalidRequest, match="3,686,400 pixels or more, .* not 1500x1200") as caught:
        sent("bytedance/seedream-4.5", extra=small)
    assert caught.value.parameter == "extra"
    assert sent("bytedance/seedream-4", extra=small).items() >= small.items()


def test_what_google_has_ended_or_will_end_has_no_alias() -> None:
    aliases = {alias for model in MODELS.values() for alias in model.aliases}
    assert not {each for each in aliases if each.startswith("imagen") or each == "nano-banana"}
    assert "google/nano-banana-2" in MODELS["google/nano-banana"].deprecated


def test_pictures_are_a_list_where_the_model_takes_several() -> None:
    assert sent("google/nano-banana-2", images=(SMALL, SMALL))["image_input"] == [SMALL.data_url()] * 2
    assert sent("black-forest-labs/flux-kontext-pro", images=(SMALL,))["input_image"] == SMALL.data_url()


def test_strength_is_sent_only_with_a_picture() -> None:
    assert "prompt_strength" not in sent("stability-ai/sdxl", strength=0.5)


def test_a_large_picture_is_uploaded_before_anything_else() -> None:
    payload = payload_for("google/nano-banana-2", images=(SMALL, LARGE))
    assert (payload.method, payload.url) == ("POST", "/files")
    assert payload.files == {"content": ("image-1.png", LARGE.data, "image/png")}
    assert payload.repeatable


@pytest.mark.parametrize("url", [None, 7, ""])
def test_an_upload_that_leads_to_no_file_is_not_understood(url: object) -> None:
    upload = payload_for("google/nano-banana-2", images=(LARGE,))
    event = ServerEvent(
        "response", json.dumps({"urls": {"get": url}}).encode(), upload, ImageRequest("a fox", images=(LARGE,)), 201
    )
    with pytest.raises(ProtocolError, match="names no file"):
        plugin.parse_event(MODELS["google/nano-banana-2"], event)


@pytest.mark.parametrize(
    ("name", "colour"), [("black-forest-labs/flux-fill-pro", 255), ("ideogram-ai/ideogram-v3-turbo/inpaint", 0)]
)
def test_what_is_white_in_a_mask_is_what_the_model_draws_anew(name: str, colour: int) -> None:
    """FLUX draws white anew, Ideogram black."""
    url = sent(name, images=(SMALL,), mask=mask(255))["mask"]
    with PIL.Image.open(io.BytesIO(base64.b64decode(url.removeprefix("data:image/png;base64,")))) as shown:
        assert shown.getextrema() == (colour, colour)


def test_a_large_mask_is_uploaded_turned_round_where_the_model_wants_it_so() -> None:
    noise = random.Random(7).randbytes(600 * 600)
    content = io.BytesIO()
    PIL.Image.frombytes("L", (600, 600), noise).save(content, "PNG")
    large = Image(data=content.getvalue(), media_type="image/png", width=600, height=600)
    image = dataclasses.replace(SMALL, width=600, height=600)
    payload = payload_for("ideogram-ai/ideogram-v3-turbo/inpaint", images=(image,), mask=large)
    assert payload.files is not None
    name, sent_mask, media_type = payload.files["content"]
    assert (name, media_type) == ("mask.png", "image/png")
    assert isinstance(sent_mask, bytes)
    with PIL.Image.open(io.BytesIO(sent_mask)) as shown:
        assert shown.tobytes() == bytes(255 - each for each in noise)


def test_inpainting_with_ideogram_runs_ideogram() -> None:
    payload = payload_for("ideogram-ai/ideogram-v3-turbo/inpaint", images=(SMALL,), mask=mask(255))
    assert payload.url == "/models/ideogram-ai/ideogram-v3-turbo/predictions"


@pytest.mark.parametrize(
    ("name", "asked"),
    [("black-forest-labs/flux-schnell", {"num_inference_steps": 5}),
     ("black-forest-labs/flux-schnell", {"guidance_scale": 3.0}), ("google/nano-banana-2", {"seed": 7}),
     ("google/nano-banana-2", {"aspect_ratio": "9:21"}), ("black-forest-labs/flux-kontext-dev", {}),
     ("black-forest-labs/flux-schnell", {"extra": {"megapixel": "1"}})],
)  # fmt: skip
def test_what_a_model_cannot_do_is_refused(name: str, asked: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest):
        payload_for(name, **asked)


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
def test_what_is_declared_is_what_the_models_schema_takes(model: Model) -> None:
    listed = LISTED[model.id]
    schema = SHEETS[listed.name].fields
    for name, rule in model.accepts.items():
        if name == "extra":
            assert isinstance(rule, Choices)
            assert {*rule.values} <= {*schema}
            continue
        field = schema[listed.spelling.names[name]]
        if isinstance(rule, Choices):
            assert {*rule.values} == {*field["enum"]} - NOT_RATIOS
        elif name == "images":
            assert (field["type"] == "array") == listed.spelling.takes_list
            assert not isinstance(rule, Range) or rule == Range(1, field.get("maxItems", 1))
        elif isinstance(rule, Range) and name != "seed":
            assert (rule.minimum, rule.maximum) == (field["minimum"], field["maximum"])
        else:
            assert "minimum" not in field or name == "seed"


@pytest.mark.parametrize("model", MODELS.values(), ids=list(MODELS))
@given(data=st.data())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_asked_for_the_models_schema_takes_what_is_sent(model: Model, data: st.DataObject) -> None:
    request = dataclasses.replace(data.draw(requests_for(model)), extra={})
    payload = plugin.build_payload(model, request)
    assert isinstance(payload, HttpRequest)
    sheet = SHEETS[LISTED[model.id].name]
    is_address = {"https://pictures.example/fox.png"}.__contains__
    assert list(problems(sheet.fields, sheet.required, payload.json["input"], is_address)) == []


class TestModelsThatAreNotListed:
    def test_any_model_goes_by_owner_and_name_and_may_have_a_version(self) -> None:
        version = "0" * 64
        for name in ("somebody/inkwash", f"somebody/inkwash:{version}"):
            found = plugin.find_model(name)
            assert found is not None
            assert (found.id, found.provider) == (name, plugin.PROVIDER)

    @pytest.mark.parametrize("name", ["inkwash", "a/b/c", "somebody/inkwash:latest", "../../etc", "a/..%2f", "a b/c"])
    def test_what_is_no_name_of_replicates_is_not_found(self, name: str) -> None:
        assert plugin.find_model(name) is None

    def test_a_listed_model_is_found_as_it_is_listed(self) -> None:
        assert plugin.find_model("black-forest-labs/flux-dev") == MODELS["black-forest-labs/flux-dev"]

    @pytest.mark.parametrize(
        ("name", "path"),
        [("somebody/inkwash", "/models/somebody/inkwash"),
         (f"somebody/inkwash:{'0' * 64}", f"/models/somebody/inkwash/versions/{'0' * 64}")],
    )  # fmt: skip
    def test_it_is_asked_for_its_schema_first(self, name: str, path: str) -> None:
        model = plugin.find_model(name)
        assert model is not None
        payload = plugin.build_payload(model, fit(model, ImageRequest("a fox")))
        assert isinstance(payload, HttpRequest)
        assert (payload.method, payload.url) == ("GET", path)
