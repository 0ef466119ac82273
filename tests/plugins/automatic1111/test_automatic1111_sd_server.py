"""A real server draws what is asked: ``sd-server`` of stable-diffusion.cpp, with a FLUX of tiny weights."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

import impasto
from services.stable_diffusion_cpp import build
from services.stable_diffusion_cpp.server import NAME

pytestmark = pytest.mark.anyio

Painter = Callable[..., impasto.Client]
Colour = tuple[int, ...]

RED = (200, 30, 30)
SMALL: dict[str, Any] = {"width": 64, "height": 64, "num_inference_steps": 1}


def colours(picture: bytes) -> tuple[Colour, Colour]:
    """Return the mean colours of the left half and of the right one, without their edges."""
    with PIL.Image.open(io.BytesIO(picture)) as opened:
        halves = [opened.convert("RGB").crop(box) for box in ((4, 4, 28, 60), (36, 4, 60, 60))]
    left, right = (each.resize((1, 1), PIL.Image.Resampling.BOX).getpixel((0, 0)) for each in halves)
    assert isinstance(left, tuple)
    assert isinstance(right, tuple)
    return left, right


def distance(one: Colour, other: Colour) -> int:
    return max(abs(a - b) for a, b in zip(one, other, strict=True))


async def test_a_prompt_becomes_a_picture_of_the_size_asked_for(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        response = await client.generate("a fox", model="automatic1111", width=96, height=64, num_inference_steps=1)
    assert (response.media_type, response.width, response.height) == ("image/png", 96, 64)
    assert response.metadata["parameters"].startswith("a fox\nSteps: 1, CFG scale: 1.0")
    assert response.warnings == ()


async def test_the_seed_is_the_one_that_was_really_used(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        unasked = await client.generate("a fox", model="automatic1111", **SMALL)
        again = await client.generate("a fox", model="automatic1111", seed=unasked.seed, **SMALL)
        other = await client.generate("a fox", model="automatic1111", seed=(unasked.seed or 0) ^ 1, **SMALL)
    assert again.seed == unasked.seed
    assert again.data == unasked.data
    assert other.data != unasked.data


async def test_another_prompt_and_more_steps_draw_another_picture(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        fox = await client.generate("a fox", model="automatic1111", seed=7, **SMALL)
        whale = await client.generate("a blue whale", model="automatic1111", seed=7, **SMALL)
        longer = await client.generate("a fox", model="automatic1111", seed=7, **{**SMALL, "num_inference_steps": 2})
    assert len({fox.data, whale.data, longer.data}) == 3


@pytest.mark.parametrize("name", ["Euler a", "euler_a", "k_euler_a", "DPM++ 2M", "DDIM"])
async def test_a_sampler_is_drawn_with_however_it_is_spelled(sd_server: str, painter: Painter, name: str) -> None:
    async with painter(sd_server) as client:
        response = await client.generate("a fox", model="automatic1111", extra={"sampler_name": name}, **SMALL)
    assert response.warnings == ()


async def test_a_sampler_that_it_does_not_know_is_told_of(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        response = await client.generate("a fox", model="automatic1111", extra={"sampler_name": "Oiler"}, **SMALL)
    assert response.warnings == (
        "it was drawn with a sampler of the server's choice, not with Oiler: the server did not take that.",
    )


async def test_several_pictures_have_a_seed_each(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        both = await client.generate("a fox", model="automatic1111", seed=7, n=2, **SMALL)
        second = await client.generate("a fox", model="automatic1111", seed=8, **SMALL)
    assert [image.seed for image in both.images] == [7, 8]
    assert both.images[1].data is not None
    assert colours(both.images[1].data) == colours(second.data)


async def test_the_strength_says_how_far_a_picture_is_left(sd_server: str, painter: Painter, red: bytes) -> None:
    async with painter(sd_server) as client:
        little, much = [
            await client.generate(
                "a fox", model="automatic1111", images=[red], strength=strength, seed=7, num_inference_steps=4
            )
            for strength in (0.2, 0.9)
        ]
    near, far = (max(distance(half, RED) for half in colours(each.data)) for each in (little, much))
    assert near < 12
    assert far > 40


async def test_inpainting_draws_what_is_white_anew_and_keeps_the_rest(
    sd_server: str, painter: Painter, red: bytes, right_half: bytes
) -> None:
    async with painter(sd_server) as client:
        response = await client.generate(
            "a fox", model="automatic1111", images=[red], mask=right_half, strength=0.9, seed=7, num_inference_steps=4
        )
    left, right = colours(response.data)
    assert distance(left, RED) < 12
    assert distance(right, RED) > 40


async def test_its_models_are_listed_and_drawn_with(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        found = await client.refresh_models("automatic1111")
        response = await client.generate("a fox", model=f"automatic1111/{NAME}", seed=7, **SMALL)
        loaded = await client.generate("a fox", model="automatic1111", seed=7, **SMALL)
    assert NAME in str(found)
    assert response.data == loaded.data
    assert response.model == NAME


async def test_a_checkpoint_that_it_does_not_have_is_refused(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        with pytest.raises(impasto.ResponseError, match=f"has no checkpoint 'sdxl'; it has {NAME}"):
            await client.generate("a fox", model="automatic1111/sdxl", **SMALL)


async def test_what_it_refuses_is_told_in_its_words(sd_server: str, painter: Painter) -> None:
    async with painter(sd_server) as client:
        with pytest.raises(impasto.ResponseError, match="type must be number, but is string"):
            await client.generate("a fox", model="automatic1111", extra={"clip_skip": "two"}, **SMALL)


def test_without_a_compiler_it_is_said_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(build, "_SHELF", tmp_path)
    monkeypatch.setitem(build._ENVIRON, "CXX", "no-such-compiler")
    with pytest.raises(RuntimeError, match=r"there is no C\+\+ compiler: install g\+\+"):
        build.sd_server()
