"""Workflows on a server, the whole way."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import impasto
import impasto_comfyui
from impasto import ImageResponse, InvalidRequest, Progress, ResponseError
from services.comfy_api import CHECKPOINT, ComfyUI

pytestmark = pytest.mark.anyio

Serve = Callable[..., ComfyUI]
ClientOf = Callable[[ComfyUI], impasto.Client]

PLAIN: dict[str, Any] = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "%image%"}},
    "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}, "_meta": {"title": "%prompt%"}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["1", 0], "filename_prefix": "%prompt%"}},
}


def of_the_readme() -> dict[str, Any]:
    (home,) = impasto_comfyui.__path__
    readme = Path(home).parents[1] / "README.md"
    (block,) = re.findall(
        r"^```json title=\"ink.json\"\n(.*?)^```", readme.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    workflow: dict[str, Any] = json.loads(block)
    return workflow


async def test_the_workflow_in_the_readme_is_drawn(serve: Serve, client_of: ClientOf) -> None:
    service = serve(checkpoints=(CHECKPOINT, "sd_xl_base_1.0.safetensors"))
    extra = {"workflow": of_the_readme()}
    async with client_of(service) as client:
        response = await client.generate(
            "a red fox", model="comfyui/workflow", width=64, height=48, n=2, seed=7, num_inference_steps=3, extra=extra
        )
    assert [(image.width, image.height) for image in response.images] == [(64, 48)] * 2
    assert response.seed == 7
    (asked,) = service.journal.of("POST /prompt")
    nodes = asked.fields["prompt"]
    assert nodes["1"]["inputs"]["ckpt_name"] == "sd_xl_base_1.0.safetensors"
    assert (nodes["2"]["inputs"]["text"], nodes["5"]["inputs"]["steps"]) == ("ink drawing, a red fox", 3)


async def test_a_named_checkpoint_is_put_into_it(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    async with client_of(service) as client:
        name = f"comfyui/{CHECKPOINT.removesuffix('.safetensors')}"
        response = await client.generate("a fox", model=name, width=64, height=64, extra={"workflow": of_the_readme()})
    assert response.metadata["checkpoint"] == CHECKPOINT


async def test_a_workflow_without_a_seed_claims_none(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    picture = PIL.Image.new("RGB", (40, 24), (10, 200, 30))
    async with client_of(service) as client:
        response = await client.generate("mine", model="comfyui", images=picture, extra={"workflow": PLAIN})
    assert response.seed is None
    assert response.metadata["files"] == ["mine_00001_.png [output]"]
    with PIL.Image.open(io.BytesIO(response.data)) as drawn:
        assert drawn.getpixel((9, 9)) == (10, 200, 30)


async def test_a_nodes_title_says_what_is_being_done(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    workflow = {**of_the_readme()}
    workflow["5"] = {**workflow["5"], "_meta": {"title": "Inking"}}
    stages = []
    async with client_of(service) as client:
        async for event in client.stream(
            "a slow fox", model=f"comfyui/{CHECKPOINT}", width=64, height=64, extra={"workflow": workflow}
        ):
            if isinstance(event, Progress) and event.fraction:
                stages.append(event.stage)
                service.release()
    assert stages[0] == "Inking"


async def test_what_a_part_of_it_lacks_is_a_warning(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    workflow = {**PLAIN, "4": {"class_type": "SaveImage", "inputs": {"images": ["1", 0]}}}
    async with client_of(service) as client:
        response = await client.generate(
            "mine", model="comfyui", images=PIL.Image.new("RGB", (40, 24)), extra={"workflow": workflow}
        )
    (warning,) = response.warnings
    assert "SaveImage (node 4): Required input is missing: filename_prefix" in warning


async def test_the_name_of_a_file_is_no_workflow(serve: Serve, client_of: ClientOf) -> None:
    service = serve()
    async with client_of(service) as client:
        with pytest.raises(InvalidRequest, match=r'-x workflow="\$\(cat FILE\)"'):
            await client.generate("a fox", model="comfyui", extra={"workflow": "flow.json"})
    assert service.journal.of("POST /prompt") == []


async def test_a_node_that_the_server_does_not_have_is_named(serve: Serve, client_of: ClientOf) -> None:
    workflow = {"1": {"class_type": "FaceDetailer", "inputs": {"text": "%prompt%"}}}
    async with client_of(serve()) as client:
        with pytest.raises(ResponseError, match="Node 'FaceDetailer' not found"):
            await client.generate("a fox", model="comfyui", extra={"workflow": workflow})


async def test_pictures_that_are_only_shown_count_where_none_is_saved(serve: Serve, client_of: ClientOf) -> None:
    workflow = {name: node for name, node in PLAIN.items() if name != "3"}
    workflow["4"] = {"class_type": "CLIPTextEncode", "inputs": {"text": "%prompt%", "clip": ["5", 1]}}
    workflow["5"] = {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": CHECKPOINT}}
    async with client_of(serve()) as client:
        response = await client.generate(
            "a fox", model="comfyui", images=PIL.Image.new("RGB", (40, 24)), extra={"workflow": workflow}
        )
    assert isinstance(response, ImageResponse)
    assert response.metadata["files"] == ["ComfyUI_temp_00001_.png [temp]"]
