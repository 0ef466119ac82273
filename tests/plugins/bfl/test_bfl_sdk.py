"""BFL's own SDK (PyPI ``blackforest`` 0.1.3) has its pictures from the stand-in, and says the same as the plugin."""

from __future__ import annotations

import base64
import functools
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest

import impasto
import impasto_bfl
from impasto.plugins import Plugins
from impasto.settings import Settings
from impasto.sources import as_mask, image_of
from pinned import python_with
from services.bfl_api.inputs import MODELS
from services.black_forest_labs import KEY, BlackForestLabs, black_forest_labs
from services.serving import Asked
from standins.pictures import picture

SERVICES = Path(__file__).parents[2] / "services"
FOX = picture(size=(256, 256))
MASK = picture(size=(256, 256), colour="white")
GREY = as_mask(image_of(MASK, "mask")).data or b""
"""The mask as impasto sends it, in 8 bits of grey."""

IN_ANY_CASE = {"safety_tolerance", "output_format", "prompt_upsampling"}
"""Fields that the SDK always sends, with the service's defaults; the plugin leaves them to the service."""


@pytest.fixture(scope="module")
def service() -> Iterator[BlackForestLabs]:
    """The service, which all tests in here share; it draws at once."""
    with black_forest_labs() as running:
        running.states = ()
        yield running


@pytest.fixture
def bfl(service: BlackForestLabs, monkeypatch: pytest.MonkeyPatch) -> BlackForestLabs:
    """The service, as if it had just been started."""
    monkeypatch.setattr("impasto_bfl.answers.FIRST_PAUSE", 0.0)
    service.begin_anew()
    service.states = ()
    return service


@pytest.fixture(scope="module")
def theirs(service: BlackForestLabs) -> dict[str, tuple[dict[str, Any], Asked]]:
    """What the SDK got from each model, and what it asked for."""
    answers = by_the_sdk(service, *((model, inputs) for model, (inputs, _, _) in SAME.items()))
    return {
        model: (answer, service.journal.of(f"POST /v1/{model}")[0]) for model, answer in zip(SAME, answers, strict=True)
    }


def by_the_sdk(bfl: BlackForestLabs, *requests: tuple[str, dict[str, Any]], key: str = KEY) -> list[dict[str, Any]]:
    """Return what the SDK makes of requests: of each, the model and the inputs."""
    python = python_with(SERVICES / "requirements" / "blackforest.txt", "services")
    command = [str(python), str(SERVICES / "programs" / "bfl_sdk.py"), bfl.url, key]
    asked = json.dumps([{"model": model, "inputs": inputs} for model, inputs in requests])
    done = subprocess.run(command, input=asked, capture_output=True, text=True, check=True, timeout=60)
    answers: list[dict[str, Any]] = json.loads(done.stdout.splitlines()[-1])
    return answers


def by_impasto(bfl: BlackForestLabs, model: str, **fields: Any) -> impasto.ImageResponse:
    settings = Settings(providers={"bfl": {"url": bfl.url, "private_addresses": True}})

    async def draw() -> impasto.ImageResponse:
        async with impasto.Client(settings=settings, plugins=Plugins(objects={"bfl": impasto_bfl})) as client:
            return await client.generate(model=f"bfl/{model}", api_key=KEY, **fields)

    return anyio.run(functools.partial(draw))


def text(data: bytes) -> str:
    return base64.b64encode(data).decode()


SAME: dict[str, tuple[dict[str, Any], dict[str, Any], set[str]]] = {
    "flux-pro-1.1": (
        {"prompt": "a fox", "width": 256, "height": 320, "seed": 7},
        {"prompt": "a fox", "width": 256, "height": 320, "seed": 7},
        set(),
    ),
    "flux-dev": (
        {"prompt": "a fox", "width": 256, "height": 256, "seed": 7, "steps": 20, "guidance": 3.5},
        {"prompt": "a fox", "width": 256, "height": 256, "seed": 7, "num_inference_steps": 20, "guidance_scale": 3.5},
        set(),
    ),
    "flux-pro-1.1-ultra": (
        {"prompt": "a fox", "seed": 7, "aspect_ratio": "4:3", "image_prompt": text(FOX), "image_prompt_strength": 0.4},
        {"prompt": "a fox", "seed": 7, "aspect_ratio": "4:3", "images": FOX, "strength": 0.6},
        {"raw"},
    ),
    "flux-kontext-pro": (
        {"prompt": "a hat", "seed": 7, "input_image": text(FOX), "input_image_2": text(MASK), "aspect_ratio": "1:1"},
        {"prompt": "a hat", "seed": 7, "images": [FOX, MASK], "aspect_ratio": "1:1"},
        set(),
    ),
    "flux-pro-1.0-fill": (
        {"prompt": "a hat", "seed": 7, "image": text(FOX), "mask": text(GREY), "steps": 20, "guidance": 30},
        {"prompt": "a hat", "seed": 7, "images": FOX, "mask": MASK, "num_inference_steps": 20, "guidance_scale": 30},
        set(),
    ),
    "flux-pro-1.0-expand": (
        {"prompt": "trees", "seed": 7, "image": text(FOX), "top": 64, "steps": 20, "guidance": 30},
        {
            "prompt": "trees",
            "seed": 7,
            "images": FOX,
            "extra": {"top": 64},
            "num_inference_steps": 20,
            "guidance_scale": 30,
        },
        {"bottom", "left", "right"},
    ),
}
"""What the SDK is asked for, the same for impasto, and which other defaults the SDK sends."""


@pytest.mark.parametrize("model", SAME)
def test_the_sdk_has_its_picture_and_says_the_same_as_the_plugin(
    bfl: BlackForestLabs, theirs: dict[str, tuple[dict[str, Any], Asked]], model: str
) -> None:
    _, fields, defaults = SAME[model]
    answer, asked = theirs[model]
    response = by_impasto(bfl, model, **fields)
    media_format = (response.media_type or "").partition("/")[2].upper()
    assert answer["picture"] == [media_format, response.width, response.height]
    assert answer["result"]["seed"] == response.seed == 7
    (mine,) = bfl.journal.of(f"POST /v1/{model}")
    assert set(asked.fields) - set(mine.fields) == IN_ANY_CASE | defaults
    assert set(mine.fields) <= set(asked.fields)
    assert meant(model, asked) == meant(model, mine)
    for header in ("content-type", "x-key"):
        assert asked.headers[header] == mine.headers[header]


def meant(model: str, asked: Asked) -> object:
    """Return a body as the service reads it: what is not there has its default."""
    return MODELS[model][0].model_validate_json(asked.body)


def test_both_ask_at_the_address_that_the_service_gave(bfl: BlackForestLabs) -> None:
    by_the_sdk(bfl, ("flux-pro-1.1", {"prompt": "a fox"}))
    by_impasto(bfl, "flux-pro-1.1", prompt="a fox")
    theirs, mine = bfl.journal.of("GET /v1/get_result")
    assert [theirs.query, mine.query] == [{"id": f"{number:032x}"} for number in range(2)]


def test_the_sdk_understands_the_failures_as_far_as_it_understands_any(bfl: BlackForestLabs) -> None:
    expected = {
        "out of credits": "402 Client Error: Payment Required",
        "busy": "Too many concurrent requests",
        "down": "503 Server Error: Service Unavailable",
        "refused": "Polling exceeded maximum retries",
    }
    answers = by_the_sdk(bfl, *(("flux-pro-1.1", {"prompt": prompt}) for prompt in expected))
    for answer, words in zip(answers, expected.values(), strict=True):
        assert answer["error"] == "BFLError"
        assert words in answer["words"]


def test_the_sdk_is_told_that_a_key_is_wrong(bfl: BlackForestLabs) -> None:
    (answer,) = by_the_sdk(bfl, ("flux-pro-1.1", {"prompt": "a fox"}), key="another-key")
    assert "403 Client Error: Forbidden" in answer["words"]


@pytest.mark.parametrize(
    ("method", "path", "sent", "status", "detail"),
    [
        ("POST", "/v1/flux-2-pro", {"json": {}}, 422, ("prompt", "Field required")),
        ("POST", "/v1/flux-2-pro", {"json": {"prompt": "x", "width": "512"}}, 422, ("width", "valid integer")),
        ("POST", "/v1/flux-2-pro", {"json": {"prompt": "x", "width": 500}}, 422, ("width", "multiple of 16")),
        ("POST", "/v1/flux-2-pro", {"json": {"prompt": "x", "n": 2}}, 422, ("n", "Extra inputs are not permitted")),
        ("POST", "/v1/flux-3-image", {"json": {"prompt": "x", "seed": 7}}, 422, ("seed", "Extra inputs")),
        ("POST", "/v1/flux-2-pro", {"json": {"prompt": "x", "input_image": "fox"}}, 422, ("input_image", "base64")),
        ("POST", "/v1/flux-2-pro", {"data": {"prompt": "x"}}, 422, ("body", "valid dictionary")),
        ("POST", "/v1/flux-pro", {"json": {"prompt": "x"}}, 404, ("", "Not Found")),
        ("GET", "/v1/flux-2-pro", {}, 405, ("", "Method Not Allowed")),
        ("POST", "/v1/flux-2-pro", {"json": {}, "headers": {"x-key": ""}}, 403, ("", "Not authenticated")),
        ("GET", "/v1/get_result", {}, 422, ("id", "Field required")),
        ("GET", "/v1/get_result?id=no", {}, 404, ("", "")),
    ],
)
def test_the_stand_in_forgives_nothing(
    bfl: BlackForestLabs, method: str, path: str, sent: dict[str, Any], status: int, detail: tuple[str, str]
) -> None:
    answer = httpx.request(method, bfl.url + path, **{"headers": {"x-key": KEY}, **sent})
    assert answer.status_code == status
    said = answer.json().get("detail", "")
    place, words = (said[0]["loc"][-1], said[0]["msg"]) if isinstance(said, list) else ("", said)
    assert (place, detail[1] in words) == (detail[0], True)
