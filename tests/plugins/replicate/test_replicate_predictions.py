"""What the plugin makes of Replicate's answers: a prediction's states, its output, its failures."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

import impasto_replicate as plugin
from impasto import (
    ContentRejected,
    Cost,
    Follow,
    HttpRequest,
    ImagePreview,
    ImageRequest,
    ImageResponse,
    Outcome,
    Progress,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
)
from impasto_replicate.failures import error_of_prediction

MODELS = {model.id: model for model in plugin.list_models()}
FOX = ImageRequest("a fox", seed=7)
HERE = "https://api.replicate.com/v1/predictions/p1"
BARS = "Using seed: 14733\n  0%|          | 0/4 [00:00<?, ?it/s]\n 50%|█████     | 2/4 [00:01<00:01,  1.9it/s]\n"


def prediction(**told: Any) -> dict[str, Any]:
    return {
        "id": "p1", "model": "black-forest-labs/flux-schnell", "version": "hidden", "status": "starting", "logs": "",
        "output": None, "error": None, "data_removed": False, "urls": {"get": HERE, "cancel": f"{HERE}/cancel"},
        "created_at": "2026-11-26T16:19:34.765Z",
    } | told  # fmt: skip


def meaning(
    said: object,
    *,
    status: int = 200,
    asked: HttpRequest | None = None,
    model: str = "black-forest-labs/flux-schnell",
    request: ImageRequest = FOX,
    headers: Mapping[str, str] | None = None,
) -> list[Outcome]:
    payload = plugin.build_payload(MODELS[model], request) if asked is None else asked
    event = ServerEvent("response", json.dumps(said).encode(), payload, request, status, headers or {})
    return plugin.parse_event(MODELS[model], event)


def drawn(**options: Any) -> ImageResponse:
    told = {"status": "succeeded", "output": ["https://replicate.delivery/a/out-0.webp"], **options.pop("told", {})}
    (response,) = meaning(prediction(**told), **options)
    assert isinstance(response, ImageResponse)
    return response


class TestAPredictionThatGoesOn:
    def test_is_looked_at_again_and_can_be_cancelled(self) -> None:
        progress, follow = meaning(prediction())
        assert progress == Progress("starting")
        assert isinstance(follow, Follow)
        assert isinstance(follow.payload, HttpRequest)
        assert (follow.payload.method, follow.payload.url, follow.after) == ("GET", "/predictions/p1", 0.5)
        assert follow.payload.on_cancel == HttpRequest("POST", "/predictions/p1/cancel")

    def test_tells_of_its_progress_in_its_logs(self) -> None:
        progress, _ = meaning(prediction(status="processing", logs=BARS))
        assert progress == Progress("drawing", 0.5, "50%|█████ | 2/4 [00:01<00:01, 1.9it/s]")

    def test_shows_pictures_that_are_ready_once_each(self) -> None:
        urls = ["https://replicate.delivery/0.webp", "https://replicate.delivery/1.webp"]
        _, first, follow = meaning(prediction(status="processing", output=urls[:1]))
        assert isinstance(first, ImagePreview)
        assert (first.index, first.image_url) == (0, urls[0])
        assert isinstance(follow, Follow)
        assert isinstance(follow.payload, HttpRequest)
        _, second, _ = meaning(prediction(status="processing", output=urls), asked=follow.payload)
        assert isinstance(second, ImagePreview)
        assert (second.index, second.image_url) == (1, urls[1])

    def test_has_an_output_before_it_is_final_and_is_looked_at_once_more(self) -> None:
        *_, follow = meaning(prediction(status="processing", output="https://replicate.delivery/a.jpg"))
        assert isinstance(follow, Follow)

    def test_is_looked_at_where_the_answer_says_if_that_is_elsewhere(self) -> None:
        elsewhere = "https://replicate.proxy.example/p/1"
        *_, follow = meaning(prediction(urls={"get": elsewhere, "cancel": f"{elsewhere}/cancel"}))
        assert isinstance(follow, Follow)
        assert isinstance(follow.payload, HttpRequest)
        assert follow.payload.url == elsewhere

    def test_is_waited_for_longer_where_there_are_too_many_looks(self) -> None:
        *_, follow = meaning(prediction())
        assert isinstance(follow, Follow)
        assert isinstance(follow.payload, HttpRequest)
        said = {"detail": "Request was throttled. Your rate limit resets in ~30s."}
        progress, again = meaning(said, status=429, asked=follow.payload)
        assert progress == Progress("waiting", detail=said["detail"])
        assert again == Follow(follow.payload, after=30)


class TestAPredictionThatSucceeded:
    def test_has_its_pictures_whether_the_output_is_one_or_a_list(self) -> None:
        one = drawn(told={"output": "https://replicate.delivery/a.jpg"}, model="google/nano-banana-2")
        assert [image.url for image in one.images] == ["https://replicate.delivery/a.jpg"]
        several = drawn(told={"output": ["https://replicate.delivery/0.webp", "data:image/webp;base64,UklG"]})
        assert [image.url for image in several.images] == [
            "https://replicate.delivery/0.webp", "data:image/webp;base64,UklG"
        ]  # fmt: skip

    def test_has_its_pictures_among_other_things_with_words(self) -> None:
        said = {"images": ["https://replicate.delivery/a.png"], "caption": "a fox"}
        response = drawn(told={"output": said})
        assert (response.image_url, response.text) == ("https://replicate.delivery/a.png", "a fox")

    def test_has_the_seed_that_its_logs_tell(self) -> None:
        assert drawn(told={"logs": BARS}).seed == 14733

    def test_has_the_seed_that_was_sent_where_its_logs_do_not_tell(self) -> None:
        assert drawn().seed == 7

    def test_has_no_seed_where_the_model_takes_none(self) -> None:
        assert drawn(model="google/nano-banana-2", request=ImageRequest("a fox")).seed is None

    def test_counts_in_the_services_own_words(self) -> None:
        metrics = {"image_count": 1, "predict_time": 0.83, "total_time": 0.84}
        assert drawn(told={"metrics": metrics}).usage == metrics

    def test_costs_what_the_pricing_page_says_for_each_picture(self) -> None:
        assert drawn(told={"output": ["https://a/0", "https://a/1"]}).cost == Cost(
            0.006, "USD", "computed", as_of="2026-10-07"
        )

    def test_costs_nobody_knows_what_where_no_price_was_read(self) -> None:
        assert drawn(model="stability-ai/sdxl").cost is None

    def test_names_itself(self) -> None:
        assert drawn().metadata["id"] == "p1"

    def test_says_which_pictures_were_left_out(self) -> None:
        response = drawn(told={"logs": "Using seed: 7\nNSFW content detected in image 1\n"})
        assert response.warnings == ("Replicate left out 1 of 2 pictures: it takes them for NSFW",)

    def test_whose_picture_was_deleted_says_so(self) -> None:
        with pytest.raises(ResponseError, match="for an hour"):
            drawn(told={"output": None, "data_removed": True})

    @pytest.mark.parametrize("output", [None, [], {}, "I cannot draw that", ["words", 7]])
    def test_without_a_picture_is_not_understood(self, output: object) -> None:
        with pytest.raises(ProtocolError, match="no picture"):
            drawn(told={"output": output})


class TestAPredictionThatDidNotSucceed:
    @pytest.mark.parametrize(
        ("words", "expected"),
        [
            ("The input or output was flagged as sensitive. Please try again with different inputs. (E005) (x)",
             ContentRejected),
            ("NSFW content detected. Try running it again, or try a different prompt.", ContentRejected),
            ("All generated images contained NSFW content. Try running it again with a different prompt.",
             ContentRejected),
            ("Prediction interrupted; please retry (code: PA)", ProviderUnavailable),
            ("Timeout starting prediction (E6716)", ProviderUnavailable),
            ("Unknown error (E1000)", ProviderUnavailable),
            ("Service is currently unavailable due to high demand. Please try again later. (E003) (x)",
             ProviderUnavailable),
            ("Service is temporarily unavailable. Please try again later. (E004) (x)", ProviderUnavailable),
            ("Out of memory (E1001)", ResponseError),
            ("CUDA error: device-side assert triggered", ResponseError),
        ],
    )  # fmt: skip
    def test_says_why_in_the_services_words(self, words: str, expected: type[ResponseError]) -> None:
        with pytest.raises(ResponseError) as caught:
            meaning(prediction(status="failed", error=words))
        assert type(caught.value) is expected
        assert str(caught.value) == words

    @pytest.mark.parametrize(
        ("status", "expected", "words"),
        [("failed", ResponseError, "does not say why"), ("canceled", ResponseError, "cancelled"),
         ("aborted", ProviderUnavailable, "costs nothing"), ("dreaming", ProtocolError, "dreaming")],
    )  # fmt: skip
    def test_without_words_says_what_happened(self, status: str, expected: type[ResponseError], words: str) -> None:
        error = error_of_prediction(status, None)
        assert type(error) is expected
        assert words in str(error)


class TestTooManyRequests:
    @pytest.mark.parametrize(
        ("said", "headers", "seconds"),
        [
            ({"detail": "Your rate limit for creating predictions is reduced", "retry_after": 5}, {}, 5.0),
            ({"detail": "Request was throttled. Your rate limit resets in ~30s."}, {}, 30.0),
            ({"detail": "Request was throttled."}, {"retry-after": "12"}, 12.0),
            ({"detail": "Request was throttled.", "retry_after": "soon"}, {}, None),
            ([], {}, None),
        ],
    )
    def test_say_when_to_come_back(self, said: object, headers: dict[str, str], seconds: float | None) -> None:
        with pytest.raises(QuotaExceeded) as caught:
            meaning(said, status=429, headers=headers)
        assert (caught.value.status, caught.value.retry_after) == (429, seconds)
