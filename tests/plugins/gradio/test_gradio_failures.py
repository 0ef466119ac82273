"""What an app's error texts stand for."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from impasto import ContentRejected, ProviderUnavailable, QuotaExceeded, ResponseError
from impasto_gradio.failures import HIDDEN, error_of, retry_after

durations = st.timedeltas(min_value=dt.timedelta(0), max_value=dt.timedelta(days=900)).map(
    lambda each: dt.timedelta(seconds=each // dt.timedelta(seconds=1))
)


@given(durations, st.sampled_from(["or retry in {}", "Try again in {}. Subscribe", "try again after {}"]))
def test_a_duration_is_read_as_python_prints_it(duration: dt.timedelta, text: str) -> None:
    assert retry_after(text.format(duration)) == duration.total_seconds()


@given(st.integers(0, 999_999), st.sampled_from([("s", 1), (" seconds", 1), (" minutes", 60), (" hours", 3600)]))
def test_a_duration_is_read_from_a_number_and_its_unit(number: int, unit: tuple[str, int]) -> None:
    assert retry_after(f"Please try again in {number}{unit[0]}.") == number * unit[1]


@pytest.mark.parametrize("text", ["", "retry later", "it took 0:06:53", "retry in a moment", "(112s left)"])
def test_no_duration_is_made_up(text: str) -> None:
    assert retry_after(text) is None


@given(st.text())
def test_any_text_is_some_error_and_keeps_its_words(text: str) -> None:
    error = error_of(text)
    assert isinstance(error, ResponseError)
    assert str(error)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("You have exceeded your GPU quota (112s left vs. 120s requested). Please retry in 0:06:53", 413),
        ("You have exceeded your free ZeroGPU quota (60s requested vs. 0s left). Try again in 1 day, 0:00:01. ", 86401),
        ('You have exceeded your GPU quota (60s). <a href="https://x">Sign-up</a> or retry in 23:59:59', 86399),
        ("You have exceeded your ZeroGPU runs limit. Authenticate with a Hugging Face token for more", None),
        ("Unlogged user is running out of daily ZeroGPU quotas. Sign up or retry in 1:00:00", 3600),
        ("Space app has reached its GPU limit. Try re-running outside of examples", None),
        ("ZeroGPU quota exceeded: come back tomorrow", None),
    ],
)  # fmt: skip
def test_a_used_up_quota(text: str, seconds: float | None) -> None:
    error = error_of(text)
    assert isinstance(error, QuotaExceeded)
    assert error.retry_after == seconds
    assert "<a" not in str(error)


@pytest.mark.parametrize(
    "text",
    [
        "No GPU is currently available for you after 60s",
        "No GPU was available",
        "GPU task aborted",
        "Queue is full. Max size is 20 and size is 20.",
        "Server stopped unexpectedly.",
    ],
)
def test_a_service_that_is_down_or_overloaded(text: str) -> None:
    assert type(error_of(text)) is ProviderUnavailable


@pytest.mark.parametrize(
    "text",
    [
        "NSFW content detected in the prompt.",
        "Potential NSFW content was detected in one or more images.",
        "Your prompt was flagged by our moderation.",
        "This request violates our content policy.",
        "The safety checker rejected the image",
        "The prompt contains inappropriate words",
    ],
)
def test_a_refusal_to_draw_something(text: str) -> None:
    assert type(error_of(text)) is ContentRejected


@pytest.mark.parametrize(
    "text",
    [
        "Failed to load the safety checker",
        "CUDA out of memory",
        "Prompt contains too many tokens",
        "The NSFW model is missing",
    ],
)
def test_what_only_sounds_like_a_refusal_is_none(text: str) -> None:
    error = error_of(text)
    assert type(error) is ResponseError
    assert str(error) == text


def test_no_words_are_replaced_by_an_explanation() -> None:
    assert str(error_of("")) == HIDDEN
