"""The stand-in is understood by clients that others made, and the plugin asks as they do.

There is no SDK of the vendor's for this API. litellm is the independent client that is kept up; the vendor's own way is
``requests``, as on every page of the reference.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import subprocess
from pathlib import Path
from typing import Any, NamedTuple

import anyio
import httpx
import PIL.Image
import pytest

from pinned import python_with
from services.serving import Asked, Upload, serving
from services.stable_image import DRAWN_SEED, KEY, StableImage
from standins.pictures import picture

SERVICES = Path(__file__).parents[2] / "services"
PICTURE = picture()
MASK = picture(colour="white")
WITH_FILES = {"image": base64.b64encode(PICTURE).decode()}


class Same(NamedTuple):
    """One request, as litellm and as impasto have it.

    Attributes:
        function: litellm's.
        model: litellm's name.
        ours: the plugin's name.
        prompt: the same for both.
        said: what else litellm is told.
        options: what else impasto is told.
        only_theirs: what only litellm sends: defaults of the service, and a filler that makes the form multipart.
        only_ours: what only the plugin sends: what litellm leaves to the service, or forgets.
    """

    function: str
    model: str
    ours: str
    prompt: str
    said: dict[str, Any]
    options: dict[str, Any]
    only_theirs: dict[str, Any]
    only_ours: dict[str, Any]


SAME = {
    "core": Same(
        "image_generation", "stable-image-core", "stable-image-core", "a fox",
        {"aspect_ratio": "16:9", "seed": 5, "negative_prompt": "snow"},
        {"aspect_ratio": "16:9", "seed": 5, "negative_prompt": "snow"},
        {"output_format": "png", "none": b""},
        {},
    ),
    "ultra": Same(
        "image_generation", "stable-image-ultra", "stable-image-ultra", "two foxes",
        {"seed": 5}, {"seed": 5},
        {"output_format": "png", "none": b""},
        {},
    ),
    "sd3": Same(
        "image_generation", "sd3.5-large", "sd3.5-large", "three foxes",
        {"seed": 5}, {"seed": 5},
        {"output_format": "png", "none": b""},
        {"model": "sd3.5-large", "cfg_scale": "4"},
    ),
    "inpaint": Same(
        "image_edit", "inpaint", "inpaint", "a hat",
        {**WITH_FILES, "mask": base64.b64encode(MASK).decode(), "seed": 3},
        {"images": PICTURE, "mask": MASK, "seed": 3},
        {"output_format": "png"},
        {},
    ),
    "search and replace": Same(
        "image_edit", "search-and-replace", "search-and-replace", "a cap",
        {**WITH_FILES, "search_prompt": "hat", "seed": 3},
        {"images": PICTURE, "extra": {"search_prompt": "hat"}, "seed": 3},
        {"output_format": "png"},
        {},
    ),
    "structure": Same(
        "image_edit", "structure", "control-structure", "a shrub",
        {**WITH_FILES, "control_strength": 0.5, "seed": 3},
        {"images": PICTURE, "extra": {"control_strength": 0.5}, "seed": 3},
        {"output_format": "png"},
        {},
    ),
    "upscale": Same(
        "image_edit", "conservative", "upscale-conservative", "a flower",
        {**WITH_FILES, "seed": 3},
        {"images": PICTURE, "seed": 3},
        {"output_format": "png"},
        {},
    ),
}  # fmt: skip

SAMPLE = {"prompt": "a lighthouse", "model": "sd3.5-flash", "output_format": "webp"}
FAILING = {
    "refused": ("PermissionDeniedError", 403, "flagged by our content moderation system"),
    "filtered": ("BadRequestError", 400, "Content was filtered by Stability AI safety systems"),
    "public figure": ("BadRequestError", 422, "the likeness of a public figure"),
    "busy": ("RateLimitError", 429, "timed out for 60 seconds"),
    "broken": ("InternalServerError", 500, "An unexpected server error has occurred"),
}
CREDITS = "out of credits"


class Heard(NamedTuple):
    """What came of a client's calls, and what the service was asked, by a name for each call."""

    results: dict[str, dict[str, Any]]
    asked: dict[str, Asked]


@pytest.fixture(scope="module")
def heard() -> Heard:
    """All calls in one process, as it takes seconds to import litellm."""
    calls: dict[str, dict[str, Any]] = {
        name: {"function": same.function, "model": f"stability/{same.model}", "prompt": same.prompt, **same.said}
        for name, same in SAME.items()
    }
    drawing = {"function": "image_generation", "model": "stability/stable-image-core"}
    calls |= {words: {**drawing, "prompt": words} for words in (*FAILING, CREDITS)}
    calls["another key"] = {**drawing, "prompt": "a fox", "api_key": "sk-another"}
    calls["sample"] = {"function": "post", "path": "/v2beta/stable-image/generate/sd3", "data": SAMPLE}
    service = StableImage()
    python = python_with(SERVICES / "requirements" / "litellm.txt", "services")
    with serving(service.app()) as url:
        program = [str(python), str(SERVICES / "programs" / "litellm_client.py"), url]
        done = subprocess.run([*program, json.dumps([*calls.values()])], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    results = json.loads(done.stdout.splitlines()[-1])
    return Heard(dict(zip(calls, results, strict=True)), dict(zip(calls, service.journal.asked, strict=True)))


def fields_of(asked: Asked) -> dict[str, Any]:
    """Return a form's fields; of files, whose names and types are each client's own, their bytes."""
    return {name: each.data if isinstance(each, Upload) else each for name, each in asked.fields.items()}


def opened(result: dict[str, Any]) -> PIL.Image.Image:
    return PIL.Image.open(io.BytesIO(base64.b64decode(result["picture"])))


@pytest.mark.parametrize("name", SAME)
def test_litellm_gets_its_picture(heard: Heard, name: str) -> None:
    assert opened(heard.results[name]).format == "PNG"


def test_the_vendors_sample_gets_its_picture_with_what_is_told_in_the_header(heard: Heard) -> None:
    result = heard.results["sample"]
    assert opened(result).format == "WEBP"
    assert result["content-type"] == "image/webp"
    assert (result["seed"], result["finish-reason"]) == (str(DRAWN_SEED), "SUCCESS")
    filler = heard.asked["sample"].fields["none"]
    assert filler == Upload("none", "", b"")


@pytest.mark.parametrize("words", FAILING)
def test_litellm_understands_the_errors(heard: Heard, words: str) -> None:
    error, status, message = FAILING[words]
    result = heard.results[words]
    assert (result["error"], result["status"]) == (error, status)
    assert message in result["message"]


def test_litellm_understands_that_the_credits_are_used_up(heard: Heard) -> None:
    assert heard.results[CREDITS]["status"] == 402
    assert "You lack sufficient credits" in heard.results[CREDITS]["message"]


def test_litellm_understands_that_its_key_is_none(heard: Heard) -> None:
    result = heard.results["another key"]
    assert (result["error"], result["status"]) == ("AuthenticationError", 401)
    assert "authorization: invalid or missing header value" in result["message"]


@pytest.mark.parametrize("name", SAME)
def test_the_plugin_asks_for_the_same_as_litellm(heard: Heard, name: str, service: StableImage, draw: Any) -> None:
    same = SAME[name]

    anyio.run(functools.partial(draw, same.prompt, same.ours, **same.options))
    (ours,), theirs = service.journal.asked, heard.asked[name]
    assert ours.line == theirs.line
    mine, yours = fields_of(ours), fields_of(theirs)
    if "mask" in mine:
        assert_same_mask(mine.pop("mask"), yours.pop("mask"))
    shared = {field: value for field, value in yours.items() if mine.get(field) == value}
    assert {field: value for field, value in yours.items() if field not in shared} == same.only_theirs
    assert {field: value for field, value in mine.items() if field not in shared} == same.only_ours


def test_the_plugin_asks_for_the_picture_as_it_is_and_litellm_for_json(
    heard: Heard, service: StableImage, draw: Any
) -> None:
    anyio.run(draw, "a fox", "stable-image-core")
    (ours,) = service.journal.asked
    assert (ours.headers["accept"], heard.asked["core"].headers["accept"]) == ("image/*", "application/json")
    assert heard.asked["sample"].headers["accept"] == "image/*"


@pytest.mark.parametrize(
    ("sent", "status", "name", "words"),
    [
        ({"json": {"prompt": "a fox"}}, 400, "bad_request", "content-type: must be multipart/form-data"),
        ({"files": {"prompt": (None, "")}}, 400, "bad_request", "prompt: String should have at least 1 character"),
        ({"files": {"seed": (None, "7")}}, 400, "bad_request", "prompt: is required"),
        ({"files": {"prompt": (None, "a fox"), "steps": (None, "20")}}, 400, "bad_request", "steps: is not a known"),
        ({"files": {"prompt": (None, "a fox"), "seed": (None, "seven")}}, 400, "bad_request", "seed: must be a number"),
        ({"files": {"prompt": (None, "a fox"), "seed": (None, "-1")}}, 400, "bad_request", "seed: Input should be gr"),
        ({"files": {"prompt": (None, "a fox"), "image": PICTURE}}, 400, "bad_request", "image: is not a known field"),
        ({"files": {"image": b"\0" * 10_500_000}}, 413, "payload_too_large", "payloads cannot be larger than 10MiB"),
    ],
)
def test_the_stand_in_forgives_nothing(
    service: StableImage, url: str, sent: dict[str, Any], status: int, name: str, words: str
) -> None:
    address = f"{url}/v2beta/stable-image/generate/core"
    answer = httpx.post(address, headers={"authorization": f"Bearer {KEY}", "accept": "image/*"}, **sent)
    assert (answer.status_code, answer.json()["name"]) == (status, name)
    assert words in answer.json()["errors"][0]


@pytest.mark.parametrize(
    ("path", "sent", "words"),
    [
        ("generate/sd3", {"model": "sd4"}, "model: Input should be 'sd3.5-large'"),
        ("generate/sd3", {"mode": "image-to-image"}, "image: is required for image-to-image requests"),
        ("generate/sd3", {"image": PICTURE, "strength": "1"}, "image: is only valid for image-to-image requests"),
        ("generate/ultra", {"image": PICTURE}, "strength: is required when image is provided"),
        ("edit/inpaint", {"image": b"no picture"}, "image: must be a jpeg, png or webp image"),
        ("edit/inpaint", {"image": picture(size=(63, 90))}, "image: every side must be at least 64 pixels"),
        ("edit/outpaint", {"image": PICTURE}, "at least one must be non-zero"),
        ("control/sketch", {"image": picture(size=(640, 64))}, "image: the aspect ratio must be between 1:2.5"),
        ("upscale/creative", {"image": picture(size=(1025, 1024))}, "must be between 4,096 and 1,048,576 pixels"),
    ],
)  # fmt: skip
def test_the_stand_in_knows_what_goes_together(
    service: StableImage, url: str, path: str, sent: dict[str, Any], words: str
) -> None:
    headers = {"authorization": f"Bearer {KEY}", "accept": "image/*"}
    parts = {name: value if isinstance(value, bytes) else (None, value) for name, value in sent.items()}
    answer = httpx.post(
        f"{url}/v2beta/stable-image/{path}", headers=headers, files={"prompt": (None, "a fox"), **parts}
    )
    assert answer.status_code == 400
    assert words in "; ".join(answer.json()["errors"])


def assert_same_mask(mine: bytes, theirs: bytes) -> None:
    """The core writes masks anew, so that they are always PNG, and grey: the pixels are the same."""
    one, other = (PIL.Image.open(io.BytesIO(each)).convert("L") for each in (mine, theirs))
    assert one.tobytes() == other.tobytes()
