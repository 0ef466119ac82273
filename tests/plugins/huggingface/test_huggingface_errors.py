"""What a user is told when Hugging Face, the router or a provider says no."""

from __future__ import annotations

from typing import Any

import pytest

import impasto
from impasto import (
    AuthenticationError,
    ContentRejected,
    ImageResponse,
    InvalidRequest,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from impasto.policy import UNHEALTHY, Verdict, verdict_of
from services.inference_providers import InferenceProviders
from services.inference_providers.calling import client
from services.inference_providers.refusals import BALANCE, CREDITS, FLAGGED, NSFW, PERMISSION
from standins.pictures import picture

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]

SCHNELL = "black-forest-labs/FLUX.1-schnell"
KONTEXT = "black-forest-labs/FLUX.1-Kontext-dev"


async def painted(url: str, prompt: str, model: str = SCHNELL, provider: str = "auto", **options: Any) -> ImageResponse:
    async with client(url) as painter:
        options = {"api_key": "test-key", "failover": "never", "extra": {"provider": provider}, **options}
        return await painter.generate(prompt, model=f"huggingface/{model}", **options)


async def test_without_a_key_nothing_is_asked_and_the_way_to_one_is_told(service: InferenceProviders, url: str) -> None:
    with pytest.raises(AuthenticationError) as caught:
        await painted(url, "a fox", api_key=None)
    for words in ("HF_TOKEN", "impasto keys set huggingface", "https://huggingface.co/settings/tokens/new"):
        assert words in str(caught.value)
    assert service.journal.asked == []


async def test_a_wrong_key_is_refused_by_the_hub_itself(service: InferenceProviders, url: str) -> None:
    with pytest.raises(AuthenticationError, match="Invalid credentials in Authorization header"):
        await painted(url, "a fox", api_key="another-key")
    assert service.journal.lines() == [f"GET /api/models/{SCHNELL}"]


@pytest.mark.parametrize(
    ("prompt", "provider", "error", "words"),
    [
        ("out of credits", "nscale", QuotaExceeded, CREDITS),
        ("locked", "fal-ai", QuotaExceeded, BALANCE),
        ("too often", "together", QuotaExceeded, "Too Many Requests"),
        ("no permission", "replicate", AuthenticationError, PERMISSION),
        ("refused", "nscale", ContentRejected, NSFW),
        ("refused", "fal-ai", ContentRejected, FLAGGED),
        ("refused", "replicate", ContentRejected, NSFW),
        ("refused", "wavespeed", ContentRejected, FLAGGED),
        ("black", "fal-ai", ContentRejected, "blacked it out"),
        ("invalid", "replicate", ResponseError, "less than or equal to 50"),
        ("fails", "replicate", ResponseError, "CUDA out of memory"),
        ("fails", "wavespeed", ResponseError, "CUDA out of memory"),
        ("retired", "wavespeed", ProviderUnavailable, "no longer supported by provider wavespeed"),
        ("broken", "nscale", ProviderUnavailable, "Internal Error"),
        ("busy", "nscale", ProviderUnavailable, "Service Temporarily Unavailable"),
    ],
)
async def test_a_failure_has_its_class_and_the_services_own_words(
    url: str, prompt: str, provider: str, error: type[ResponseError], words: str
) -> None:
    with pytest.raises(error) as caught:
        await painted(url, prompt, provider=provider)
    assert type(caught.value) is error
    assert words in str(caught.value)
    assert "test-key" not in str(caught.value)


@pytest.mark.parametrize(
    ("prompt", "error"), [("refused", ContentRejected), ("invalid", ResponseError), ("locked", QuotaExceeded)]
)
async def test_a_failure_of_a_queued_job_is_told_with_its_result(
    url: str, prompt: str, error: type[ResponseError]
) -> None:
    with pytest.raises(error) as caught:
        await painted(url, prompt, KONTEXT, "fal-ai", images=picture())
    assert type(caught.value) is error
    assert caught.value.step == "GET /fal-ai/fal-ai/flux-kontext/requests/job1"


async def test_a_task_of_z_ai_can_fail(url: str) -> None:
    with pytest.raises(ResponseError, match="zai-org: the task is FAIL"):
        await painted(url, "this fails", "zai-org/GLM-Image")


async def test_what_is_charged_is_ordered_once_even_where_the_service_is_busy(
    service: InferenceProviders, url: str
) -> None:
    with pytest.raises(ProviderUnavailable):
        await painted(url, "busy", failover="unsent")
    assert len(service.journal.of("POST /nscale/v1/images/generations")) == 1


async def test_a_picture_that_is_gone_from_its_address_is_told(service: InferenceProviders, url: str) -> None:
    service.expired = True
    with pytest.raises(ResponseError, match="404"):
        await painted(url, "a fox", provider="replicate")


async def test_a_model_that_the_hub_does_not_know(url: str) -> None:
    with pytest.raises(ResponseError, match="the Hub has no model someone/nothing, or it is a private one"):
        await painted(url, "a fox", "someone/nothing")


@pytest.mark.parametrize(
    ("model", "listed"),
    [
        ("someone/unserved", "none"),
        ("someone/unwell", r"nscale \(text-to-image, error\)"),
        ("someone/talks", r"groq \(conversational, live\)"),
    ],
)
async def test_a_model_that_nobody_serves_is_unavailable(url: str, model: str, listed: str) -> None:
    with pytest.raises(ProviderUnavailable, match=f"no provider serves {model} .* the Hub lists {listed}"):
        await painted(url, "a fox", model)


async def test_a_provider_that_does_not_serve_the_model_is_refused(service: InferenceProviders, url: str) -> None:
    with pytest.raises(InvalidRequest, match="zai-org does not serve .* the Hub lists nscale"):
        await painted(url, "a fox", provider="zai-org")
    assert len(service.journal.asked) == 1


async def test_a_provider_that_nobody_knows_is_refused_with_those_that_are(url: str) -> None:
    with pytest.raises(InvalidRequest, match="provider must be auto or one of hf-inference, nscale"):
        await painted(url, "a fox", provider="brushworks")


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ("someone/versioned", {"images": picture()}, "draws from words alone"),
        ("timbrooks/instruct-pix2pix", {}, "edits pictures"),
    ],
)
async def test_a_model_that_is_served_for_the_other_task_alone_leaves_it_to_the_next_service(
    service: InferenceProviders, url: str, model: str, options: dict[str, Any], words: str
) -> None:
    with pytest.raises(ResponseError, match=words) as caught:
        await painted(url, "a fox", model, **options)
    assert verdict_of(caught.value) is Verdict.PASS
    assert not isinstance(caught.value, UNHEALTHY)
    assert len(service.journal.asked) == 1


async def test_a_provider_that_is_named_and_serves_the_other_task_alone_is_refused(url: str) -> None:
    with pytest.raises(InvalidRequest, match="edits pictures") as caught:
        await painted(url, "a fox", "timbrooks/instruct-pix2pix", "hf-inference")
    assert caught.value.parameter == "images"


@pytest.mark.parametrize("prompt", ["overrun", "slow, overrun"])
async def test_an_outage_is_not_asked_for_again_once_the_job_has_ended(
    service: InferenceProviders, url: str, prompt: str
) -> None:
    with pytest.raises(ProviderUnavailable, match="E003"):
        await painted(url, prompt, provider="replicate")
    looks = service.journal.of("GET /replicate/v1/predictions/job1")
    assert len(looks) == (3 if "slow" in prompt else 0)


async def test_no_two_pictures_can_be_edited_at_once(service: InferenceProviders, url: str) -> None:
    with pytest.raises(impasto.InvalidRequest, match="images must be 1 picture, not 2"):
        await painted(url, "a fox", KONTEXT, images=[picture(), picture()])
    assert service.journal.asked == []
