"""Hugging Face's own client gets its picture from the stand-in, and the plugin sends what it sends."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import anyio
import httpx2
import huggingface_hub
import PIL.Image
import pytest
from huggingface_hub import InferenceClient, constants
from huggingface_hub.errors import BadRequestError, HfHubHTTPError, RepositoryNotFoundError
from huggingface_hub.inference._providers import _common, fal_ai, hf_inference, wavespeed, zai_org
from huggingface_hub.utils._http import default_client_factory

import impasto
from services.inference_providers import InferenceProviders
from services.inference_providers.calling import client
from services.inference_providers.refusals import CREDITS, FLAGGED, NSFW, PERMISSION
from services.serving import Asked, serving

KEY = "hf_test"
"""`huggingface_hub` goes through the router only with a key that begins like this."""

DRAWING = [
    ("hf-inference", "stabilityai/stable-diffusion-3-medium-diffusers"),
    ("nscale", "black-forest-labs/FLUX.1-schnell"),
    ("together", "black-forest-labs/FLUX.1-schnell"),
    ("fal-ai", "black-forest-labs/FLUX.1-schnell"),
    ("replicate", "black-forest-labs/FLUX.1-schnell"),
    ("replicate", "someone/versioned"),
    ("wavespeed", "black-forest-labs/FLUX.1-schnell"),
    ("zai-org", "zai-org/GLM-Image"),
    ("fal-ai", "someone/painting-lora"),
    ("replicate", "someone/painting-lora"),
]
EDITING = [
    ("hf-inference", "timbrooks/instruct-pix2pix"),
    ("together", "black-forest-labs/FLUX.1-Kontext-dev"),
    ("together", "black-forest-labs/FLUX.2-dev"),
    ("fal-ai", "black-forest-labs/FLUX.1-Kontext-dev"),
    ("replicate", "black-forest-labs/FLUX.1-Kontext-dev"),
    ("wavespeed", "black-forest-labs/FLUX.1-Kontext-dev"),
]


class Rerouted(httpx2.HTTPTransport):
    """Sends what is meant for the router to the stand-in; there is no setting for that."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self._here = httpx2.URL(url)

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        if request.url.host == "router.huggingface.co":
            request.url = request.url.copy_with(scheme="http", host=self._here.host, port=self._here.port)
        return super().handle_request(request)


@pytest.fixture
def service() -> InferenceProviders:
    return InferenceProviders(key=KEY)


@pytest.fixture
def url(service: InferenceProviders, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Serve the stand-in, and have `huggingface_hub` find it."""
    with serving(service.app) as url:
        monkeypatch.setattr(constants, "ENDPOINT", url)
        monkeypatch.setattr(constants, "HF_HUB_DISABLE_IMPLICIT_TOKEN", True)
        for polling in (fal_ai, wavespeed, zai_org):
            monkeypatch.setattr(polling, "_POLLING_INTERVAL", 0)
        for remembered in (_common._fetch_inference_provider_mapping, hf_inference._check_supported_task):
            remembered.cache_clear()
        huggingface_hub.set_client_factory(
            functools.partial(httpx2.Client, transport=Rerouted(url), follow_redirects=True, timeout=None)
        )
        yield url
        huggingface_hub.set_client_factory(default_client_factory)


@pytest.fixture
def fox(tmp_path: Path) -> Path:
    path = tmp_path / "fox.png"
    PIL.Image.new("RGB", (64, 48), "orangered").save(path)
    return path


def sdk(provider: str) -> InferenceClient:
    return InferenceClient(provider=cast(Any, provider), api_key=KEY, bill_to="foxes")


def painted(url: str, prompt: str, **options: Any) -> impasto.ImageResponse:
    async def paint() -> impasto.ImageResponse:
        async with client(url) as painter:
            return await painter.generate(prompt, api_key=KEY, **options)

    return anyio.run(paint)


def orders(service: InferenceProviders) -> list[Asked]:
    return [each for each in service.journal.asked if each.line.startswith("POST ")]


def sent(order: Asked) -> tuple[str, dict[str, str], dict[str, Any]]:
    return order.line, order.query, order.fields


@pytest.mark.parametrize(("provider", "model"), DRAWING)
def test_the_same_order_to_draw_is_sent_by_both(
    service: InferenceProviders, url: str, provider: str, model: str
) -> None:
    asked: dict[str, Any] = {
        "negative_prompt": "text",
        "width": 64,
        "height": 48,
        "guidance_scale": 3.5,
        "num_inference_steps": 4,
        "seed": 7,
    }
    picture = sdk(provider).text_to_image("a fox", model=model, scheduler="euler", **asked)
    extra = {"provider": provider, "bill_to": "foxes", "scheduler": "euler"}
    response = painted(url, "a fox", model=f"huggingface/{model}", extra=extra, **asked)
    theirs, ours = orders(service)
    assert sent(ours) == sent(theirs)
    assert picture.size == (response.width, response.height) == (64, 48)
    for header in ("authorization", "content-type", "x-hf-bill-to", "prefer", "x-source-channel", "accept-language"):
        assert ours.headers.get(header) == theirs.headers.get(header), header


def test_the_same_order_of_a_prompt_alone_is_sent_by_both_but_for_the_seed(
    service: InferenceProviders, url: str
) -> None:
    model = "black-forest-labs/FLUX.1-schnell"
    sdk("auto").text_to_image("a fox", model=model)
    response = painted(url, "a fox", model=f"huggingface/{model}")
    theirs, ours = orders(service)
    assert sent(ours) == (theirs.line, theirs.query, {**theirs.fields, "seed": response.seed})
    assert "seed" not in theirs.fields


def test_fields_that_only_a_provider_knows_are_sent_alike(service: InferenceProviders, url: str) -> None:
    model = "black-forest-labs/FLUX.1-schnell"
    body = {"output_quality": 100}
    sdk("replicate").text_to_image("a fox", model=model, seed=7, extra_body=body)
    painted(url, "a fox", model=f"huggingface/{model}", seed=7, extra={"provider": "replicate", "extra_body": body})
    theirs, ours = orders(service)
    assert ours.fields == theirs.fields
    assert ours.fields["input"]["output_quality"] == 100


@pytest.mark.parametrize(("provider", "model"), EDITING)
def test_the_same_order_to_edit_is_sent_by_both(
    service: InferenceProviders, url: str, fox: Path, provider: str, model: str
) -> None:
    asked: dict[str, Any] = {
        "negative_prompt": "text",
        "guidance_scale": 3.5,
        "num_inference_steps": 4,
        "seed": 7,
    }
    size = cast(Any, {"width": 32, "height": 48})
    picture = sdk(provider).image_to_image(str(fox), prompt="a tiger", model=model, target_size=size, **asked)
    extra = {"provider": provider}
    response = painted(
        url, "a tiger", model=f"huggingface/{model}", images=fox, width=32, height=48, extra=extra, **asked
    )
    theirs, ours = orders(service)
    assert (ours.line, ours.query) == (theirs.line, theirs.query)
    assert ours.fields == expected_of_edit(provider, theirs.fields)
    assert (response.width, response.height) == (32, 48)
    assert picture.size == ((64, 64) if provider == "together" else (32, 48))


def expected_of_edit(provider: str, fields: dict[str, Any]) -> dict[str, Any]:
    """Return what the plugin sends where `huggingface_hub` sends these fields."""
    if provider == "together":
        # As Hugging Face's client for JavaScript has it; Together knows no field target_size.
        return {**{name: value for name, value in fields.items() if name != "target_size"}, **fields["target_size"]}
    if provider == "wavespeed":
        # huggingface_hub calls every picture a JPEG.
        return {**fields, "image": fields["image"].replace("image/jpeg", "image/png")}
    return fields


@pytest.mark.parametrize(
    ("prompt", "provider", "status", "words"),
    [
        ("out of credits", "nscale", 402, CREDITS),
        ("no permission", "nscale", 403, PERMISSION),
        ("retired", "hf-inference", 410, "no longer supported by provider hf-inference"),
        ("invalid", "fal-ai", 422, "less than or equal to 50"),
        ("refused", "fal-ai", 422, FLAGGED),
        ("too often", "together", 429, "Too Many Requests"),
        ("busy", "zai-org", 503, "Service Temporarily Unavailable"),
    ],
)
def test_the_sdk_understands_a_failure(url: str, prompt: str, provider: str, status: int, words: str) -> None:
    with pytest.raises(HfHubHTTPError) as caught:
        sdk(provider).text_to_image(prompt, model=dict(DRAWING[:4] + DRAWING[7:8])[provider])
    assert caught.value.response.status_code == status
    assert words in str(caught.value)


def test_the_sdk_understands_a_refusal(url: str) -> None:
    with pytest.raises(BadRequestError, match=NSFW):
        sdk("nscale").text_to_image("refused", model="black-forest-labs/FLUX.1-schnell")


@pytest.mark.parametrize("provider", ["nscale", "hf-inference"])
def test_the_sdk_understands_that_a_key_is_wrong(url: str, provider: str) -> None:
    model = dict(DRAWING[:2])[provider]
    with pytest.raises(HfHubHTTPError, match="Invalid credentials in Authorization header") as caught:
        InferenceClient(provider=cast(Any, provider), api_key="hf_wrong").text_to_image("a fox", model=model)
    assert caught.value.response.status_code == 401


def test_the_sdk_understands_that_there_is_no_such_model(url: str) -> None:
    with pytest.raises(RepositoryNotFoundError):
        sdk("nscale").text_to_image("a fox", model="someone/nothing")


def test_the_sdk_understands_that_a_task_failed(url: str) -> None:
    with pytest.raises(ValueError, match="CUDA out of memory"):
        sdk("wavespeed").text_to_image("this fails", model="black-forest-labs/FLUX.1-schnell")


def test_the_sdk_lists_the_models_of_a_task_page_by_page(service: InferenceProviders, url: str) -> None:
    api = huggingface_hub.HfApi(endpoint=url)
    found = api.list_models(pipeline_tag="text-to-image", expand=["inferenceProviderMapping"], limit=100)
    models = {each.id: each.inference_provider_mapping or [] for each in found}
    assert [each.provider_id for each in models["zai-org/GLM-Image"]] == ["glm-image"]
    assert "timbrooks/instruct-pix2pix" not in models
    assert len(service.journal.of("GET /api/models")) > 1
