"""The stand-in is Replicate to Replicate's own client (replicate 1.0.7), and the plugin asks it for the same."""

from __future__ import annotations

import contextlib
import io
import random
from collections.abc import Iterator
from typing import Any

import anyio
import pytest
from PIL import Image
from replicate.client import Client
from replicate.exceptions import ModelError, ReplicateError
from replicate.helpers import FileOutput

import impasto
from services.replicate_api import KEY, Replicate, version_of
from services.serving import Asked, Upload
from standins.pictures import picture

FLUX = "black-forest-labs/flux-schnell"
DEV = "black-forest-labs/flux-dev"
SDXL = "stability-ai/sdxl"


@contextlib.contextmanager
def opened(address: str, key: str) -> Iterator[Client]:
    """The SDK, closed at the end, which it leaves to chance itself."""
    client = Client(api_token=key, base_url=address)
    try:
        yield client
    finally:
        client._client.close()


@pytest.fixture
def sdk(service: Replicate, address: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Client]:
    """The SDK, at the stand-in. It reads pictures from https: and data: addresses alone."""
    monkeypatch.setenv("REPLICATE_POLL_INTERVAL", "0")
    service.outputs_inline = True
    with opened(address, KEY) as client:
        yield client


def drawn_by(client: impasto.Client, prompt: str, model: str, **options: Any) -> impasto.ImageResponse:
    """Return what impasto draws."""

    async def draw() -> impasto.ImageResponse:
        async with client:
            return await client.generate(prompt, model=f"replicate/{model}", **options)

    return anyio.run(draw)


def noisy(side: int) -> bytes:
    """Return a PNG that is as large as its pixels are many."""
    content = io.BytesIO()
    Image.frombytes("RGB", (side, side), random.Random(7).randbytes(3 * side * side)).save(content, "PNG")
    return content.getvalue()


def size_of(data: bytes) -> tuple[int, int]:
    return Image.open(io.BytesIO(data)).size


def posts(service: Replicate) -> list[Asked]:
    return [each for each in service.journal.asked if each.line.startswith("POST")]


class TestTheSdk:
    def test_gets_its_pictures(self, sdk: Client) -> None:
        output = sdk.run(FLUX, input={"prompt": "a fox", "num_outputs": 2, "aspect_ratio": "16:9"})
        assert [size_of(each.read()) for each in output] == [(1344, 768)] * 2

    def test_gets_one_picture_of_a_model_whose_output_is_one(self, sdk: Client) -> None:
        output = sdk.run("google/nano-banana-2", input={"prompt": "a fox", "output_format": "png"})
        assert isinstance(output, FileOutput)
        assert size_of(output.read()) == (64, 64)

    def test_runs_a_community_model_by_its_version(self, sdk: Client, service: Replicate) -> None:
        version = version_of(SDXL)
        output = sdk.run(f"{SDXL}:{version}", input={"prompt": "a fox", "width": 640, "height": 512})
        assert [size_of(each.read()) for each in output] == [(640, 512)]
        assert service.journal.lines() == ["POST /v1/predictions", f"GET /v1/models/{SDXL}/versions/{version}"]

    def test_looks_at_a_prediction_until_it_has_ended(self, sdk: Client, service: Replicate) -> None:
        assert len([*sdk.run(FLUX, input={"prompt": "a slow fox"})]) == 1
        (number,) = service.predictions
        assert service.journal.lines()[1:] == [f"GET /v1/predictions/{number}"] * 3

    def test_reads_how_much_is_done_off_the_logs(self, sdk: Client) -> None:
        prediction = sdk.models.predictions.create(FLUX, input={"prompt": "a slow fox"})
        prediction.reload()
        progress = prediction.progress
        assert progress is not None
        assert (progress.percentage, progress.current, progress.total) == (0.25, 1, 4)

    def test_cancels_a_prediction(self, sdk: Client) -> None:
        prediction = sdk.models.predictions.create(FLUX, input={"prompt": "a held fox"})
        prediction.cancel()
        prediction.reload()
        assert prediction.status == "canceled"

    def test_uploads_a_file(self, sdk: Client, service: Replicate) -> None:
        sdk.run(DEV, input={"prompt": "a fox", "image": io.BytesIO(picture())})
        (upload,) = service.files.values()
        assert upload.data == picture()

    def test_reads_a_model_and_its_schema(self, sdk: Client) -> None:
        model = sdk.models.get("somebody/inkwash")
        assert model.latest_version is not None
        assert model.latest_version.id == version_of("somebody/inkwash")
        assert "brush" in model.latest_version.openapi_schema["components"]["schemas"]

    def test_reads_a_collection(self, sdk: Client) -> None:
        collection = sdk.collections.get("text-to-image")
        assert FLUX in [f"{model.owner}/{model.name}" for model in collection.models or []]

    @pytest.mark.parametrize("key", ["wrong", ""])
    def test_is_told_that_the_key_is_none(self, address: str, key: str) -> None:
        with opened(address, key) as sdk, pytest.raises(ReplicateError) as caught:
            sdk.run(FLUX, input={"prompt": "a fox"})
        assert (caught.value.status, caught.value.title) == (401, "Unauthenticated")

    @pytest.mark.parametrize(
        ("given", "detail"),
        [
            ({}, "- input: prompt is required\n"),
            ({"prompt": "a fox", "num_outputs": 5}, "- input.num_outputs: Must be less than or equal to 4\n"),
            ({"prompt": "a fox", "width": 64}, "- input: Additional property width is not allowed\n"),
        ],
    )
    def test_is_told_what_is_wrong_with_an_input(self, sdk: Client, given: dict[str, Any], detail: str) -> None:
        with pytest.raises(ReplicateError) as caught:
            sdk.run(FLUX, input=given)
        assert (caught.value.status, caught.value.title) == (422, "Input validation failed")
        assert caught.value.detail == detail

    @pytest.mark.parametrize(
        ("prompt", "status", "words"),
        [("unpaid", 402, "set up billing"), ("busy", 429, "throttled"), ("down", 503, "unavailable")],
    )
    def test_is_refused(self, sdk: Client, prompt: str, status: int, words: str) -> None:
        with pytest.raises(ReplicateError) as caught:
            sdk.run(FLUX, input={"prompt": prompt})
        assert caught.value.status == status
        assert words in str(caught.value.detail)

    def test_is_told_why_a_prediction_failed(self, sdk: Client) -> None:
        with pytest.raises(ModelError, match="flagged as sensitive"):
            sdk.run(FLUX, input={"prompt": "refused"})


class TestThePluginAsksForTheSame:
    def test_an_official_model(self, sdk: Client, client: impasto.Client, service: Replicate) -> None:
        asked = {"seed": 7, "num_inference_steps": 2, "aspect_ratio": "3:2"}
        sdk.run(FLUX, input={"prompt": "a fox", "num_outputs": 3, "output_format": "png", **asked}, wait=5)
        drawn_by(client, "a fox", FLUX, n=3, extra={"output_format": "png"}, **asked)
        theirs, ours = posts(service)
        assert (ours.line, ours.fields) == (theirs.line, theirs.fields)
        assert {name for name in ours.headers if ours.headers[name] != theirs.headers.get(name)} == {
            "accept-encoding", "user-agent"
        }  # fmt: skip
        assert {*theirs.headers} - {*ours.headers} <= {"connection"}

    def test_a_community_model(self, sdk: Client, client: impasto.Client, service: Replicate) -> None:
        asked = {"seed": 7, "width": 640, "height": 512, "negative_prompt": "rain", "guidance_scale": 6.0}
        sdk.run(f"{SDXL}:{version_of(SDXL)}", input={"prompt": "a fox", **asked})
        drawn_by(client, "a fox", SDXL, **asked)
        theirs, ours = posts(service)
        assert (ours.line, ours.fields) == (theirs.line, theirs.fields)

    def test_a_small_picture_inside_the_input(self, sdk: Client, client: impasto.Client, service: Replicate) -> None:
        given = {"prompt": "a fox", "prompt_strength": 0.5, "seed": 7}
        file = io.BytesIO(picture())
        file.name = "fox.png"
        sdk.run(DEV, input={**given, "image": file}, file_encoding_strategy="base64")
        drawn_by(client, "a fox", DEV, images=picture(), strength=0.5, seed=7)
        theirs, ours = posts(service)
        assert ours.fields == theirs.fields
        assert ours.fields["input"]["image"].startswith("data:image/png;base64,")

    def test_a_large_picture_is_uploaded_first(self, sdk: Client, client: impasto.Client, service: Replicate) -> None:
        file = io.BytesIO(noisy(320))
        file.name = "fox.png"
        sdk.run(DEV, input={"prompt": "a fox", "seed": 7, "image": file})
        drawn_by(client, "a fox", DEV, images=noisy(320), seed=7)
        their_upload, theirs, our_upload, ours = posts(service)
        assert our_upload.line == their_upload.line == "POST /v1/files"
        for upload in (our_upload, their_upload):
            assert upload.fields.keys() == {"content"}
            assert isinstance(upload.fields["content"], Upload)
            assert (upload.fields["content"].data, upload.fields["content"].media_type) == (noisy(320), "image/png")
        first, second = service.files
        assert theirs.fields["input"].pop("image").endswith(f"/v1/files/{first}")
        assert ours.fields["input"].pop("image").endswith(f"/v1/files/{second}")
        assert ours.fields == theirs.fields

    def test_a_look_at_a_prediction(self, sdk: Client, client: impasto.Client, service: Replicate) -> None:
        sdk.run(FLUX, input={"prompt": "a slow fox"})
        drawn_by(client, "a slow fox", FLUX)
        first, second = service.predictions
        looks = [line for line in service.journal.lines() if line.startswith("GET")]
        assert looks == [f"GET /v1/predictions/{first}"] * 3 + [f"GET /v1/predictions/{second}"] * 3

    def test_cancelling(self, sdk: Client, client: impasto.Client, service: Replicate) -> None:
        sdk.models.predictions.create(FLUX, input={"prompt": "a held fox"}).cancel()

        async def leave() -> None:
            async with client, client.stream("a held fox", model=f"replicate/{FLUX}") as stream:
                async for event in stream:
                    if isinstance(event, impasto.Progress):
                        break

        anyio.run(leave)
        theirs, ours = [each for each in posts(service) if each.line.endswith("/cancel")]
        assert (ours.body, ours.fields) == (theirs.body, theirs.fields) == (b"", {})
        assert ours.headers["content-length"] == theirs.headers["content-length"] == "0"
