"""What the plugin makes of the service's answers: states, pictures, costs, refusals, failures."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_bfl as plugin
from impasto import (
    AuthenticationError,
    ContentRejected,
    Cost,
    Follow,
    HttpRequest,
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

MODEL = next(model for model in plugin.list_models() if model.id == "flux-2-pro")
FOX = ImageRequest("a red fox", width=512, height=512, seed=7)
SUBMIT = plugin.build_payload(MODEL, FOX)
POLLING_URL = "https://api.us3.bfl.ai/v1/get_result?id=t1"
ACCEPTED = {"id": "t1", "polling_url": POLLING_URL, "cost": 4.5, "input_mp": 1.0, "output_mp": 0.25}
READY = {"id": "t1", "status": "Ready", "result": {"sample": "https://delivery-us1.bfl.ai/fox.jpeg?sig=s", "seed": 9}}


def meaning(said: Any, payload: Any = SUBMIT, status: int = 200) -> list[Outcome]:
    text = said if isinstance(said, str) else json.dumps(said)
    return plugin.parse_event(MODEL, ServerEvent("response", text.encode(), payload, FOX, status))


def follow_in(outcomes: list[Outcome]) -> tuple[HttpRequest, float]:
    (follow,) = [each for each in outcomes if isinstance(each, Follow)]
    assert isinstance(follow.payload, HttpRequest)
    return follow.payload, follow.after


def poll(**changes: Any) -> HttpRequest:
    return follow_in(meaning(ACCEPTED | changes))[0]


def finished(said: Any, payload: Any = None) -> ImageResponse:
    (response,) = meaning(said, payload or poll())
    assert isinstance(response, ImageResponse)
    return response


def test_a_task_is_asked_for_at_the_address_that_it_was_given() -> None:
    progress, _ = meaning(ACCEPTED)
    assert progress == Progress("queued")
    assert (poll().method, poll().url) == ("GET", POLLING_URL)


def test_polls_are_half_a_second_apart_at_first_and_two_seconds_in_the_end() -> None:
    payload, pause = follow_in(meaning(ACCEPTED))
    pauses = [pause]
    for _ in range(60):
        payload, pause = follow_in(meaning({"id": "t1", "status": "Pending"}, payload))
        pauses.append(pause)
    assert pauses[0] == 0.5
    assert pauses == sorted(pauses)
    assert pauses[-1] == 2.0


@pytest.mark.parametrize(
    ("status", "stage"),
    [("Pending", "waiting"), ("Reasoning", "reasoning"), ("Generating", "drawing"), ("Upscaling", "upscaling")],
)
def test_a_task_that_is_worked_on_is_asked_for_again(status: str, stage: str) -> None:
    progress, follow = meaning({"id": "t1", "status": status, "progress": None}, poll())
    assert progress == Progress(stage)
    assert isinstance(follow, Follow)


@pytest.mark.parametrize(
    ("progress", "fraction"),
    [(0, 0.0), (0.4, 0.4), (1, 1.0), (40, 0.4), (100, 1.0), (None, None), (-1, None), (101, None), ("half", None)],
)
def test_how_much_is_done_is_told_where_it_is_known(progress: object, fraction: float | None) -> None:
    told, _ = meaning({"id": "t1", "status": "Pending", "progress": progress}, poll())
    assert told == Progress("waiting", fraction)


def test_a_finished_task_has_its_picture_and_the_seed_that_drew_it() -> None:
    response = finished(READY)
    assert response.image_url == "https://delivery-us1.bfl.ai/fox.jpeg?sig=s"
    assert response.seed == 9


def test_a_seed_that_is_not_told_is_the_one_that_was_sent() -> None:
    assert finished({**READY, "result": {"sample": "https://delivery-us1.bfl.ai/fox.jpeg"}}).seed == 7


def test_a_credit_is_a_cent() -> None:
    response = finished(READY)
    assert response.cost == Cost(0.045, "USD", "reported")
    assert response.usage == {"credits": 4.5, "input_mp": 1.0, "output_mp": 0.25}


def test_what_was_settled_in_the_end_is_what_it_cost() -> None:
    response = finished({**READY, "cost": 3.0})
    assert response.cost == Cost(0.03)
    assert response.usage == {"credits": 3.0, "input_mp": 1.0, "output_mp": 0.25}


def test_the_cost_is_remembered_from_poll_to_poll() -> None:
    again, _ = follow_in(meaning({"id": "t1", "status": "Pending"}, poll()))
    assert finished(READY, again).cost == Cost(0.045)


def test_a_cost_that_nobody_tells_is_not_known() -> None:
    response = finished(READY, poll(cost=None, input_mp=None, output_mp=None))
    assert (response.cost, response.usage) == (None, None)


def test_what_else_is_told_of_the_picture_is_kept() -> None:
    result = {"sample": "https://delivery-us1.bfl.ai/fox.jpeg", "prompt": "a red fox in the snow", "duration": 2.5}
    response = finished({**READY, "result": result})
    assert response.metadata == {"id": "t1", "prompt": "a red fox in the snow", "duration": 2.5}


@pytest.mark.parametrize("status", [200, 403, 451, 503])
@pytest.mark.parametrize(
    ("state", "reason"),
    [("Request Moderated", "Derivative Works Filter"), ("Content Moderated", "Sexual Content")],
)
def test_a_refusal_is_told_with_the_services_reasons(state: str, reason: str, status: int) -> None:
    said = {"id": "t1", "status": state, "details": {"Moderation Reasons": [reason, "Violence"]}}
    with pytest.raises(ContentRejected, match=rf"{state}: .*: {reason}; Violence$"):
        meaning(said, poll(), status)


@pytest.mark.parametrize("details", [None, {}, [], 7, {"Moderation Reasons": None}])
def test_a_refusal_without_reasons_is_one_all_the_same(details: object) -> None:
    with pytest.raises(ContentRejected, match=r"was refused$"):
        meaning({"id": "t1", "status": "Request Moderated", "details": details}, poll())


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("state", ["Error", "Failed"])
def test_a_task_that_failed_is_not_asked_for_again(state: str, status: int) -> None:
    with pytest.raises(ResponseError, match=rf"{state}: the task failed: out of memory") as caught:
        meaning({"id": "t1", "status": state, "details": {"error": "out of memory"}}, poll(), status)
    assert type(caught.value) is ResponseError


@pytest.mark.parametrize("status", [200, 404])
def test_a_task_that_is_not_known_is_not_asked_for_again(status: int) -> None:
    with pytest.raises(ResponseError, match="Task not found") as caught:
        meaning({"id": "t1", "status": "Task not found"}, poll(), status)
    assert type(caught.value) is ResponseError


@pytest.mark.parametrize(
    ("status", "expected"),
    [(502, ProviderUnavailable), (503, ProviderUnavailable), (403, AuthenticationError), (400, ResponseError)],
)
def test_a_poll_that_says_nothing_of_its_task_means_what_its_status_means(
    status: int, expected: type[ResponseError]
) -> None:
    with pytest.raises(expected, match="the gateway is tired") as caught:
        meaning("<h1>the gateway is tired</h1>", poll(), status)
    assert type(caught.value) is expected


@pytest.mark.parametrize("said", ["", "{}", "null", '{"status": 7}', '{"status": ""}', "<h1>hello</h1>"])
def test_an_answer_without_a_state_is_not_asked_for_again(said: str) -> None:
    with pytest.raises(ProtocolError):
        meaning(said, poll())


def test_a_field_that_is_not_valid_is_named_and_so_is_its_rule() -> None:
    detail = [
        {"type": "multiple_of", "loc": ["body", "width"], "msg": "Input should be a multiple of 32", "input": 1000},
        {"type": "extra_forbidden", "loc": ["body", "images", 0], "msg": "Extra inputs are not permitted"},
    ]
    words = r"not valid: width: Input should be a multiple of 32; images\.0: Extra inputs are not permitted"
    with pytest.raises(ResponseError, match=words) as caught:
        meaning({"detail": detail}, status=422)
    assert caught.value.status == 422


@pytest.mark.parametrize("said", ['{"detail": "prompt is too long"}', '{"detail": [{"msg": "prompt is too long"}]}'])
def test_other_forms_of_a_request_that_is_not_valid(said: str) -> None:
    with pytest.raises(ResponseError, match="prompt is too long"):
        meaning(said, status=422)


def test_a_model_that_is_gone_is_named() -> None:
    with pytest.raises(ResponseError, match=r"no model 'flux-2-pro' any more, or not yet") as caught:
        meaning({"detail": "Not Found"}, status=404)
    assert caught.value.status == 404


@pytest.mark.parametrize(
    ("said", "seconds"),
    [
        ({"error": "rate_limit_exceeded", "message": "Too many concurrent requests", "retry_after": 2}, 2),
        ({"detail": "Too many active tasks"}, 5),
        ({"retry_after": "soon"}, 5),
        ({"retry_after": -1}, 5),
        ("<h1>Too many</h1>", 5),
    ],
)
def test_a_task_that_is_one_too_many_can_be_submitted_again_in_seconds(said: Any, seconds: float) -> None:
    with pytest.raises(QuotaExceeded) as caught:
        meaning(said, status=429)
    assert (caught.value.status, caught.value.retry_after) == (429, seconds)


@pytest.mark.parametrize("url", [None, "", 7])
def test_a_task_that_cannot_be_asked_for_is_an_error(url: object) -> None:
    with pytest.raises(ProtocolError, match="without an address"):
        meaning({"id": "t1", "polling_url": url})
