"""Hugging Face Inference Providers through `impasto.Client`, against the stand-in: pictures, progress, cancellation."""

from __future__ import annotations

import base64
import io
from typing import Any

import PIL.Image
import pytest

import impasto
from impasto import ImageResponse, Progress
from services.inference_providers import InferenceProviders
from services.inference_providers.calling import client
from services.inference_providers.mapping import PIX2PIX, SD3

pytestmark = pytest.mark.anyio

SCHNELL = "black-forest-labs/FLUX.1-schnell"
KONTEXT = "black-forest-labs/FLUX.1-Kontext-dev"


@pytest.fixture
def fox() -> bytes:
    content = io.BytesIO()
    PIL.Image.new("RGB", (48, 32), "orangered").save(content, "PNG")
    return content.getvalue()


async def painted(url: str, prompt: str, model: str = SCHNELL, provider: str = "auto", **options: Any) -> ImageResponse:
    async with client(url) as painter:
        return await painter.generate(
            prompt, model=f"huggingface/{model}", api_key="test-key", extra={"provider": provider}, **options
        )


async def told(url: str, prompt: str, model: str, provider: str, **options: Any) -> list[Any]:
    async with client(url) as painter:
        stream = painter.stream(
            prompt, model=f"huggingface/{model}", api_key="test-key", extra={"provider": provider}, **options
        )
        async with stream:
            return [event async for event in stream if isinstance(event, Progress)]


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("hf-inference", SD3),
        ("nscale", SCHNELL),
        ("together", SCHNELL),
        ("fal-ai", SCHNELL),
        ("replicate", SCHNELL),
        ("wavespeed", SCHNELL),
        ("zai-org", "zai-org/GLM-Image"),
    ],
)
async def test_each_provider_draws_a_picture_of_the_size_and_seed_that_were_asked(
    url: str, provider: str, model: str
) -> None:
    response = await painted(url, "a fox", model, provider, width=64, height=48, seed=7)
    assert (response.width, response.height, response.seed) == (64, 48, 7)
    assert response.metadata["provider"] == provider
    assert response.cost is None


@pytest.mark.parametrize(
    ("provider", "model"),
    [
        ("hf-inference", PIX2PIX),
        ("together", KONTEXT),
        ("fal-ai", KONTEXT),
        ("replicate", KONTEXT),
        ("wavespeed", KONTEXT),
    ],
)
async def test_each_provider_that_edits_edits_a_picture(url: str, fox: bytes, provider: str, model: str) -> None:
    response = await painted(url, "a tiger", model, provider, images=fox, width=32, height=48)
    assert (response.width, response.height) == (32, 48)
    assert response.metadata["provider"] == provider


async def test_without_a_provider_the_first_of_the_users_own_order_draws(service: InferenceProviders, url: str) -> None:
    response = await painted(url, "a fox")
    assert response.metadata["provider"] == "nscale"
    assert service.journal.lines() == [f"GET /api/models/{SCHNELL}", "POST /nscale/v1/images/generations"]


async def test_the_key_goes_to_the_hub_and_to_the_router(service: InferenceProviders, url: str) -> None:
    await painted(url, "a fox")
    assert {each.headers.get("authorization") for each in service.journal.asked} == {"Bearer test-key"}


async def test_an_organization_is_billed_that_is_named(service: InferenceProviders, url: str) -> None:
    async with client(url) as painter:
        await painter.generate("a fox", model=SCHNELL, api_key="test-key", extra={"bill_to": "foxes"})
    assert service.journal.asked[-1].headers["x-hf-bill-to"] == "foxes"


async def test_a_model_without_aliases_is_found_by_its_name_on_the_hub(url: str) -> None:
    response = await painted(url, "a fox", "someone/versioned")
    assert response.model == "someone/versioned"


async def test_several_pictures_are_drawn_side_by_side_each_with_a_seed_of_its_own(
    service: InferenceProviders, url: str
) -> None:
    response = await painted(url, "a fox", n=3)
    assert len(response.images) == 3
    orders = service.journal.of("POST /nscale/v1/images/generations")
    assert len({each.fields["seed"] for each in orders}) == 3


async def test_fals_queue_tells_the_place_in_it(url: str, fox: bytes) -> None:
    events = await told(url, "a tiger", KONTEXT, "fal-ai", images=fox)
    assert events == [
        Progress("submitting", detail="fal-ai, fal-ai/flux-kontext/dev"),
        Progress("queued", detail="2 before it"),
        Progress("queued", detail="1 before it"),
        Progress("drawing"),
        Progress("downloading"),
    ]


@pytest.mark.parametrize(
    ("provider", "model", "stages"),
    [
        ("replicate", SCHNELL, ["submitting", "drawing", "drawing", "drawing", "downloading"]),
        ("wavespeed", SCHNELL, ["submitting", "queued", "drawing", "drawing", "downloading"]),
        ("zai-org", "zai-org/GLM-Image", ["submitting", "queued", "drawing", "drawing", "downloading"]),
    ],
)
async def test_a_job_that_takes_its_time_is_asked_for_until_it_is_done(
    url: str, provider: str, model: str, stages: list[str]
) -> None:
    assert [each.stage for each in await told(url, "a slow fox", model, provider)] == stages


@pytest.mark.parametrize(
    ("provider", "cancel"),
    [
        ("fal-ai", "PUT /fal-ai/fal-ai/flux-kontext/requests/job1/cancel"),
        ("replicate", "POST /replicate/v1/predictions/job1/cancel"),
    ],
)
async def test_leaving_the_stream_drops_the_job(
    service: InferenceProviders, url: str, fox: bytes, provider: str, cancel: str
) -> None:
    async with client(url) as painter:
        stream = painter.stream("hold it", model=KONTEXT, api_key="test-key", images=fox, extra={"provider": provider})
        async with stream:
            async for event in stream:
                if isinstance(event, Progress) and event.stage in {"queued", "drawing"}:
                    break
    assert service.journal.wait_for(cancel)
    assert service.jobs.all["job1"].is_cancelled


async def test_a_job_that_was_paid_for_goes_on_in_another_process(service: InferenceProviders, url: str) -> None:
    async with client(url) as painter:
        stream = painter.stream("a fox", model=SCHNELL, api_key="test-key", extra={"provider": "wavespeed"})
        async with stream:
            async for event in stream:
                if event == Progress("drawing"):
                    break
            checkpoint = stream.checkpoint()
    assert checkpoint is not None
    async with client(url) as painter, painter.resume(checkpoint, api_key="test-key") as stream:
        responses = [event async for event in stream if isinstance(event, ImageResponse)]
    assert [response.metadata["provider"] for response in responses] == ["wavespeed"]
    assert len(service.journal.of("POST /wavespeed/api/v3/wavespeed-ai/flux-schnell")) == 1


async def test_an_earlier_picture_is_edited(service: InferenceProviders, url: str) -> None:
    earlier = await painted(url, "a fox", width=64, height=48)
    await painted(url, "a tiger", KONTEXT, continue_from=earlier)
    order = service.journal.of("POST /fal-ai/fal-ai/flux-kontext/dev")[0]
    assert order.fields["image_url"] == f"data:image/png;base64,{base64.b64encode(earlier.data).decode()}"


async def test_replicate_tells_what_it_counts(url: str) -> None:
    response = await painted(url, "a fox", provider="replicate")
    assert response.usage == {"predict_time": 0.5}


async def test_a_picture_alone_is_as_good_as_a_list_of_one(url: str) -> None:
    assert len((await painted(url, "a fox alone", provider="replicate")).images) == 1


async def test_a_data_url_is_a_picture_too(url: str) -> None:
    extra = {"provider": "fal-ai", "extra_body": {"sync_mode": True}}
    async with client(url) as painter:
        response = await painter.generate("a fox", model=SCHNELL, api_key="test-key", extra=extra, width=64, height=48)
    assert (response.width, response.height) == (64, 48)


async def test_what_a_provider_does_not_take_is_left_out_with_a_warning(service: InferenceProviders, url: str) -> None:
    response = await painted(url, "a fox", num_inference_steps=4)
    assert response.warnings == ("nscale takes no num_inference_steps: they were left out",)
    assert "num_inference_steps" not in service.journal.asked[-1].fields


async def test_a_provider_that_failed_its_check_draws_with_a_warning_where_it_is_asked_for(url: str) -> None:
    response = await painted(url, "a fox", "someone/unwell", "nscale")
    assert "'error'" in response.warnings[0]


async def test_wavespeeds_checker_is_quoted_as_a_warning(url: str) -> None:
    response = await painted(url, "a black fox", provider="wavespeed")
    assert response.warnings == ("wavespeed's safety checker found something in the picture",)


async def test_a_copy_stands_for_the_hub_and_for_the_router(service: InferenceProviders, url: str) -> None:
    await painted(url, "a fox")
    assert service.journal.lines()[0] == f"GET /api/models/{SCHNELL}"
    assert {each.headers["authorization"] for each in service.journal.asked if "authorization" in each.headers} == {
        "Bearer test-key"
    }


async def test_the_models_that_are_served_are_listed_page_by_page(
    service: InferenceProviders, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HF_TOKEN", "test-key")
    async with client(url) as painter:
        found = (await painter.refresh_models("huggingface"))["huggingface"]
    assert not isinstance(found, impasto.ImpastoError)
    assert {SCHNELL, KONTEXT, SD3, "someone/newcomer", "zai-org/GLM-Image"} <= set(found)
    assert not {"someone/unwell", "someone/unserved", "someone/talks"} & set(found)
    assert len(service.journal.of("GET /api/models")) > 2
