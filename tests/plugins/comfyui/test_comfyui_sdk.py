"""The vendor's own SDK draws with the stand-in, and asks for the same as the plugin; so does a client of others.

That is comfy-sdk, which reaches a server of one's own through comfy-api-proxy; and comfy-headless, which builds its
graphs itself.
"""

from __future__ import annotations

import base64
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
from services import comfy_api
from services.comfy_api import CHECKPOINT, ComfyUI
from services.serving import PATIENCE, Asked, Upload

_FOLDER = Path(comfy_api.__file__).parents[1]

Serve = Callable[..., ComfyUI]
ClientOf = Callable[[ComfyUI], impasto.Client]
Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def python() -> Path:
    return python_with(_FOLDER / "requirements" / "comfyui.txt", "services")


@pytest.fixture
def start(python: Path) -> Start:
    """Return what starts one of the clients."""

    def begin(service: ComfyUI, do: str, **asked: Any) -> subprocess.Popen[str]:
        argument = json.dumps({"url": service.url, "do": do, **asked})
        program = str(_FOLDER / "programs" / "comfyui_clients.py")
        return subprocess.Popen([str(python), program, argument], stdout=subprocess.PIPE, text=True)

    return begin


def end(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Return what a client made of it."""
    printed, _ = process.communicate(timeout=3 * PATIENCE)
    assert process.returncode == 0
    said: dict[str, Any] = json.loads(printed)
    return said


def graph(prompt: str = "a red fox", **sampler: Any) -> dict[str, Any]:
    """Return ComfyUI's default workflow in API format, written down as its makers have it."""
    links = {"model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}
    usual = {"seed": 7, "steps": 2, "cfg": 6.5, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    return {
        "3": {"class_type": "KSampler", "inputs": {**links, **usual, **sampler}},
        "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}},
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 64, "height": 48, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": prompt, "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "rain", "clip": ["4", 1]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"images": ["8", 0], "filename_prefix": "impasto/impasto"}},
    }


def drawn_by_the_plugin(client_of: ClientOf, service: ComfyUI, **options: Any) -> impasto.ImageResponse:
    """Return the picture of the request that `graph` stands for."""
    asked = {"negative_prompt": "rain", "guidance_scale": 6.5, "num_inference_steps": 2, "seed": 7, **options}

    async def draw() -> impasto.ImageResponse:
        async with client_of(service) as client:
            return await client.generate("a red fox", model="comfyui", **asked)

    return anyio.run(draw)


def pixels(data: bytes) -> tuple[tuple[int, int], bytes]:
    with PIL.Image.open(io.BytesIO(data)) as picture:
        return picture.size, picture.convert("RGB").tobytes()


def the_two(service: ComfyUI, line: str) -> tuple[Asked, Asked]:
    first, second = service.journal.of(line)
    return first, second


def test_the_sdk_draws_and_sends_what_the_plugin_sends(serve: Serve, client_of: ClientOf, start: Start) -> None:
    service = serve()
    done = end(start(service, "run", graph=graph()))
    mine = drawn_by_the_plugin(client_of, service, width=64, height=48)
    assert done["status"] == "succeeded"
    assert pixels(base64.b64decode(done["pictures"][0])) == pixels(mine.data)
    theirs, ours = (dict(asked.fields) for asked in the_two(service, "POST /prompt"))
    assert ours.pop("extra_data") == {"preview_method": "auto"}
    for each in (theirs, ours):
        assert each.pop("prompt_id") == each.pop("client_id")
    assert theirs == ours


def test_both_upload_a_picture_and_begin_with_it(
    serve: Serve, client_of: ClientOf, start: Start, tmp_path: Path
) -> None:
    service = serve()
    path = tmp_path / "init.png"
    PIL.Image.new("RGB", (64, 48), (10, 200, 30)).save(path)
    told = graph(denoise=0.4, latent_image=["11", 0])
    del told["5"]
    told["10"] = {"class_type": "LoadImage", "inputs": {"image": "none"}}
    told["11"] = {"class_type": "VAEEncode", "inputs": {"pixels": ["10", 0], "vae": ["4", 2]}}
    done = end(start(service, "run", graph=told, uploads={"10": str(path)}))
    mine = drawn_by_the_plugin(client_of, service, images=path, strength=0.4)
    assert pixels(base64.b64decode(done["pictures"][0])) == pixels(mine.data)
    theirs, ours = (dict(asked.fields) for asked in the_two(service, "POST /upload/image"))
    assert ours.pop("subfolder") == "impasto"
    their_file, our_file = theirs.pop("image"), ours.pop("image")
    assert isinstance(their_file, Upload)
    assert isinstance(our_file, Upload)
    assert (their_file.data, their_file.media_type) == (our_file.data, our_file.media_type)
    assert theirs == ours == {"type": "input"}
    their_graph, our_graph = (asked.fields["prompt"] for asked in the_two(service, "POST /prompt"))
    assert their_graph.pop("10")["inputs"]["image"] == their_file.name
    assert our_graph.pop("10")["inputs"]["image"] == f"impasto/{our_file.name}"
    assert their_graph == our_graph


def test_the_sdk_is_told_of_progress_and_sees_previews(serve: Serve, start: Start) -> None:
    service = serve(previews="latent2rgb")
    process = start(service, "events", graph=graph("a slow fox", steps=4))
    assert service.opened.wait(PATIENCE)
    service.release()
    done = end(process)
    assert done["status"] == "succeeded"
    assert {"StatusChange", "Progress", "Preview"} <= set(done["events"])


def test_the_sdk_cancels_a_job(serve: Serve, start: Start) -> None:
    service = serve()
    assert end(start(service, "cancel", graph=graph("a slow fox"))) == {"status": "canceled"}


@pytest.mark.parametrize(
    ("told", "error", "words"),
    [
        (graph(sampler_name="zzz"), "InvalidWorkflow", "Prompt outputs failed validation"),
        (graph("a broken fox"), "JobFailed", "ended failed"),
        (graph("forgotten"), "JobFailed", "ended expired"),
        (graph("down"), "InvalidWorkflow", "Workflow rejected"),
    ],
    ids=["refused", "failed", "lost", "no ComfyUI behind the proxy"],
)
def test_the_sdk_understands_what_goes_wrong(
    serve: Serve, start: Start, told: dict[str, Any], error: str, words: str
) -> None:
    done = end(start(serve(), "run", graph=told))
    assert (done["error"], words in done["message"]) == (error, True)
    if "sampler_name" in json.dumps(done["details"]):
        assert done["details"]["node_errors"]["3"]["errors"][0]["type"] == "value_not_in_list"


def test_a_client_of_others_builds_the_same_graph(serve: Serve, client_of: ClientOf, start: Start) -> None:
    service = serve()
    fields = {
        "prompt": "a red fox", "negative_prompt": "rain", "checkpoint": CHECKPOINT, "width": 64, "height": 48,
        "steps": 2, "cfg": 6.5, "seed": 7,
    }  # fmt: skip
    done = end(start(service, "headless", fields=fields))
    mine = drawn_by_the_plugin(client_of, service, width=64, height=48)
    assert done["success"]
    assert pixels(base64.b64decode(done["pictures"][0])) == pixels(mine.data)
    theirs, ours = (asked.fields["prompt"] for asked in the_two(service, "POST /prompt"))
    for each in (theirs, ours):
        each["9"]["inputs"].pop("filename_prefix")
    assert theirs == ours
