"""fal's own SDK gets its pictures from the stand-in, and asks for them as the plugin does."""

from __future__ import annotations

import base64
import io
from collections.abc import Iterator
from typing import Any

import fal_client
import fal_client.client
import httpx
import PIL.Image
import pytest

import impasto_fal as plugin
from impasto import HttpRequest, Image, ImageRequest
from impasto.fitting import fit
from services.fal_api import KEY, Fal
from services.fal_api.drawing import colour

MODELS = {model.id: model for model in plugin.list_models()}


@pytest.fixture
def fal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fal]:
    """The stand-in, to which the SDK is led: it knows no address but fal's own."""
    with Fal().serving() as service:
        for name in ("RUN_URL_FORMAT", "QUEUE_URL_FORMAT"):
            monkeypatch.setattr(fal_client.client, name, f"{service.url}/")
        monkeypatch.setattr(fal_client.client, "BASE_DELAY", 0.0)
        yield service


@pytest.fixture
def client() -> Iterator[fal_client.SyncClient]:
    sdk = fal_client.SyncClient(key=KEY)
    yield sdk
    sdk._client.close()


def drawn(output: dict[str, Any]) -> list[PIL.Image.Image]:
    """Fetch the pictures, as everybody has to who uses the SDK."""
    return [PIL.Image.open(io.BytesIO(httpx.get(each["url"], trust_env=False).content)) for each in output["images"]]


def encoded(size: tuple[int, int] = (64, 48), mode: str = "RGB") -> bytes:
    content = io.BytesIO()
    PIL.Image.new(mode, size, 200 if mode == "L" else (200, 30, 30)).save(content, "PNG")
    return content.getvalue()


class TestTheStandInSpeaksAsTheSDKExpects:
    def test_a_picture_is_drawn_and_the_sdk_is_told_of_the_queue_and_of_the_logs(
        self, fal: Fal, client: fal_client.SyncClient
    ) -> None:
        told: list[fal_client.Status] = []
        output = client.subscribe(
            "fal-ai/flux/schnell",
            {"prompt": "a red fox", "seed": 7, "image_size": {"width": 320, "height": 256}},
            with_logs=True,
            on_queue_update=told.append,
            interval=0,
        )
        assert output["seed"] == 7
        assert output["has_nsfw_concepts"] == [False]
        (picture,) = drawn(output)
        assert (picture.format, picture.size) == ("JPEG", (320, 256))
        assert [each.position for each in told if isinstance(each, fal_client.Queued)] == [1, 0]
        (*_, last) = [each for each in told if isinstance(each, fal_client.InProgress)]
        assert last.logs is not None
        assert [each["message"][:4] for each in last.logs] == ["Load", "50%|", "100%"]
        assert isinstance(told[-1], fal_client.Completed)

    def test_several_pictures_differ(self, fal: Fal, client: fal_client.SyncClient) -> None:
        output = client.subscribe("fal-ai/flux/dev", {"prompt": "a fox", "num_images": 3}, interval=0)
        assert len({each.getpixel((0, 0)) for each in drawn(output)}) == 3

    def test_a_picture_goes_in_as_the_sdk_encodes_it(self, fal: Fal, client: fal_client.SyncClient) -> None:
        before = PIL.Image.open(io.BytesIO(encoded()))
        given = {"prompt": "a blue fox", "image_url": fal_client.encode_image(before, "png")}
        (picture,) = drawn(client.subscribe("fal-ai/flux/dev/image-to-image", given, interval=0))
        assert picture.size == (64, 48)

    def test_a_job_is_cancelled(self, fal: Fal, client: fal_client.SyncClient) -> None:
        handle = client.submit("fal-ai/flux/schnell", {"prompt": "a slow fox"})
        handle.cancel()
        assert fal.journal.lines()[-1] == f"PUT /fal-ai/flux/requests/{handle.request_id}/cancel"
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            handle.get(interval=0)
        assert (caught.value.status_code, caught.value.error_type) == (499, "client_cancelled")


class TestTheSDKUnderstandsTheFailures:
    def test_a_bad_key(self, fal: Fal) -> None:
        stranger = fal_client.SyncClient(key="another-key")
        with pytest.raises(fal_client.FalClientHTTPError, match="No user found for Key ID and Secret") as caught:
            stranger.submit("fal-ai/flux/schnell", {"prompt": "a fox"})
        stranger._client.close()
        assert caught.value.status_code == 401

    def test_too_many_requests_are_tried_again_and_again(self, fal: Fal, client: fal_client.SyncClient) -> None:
        with pytest.raises(fal_client.FalClientHTTPError, match="Too many requests") as caught:
            client.submit("fal-ai/flux/schnell", {"prompt": "a busy fox"})
        assert caught.value.status_code == 429
        assert len(fal.journal.asked) == fal_client.client.MAX_ATTEMPTS

    def test_a_refusal_comes_with_the_result(self, fal: Fal, client: fal_client.SyncClient) -> None:
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            client.subscribe("fal-ai/flux/schnell", {"prompt": "a refused fox"}, interval=0)
        assert caught.value.status_code == 422
        detail: Any = caught.value.message
        assert [each["type"] for each in detail] == ["content_policy_violation"]

    def test_a_field_that_is_out_of_range(self, fal: Fal, client: fal_client.SyncClient) -> None:
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            client.subscribe("fal-ai/flux/schnell", {"prompt": "a fox", "num_inference_steps": 13}, interval=0)
        detail: Any = caught.value.message
        assert detail == [
            {
                "loc": ["body", "num_inference_steps"],
                "msg": "Input should be less than or equal to 12",
                "type": "less_than_equal",
                "ctx": {"le": 12},
                "input": 13,
            }
        ]

    def test_a_request_that_never_starts(self, fal: Fal, client: fal_client.SyncClient) -> None:
        handle = client.submit("fal-ai/flux/schnell", {"prompt": "it never starts"}, start_timeout=30)
        *_, status = handle.iter_events(interval=0)
        assert isinstance(status, fal_client.Completed)
        assert (status.error, status.error_type) == ("Request timed out", "request_timeout")
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            handle.get(interval=0)
        assert (caught.value.status_code, caught.value.error_type) == (504, "request_timeout")

    def test_an_unknown_application(self, fal: Fal, client: fal_client.SyncClient) -> None:
        with pytest.raises(fal_client.FalClientHTTPError, match="Application 'fal-ai/flx' not found"):
            client.submit("fal-ai/flx", {"prompt": "a fox"})


class TestTheStandInForgivesNothing:
    @pytest.mark.parametrize(
        ("method", "path", "said", "status"),
        [
            ("POST", "/fal-ai/flux/schnell", {"data": {"prompt": "a fox"}}, 400),
            ("POST", "/fal-ai/flux/schnell", {"json": ["a fox"]}, 400),
            ("POST", "/fal-ai/flux/schnell?logs=1", {"json": {"prompt": "a fox"}}, 400),
            ("POST", "/fal-ai/flux/schnell", {"json": {}, "headers": {"X-Fal-Queue-Priority": "high"}}, 400),
            ("GET", "/fal-ai/flux/schnell", {}, 405),
            ("DELETE", "/fal-ai/flux/requests/{id}/cancel", {}, 405),
            ("GET", "/fal-ai/flux/requests/{id}/status?logs=yes", {}, 400),
            ("GET", "/fal-ai/flux-pro/requests/{id}", {}, 404),
            ("GET", "/fal-ai/flux/requests/{id}", {}, 400),
            ("GET", "/v1/models?limit=0", {}, 400),
        ],
    )
    def test_what_fal_does_not_document(self, fal: Fal, method: str, path: str, said: Any, status: int) -> None:
        headers = {"Authorization": f"Key {KEY}"}
        with httpx.Client(base_url=fal.url, headers=headers, trust_env=False) as plain:
            job = plain.post("/fal-ai/flux/schnell", json={"prompt": "a fox"}).json()
            assert plain.request(method, path.format(id=job["request_id"]), **said).status_code == status

    @pytest.mark.parametrize("key", [None, "Bearer test-key", "Key test", "test-key"])
    def test_a_key_that_is_not_said_as_fal_wants_it(self, fal: Fal, key: str | None) -> None:
        headers = {"Authorization": key} if key else {}
        answer = httpx.post(f"{fal.url}/fal-ai/flux/schnell", json={}, headers=headers, trust_env=False)
        assert answer.status_code == 401

    @pytest.mark.parametrize(
        "wrong",
        [{"steps": 4}, {"num_images": "2"}, {"image_size": "huge"}, {"output_format": "webp"}, {"seed": 1.5}],
    )
    def test_a_body_that_is_not_what_the_endpoint_takes(
        self, fal: Fal, client: fal_client.SyncClient, wrong: dict[str, Any]
    ) -> None:
        with pytest.raises(fal_client.FalClientHTTPError) as caught:
            client.subscribe("fal-ai/flux/schnell", {"prompt": "a fox", **wrong}, interval=0)
        assert caught.value.status_code == 422


PICTURE = encoded()
MASK = encoded(mode="L")
SOURCE = Image(data=PICTURE, media_type="image/png", width=64, height=48)
MASKED = Image(data=MASK, media_type="image/png", width=64, height=48)
PICTURE_URI = f"data:image/png;base64,{base64.b64encode(PICTURE).decode()}"
MASK_URI = f"data:image/png;base64,{base64.b64encode(MASK).decode()}"

SAME: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    (
        "fal-ai/flux/schnell",
        {"width": 640, "height": 512, "seed": 7, "num_inference_steps": 8, "guidance_scale": 2.5, "n": 2},
        {
            "image_size": {"width": 640, "height": 512},
            "seed": 7,
            "num_inference_steps": 8,
            "guidance_scale": 2.5,
            "num_images": 2,
        },
        {},
    ),
    (
        "fal-ai/flux/dev",
        {"width": 512, "height": 512, "seed": 7},
        {"image_size": {"width": 512, "height": 512}, "seed": 7},
        {"num_inference_steps": 28, "guidance_scale": 3.5},
    ),
    (
        "fal-ai/flux/dev/image-to-image",
        {"images": (SOURCE,), "strength": 0.5, "seed": 7, "extra": {"output_format": "png"}},
        {"image_url": PICTURE_URI, "strength": 0.5, "seed": 7, "output_format": "png"},
        {"num_inference_steps": 40, "guidance_scale": 3.5},
    ),
    (
        "fal-ai/flux-pro/v1/fill",
        {"images": (SOURCE,), "mask": MASKED, "seed": 7},
        {"image_url": PICTURE_URI, "mask_url": MASK_URI, "seed": 7},
        {},
    ),
    (
        "fal-ai/flux-2/edit",
        {"images": (SOURCE, SOURCE), "width": 512, "height": 768, "seed": 7},
        {"image_urls": [PICTURE_URI, PICTURE_URI], "image_size": {"width": 512, "height": 768}, "seed": 7},
        {"num_inference_steps": 28, "guidance_scale": 2.5},
    ),
    (
        "fal-ai/stable-diffusion-v35-large",
        {"width": 512, "height": 512, "seed": 7, "negative_prompt": "rain", "num_inference_steps": 20},
        {
            "image_size": {"width": 512, "height": 512},
            "seed": 7,
            "negative_prompt": "rain",
            "num_inference_steps": 20,
        },
        {"guidance_scale": 3.5},
    ),
    (
        "fal-ai/nano-banana",
        {"aspect_ratio": "16:9", "seed": 7},
        {"aspect_ratio": "16:9", "seed": 7},
        {},
    ),
]
"""Endpoint; what impasto is asked for; what the SDK is given for the same; which of fal's defaults the plugin writes
out, and the SDK leaves to fal."""


@pytest.mark.parametrize(("endpoint", "asked", "arguments", "written_out"), SAME, ids=[each[0] for each in SAME])
def test_the_plugin_submits_what_the_sdk_submits(
    fal: Fal,
    client: fal_client.SyncClient,
    endpoint: str,
    asked: dict[str, Any],
    arguments: dict[str, Any],
    written_out: dict[str, Any],
) -> None:
    client.subscribe(endpoint, {"prompt": "a red fox", **arguments}, interval=0)
    submitted = fal.journal.asked[0]
    model = MODELS[endpoint]
    payload = plugin.build_payload(model, fit(model, ImageRequest("a red fox", **asked)))
    assert isinstance(payload, HttpRequest)
    assert f"{payload.method} {payload.url}" == submitted.line
    assert payload.json == {**submitted.fields, **written_out}


def test_the_defaults_that_the_plugin_writes_out_are_those_that_hold_without_them(fal: Fal) -> None:
    from services.fal_api.schemas import ENDPOINTS

    for endpoint, _, arguments, written_out in SAME:
        held = ENDPOINTS[endpoint](prompt="a red fox", **arguments).model_dump()
        assert {name: held[name] for name in written_out} == written_out, endpoint


def test_the_colour_of_a_picture_shows_that_the_seed_was_used(fal: Fal, client: fal_client.SyncClient) -> None:
    pixels = []
    for seed in (7, 7, 8):
        given = {"prompt": "a fox", "seed": seed, "output_format": "png"}
        (picture,) = drawn(client.subscribe("fal-ai/flux/schnell", given, interval=0))
        pixels.append(picture.getpixel((0, 0)))
    assert pixels == [colour(7), colour(7), colour(8)]
