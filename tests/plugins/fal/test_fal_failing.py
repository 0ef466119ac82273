"""fal through impasto's client, against the stand-in, when it does not draw: the error a user meets, and its words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import impasto
import impasto_fal
from impasto import (
    AuthenticationError,
    ContentRejected,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.fal_api import KEY, Fal, failures

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]

SMALL: dict[str, Any] = {"width": 64, "height": 64, "seed": 7}


@pytest.fixture
def fal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Fal]:
    """The stand-in; its jobs are asked for without a pause."""
    monkeypatch.setattr("impasto_fal.answers.FIRST_PAUSE", 0.0)
    with Fal().serving() as service:
        yield service


def client(fal: Fal) -> impasto.Client:
    settings = Settings(providers={"fal": {"url": fal.url, "private_addresses": True}})
    return impasto.Client(settings=settings, plugins=Plugins(objects={"fal": impasto_fal}))


async def failure(fal: Fal, prompt: str, model: str = "flux", key: str = KEY, **fields: Any) -> ResponseError:
    """Return the error that ends a request."""
    async with client(fal) as opened:
        with pytest.raises(ResponseError) as caught:
            await opened.generate(prompt, model=model, api_key=key, **SMALL | fields)
    return caught.value


SUBMITS: list[tuple[str, type[ResponseError], str]] = [
    ("out of credits", QuotaExceeded, failures.LOCKED),
    ("an admin lock", AuthenticationError, failures.ADMIN_LOCK),
    ("a forbidden fox", AuthenticationError, "This key does not have permission to run models."),
    ("a busy fox", QuotaExceeded, "429 Too Many Requests: Too many requests"),
    ("the gateway is down", ProviderUnavailable, "502 Bad Gateway: Bad gateway"),
]

RESULTS: list[tuple[str, type[ResponseError], str]] = [
    ("a refused fox", ContentRejected, failures.FLAGGED.removesuffix(".") + " (violence)."),
    ("an unsafe fox", ContentRejected, "fal's safety checker found the picture unsafe, and blackened it"),
    (
        "an unspeakable fox",
        ContentRejected,
        "The model returned no picture, which is how some of fal's partners refuse.",
    ),
    ("no media of a fox", ContentRejected, "The model did not produce any media output: unsafe content."),
    ("too small a fox", ResponseError, "image_url: Image too small (min_height 512, min_width 512)."),
    ("an old application", ResponseError, "prompt is too long"),
    ("a partner fails", ProviderUnavailable, "The downstream service failed to process the request."),
    ("a partner is down", ProviderUnavailable, "The downstream service is unavailable."),
    ("a crash", ProviderUnavailable, "Internal server error"),
    ("no runner", ProviderUnavailable, "503 Service Unavailable: Failed to schedule a runner"),
    ("it takes too long", ProviderUnavailable, "Generation timed out"),
    ("it never starts", ProviderUnavailable, "504 Gateway Timeout: Request timed out"),
    ("a fox too soon", ProviderUnavailable, "Request is still in progress"),
]


@pytest.mark.parametrize(("prompt", "error", "words"), SUBMITS, ids=[each[0] for each in SUBMITS])
async def test_a_request_that_is_not_taken(fal: Fal, prompt: str, error: type[ResponseError], words: str) -> None:
    caught = await failure(fal, prompt)
    assert type(caught) is error
    assert words in str(caught)
    assert str(caught).startswith("fal, POST /fal-ai/flux/schnell: ")
    assert set(fal.journal.lines()) == {"POST /fal-ai/flux/schnell"}


@pytest.mark.parametrize(("prompt", "error", "words"), RESULTS, ids=[each[0] for each in RESULTS])
async def test_a_job_that_brings_no_picture(fal: Fal, prompt: str, error: type[ResponseError], words: str) -> None:
    caught = await failure(fal, prompt)
    assert type(caught) is error
    assert words in str(caught)
    assert len(fal.journal.of("POST /fal-ai/flux/schnell")) == 1, "what may be charged is not submitted again"


async def test_a_busy_service_says_when_to_come_back(fal: Fal) -> None:
    caught = await failure(fal, "a busy fox")
    assert caught.retry_after == 3600


async def test_a_bad_key(fal: Fal) -> None:
    caught = await failure(fal, "a fox", key="another-key")
    assert type(caught) is AuthenticationError
    assert "No user found for Key ID and Secret" in str(caught)
    assert "another-key" not in str(caught)


async def test_no_key_is_told_before_anything_is_sent(fal: Fal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("FAL_KEY", raising=False)
    async with client(fal) as opened:
        with pytest.raises(AuthenticationError) as caught:
            await opened.generate("a fox", model="flux")
    words = str(caught.value)
    assert all(each in words for each in ("FAL_KEY", "impasto keys set fal", "https://fal.ai/dashboard/keys"))
    assert fal.journal.asked == []


async def test_the_key_is_taken_from_the_variable_that_fals_own_tools_use(
    fal: Fal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAL_KEY", KEY)
    async with client(fal) as opened:
        assert (await opened.generate("a fox", model="flux", **SMALL)).seed == 7


async def test_an_application_that_does_not_exist(fal: Fal) -> None:
    caught = await failure(fal, "a fox", model="fal/fal-ai/flx", width=None, height=None)
    assert type(caught) is ProviderUnavailable
    assert "Application 'fal-ai/flx' not found" in str(caught)


async def test_a_field_that_an_application_does_not_take_is_named_without_what_was_in_it(fal: Fal) -> None:
    caught = await failure(fal, "a fox", model="fal/fal-ai/aura-flow", extra={"style": "a secret style"})
    assert type(caught) is ResponseError
    assert "image_size: Extra inputs are not permitted; style: Extra inputs are not permitted" in str(caught)
    assert "a secret style" not in str(caught)


async def test_a_value_that_is_out_of_range_is_named_with_its_range(fal: Fal) -> None:
    caught = await failure(fal, "a fox", model="fal/fal-ai/aura-flow", width=None, height=None, num_inference_steps=10)
    assert "num_inference_steps: Input should be greater than or equal to 20" in str(caught)


async def test_a_picture_that_is_gone_when_it_is_fetched(fal: Fal) -> None:
    caught = await failure(fal, "it is gone")
    assert type(caught) is ProviderUnavailable
    assert "404" in str(caught)


async def test_the_pictures_that_were_not_blackened_are_handed_out(fal: Fal) -> None:
    async with client(fal) as opened:
        response = await opened.generate("an unsafe fox", model="flux", api_key=KEY, n=3, **SMALL)
    assert len(response.images) == 2
    assert "1 of 3 pictures were left out: fal's safety checker blackened them." in response.warnings


async def test_the_safety_checker_can_be_turned_off_where_fal_lets_it(fal: Fal) -> None:
    async with client(fal) as opened:
        extra = {"enable_safety_checker": False}
        response = await opened.generate("an unsafe fox", model="flux", api_key=KEY, extra=extra, **SMALL)
    assert len(response.images) == 1
