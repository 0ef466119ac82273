"""What a user is told when a server of ``/sdapi/v1`` draws nothing, against stand-ins of the three programs."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any

import pytest

import impasto
from impasto import ImageResponse
from services.automatic1111_api import WebUI

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("quick", "no_pauses")]

Run = Callable[[WebUI], str]
Painter = Callable[..., impasto.Client]

FORMS = pytest.mark.parametrize("form", ["a1111", "forge", "sdnext"])
SMALL: dict[str, Any] = {"width": 64, "height": 64}


async def drawn(client: impasto.Client, prompt: str = "a fox", **asked: Any) -> ImageResponse:
    async with client:
        return await client.generate(prompt, model="automatic1111", **SMALL, **asked)


async def refusal_of(client: impasto.Client, prompt: str = "a fox", **asked: Any) -> impasto.ImpastoError:
    with pytest.raises(impasto.ImpastoError) as caught:
        await drawn(client, prompt, **asked)
    return caught.value


@FORMS
async def test_a_server_with_a_password_is_told_it(form: str, run: Run, painter: Painter) -> None:
    url = run(WebUI(form, auth="artist:test-key"))
    response = await drawn(painter(url), "a slow fox", api_key="artist:test-key")
    assert isinstance(response, ImageResponse)


@pytest.mark.parametrize("key", [None, "artist:wrong-key"])
@FORMS
async def test_without_the_right_password_it_says_how_to_give_it(
    form: str, key: str | None, run: Run, painter: Painter
) -> None:
    error = await refusal_of(painter(run(WebUI(form, auth="artist:test-key"))), **({"api_key": key} if key else {}))
    assert isinstance(error, impasto.AuthenticationError)
    assert "Set AUTOMATIC1111_AUTH to 'user:password'" in str(error)
    assert "impasto keys set automatic1111" in str(error)
    assert "wrong-key" not in str(error)


@FORMS
async def test_a_picture_too_large_for_the_memory_is_refused_in_the_servers_words(
    form: str, run: Run, painter: Painter
) -> None:
    webui = WebUI(form)
    error = await refusal_of(painter(run(webui)), "a fox that is too large")
    assert type(error) is impasto.ResponseError
    assert "OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB" in str(error)
    assert webui.journal.lines().count("POST /sdapi/v1/txt2img") == 1


@FORMS
async def test_a_server_that_crashes_is_asked_again_before_that_is_told(form: str, run: Run, painter: Painter) -> None:
    webui = WebUI(form)
    error = await refusal_of(painter(run(webui)), "a crash")
    assert isinstance(error, impasto.ProviderUnavailable)
    assert "RuntimeError: mat1 and mat2 shapes cannot be multiplied" in str(error)
    assert webui.journal.lines().count("POST /sdapi/v1/txt2img") == 3


async def test_a_server_that_is_asked_too_often_is_quota_exceeded(run: Run, painter: Painter) -> None:
    error = await refusal_of(painter(run(WebUI("sdnext"))), "a fox, too often")
    assert isinstance(error, impasto.QuotaExceeded)
    assert "rate limit exceeded" in str(error)


async def test_a_server_without_a_model_gives_no_picture(run: Run, painter: Painter) -> None:
    error = await refusal_of(painter(run(WebUI("sdnext"))), "an unloaded fox")
    assert type(error) is impasto.ResponseError
    assert "no model is loaded" in str(error)


@pytest.mark.parametrize("form", ["a1111", "forge"])
async def test_a_field_that_is_wrong_is_named(form: str, run: Run, painter: Painter) -> None:
    error = await refusal_of(painter(run(WebUI(form))), extra={"mask_blur": 4, "eta": "much"})
    assert type(error) is impasto.ResponseError
    assert "eta: " in str(error)
    assert "mask_blur: " in str(error)


async def test_a_sampler_that_sdnext_does_not_have_is_refused(run: Run, painter: Painter) -> None:
    error = await refusal_of(painter(run(WebUI("sdnext"))), extra={"sampler_name": "Oiler"})
    assert type(error) is impasto.ResponseError
    assert "Sampler not found" in str(error)


async def test_a_server_without_the_api_says_how_to_start_it(run: Run, painter: Painter) -> None:
    error = await refusal_of(painter(f"{run(WebUI())}/other"))
    assert isinstance(error, impasto.ProviderUnavailable)
    assert "there is no POST /sdapi/v1/txt2img. Start the web UI with --api" in str(error)


async def test_a_server_that_is_not_there_is_unavailable(painter: Painter) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    error = await refusal_of(painter(f"http://127.0.0.1:{port}"))
    assert isinstance(error, impasto.ProviderUnavailable)
