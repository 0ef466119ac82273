"""A client that others wrote gets its pictures from the stand-in, and asks for the same as the plugin does.

The web UI's makers have no client of their own; sd-backend-client is one that is kept up.
"""

from __future__ import annotations

import base64
import functools
import io
import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import anyio
import PIL.Image
import pytest

import impasto
from pinned import python_with
from services.automatic1111_api import WebUI

Run = Callable[[WebUI], str]
Painter = Callable[..., impasto.Client]

SERVICES = Path(__file__).parents[2] / "services"
FOX: dict[str, Any] = {"prompt": "a fox", "negative_prompt": "rain", "width": 64, "height": 128, "seed": 42}

DEFAULTS = {
    "n_iter": 1,
    "restore_faces": False,
    "tiling": False,
    "send_images": True,
    "save_images": False,
    "alwayson_scripts": {},
}
"""What the client sends in any case, and the plugin does not: the servers' own defaults."""


def by_the_client(url: str, *calls: dict[str, Any]) -> list[dict[str, Any]]:
    """Return what the client got for each call."""
    python = python_with(SERVICES / "requirements" / "sd-backend-client.txt", "services")
    command = [str(python), str(SERVICES / "programs" / "webui_client.py"), url]
    done = subprocess.run(command, input=json.dumps(calls), capture_output=True, text=True, check=True)
    said: list[dict[str, Any]] = json.loads(done.stdout)
    return said


def by_the_plugin(client: impasto.Client, **asked: Any) -> impasto.ImageResponse:
    async def paint() -> impasto.ImageResponse:
        async with client:
            return await client.generate(model="automatic1111", **asked)

    return anyio.run(functools.partial(paint))


def opened(picture: str | bytes) -> PIL.Image.Image:
    data = base64.b64decode(picture.rpartition(",")[2]) if isinstance(picture, str) else picture
    return PIL.Image.open(io.BytesIO(data))


def text(picture: bytes) -> str:
    return base64.b64encode(picture).decode()


def without(fields: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if name not in names}


@pytest.mark.parametrize("form", ["a1111", "forge"])
def test_the_client_gets_its_pictures(form: str, run: Run) -> None:
    asked = {"does": "txt2img", "fields": {**FOX, "batch_size": 2}}
    drawn, waited, listed = by_the_client(run(WebUI(form)), asked, asked | {"does": "wait"}, {"does": "models"})
    assert drawn["sizes"] == waited["sizes"] == [[64, 128], [64, 128]]
    assert (drawn["seeds"], drawn["model"]) == ([42, 43], "v1-5")
    assert [each["title"] for each in listed["models"]][:2] == [
        "v1-5.safetensors [6ce0161689]",
        "sdxl/turbo.safetensors [e869ac7d69]",
    ]


def test_client_and_plugin_ask_for_the_same_picture_and_get_it(run: Run, painter: Painter) -> None:
    webui = WebUI()
    url = run(webui)
    fields = {**FOX, "sampler": "Euler a", "scheduler": "karras", "steps": 12, "cfg_scale": 5.5, "batch_size": 2}
    (got,) = by_the_client(url, {"does": "txt2img", "fields": fields})
    response = by_the_plugin(
        painter(url),
        **FOX,
        num_inference_steps=12,
        guidance_scale=5.5,
        n=2,
        extra={"sampler_name": "Euler a", "scheduler": "karras"},
    )
    theirs, ours = (each.fields for each in webui.journal.of("POST /sdapi/v1/txt2img"))
    assert theirs == {**without(ours, "force_task_id"), **DEFAULTS, "inpainting_fill": 1}
    assert set(ours) - set(theirs) == {"force_task_id"}
    assert got["seeds"] == [image.seed for image in response.images]
    assert tuple(got["colour"]) == opened(response.data).getpixel((1, 1))


def test_client_and_plugin_ask_for_the_same_inpainting(
    run: Run, painter: Painter, red: bytes, right_half: bytes
) -> None:
    webui = WebUI()
    url = run(webui)
    fields = {"prompt": "a fox", "negative_prompt": "rain", "width": 64, "height": 64, "seed": 42}
    more = {"sampler": "Euler a", "scheduler": "karras", "steps": 20, "inpaint_full_res": False}
    call = {"does": "img2img", "fields": {**fields, **more}, "image": text(red), "mask": text(right_half)}
    (got,) = by_the_client(url, call)
    extra = {"sampler_name": "Euler a", "scheduler": "karras"}
    response = by_the_plugin(painter(url), **fields, images=[red], mask=right_half, guidance_scale=7.0, extra=extra)
    theirs, ours = (each.fields for each in webui.journal.of("POST /sdapi/v1/img2img"))
    pictures = ("init_images", "mask")
    said = without(ours, "force_task_id", "inpainting_mask_invert", *pictures)
    assert without(theirs, *pictures) == {**said, **DEFAULTS}
    assert ours["inpainting_mask_invert"] == 0
    assert opened(theirs["init_images"][0]).tobytes() == opened(ours["init_images"][0]).tobytes()
    assert opened(theirs["mask"]).convert("L").tobytes() == opened(ours["mask"]).tobytes()
    assert tuple(got["colour"]) == opened(response.data).getpixel((1, 1)) == (200, 30, 30)


@pytest.mark.parametrize("form", ["a1111", "forge", "sdnext"])
def test_the_client_understands_the_stand_ins_failures(form: str, run: Run) -> None:
    calls = [{"does": "txt2img", "fields": {"prompt": prompt}} for prompt in ("too large", "too often")]
    large, often = by_the_client(run(WebUI(form)), *calls)
    assert (large["error"], large["status"]) == ("ServerError", 500)
    assert "CUDA out of memory" in large["body"]
    assert (often["error"], often["status"]) == ("ServerError", 429)


@pytest.mark.parametrize("form", ["a1111", "forge"])
def test_the_client_is_let_in_with_user_and_password_alone(form: str, run: Run) -> None:
    draw = {"does": "txt2img", "fields": FOX}
    url = run(WebUI(form, auth="artist:test-key"))
    without_any, wrong, right = by_the_client(
        url, draw, draw | {"auth": "artist:no"}, draw | {"auth": "artist:test-key"}
    )
    assert (without_any["error"], wrong["error"]) == ("AuthError", "AuthError")
    assert right["seeds"] == [42]
