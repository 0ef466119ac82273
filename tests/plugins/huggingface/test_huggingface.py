"""Hugging Face Inference Providers: what is offered, and who is asked to draw."""

from __future__ import annotations

from typing import Any

import pytest

import impasto_huggingface as plugin
from impasto import (
    AuthenticationError,
    Bearer,
    InvalidRequest,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from services.inference_providers.hooks import KONTEXT, PICTURE, SCHNELL, answered, asked, model_of, order, request_of
from services.inference_providers.mapping import EDIT, served

QUESTION = "/api/models/black-forest-labs/FLUX.1-schnell?expand=inferenceProviderMapping&expand=pipeline_tag"


def test_the_router_is_the_provider_and_the_hub_one_of_its_origins() -> None:
    auth = plugin.PROVIDER.auth
    assert isinstance(auth, Bearer)
    assert (auth.env, auth.optional) == ("HF_TOKEN", False)
    assert plugin.PROVIDER.url == "https://router.huggingface.co"
    assert plugin.PROVIDER.origins == ("https://huggingface.co",)


def test_flux_is_flux_schnell_and_the_providers_own_default() -> None:
    (flux,) = [each for each in plugin.list_models() if "flux" in each.aliases]
    assert flux.id == plugin.PROVIDER.default_model == SCHNELL


def test_a_model_that_edits_needs_a_picture() -> None:
    with pytest.raises(InvalidRequest, match="draws nothing without images"):
        request_of(model_of(KONTEXT))


@pytest.mark.parametrize("name", ["someone/painter", "a/b", "Some-One/Painter_v1.5"])
def test_any_model_of_the_hub_is_found_by_its_name(name: str) -> None:
    assert model_of(name).name == f"huggingface/{name}"


@pytest.mark.parametrize(
    "name", ["painter", "a/b/c", "a/", "/b", "-a/b", "a/b.", "a/b--c", "a/b..c", "ä/b", "a b/c", f"a/{'b' * 96}", "_/b"]
)
def test_what_cannot_be_a_name_on_the_hub_is_no_model(name: str) -> None:
    assert plugin.find_model(name) is None


class TestTheHub:
    def test_is_asked_where_it_is(self) -> None:
        assert (asked().method, asked().url) == ("GET", f"https://huggingface.co{QUESTION}")

    def test_that_is_down_is_unavailable(self) -> None:
        with pytest.raises(ProviderUnavailable, match="503"):
            answered(b"", status=503)

    @pytest.mark.parametrize(
        ("status", "headers", "error", "words"),
        [
            (404, {"x-error-code": "RepoNotFound"}, ResponseError, "the Hub has no model"),
            (401, {"x-error-code": "RepoNotFound"}, ResponseError, "the Hub has no model"),
            (403, {"x-error-code": "GatedRepo"}, AuthenticationError, f"ask for access at https://huggingface.co/{SCHNELL}"),
            (401, {"x-error-message": "Invalid"}, AuthenticationError, "401"),
            (429, {"x-error-code": "TooMany", "ratelimit": '"api";r=0;t=55'}, QuotaExceeded, "429"),
        ],
    )  # fmt: skip
    def test_says_no(self, status: int, headers: dict[str, str], error: type[ResponseError], words: str) -> None:
        with pytest.raises(error, match=words) as caught:
            answered({"error": "no"}, status=status, headers=headers)
        assert type(caught.value) is error
        assert caught.value.retry_after == (55 if status == 429 else None)

    def test_may_tell_its_mapping_as_a_list(self) -> None:
        entries = [{"provider": "fal-ai", **served("fal-ai/flux/schnell")}]
        assert order(SCHNELL, entries).url == "/fal-ai/fal-ai/flux/schnell"

    @pytest.mark.parametrize("name", ["../secrets", "a//b", "a?b", "/a", "", "a/../b"])
    def test_may_not_name_a_model_that_leads_elsewhere(self, name: str) -> None:
        with pytest.raises(ProtocolError, match="cannot be asked for"):
            order(SCHNELL, {"fal-ai": served(name)})


class TestTheChoice:
    def test_passes_over_what_is_unwell_or_unknown_or_for_another_task(self) -> None:
        mapping = {
            "brushworks": served("schnell"),
            "fal-ai": served("fal-ai/flux/schnell", status="error"),
            "together": served("schnell", "image-to-video"),
            "wavespeed": served("wavespeed-ai/flux-schnell"),
            "nscale": served(SCHNELL),
        }
        assert order(SCHNELL, mapping).url == "/wavespeed/api/v3/wavespeed-ai/flux-schnell"

    def test_is_the_users(self) -> None:
        assert order(SCHNELL, extra={"provider": "replicate"}).url.startswith("/replicate/")

    def test_of_hf_inference_needs_no_mapping_if_the_models_card_says_what_it_is_for(self) -> None:
        payload = order("someone/unserved", {}, extra={"provider": "hf-inference"})
        assert payload.url == "/hf-inference/models/someone/unserved"

    def test_of_a_provider_that_cannot_edit_is_refused(self) -> None:
        mapping = {"nscale": served("kontext", EDIT)}
        with pytest.raises(InvalidRequest, match="nscale does not serve"):
            order(KONTEXT, mapping, images=(PICTURE,), extra={"provider": "nscale"})

    @pytest.mark.parametrize(
        "extra",
        [{"provider": 1}, {"provider": "brushworks"}, {"bill_to": 1}, {"bill_to": "füchse"}, {"bill_to": ""},
         {"scheduler": True}, {"extra_body": "steps"}],
    )  # fmt: skip
    def test_must_be_one_that_can_be_sent(self, extra: dict[str, Any]) -> None:
        with pytest.raises(InvalidRequest, match=f"extra: {next(iter(extra))} must be"):
            order(SCHNELL, extra=extra)
