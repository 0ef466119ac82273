"""OpenAI: which of impasto's errors a failure is, in the service's words, and when to come back."""

from __future__ import annotations

import json
from typing import Any

import pytest

import impasto_openai as plugin
from impasto import (
    AuthenticationError,
    ContentRejected,
    HttpRequest,
    ImageRequest,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
)
from impasto_openai.failures import STATUSES


def error(
    status: int, said: Any = None, *, name: str = "response", headers: dict[str, str] | None = None
) -> ResponseError:
    (model, *_) = plugin.list_models()
    body = said if isinstance(said, str) else json.dumps(said)
    event = ServerEvent(
        name,
        body.encode(errors="surrogateescape") if name == "response" else body,
        HttpRequest("POST", "/images/generations"),
        ImageRequest("a fox"),
        status,
        headers or {},
    )
    with pytest.raises(ResponseError) as caught:
        plugin.parse_event(model, event)
    return caught.value


def envelope(message: str | None, **fields: Any) -> dict[str, Any]:
    usual = {"type": "invalid_request_error", "param": None, "code": None}
    return {"error": {"message": message, **usual, **fields}}


@pytest.mark.parametrize(
    ("status", "fields", "cls"),
    [
        (400, {"type": "image_generation_user_error", "code": "moderation_blocked"}, ContentRejected),
        (400, {"code": "content_policy_violation"}, ContentRejected),
        (403, {"code": "content_policy_violation"}, ContentRejected),
        (400, {"code": "misalignment_policy_violation"}, ContentRejected),
        (400, {"code": "invalid_prompt"}, ResponseError),
        (403, {}, AuthenticationError),
        (429, {"type": "insufficient_quota", "code": "credit_balance_exhausted"}, QuotaExceeded),
        (429, {"type": "insufficient_quota", "code": "project_spend_limit_exceeded"}, QuotaExceeded),
        (400, {"code": "billing_hard_limit_reached"}, QuotaExceeded),
        (429, {"type": "rate_limit_error", "code": "rate_limit_exceeded"}, QuotaExceeded),
        (429, {"type": "rate_limit_error", "code": "slow_down"}, QuotaExceeded),
        (503, {"type": "service_unavailable_error", "code": "server_is_overloaded"}, ProviderUnavailable),
        (409, {}, ProviderUnavailable),
        (400, {"code": "invalid_value", "param": "size"}, ResponseError),
        (404, {"code": "model_not_found"}, ResponseError),
        (422, {"code": "invalid_value"}, ResponseError),
    ],
)
def test_an_error_is_what_its_code_says(status: int, fields: dict[str, Any], cls: type[ResponseError]) -> None:
    found = error(status, envelope("The service's own words.", **fields))
    assert type(found) is cls
    assert "The service's own words." in str(found)
    assert found.status == status


def test_every_status_that_is_told_apart_is_read_by_the_plugin() -> None:
    assert {400, 403, 404, 409, 422, 429, 451, 503} == set(STATUSES)


def test_a_refusal_is_known_by_its_words_where_the_code_is_missing() -> None:
    message = "Your request was rejected as a result of our safety system."
    assert type(error(400, envelope(message))) is ContentRejected


def test_an_invalid_prompt_is_a_refusal_where_the_usage_policy_is_the_reason() -> None:
    message = "Invalid prompt: your prompt was flagged as potentially violating our usage policy."
    assert type(error(400, envelope(message, code="invalid_prompt"))) is ContentRejected


@pytest.mark.parametrize(
    ("words", "headers", "seconds"),
    [
        ("Please slow down and try again after 51.84 seconds.", {}, 51.84),
        ("Rate limit reached (images per min): Limit 5. Please try again in 12s.", {}, 12),
        ("Please try again in 250ms.", {}, 0.25),
        ("Please try again in 1m30s.", {}, 90),
        ("Please try again in 2m.", {}, 120),
        ("Please try again in 12s.", {"retry-after": "7"}, 7),
        ("Slow down.", {"retry-after": "7", "retry-after-ms": "6500"}, 6.5),
        ("Slow down.", {}, None),
        ("Please try again in a moment.", {}, None),
    ],
)
def test_a_limit_says_when_to_come_back(words: str, headers: dict[str, str], seconds: float | None) -> None:
    found = error(429, envelope(words, code="rate_limit_exceeded"), headers=headers)
    assert found.retry_after == seconds


def test_an_empty_balance_does_not_come_back_by_waiting() -> None:
    said = envelope("You exceeded your current quota.", type="insufficient_quota", code="insufficient_quota")
    assert error(429, said, headers={"retry-after": "7"}).retry_after is None


@pytest.mark.parametrize(
    ("name", "day"), [("dall-e-3", "2026-05-12"), ("dall-e-2", "2026-05-12"), ("gpt-image-1", "2026-10-23")]
)
def test_a_model_that_is_shut_down_says_so_and_what_to_use(name: str, day: str) -> None:
    message = f"The model `{name}` has been deprecated."
    words = str(error(404, envelope(message, code="model_not_found")))
    assert day in words
    assert "use openai/gpt-image-2.6-sunburst" in words


def test_a_model_that_there_is_not_leads_to_the_list() -> None:
    message = "The model `gpt-image-1.7` does not exist or you do not have access to it."
    words = str(error(404, envelope(message, code="model_not_found")))
    assert "impasto models --refresh" in words
    assert "shut" not in words


def test_an_error_without_words_says_its_kind() -> None:
    said = envelope(None, type="image_generation_user_error")
    assert str(error(400, said)) == "the service gives no reason (type image_generation_user_error)"


@pytest.mark.parametrize(
    ("status", "said", "cls", "words"),
    [
        (
            422,
            {"detail": [{"loc": ["body", "size"], "msg": "Input should be WxH"}]},
            ResponseError,
            "Input should be WxH",
        ),
        (400, {"error": "no such voice"}, ResponseError, "no such voice"),
        (
            400,
            {"code": "invalid argument", "error": "Generated image rejected by content moderation."},
            ContentRejected,
            "content moderation",
        ),
        (429, {"error": {"code": "1302", "message": "Too many."}}, QuotaExceeded, "Too many"),
        (400, {"error": {"code": 400, "message": "bad size", "type": ""}}, ResponseError, "bad size"),
        (503, "<html><h1>Bad Gateway</h1></html>", ProviderUnavailable, "Bad Gateway"),
        (503, "<h1>\udcff Überlastet</h1>", ProviderUnavailable, "Überlastet"),
        (451, "unavailable for legal reasons", ContentRejected, "legal reasons"),
        (404, "404 page not found", ProviderUnavailable, "page not found"),
    ],
)
def test_errors_of_other_servers_are_read_too(status: int, said: Any, cls: type[ResponseError], words: str) -> None:
    found = error(status, said)
    assert type(found) is cls
    assert words in str(found)


@pytest.mark.parametrize(
    "said",
    [
        {
            "type": "error",
            "error": {"type": "image_generation_user_error", "code": "moderation_blocked", "message": "No."},
        },
        {"type": "error", "code": "moderation_blocked", "message": "No.", "param": None},
    ],
)
def test_a_stream_fails_with_an_event_of_either_form(said: dict[str, Any]) -> None:
    found = error(200, said, name="error")
    assert type(found) is ContentRejected
    assert str(found) == "No."


@pytest.mark.parametrize("said", [envelope("No.", code="moderation_blocked"), {"error": "out of memory"}])
def test_an_answer_that_calls_itself_a_success_may_be_a_failure(said: dict[str, Any]) -> None:
    assert "No." in str(error(200, said)) or "out of memory" in str(error(200, said))
