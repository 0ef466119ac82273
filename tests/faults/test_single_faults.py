"""Each thing that can go wrong with an answer: what the user is told of it, and that his picture comes all the same."""

from __future__ import annotations

import uuid
from collections.abc import Iterator

import pytest

from faults.bench import PROVIDERS, SECOND_PICTURE, client, drawn, nothing_left_behind
from faults.conftest import Tally
from faults.faults import Fault
from faults.server import PICTURE, WIRES, Apart, apart
from impasto import (
    AuthenticationError,
    DeadlineExceeded,
    ImpastoError,
    ProtocolError,
    ProviderUnavailable,
    QuotaExceeded,
    ResponseError,
    images,
    policy,
)
from impasto.errors import NotSent
from standins.server import ScriptedServer, reply

pytestmark = pytest.mark.anyio

BOUNDS = {"body_size": 1_000_000, "event_size": 1_000_000, "image_size": 1_000_000}
BRIEF = 0.1
"""Seconds of silence after which an answer is given up."""


@pytest.fixture(autouse=True)
def _without_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(policy, "_FIRST_PAUSE", 0)
    monkeypatch.setattr(images, "_PAUSES", (0, 0))


FAULTS: list[tuple[Fault, type[ImpastoError], str]] = [
    (Fault("close", "submit"), ProviderUnavailable, "the connection broke"),
    (Fault("reset", "submit", 60), ProviderUnavailable, "the connection broke"),
    (Fault("stall", "submit", 100), ProviderUnavailable, "nothing was heard for 0.1 s"),
    (Fault("garbage", "submit"), ProviderUnavailable, "the connection broke"),
    (Fault("status", "submit", detail="500 Internal Server Error"), ResponseError, "broke down"),
    (Fault("status", "submit", detail="503 Service Unavailable"), ProviderUnavailable, "not serving its API"),
    (Fault("status", "submit", detail="401 Unauthorized"), AuthenticationError, "401 Unauthorized: not today"),
    (Fault("status", "submit", detail="429 Too Many Requests"), QuotaExceeded, "429 Too Many Requests: not today"),
    (Fault("page", "submit"), ProviderUnavailable, "Space is sleeping"),
    (Fault("declared longer", "submit"), ProviderUnavailable, "nothing was heard"),
    (Fault("declared shorter", "submit"), ProtocolError, "expected JSON"),
    (Fault("gzip bomb", "submit"), ProtocolError, "longer than 1000000 bytes"),
    (Fault("endless head", "submit"), ProviderUnavailable, "the connection broke"),
    (Fault("redirect", "submit"), ProtocolError, "more than 5 redirects"),
    (Fault("redirect", "submit", detail="file:///etc/passwd"), ProtocolError, "not an http(s) address"),
    (Fault("close", "events", 300), ProviderUnavailable, "the connection broke"),
    (Fault("reset", "events", 300), ProviderUnavailable, "the connection broke"),
    (Fault("stall", "events", 300), ProviderUnavailable, "nothing was heard for 0.1 s"),
    (Fault("garbage", "events", 300), ImpastoError, ""),
    (Fault("status", "events", detail="404 Not Found"), ProviderUnavailable, "404 Not Found: not today"),
    (Fault("page", "events"), ProviderUnavailable, "Space is sleeping"),
    (Fault("endless line", "events"), ProtocolError, "larger than the 1000000 bytes allowed"),
    (Fault("gzip bomb", "events"), ProtocolError, "larger than the 1000000 bytes allowed"),
    (Fault("redirect", "events"), ProtocolError, "more than 5 redirects"),
    (Fault("close", "picture", 140), ProviderUnavailable, "the connection broke"),
    (Fault("reset", "picture", 140), ProviderUnavailable, "the connection broke"),
    (Fault("stall", "picture", 140), ProviderUnavailable, "nothing was heard for 0.1 s"),
    (Fault("status", "picture", detail="404 Not Found"), ProviderUnavailable, "404 Not Found: not today"),
    (Fault("page", "picture"), ProtocolError, "not an image, but"),
    (Fault("declared longer", "picture"), ProviderUnavailable, "nothing was heard"),
    (Fault("declared shorter", "picture"), ProtocolError, "the picture ends short, after 60 bytes"),
    (Fault("gzip bomb", "picture"), ProtocolError, "longer than 1000000 bytes"),
    (Fault("png bomb", "picture"), ProtocolError, "60000x60000 pixels, more than the 100000000 allowed"),
    (Fault("redirect", "picture"), ProtocolError, "more than 5 redirects"),
]


def words_for(fault: Fault) -> str:
    return f"{fault.kind} {fault.answer} {fault.offset or fault.detail}".strip()


@pytest.mark.parametrize("base", WIRES)
@pytest.mark.parametrize(("fault", "cls", "words"), FAULTS, ids=[words_for(fault) for fault, _, _ in FAULTS])
async def test_the_attempt_says_what_went_wrong_and_the_picture_comes_from_the_next_provider(
    faulty: Apart, base: str, fault: Fault, cls: type[ImpastoError], words: str, tally: Tally
) -> None:
    async with nothing_left_behind(client(faulty.url, base, bounds=BOUNDS)) as opened:
        response, attempts = await drawn(opened, fault.prompt, idle_timeout=BRIEF)
    assert response.data == SECOND_PICTURE
    assert [each.route for each in attempts[:-1]] == [attempts[0].route] * (len(attempts) - 1)
    error = attempts[-1].error
    assert isinstance(error, cls)
    assert words in str(error)
    assert str(error).startswith(f"{PROVIDERS[base]}, ")
    tally.count(faulty.faults)


@pytest.mark.parametrize(("fault", "cls", "words"), FAULTS, ids=[words_for(fault) for fault, _, _ in FAULTS])
async def test_without_a_next_provider_it_is_the_one_error_of_the_request(
    faulty: Apart, fault: Fault, cls: type[ImpastoError], words: str, tally: Tally
) -> None:
    async with client(faulty.url, "/gradio6", alone=True, bounds=BOUNDS) as opened:
        async with opened.stream(fault.prompt, model="fox", idle_timeout=BRIEF) as stream:
            with pytest.raises(cls) as raised:
                await stream.response()
            assert [event async for event in stream] == []
    assert words in str(raised.value)
    tally.count(faulty.faults)


async def test_an_endless_heartbeat_meets_the_deadline(faulty: Apart, tally: Tally) -> None:
    fault = Fault("endless heartbeat", "events")
    async with nothing_left_behind(client(faulty.url, "/gradio6")) as opened:
        response, attempts = await drawn(opened, fault.prompt, deadline=1.0)
    assert response.data == SECOND_PICTURE
    assert isinstance(attempts[-1].error, DeadlineExceeded)
    tally.count(faulty.faults)


@pytest.mark.parametrize("answer", ["submit", "events", "picture"])
async def test_bytes_that_come_one_by_one_make_the_same_picture(faulty: Apart, answer: str, tally: Tally) -> None:
    async with nothing_left_behind(client(faulty.url, "/gradio6", alone=True)) as opened:
        response, _ = await drawn(opened, Fault("drip", answer).prompt)
    assert response.data == PICTURE
    tally.count(faulty.faults)


@pytest.mark.parametrize("answer", ["submit", "events", "picture"])
@pytest.mark.parametrize("kind", ["close", "reset", "stall"])
@pytest.mark.parametrize("base", WIRES)
async def test_what_fails_once_is_tried_again_with_the_same_provider(
    faulty: Apart, base: str, kind: str, answer: str, tally: Tally
) -> None:
    fault = Fault(kind, answer, 120, times=1, name=uuid.uuid4().hex)
    async with nothing_left_behind(client(faulty.url, base)) as opened:
        response, _ = await drawn(opened, fault.prompt, idle_timeout=BRIEF)
    assert response.data == PICTURE
    assert response.provider == PROVIDERS[base]
    assert faulty.faults == 1
    tally.count(faulty.faults)


@pytest.mark.parametrize("kind", ["close", "reset", "stall", "garbage", "page", "declared shorter"])
async def test_what_may_cost_money_is_submitted_once_and_the_next_attempt_says_so(
    faulty: Apart, kind: str, tally: Tally
) -> None:
    async with nothing_left_behind(client(faulty.url)) as opened:
        response, attempts = await drawn(opened, Fault(kind, "submit", 20).prompt, idle_timeout=BRIEF)
    assert response.data == SECOND_PICTURE
    assert faulty.received == ["POST /draw"]
    assert [each.may_be_charged for each in attempts] == [False, True]
    tally.count(faulty.faults)


@pytest.mark.parametrize("kind", ["close", "reset", "stall"])
async def test_a_picture_that_was_paid_for_is_fetched_again_rather_than_drawn_again(
    faulty: Apart, kind: str, tally: Tally
) -> None:
    async with nothing_left_behind(client(faulty.url)) as opened:
        fault = Fault(kind, "picture", 120, times=1, name=uuid.uuid4().hex)
        response, _ = await drawn(opened, fault.prompt, idle_timeout=BRIEF)
    assert response.data == PICTURE
    assert [each.split()[0] for each in faulty.received] == ["POST", "GET", "GET"]
    tally.count(faulty.faults)


@pytest.fixture
def untrusted() -> Iterator[Apart]:
    """A server whose certificate nobody vouches for."""
    with apart("--untrusted") as server:
        yield server.begin()


async def test_a_server_whose_certificate_does_not_verify_is_told_nothing(untrusted: Apart, tally: Tally) -> None:
    async with nothing_left_behind(client(untrusted.url, "/gradio6")) as opened:
        response, attempts = await drawn(opened, "a fox")
    assert response.data == SECOND_PICTURE
    assert isinstance(attempts[-1].error, NotSent)
    assert "certificate verify failed" in str(attempts[-1].error).lower()
    assert untrusted.received == []
    tally.count(1)


@pytest.mark.parametrize("answer", ["submit", "events", "picture"])
async def test_a_redirect_to_a_private_address_is_not_followed(
    faulty: Apart, server: ScriptedServer, answer: str, tally: Tally
) -> None:
    server.script("/secret", reply("{}"))
    fault = Fault("redirect", answer, detail=f"{server.url}/secret")
    async with nothing_left_behind(client(faulty.url, "/gradio6")) as opened:
        response, attempts = await drawn(opened, fault.prompt)
    assert response.data == SECOND_PICTURE
    assert isinstance(attempts[-1].error, ProtocolError)
    assert "not public" in str(attempts[-1].error)
    assert server.received == []
    tally.count(faulty.faults)
