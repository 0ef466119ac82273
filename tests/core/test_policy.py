"""What follows from a failure is decided by its class, in one table."""

from __future__ import annotations

import math

import pytest

from impasto.errors import (
    AuthenticationError,
    ContentRejected,
    DeadlineExceeded,
    ImpastoError,
    InvalidRequest,
    NotSent,
    PluginError,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
)
from impasto.policy import SHORT_WAIT, TRIES, Verdict, pause_before_retry, verdict_of

DOWN = ProviderUnavailable("down")


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (InvalidRequest("bad"), Verdict.FINAL),
        (ContentRejected("no"), Verdict.FINAL),
        (ProviderUnavailable("down"), Verdict.RETRY),
        (NotSent("no connection"), Verdict.RETRY),
        (QuotaExceeded("slow down"), Verdict.RETRY),
        (AuthenticationError("who?"), Verdict.PASS),
        (ProtocolError("gibberish"), Verdict.PASS),
        (DeadlineExceeded("late"), Verdict.PASS),
        (ResponseError("failed"), Verdict.PASS),
        (PluginError("broken"), Verdict.PASS),
        (ImpastoError("anything else"), Verdict.PASS),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else value.name,
)
def test_each_class_has_its_verdict(error: ImpastoError, verdict: Verdict) -> None:
    assert verdict_of(error) is verdict


def test_a_class_of_a_plugins_own_has_the_verdict_of_its_nearest_parent() -> None:
    class Nudity(ContentRejected):
        pass

    class Asleep(NotSent):
        pass

    assert verdict_of(Nudity("no")) is Verdict.FINAL
    assert verdict_of(Asleep("zzz")) is Verdict.RETRY


@pytest.mark.parametrize("error", [InvalidRequest("bad"), ProtocolError("gibberish"), PluginError("broken")])
def test_only_what_may_do_better_the_next_time_is_tried_again(error: ImpastoError) -> None:
    assert pause_before_retry(error, 1, left=math.inf, alone=True) is None


def test_a_route_is_tried_so_often_and_no_more() -> None:
    pauses = [pause_before_retry(DOWN, tries, left=math.inf, alone=False) for tries in range(1, TRIES + 1)]
    assert [pause is None for pause in pauses] == [False] * (TRIES - 1) + [True]


def test_pauses_are_drawn_at_random_up_to_a_bound_that_doubles() -> None:
    def longest(tries: int) -> float:
        return max(pause_before_retry(DOWN, tries, left=math.inf, alone=True) or 0.0 for _ in range(500))

    assert 0.25 < longest(1) <= 0.5 < longest(2) <= 1.0


def test_a_pause_that_the_service_asks_for_is_honoured_when_it_is_short() -> None:
    asked = QuotaExceeded("slow down", retry_after=SHORT_WAIT)
    assert pause_before_retry(asked, 1, left=60, alone=False) == SHORT_WAIT


def test_a_longer_one_means_the_next_route_where_there_is_one() -> None:
    asked = QuotaExceeded("slow down", retry_after=SHORT_WAIT + 1)
    assert pause_before_retry(asked, 1, left=60, alone=False) is None
    assert pause_before_retry(asked, 1, left=60, alone=True) == SHORT_WAIT + 1


def test_a_paid_job_that_is_under_way_is_worth_a_wait() -> None:
    asked = QuotaExceeded("slow down", retry_after=SHORT_WAIT + 1)
    assert pause_before_retry(asked, 1, left=60, alone=False, under_way=True) == SHORT_WAIT + 1
    assert pause_before_retry(QuotaExceeded("slow down"), 1, left=60, alone=False, under_way=True) is not None


@pytest.mark.parametrize("alone", [True, False])
def test_a_wait_that_is_longer_than_what_is_left_is_none(alone: bool) -> None:
    asked = ProviderUnavailable("busy", retry_after=4)
    assert pause_before_retry(asked, 1, left=4, alone=alone) is None


def test_a_quota_without_an_end_is_not_waited_for() -> None:
    assert pause_before_retry(QuotaExceeded("all used up"), 1, left=math.inf, alone=True) is None


@pytest.mark.parametrize(("nonsense", "pause"), [(-3.0, 0.0), (math.nan, None), (math.inf, None)])
def test_a_nonsensical_wait_does_no_harm(nonsense: float, pause: float | None) -> None:
    asked = ProviderUnavailable("busy", retry_after=nonsense)
    assert pause_before_retry(asked, 1, left=math.inf, alone=True) == pause
