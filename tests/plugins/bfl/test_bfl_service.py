"""The whole way, through `impasto.Client` to a stand-in for the Black Forest Labs API."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Any

import anyio
import pytest

import impasto
import impasto_bfl
from impasto import (
    AuthenticationError,
    ContentRejected,
    Cost,
    ImageResponse,
    ImpastoError,
    Progress,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from impasto.plugins import Plugins
from impasto.settings import Settings
from services.black_forest_labs import KEY, BlackForestLabs, black_forest_labs
from services.serving import serving
from standins.pictures import picture

pytestmark = pytest.mark.anyio

POLL = "GET /v1/get_result"


@pytest.fixture(scope="module")
def service() -> Iterator[BlackForestLabs]:
    """The service, which all tests in here share."""
    with black_forest_labs() as running:
        yield running


@pytest.fixture
def bfl(service: BlackForestLabs, monkeypatch: pytest.MonkeyPatch) -> BlackForestLabs:
    """The service, as if it had just been started; its tasks are asked for without a pause."""
    monkeypatch.setattr("impasto_bfl.answers.FIRST_PAUSE", 0.0)
    monkeypatch.delenv("BFL_API_KEY", raising=False)
    service.begin_anew()
    return service


def client_of(bfl: BlackForestLabs) -> impasto.Client:
    settings = Settings(providers={"bfl": {"url": bfl.url, "private_addresses": True}})
    return impasto.Client(settings=settings, plugins=Plugins(objects={"bfl": impasto_bfl}))


async def drawn(bfl: BlackForestLabs, prompt: str = "a red fox", **options: Any) -> ImageResponse:
    async with client_of(bfl) as client:
        return await client.generate(prompt, **{"model": "flux-2-pro", "api_key": KEY, **options})


async def error_of(bfl: BlackForestLabs, prompt: str = "a red fox", **options: Any) -> ImpastoError:
    with pytest.raises(ImpastoError) as caught:
        await drawn(bfl, prompt, **options)
    return caught.value


async def test_a_prompt_becomes_a_picture(bfl: BlackForestLabs) -> None:
    response = await drawn(bfl, width=512, height=256, seed=7)
    assert (response.width, response.height, response.media_type) == (512, 256, "image/jpeg")
    assert response.seed == 7
    (submit,) = bfl.journal.of("POST /v1/flux-2-pro")
    assert submit.fields == {"prompt": "a red fox", "width": 512, "height": 256, "seed": 7}


@pytest.mark.parametrize("model", [each.id for each in impasto_bfl.list_models() if not each.requires])
async def test_every_model_draws(bfl: BlackForestLabs, model: str) -> None:
    response = await drawn(bfl, model=model)
    assert response.model == model
    assert bfl.tasks["0" * 32].model == model


async def test_its_cost_is_what_the_service_charges(bfl: BlackForestLabs) -> None:
    response = await drawn(bfl)
    assert response.cost == Cost(0.03, "USD", "reported")
    assert response.usage == {"credits": 3.0, "input_mp": 0.0, "output_mp": 1.0}


async def test_what_is_settled_in_the_end_counts(bfl: BlackForestLabs) -> None:
    bfl.settled = 2.5
    assert (await drawn(bfl)).cost == Cost(0.025)


async def test_an_unknown_cost_is_none(bfl: BlackForestLabs) -> None:
    bfl.tells_cost = False
    assert (await drawn(bfl)).cost is None


async def test_progress_is_told_on_the_way(bfl: BlackForestLabs) -> None:
    bfl.states = (("Pending", None), ("Reasoning", None), ("Generating", 0.25), ("Generating", 75))
    async with client_of(bfl) as client, client.stream("a red fox", model="flux-3", api_key=KEY) as stream:
        told = [event async for event in stream if isinstance(event, Progress)]
    assert told == [
        Progress("queued"),
        Progress("waiting"),
        Progress("reasoning"),
        Progress("drawing", 0.25),
        Progress("drawing", 0.75),
        Progress("downloading"),
    ]


async def test_flux_3_tells_no_seed_and_its_own_prompt(bfl: BlackForestLabs) -> None:
    response = await drawn(bfl, model="flux-3", aspect_ratio="16:9", extra={"resolution": "1k"})
    assert response.seed is None
    assert (response.width, response.height, response.media_type) == (512, 288, "image/png")
    assert response.metadata["prompt"] == "a red fox"


async def test_several_pictures_are_several_tasks_with_seeds_of_their_own(bfl: BlackForestLabs) -> None:
    response = await drawn(bfl, n=2, seed=7)
    seeds = [submit.fields["seed"] for submit in bfl.journal.of("POST /v1/flux-2-pro")]
    assert len(response.images) == 2
    assert len(set(seeds)) == 2
    assert {image.seed for image in response.images} == {*seeds} >= {7}
    assert response.cost == Cost(0.06)


@pytest.mark.parametrize("model", ["flux-2-pro", "flux-3", "flux-kontext"])
async def test_pictures_are_edited(bfl: BlackForestLabs, model: str) -> None:
    first, second = picture(size=(256, 320)), picture("JPEG", (320, 320))
    response = await drawn(bfl, "a fox with a hat", model=model, images=[first, second])
    assert response.data
    task = bfl.tasks["0" * 32]
    sent = task.said("images") or [task.said("input_image"), task.said("input_image_2")]
    assert [base64.b64decode(each) for each in sent] == [first, second]


async def test_an_earlier_picture_is_edited(bfl: BlackForestLabs) -> None:
    earlier = await drawn(bfl, width=256, height=256, extra={"output_format": "png"})
    await drawn(bfl, "with a hat", continue_from=earlier)
    assert base64.b64decode(bfl.tasks[f"{1:032x}"].said("input_image")) == earlier.data


async def test_what_is_masked_is_drawn_anew(bfl: BlackForestLabs) -> None:
    mask = picture(size=(256, 256), colour="white")
    await drawn(bfl, "a hat", model="flux-fill", images=picture(size=(256, 256)), mask=mask)
    assert bfl.tasks["0" * 32].said("mask")


async def test_a_picture_is_expanded(bfl: BlackForestLabs) -> None:
    await drawn(bfl, "a forest", model="flux-expand", images=picture(size=(256, 256)), extra={"top": 64})
    assert bfl.tasks["0" * 32].said("top") == 64


async def test_a_picture_that_is_too_small_for_the_service_is_refused_by_it(bfl: BlackForestLabs) -> None:
    error = await error_of(bfl, model="flux-3", images=[picture()])
    assert isinstance(error, ResponseError)
    assert "at least 256x256 pixels" in str(error)


@pytest.mark.parametrize(
    ("prompt", "reason"),
    [("refused", "Request Moderated.*Derivative Works Filter"), ("indecent", "Content Moderated.*Sexual Content")],
)
async def test_a_refusal_is_told_with_its_reason(bfl: BlackForestLabs, prompt: str, reason: str) -> None:
    with pytest.raises(ContentRejected, match=reason):
        await drawn(bfl, prompt)


@pytest.mark.parametrize(
    ("prompt", "words"),
    [("fails", "Error: the task failed"), ("fails loudly", "the task failed"), ("lost", "Task not found")],
)
async def test_a_task_that_failed_is_not_paid_for_twice(bfl: BlackForestLabs, prompt: str, words: str) -> None:
    with pytest.raises(ResponseError, match=words):
        await drawn(bfl, prompt)
    assert len(bfl.journal.of("POST /v1/flux-2-pro")) == 1


async def test_credits_that_are_used_up(bfl: BlackForestLabs) -> None:
    with pytest.raises(QuotaExceeded, match="402 Payment Required: Insufficient credits"):
        await drawn(bfl, "out of credits")


async def test_too_many_tasks_at_once(bfl: BlackForestLabs) -> None:
    bfl.retry_after = "3600"
    error = await error_of(bfl, "busy")
    assert isinstance(error, QuotaExceeded)
    assert "429 Too Many Requests: Too many concurrent requests" in str(error)
    assert (error.status, error.retry_after) == (429, 3600)


async def test_what_is_one_too_many_is_submitted_again_when_there_is_room(bfl: BlackForestLabs) -> None:
    bfl.wait = 0.2
    drawn_by: list[ImageResponse] = []

    async def draw(client: impasto.Client) -> None:
        drawn_by.append(await client.generate("a red fox", model="flux-kontext-max", n=4, api_key=KEY))

    async with client_of(bfl) as client, anyio.create_task_group() as tasks:
        for _ in range(2):
            tasks.start_soon(draw, client)
    assert [len(response.images) for response in drawn_by] == [4, 4]
    assert (len(bfl.tasks), bfl.refused > 0) == (8, True)


async def test_a_service_that_is_down(bfl: BlackForestLabs) -> None:
    with pytest.raises(ProviderUnavailable, match="503 Service Unavailable: Service temporarily unavailable"):
        await drawn(bfl, "down")


@pytest.mark.usefixtures("no_pauses")
async def test_a_gateway_that_is_tired_for_a_moment_costs_no_second_task(bfl: BlackForestLabs) -> None:
    bfl.hiccups = 1
    response = await drawn(bfl)
    assert response.data
    assert len(bfl.journal.of("POST /v1/flux-2-pro")) == 1


async def test_a_value_that_the_service_does_not_take(bfl: BlackForestLabs) -> None:
    with pytest.raises(ResponseError, match=r"safety_tolerance: Input should be less than or equal to 5"):
        await drawn(bfl, extra={"safety_tolerance": 9})


async def test_a_key_that_is_wrong(bfl: BlackForestLabs) -> None:
    with pytest.raises(AuthenticationError, match="Not authenticated - Invalid Authentication"):
        await drawn(bfl, api_key="another-key")


async def test_without_a_key_nothing_is_asked_and_the_way_to_one_is_told(bfl: BlackForestLabs) -> None:
    error = await error_of(bfl, api_key=None)
    assert isinstance(error, AuthenticationError)
    for words in ("BFL_API_KEY", "impasto keys set bfl", "https://dashboard.bfl.ai"):
        assert words in str(error)
    assert bfl.journal.asked == []


async def test_the_key_stays_with_the_service(bfl: BlackForestLabs) -> None:
    with serving(bfl.app) as bfl.region_url:
        await drawn(bfl)
    (submit,) = bfl.journal.of("POST /v1/flux-2-pro")
    assert submit.headers["x-key"] == KEY
    elsewhere = [*bfl.journal.of(POLL), *bfl.delivered.asked]
    assert len(elsewhere) == 4
    assert [each.headers for each in elsewhere if "x-key" in each.headers] == []


async def test_an_address_that_is_too_old_is_told_with_the_words_of_the_store(bfl: BlackForestLabs) -> None:
    bfl.expired = True
    words = r"sample\.jpeg: the picture's address is not valid, or not any more: 403 Forbidden: .*Signature not valid"
    with pytest.raises(ProviderUnavailable, match=words):
        await drawn(bfl)


async def test_a_picture_may_be_left_where_it_is(bfl: BlackForestLabs) -> None:
    response = await drawn(bfl, download=False)
    assert response.image_url.startswith(f"{bfl.delivery_url}/results/")
    assert bfl.delivered.asked == []


async def test_whoever_leaves_asks_no_more(bfl: BlackForestLabs) -> None:
    async with client_of(bfl) as client:
        async with client.stream("slow", model="flux-2-pro", api_key=KEY) as stream:
            async for event in stream:
                if event == Progress("waiting", 0.1):
                    break
        await client.generate("a red fox", model="flux-2-pro", api_key=KEY)
    polls = [each.query["id"] for each in bfl.journal.of(POLL)]
    first, second = (f"{number:032x}" for number in range(2))
    assert first in polls
    assert polls[-2:] == [second, second]


async def test_a_task_that_was_paid_for_goes_on_in_another_process(bfl: BlackForestLabs) -> None:
    async with client_of(bfl) as client, client.stream("slow", model="flux-2-pro", api_key=KEY) as stream:
        async for event in stream:
            if event == Progress("waiting", 0.1):
                break
        checkpoint = stream.checkpoint()
    assert checkpoint is not None
    bfl.finish.set()
    async with client_of(bfl) as client, client.resume(checkpoint, api_key=KEY) as stream:
        responses = [event async for event in stream if isinstance(event, ImageResponse)]
    assert [response.cost for response in responses] == [Cost(0.03)]
    assert len(bfl.journal.of("POST /v1/flux-2-pro")) == 1


async def test_the_service_is_asked_which_models_it_has(bfl: BlackForestLabs, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BFL_API_KEY", KEY)
    bfl.models["flux-4-image"] = bfl.models["flux-3-image"]
    async with client_of(bfl) as client:
        found = (await client.refresh_models("bfl"))["bfl"]
        response = await client.generate("a red fox", model="bfl/flux-4-image")
    assert not isinstance(found, ImpastoError)
    listed = {model.id for model in impasto_bfl.list_models()}
    assert set(found) == {*listed, "flux-4-image"}
    assert response.model == "flux-4-image"


async def test_a_model_that_the_service_does_not_have(bfl: BlackForestLabs) -> None:
    with pytest.raises(ResponseError, match="no model 'flux-9' any more, or not yet"):
        await drawn(bfl, model="bfl/flux-9")


@pytest.mark.parametrize("size", [(6000, 4000), (300, 4096), (256, 256)])
async def test_a_picture_of_any_size_can_be_edited(bfl: BlackForestLabs, size: tuple[int, int]) -> None:
    response = await drawn(bfl, "make it blue", images=picture("PNG", size))
    width, height = response.parameters["width"], response.parameters["height"]
    assert width * height <= 2048 * 2048
    assert width / height == pytest.approx(size[0] / size[1], rel=0.1)


async def test_a_wide_size_is_drawn(bfl: BlackForestLabs) -> None:
    response = await drawn(bfl, width=2560, height=1600)
    assert (response.parameters["width"], response.parameters["height"]) == (2560, 1600)
