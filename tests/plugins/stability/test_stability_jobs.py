"""Two of Stability AI's endpoints take a job, which is asked for until it is done."""

from __future__ import annotations

import io
import json
from typing import Any

import PIL.Image
import pytest

import impasto
from impasto import ImageResponse, Progress, ResponseError
from services.stable_image import KEY, StableImage
from standins.pictures import picture

pytestmark = pytest.mark.anyio

PICTURE = picture(size=(96, 64))


def opened(response: ImageResponse) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(response.data))


@pytest.mark.parametrize("model", ["upscale-creative", "replace-background-and-relight"])
async def test_a_job_is_asked_for_until_it_is_done(service: StableImage, client: impasto.Client, model: str) -> None:
    service.waits = 2
    stages = []
    async with client, client.stream("a fox", model=f"stability/{model}", images=PICTURE, api_key=KEY) as stream:
        async for event in stream:
            if isinstance(event, Progress):
                stages.append(event.stage)
            if isinstance(event, ImageResponse):
                assert opened(event).format == "PNG"
    assert stages == ["queued", "drawing", "drawing"]
    results = [line for line in service.journal.lines() if line.startswith("GET /v2beta/results/")]
    assert len(results) == 3


async def test_a_job_without_a_result_is_told_in_the_services_words_and_not_asked_for_again(
    service: StableImage, draw: Any
) -> None:
    with pytest.raises(ResponseError, match="the generation either does not exist or has expired") as caught:
        await draw("expired", "upscale-creative", images=PICTURE)
    assert type(caught.value) is ResponseError
    assert caught.value.status == 404
    assert len([line for line in service.journal.lines() if line.startswith("GET /v2beta/results/")]) == 1


async def test_a_job_that_is_under_way_is_taken_up_again_and_paid_for_once(
    service: StableImage, client: impasto.Client
) -> None:
    checkpoint: Any = None
    async with client:
        stream = client.stream("a fox", model="stability/upscale-creative", images=PICTURE, seed=7, api_key=KEY)
        async with stream:
            async for event in stream:
                if isinstance(event, Progress) and event.stage == "drawing":
                    checkpoint = json.loads(json.dumps(stream.checkpoint()))
                    break
        async with client.resume(checkpoint, api_key=KEY) as stream:
            response = [event async for event in stream][-1]
    assert isinstance(response, ImageResponse)
    assert (response.seed, opened(response).format) == (7, "PNG")
    assert len(service.journal.of("POST /v2beta/stable-image/upscale/creative")) == 1
    assert service.credits == StableImage.credits - 60
