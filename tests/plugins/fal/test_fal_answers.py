"""fal: what its answers mean. The queue, the result, its failures, its prices, and its list of models."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_fal as plugin
from impasto import (
    AuthenticationError,
    ContentRejected,
    Follow,
    HttpRequest,
    ImageRequest,
    ImageResponse,
    Progress,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
)
from impasto.fitting import fit
from services.fal_api import failures

MODELS = {model.id: model for model in plugin.list_models()}
SCHNELL = MODELS["fal-ai/flux/schnell"]
JOB = "https://queue.fal.run/fal-ai/flux/requests/1"
SUBMITTED = {"request_id": "1", "response_url": JOB, "status_url": f"{JOB}/status", "cancel_url": f"{JOB}/cancel"}
IMAGE = {"url": "https://v3b.fal.media/files/b/1/fox.jpeg", "width": 1024, "height": 768, "content_type": "image/jpeg"}


def request_of(endpoint: str = SCHNELL.id, **fields: Any) -> ImageRequest:
    return fit(MODELS[endpoint], ImageRequest("a fox", **{"seed": 7} | fields))


def asked(payload: object, said: object, *, name: str = "response", status: int = 200, **more: Any) -> list[Any]:
    """Return what the plugin makes of an answer; ``model``, ``headers`` and ``request`` are in ``more``."""
    assert isinstance(payload, HttpRequest)
    data = said if isinstance(said, str) else json.dumps(said)
    headers, request = more.get("headers", {}), more.get("request") or request_of()
    event = ServerEvent(name, data.encode() if name == "response" else data, payload, request, status, headers)
    return list(plugin.parse_event(MODELS[more.get("model", SCHNELL.id)], event))


def submit(said: object = SUBMITTED, **more: Any) -> list[Any]:
    return asked(plugin.build_payload(SCHNELL, request_of()), said, **more)


def ask() -> HttpRequest:
    payload = submit()[-1].payload
    assert isinstance(payload, HttpRequest)
    return payload


def status(**said: Any) -> list[Any]:
    return asked(ask(), said, status=200 if said.get("status") == "COMPLETED" else 202)


def result(said: object, **more: Any) -> list[Any]:
    (follow,) = status(status="COMPLETED", metrics={"inference_time": 3.42})
    return asked(follow.payload, said, **more)


def drawn(
    *images: Any, model: str = SCHNELL.id, headers: Any = None, request: Any = None, **said: Any
) -> ImageResponse:
    output = {"images": list(images or [IMAGE]), **said}
    (response,) = result(output, model=model, headers=headers or {}, request=request)
    assert isinstance(response, ImageResponse)
    return response


class TestTheQueue:
    def test_a_job_is_asked_for_with_its_logs(self) -> None:
        progress, follow = submit({**SUBMITTED, "queue_position": 3})
        assert progress == Progress("queued", detail="3 ahead in the queue")
        assert isinstance(follow, Follow)
        payload = follow.payload
        assert isinstance(payload, HttpRequest)
        assert (payload.method, payload.url) == ("GET", "/fal-ai/flux/requests/1/status")
        assert payload.params == {"logs": "1"}

    def test_a_job_that_is_left_is_cancelled(self) -> None:
        assert ask().on_cancel == HttpRequest("PUT", "/fal-ai/flux/requests/1/cancel")

    def test_the_questions_are_a_quarter_of_a_second_apart_at_first_and_a_second_in_the_end(self) -> None:
        follow = submit()[-1]
        pauses = [follow.after]
        for _ in range(40):
            _, follow = asked(follow.payload, {"status": "IN_QUEUE"}, status=202)
            pauses.append(follow.after)
        assert pauses[0] == 0.25
        assert pauses == sorted(pauses)
        assert pauses[-1] == 1.0

    def test_addresses_elsewhere_are_used_as_they_are(self) -> None:
        elsewhere = "http://127.0.0.1:7/x/requests/1"
        said = {"response_url": elsewhere, "status_url": f"{elsewhere}/status", "cancel_url": f"{elsewhere}/cancel"}
        assert submit(said)[-1].payload.url == f"{elsewhere}/status"

    @pytest.mark.parametrize("address", ["", "x", "/x", f"{JOB}?logs=1", f"{JOB}#x", "ftp://queue.fal.run/x", None])
    def test_what_is_no_address_is_not_asked_for(self, address: Any) -> None:
        with pytest.raises((ValueError, TypeError)):
            submit({**SUBMITTED, "status_url": address})

    @pytest.mark.parametrize(
        ("position", "detail"), [(2, "2 ahead in the queue"), (0, "next in the queue"), (None, ""), ("x", ""), (-1, "")]
    )
    def test_the_place_in_the_queue(self, position: Any, detail: str) -> None:
        progress, _ = status(status="IN_QUEUE", queue_position=position)
        assert progress == Progress("queued", detail=detail)

    @pytest.mark.parametrize(
        ("logs", "expected"),
        [
            (None, Progress("drawing")),
            ([], Progress("drawing")),
            ([{"message": "Loading"}], Progress("drawing", detail="Loading")),
            ([{"message": "a"}, {"message": " 50%|██   | 2/4"}], Progress("drawing", 0.5, "50%|██ | 2/4")),
            ([{"message": "x\r 25%|█|\r 75%|███|"}], Progress("drawing", 0.75, "x 25%|█| 75%|███|")),
        ],
    )
    def test_the_last_line_of_the_log_is_told_and_a_bar_in_it_says_how_much_is_done(
        self, logs: Any, expected: Progress
    ) -> None:
        progress, _ = status(status="IN_PROGRESS", logs=logs)
        assert progress == expected

    def test_a_completed_job_has_its_result_elsewhere_also_if_it_failed(self) -> None:
        for said in ({}, {"error": "Request timed out", "error_type": "request_timeout"}):
            (follow,) = status(status="COMPLETED", **said)
            assert follow.payload.url == "/fal-ai/flux/requests/1"

    def test_a_state_that_fal_does_not_document_is_taken_for_one_of_the_work_that_is_paid_for(self) -> None:
        progress, follow = status(status="WARMING_UP")
        assert progress == Progress("warming_up")
        assert follow.payload.url == ask().url

    @pytest.mark.parametrize("state", [None, "", 7])
    def test_a_job_without_a_state_is_an_error(self, state: Any) -> None:
        with pytest.raises(ValueError, match="without a state"):
            status(status=state)


class TestTheResult:
    def test_its_pictures_and_the_seed_that_was_used(self) -> None:
        response = drawn(IMAGE, {**IMAGE, "url": "https://v3.fal.media/files/2.png"}, seed=8)
        assert [each.url for each in response.images] == [IMAGE["url"], "https://v3.fal.media/files/2.png"]
        assert response.seed == 8

    def test_the_seed_that_was_sent_where_no_other_is_told(self) -> None:
        assert drawn().seed == 7

    def test_no_seed_where_the_model_takes_none(self) -> None:
        assert drawn(model="openai/gpt-image-2", request=ImageRequest("a fox")).seed is None

    def test_one_picture_that_stands_alone(self) -> None:
        (response,) = result({"image": IMAGE})
        assert response.image_url == IMAGE["url"]

    def test_the_words_beside_a_picture(self) -> None:
        assert drawn(model="fal-ai/nano-banana", description="Here it is.").text == "Here it is."

    def test_a_prompt_that_was_written_anew_and_the_id_of_the_job(self) -> None:
        assert drawn(prompt="a fox").metadata == {}
        response = drawn(prompt="a fox at dawn", headers={"x-fal-request-id": "1"})
        assert response.metadata == {"request_id": "1", "prompt": "a fox at dawn"}

    def test_a_blackened_picture_is_a_refusal(self) -> None:
        with pytest.raises(ContentRejected, match="safety checker"):
            drawn(has_nsfw_concepts=[True])

    def test_one_blackened_picture_of_several_is_left_out(self) -> None:
        response = drawn(IMAGE, {**IMAGE, "url": "https://v3.fal.media/2.png"}, has_nsfw_concepts=[True, False])
        assert response.image_url == "https://v3.fal.media/2.png"
        assert response.warnings == ("1 of 2 pictures were left out: fal's safety checker blackened them.",)

    def test_nothing_is_left_out_where_the_safety_checker_was_turned_off(self) -> None:
        asked_for = request_of(extra={"enable_safety_checker": False})
        assert len(drawn(request=asked_for, has_nsfw_concepts=[True]).images) == 1

    def test_no_picture_at_all_is_a_partners_refusal_in_its_own_words_if_there_are_any(self) -> None:
        with pytest.raises(ContentRejected, match=r"I cannot draw that\."):
            result({"images": [], "description": "I cannot draw that."}, model="fal-ai/nano-banana")
        with pytest.raises(ContentRejected, match="returned no picture"):
            result({"images": []})


class TestTheCost:
    def test_is_the_units_that_fal_bills_at_its_published_price(self) -> None:
        response = drawn(headers={"x-fal-billable-units": "2"})
        assert response.usage == {"billable_units": 2.0, "inference_time": 3.42}
        assert response.cost is not None
        assert (response.cost.amount, response.cost.currency) == (0.006, "USD")
        assert (response.cost.source, response.cost.as_of) == ("computed", "2026-11-26")

    @pytest.mark.parametrize(
        ("endpoint", "sizes", "amount"),
        [
            ("fal-ai/flux/dev", [(1024, 768)], 0.025),
            ("fal-ai/flux/dev", [(1024, 1024), (1025, 1024)], 0.075),
            ("fal-ai/flux/dev", [(1920, 1080)], 0.05),
            ("fal-ai/flux-pro/kontext/text-to-image", [(1920, 1080), (None, None)], 0.08),
        ],
    )
    def test_is_counted_from_the_pictures_where_fal_does_not_say(
        self, endpoint: str, sizes: list[Any], amount: float
    ) -> None:
        images = [{**IMAGE, "width": width, "height": height} for width, height in sizes]
        cost = drawn(*images, model=endpoint).cost
        assert cost is not None
        assert cost.amount == pytest.approx(amount)

    @pytest.mark.parametrize("units", ["", "x", "nan", "-1", "inf"])
    def test_is_not_known_from_units_that_are_no_number(self, units: str) -> None:
        response = drawn({"url": IMAGE["url"]}, headers={"x-fal-billable-units": units})
        assert (response.cost, response.usage) == (None, {"inference_time": 3.42})

    def test_is_not_known_where_no_price_is_published_or_something_asked_changes_it(self) -> None:
        billed = {"x-fal-billable-units": "1"}
        assert drawn(model="fal-ai/qwen-image", headers=billed).cost is None
        assert drawn(model="fal-ai/flux-2-flex").cost is None
        dearer = ImageRequest("a fox", extra={"resolution": "4K"})
        assert drawn(model="fal-ai/nano-banana-2", headers=billed, request=dearer).cost is None


class TestTheListOfModels:
    def page(self, payload: HttpRequest, *names: str, cursor: str | None = None) -> list[str | Follow]:
        said = {"models": [{"endpoint_id": name} for name in names], "next_cursor": cursor}
        event = ServerEvent("response", json.dumps(said).encode(), payload, ImageRequest("models"), 200)
        return plugin.parse_models(plugin.PROVIDER, event)

    def test_is_asked_for_page_by_page_and_category_by_category(self) -> None:
        first = plugin.request_models(plugin.PROVIDER)
        assert first.url == "https://api.fal.ai/v1/models"
        assert first.params == {"category": "text-to-image", "status": "active", "limit": "100"}
        one, two, following = self.page(first, "fal-ai/flux/dev", "not a name", "fal-ai/aura-flow", cursor="Mg==")
        assert [one, two] == ["fal-ai/flux/dev", "fal-ai/aura-flow"]
        assert isinstance(following, Follow)
        second = following.payload
        assert isinstance(second, HttpRequest)
        assert second.params == {**first.params, "cursor": "Mg=="}
        (last,) = self.page(second)
        assert isinstance(last, Follow)
        third = last.payload
        assert isinstance(third, HttpRequest)
        assert third.params == {**first.params, "category": "image-to-image"}
        assert self.page(third, "fal-ai/bagel/edit") == ["fal-ai/bagel/edit"]


LOCKED = {"detail": failures.LOCKED}
TOP_UP = {"detail": "User is locked. Reason: TOP_UP."}
ADMIN = {"detail": failures.ADMIN_LOCK}
SMALL = failures.detail("image_too_small", "Image too small", "image_url", ctx={"min_height": 512, "min_width": 512})
FLAGGED = failures.detail(
    "content_policy_violation", failures.FLAGGED, "prompt", input="secret words", categories=["violence", "hate"]
)
NO_MEDIA = failures.detail("no_media_generated", "The model did not produce any media output.", "prompt")
RANGE = {"loc": ["body", "seed"], "msg": "Input should be less than 9", "type": "less_than", "input": "secret words"}


class TestFailures:
    @pytest.mark.parametrize(
        ("code", "said", "error", "words"),
        [
            (403, LOCKED, QuotaExceeded, "Exhausted balance. Top up your balance at fal.ai/dashboard/billing."),
            (403, TOP_UP, QuotaExceeded, "TOP_UP"),
            (403, ADMIN, AuthenticationError, "Please contact support@fal.ai."),
            (403, {"detail": "No permission"}, AuthenticationError, "No permission"),
            (400, {"detail": "bad header", "error_type": "bad_request"}, ResponseError, "bad header"),
            (422, {"detail": "prompt is too long"}, ResponseError, "prompt is too long"),
            (422, "<h1>Unprocessable</h1>", ResponseError, "Unprocessable"),
        ],
    )
    def test_of_a_submit(self, code: int, said: Any, error: type[ResponseError], words: str) -> None:
        with pytest.raises(error) as caught:
            submit(said, status=code)
        assert type(caught.value) is error
        assert words in str(caught.value)
        assert caught.value.status == code

    @pytest.mark.parametrize(
        ("code", "said", "error", "words"),
        [
            (422, {"detail": [FLAGGED]}, ContentRejected, "flagged by a content checker (violence, hate)."),
            (422, {"detail": [NO_MEDIA]}, ContentRejected, "The model did not produce any media output."),
            (422, {"detail": [SMALL]}, ResponseError, "image_url: Image too small (min_height 512, min_width 512)."),
            (422, {"detail": [RANGE, SMALL]}, ResponseError, "seed: Input should be less than 9; image_url: Image"),
            (422, {"detail": []}, ResponseError, "422"),
            (422, {"detail": [{"type": 7}, "x"]}, ResponseError, "422"),
            (400, {"detail": "Request is still in progress"}, ProviderUnavailable, "still in progress"),
            (400, {"detail": [{"msg": "No", "type": "downstream_service_error"}]}, ProviderUnavailable, "No"),
            (403, LOCKED, QuotaExceeded, "Exhausted balance"),
            (499, {"detail": "gone", "error_type": "client_cancelled"}, ResponseError, "gone"),
            (500, {"detail": [{"msg": "Oops", "type": "internal_server_error"}]}, ProviderUnavailable, "Oops"),
            (503, {"detail": "no", "error_type": "runner_disconnected"}, ProviderUnavailable, "no"),
            (504, {"detail": "Request timed out", "error_type": "request_timeout"}, ProviderUnavailable, "timed out"),
        ],
    )
    def test_of_a_result(self, code: int, said: Any, error: type[ResponseError], words: str) -> None:
        with pytest.raises(error) as caught:
            result(said, status=code)
        assert type(caught.value) is error
        assert words in str(caught.value)
        assert "secret words" not in str(caught.value)
        assert caught.value.status == code
