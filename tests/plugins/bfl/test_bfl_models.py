"""Which models the plugin offers, and what it makes of the service's description of itself."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_bfl as plugin
from impasto import ApiKeyHeader, HttpRequest, ImageRequest, InvalidRequest, Model, ServerEvent
from impasto.fitting import fit
from impasto.settings import Settings, Timeouts
from impasto.signing import Destination

MODELS = {model.id: model for model in plugin.list_models()}


def names_in(description: Any) -> list[Any]:
    request = plugin.request_models(plugin.PROVIDER)
    event = ServerEvent("response", json.dumps(description), request, ImageRequest("models"), 200)
    return plugin.parse_models(plugin.PROVIDER, event)


def described(required: list[str], *properties: str) -> dict[str, Any]:
    schema = {"properties": {name: {"type": "string"} for name in properties}, "required": required}
    return {"post": {"requestBody": {"content": {"application/json": {"schema": schema}}}}}


def test_the_service_and_its_key() -> None:
    provider = plugin.PROVIDER
    assert provider.url == "https://api.bfl.ai"
    assert provider.auth == ApiKeyHeader("x-key", env="BFL_API_KEY", help_url="https://dashboard.bfl.ai")
    assert provider.default_model == "flux-2-pro"


def test_in_a_region_a_task_is_asked_for_wherever_the_service_says() -> None:
    settings = Settings(providers={"bfl": {"url": "https://api.eu.bfl.ai"}}).provider("bfl")
    to = Destination.of(MODELS["flux-2-pro"], settings, key=None, timeouts=Timeouts(), proxy=None)
    for host in ("api.eu1.bfl.ai", "api.eu4.bfl.ai", "api.bfl.ai"):
        assert to.resolve_request(f"https://{host}/v1/get_result?id=7") == f"https://{host}/v1/get_result?id=7"


def test_the_regions_are_the_services_own_and_the_place_of_the_pictures_is_not() -> None:
    assert {"https://api.eu.bfl.ai", "https://api.us.bfl.ai", "https://api.eu1.bfl.ai", "https://api.us1.bfl.ai"} == {
        *plugin.PROVIDER.origins
    }


@pytest.mark.parametrize(
    ("alias", "name"),
    [
        ("flux", "flux-2-klein-9b"),
        ("flux-2", "flux-2-pro"),
        ("flux-3", "flux-3-image"),
        ("flux-pro", "flux-pro-1.1"),
        ("flux-kontext", "flux-kontext-pro"),
        ("flux-fill", "flux-pro-1.0-fill"),
    ],
)
def test_a_common_name_leads_to_a_model(alias: str, name: str) -> None:
    assert [model.id for model in MODELS.values() if alias in model.aliases] == [name]


@pytest.mark.parametrize("name", ["flux-pro", "flux-pro-1.0-canny", "flux-pro-1.0-depth", "flux-schnell", "flux-2-dev"])
def test_what_the_service_does_not_serve_is_not_listed(name: str) -> None:
    assert name not in MODELS


def test_a_model_that_is_newer_takes_a_prompt_and_whatever_fields_it_has() -> None:
    model = plugin.find_model("flux-4-image")
    assert model is not None
    payload = plugin.build_payload(model, fit(model, ImageRequest("a fox", extra={"resolution": "8k"})))
    assert isinstance(payload, HttpRequest)
    assert (payload.url, payload.json) == ("/v1/flux-4-image", {"resolution": "8k", "prompt": "a fox"})


def test_a_newer_flux_2_takes_what_that_family_takes() -> None:
    model = plugin.find_model("flux-2-nano")
    assert model is not None
    payload = plugin.build_payload(model, fit(model, ImageRequest("a fox", seed=7, width=512, height=256)))
    assert isinstance(payload, HttpRequest)
    assert payload.json == {"prompt": "a fox", "seed": 7, "width": 512, "height": 256}


def test_the_picture_of_a_newer_model_cannot_be_sent_elsewhere() -> None:
    model = plugin.find_model("flux-4-image")
    assert model is not None
    with pytest.raises(InvalidRequest, match="webhook_url"):
        plugin.build_payload(model, fit(model, ImageRequest("a fox", extra={"webhook_url": "https://example.com"})))


@pytest.mark.parametrize(
    "name",
    [
        "flux-schnell",
        "flux-2-dev",
        "flux-pro-1.1-ultra-finetuned",
        "flux-3-video",
        "flux-tools/erase-v1",
        "../get_result",
        "flux-2-pro?x=1",
        "FLUX",
        "sdxl",
        "",
    ],
)
def test_other_names_are_not_known(name: str) -> None:
    assert plugin.find_model(name) is None


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: model.id)
def test_a_model_that_is_listed_is_found_by_its_name(model: Model) -> None:
    assert plugin.find_model(model.id) is model


def test_models_are_those_that_draw_from_a_prompt_and_those_that_are_known() -> None:
    paths = {
        "/v1/get_result": {"get": {}},
        "/v1/credits": {"get": {}},
        "/v1/delete_finetune": described(["finetune_id"], "finetune_id"),
        "/v1/flux-2-pro": described(["prompt"], "prompt", "seed"),
        "/v1/flux-4-image": described(["prompt"], "prompt"),
        "/v1/flux-4-erase": described(["image", "mask"], "image", "mask"),
        "/v1/flux-4-tryon": described(["prompt", "person"], "prompt", "person"),
        "/v1/flux-pro-1.0-fill": described(["image"], "prompt", "image"),
        "/v1/flux-pro-1.1-ultra-finetuned": described(["finetune_id"], "prompt", "finetune_id"),
        "/v1/flux-4-video": described(["prompt"], "prompt"),
    }
    assert names_in({"paths": paths}) == ["flux-2-pro", "flux-4-image", "flux-pro-1.0-fill"]


def test_schemas_may_stand_apart() -> None:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Flux4"}}}
    schemas = {"Flux4": {"properties": {"prompt": {}}, "required": ["prompt"]}}
    description = {
        "paths": {"/v1/flux-4": {"post": {"requestBody": {"content": content}}}},
        "components": {"schemas": schemas},
    }
    assert names_in(description) == ["flux-4"]
