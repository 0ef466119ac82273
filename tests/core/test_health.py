"""A route that keeps failing rests for a while, is tried again with one request, and returns when it works."""

from __future__ import annotations

import pytest

from impasto import Attempt
from impasto.health import FAILURES, FIRST_REST, LONGEST_REST, InProcessHealth
from standins.provider import said
from standins.routes import ALIAS, BROKEN, DOWN, DRAWN, FREE, SILENT, attempts, drawn_by, events_of, route, routes
from standins.server import ScriptedServer, reply

A, B = "a/oil", "b/oil"


class Hands:
    """A clock that a test sets."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def hands() -> Hands:
    return Hands()


@pytest.fixture
def health(hands: Hands) -> InProcessHealth:
    return InProcessHealth(hands)


def rest(health: InProcessHealth, name: str = A) -> None:
    for _ in range(FAILURES):
        health.failed(name)


def test_a_route_rests_after_failures_in_a_row(health: InProcessHealth) -> None:
    for _ in range(FAILURES - 1):
        health.failed(A)
    assert health.begin(A)
    health.failed(A)
    assert health.resting(A) == FIRST_REST
    assert not health.begin(A)


def test_a_success_between_failures_begins_the_count_anew(health: InProcessHealth) -> None:
    health.failed(A)
    health.succeeded(A)
    for _ in range(FAILURES - 1):
        health.failed(A)
    assert health.resting(A) == 0


def test_routes_rest_by_themselves(health: InProcessHealth) -> None:
    rest(health, A)
    assert health.begin(B)


def test_after_its_rest_it_is_tried_with_one_request_at_a_time(health: InProcessHealth, hands: Hands) -> None:
    rest(health)
    hands.time = FIRST_REST
    assert [health.begin(A), health.begin(A)] == [True, False]
    health.left(A)
    assert [health.begin(A), health.begin(A)] == [True, False]


def test_it_is_back_when_that_request_succeeds(health: InProcessHealth, hands: Hands) -> None:
    rest(health)
    hands.time = FIRST_REST
    health.begin(A)
    health.succeeded(A)
    assert [health.begin(A), health.begin(A)] == [True, True]


def test_each_rest_is_twice_as_long_up_to_a_bound(health: InProcessHealth, hands: Hands) -> None:
    rest(health)
    rests = []
    for _ in range(8):
        rests.append(health.resting(A))
        hands.time += rests[-1]
        health.begin(A)
        health.failed(A)
    assert rests[:3] == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    assert rests[-1] == LONGEST_REST


def test_many_requests_that_fail_together_are_one_rest(health: InProcessHealth) -> None:
    for _ in range(200):
        health.failed(A)
    assert health.resting(A) == FIRST_REST


@pytest.mark.anyio
class TestRoutes:
    async def test_one_that_rests_is_skipped_while_another_is_there(
        self, server: ScriptedServer, health: InProcessHealth
    ) -> None:
        server.script("/b/draw", DRAWN)
        rest(health)
        async with routes(server, route("a"), route("b"), health=health) as client:
            events, _ = await events_of(client.stream("a fox", model=ALIAS))
        assert drawn_by(events) == "b"
        assert "POST /a/draw" not in server.paths()

    async def test_it_is_tried_all_the_same_when_the_others_fail(
        self, server: ScriptedServer, health: InProcessHealth
    ) -> None:
        server.script("/a/draw", DRAWN)
        server.script("/b/draw", DOWN)
        rest(health)
        async with routes(server, route("a"), route("b"), health=health) as client:
            events, _ = await events_of(client.stream("a fox", model=ALIAS))
        assert drawn_by(events) == "a"

    async def test_a_route_without_an_alternative_is_never_refused(
        self, server: ScriptedServer, health: InProcessHealth
    ) -> None:
        server.script("/a/draw", DRAWN)
        rest(health)
        async with routes(server, route("a"), health=health) as client:
            await client.generate("a fox", model=ALIAS)
        assert health.resting(A) == 0

    async def test_one_that_fails_on_trial_is_not_tried_again_at_once(
        self, server: ScriptedServer, health: InProcessHealth, hands: Hands
    ) -> None:
        server.script("/a/draw", DOWN)
        server.script("/b/draw", DRAWN)
        rest(health)
        hands.time = FIRST_REST
        async with routes(server, route("a", FREE), route("b"), health=health) as client:
            events, _ = await events_of(client.stream("a fox", model=ALIAS))
        assert [each.route for each in attempts(events)] == [A, B]
        assert health.resting(A) == 2 * FIRST_REST

    async def test_one_that_works_on_trial_is_back(
        self, server: ScriptedServer, health: InProcessHealth, hands: Hands
    ) -> None:
        server.script("/a/draw", DRAWN)
        rest(health)
        hands.time = FIRST_REST
        async with routes(server, route("a"), route("b"), health=health) as client:
            for _ in range(2):
                assert (await client.generate("a fox", model=ALIAS)).provider == "a"

    async def test_while_one_is_on_trial_other_requests_go_elsewhere(
        self, server: ScriptedServer, health: InProcessHealth, hands: Hands
    ) -> None:
        server.script("/a/draw", SILENT)
        server.script("/b/draw", DRAWN)
        rest(health)
        hands.time = FIRST_REST
        async with routes(server, route("a"), route("b"), health=health) as client:
            async with client.stream("a fox", model=ALIAS) as stream:
                assert await anext(stream) == Attempt(A, 1)
                assert (await client.generate("a cat", model=ALIAS)).provider == "b"
            assert health.begin(A), "a trial that is given up makes room for the next"

    async def test_requests_that_keep_failing_make_a_route_rest(
        self, server: ScriptedServer, health: InProcessHealth
    ) -> None:
        server.script("/a/draw", BROKEN)
        server.script("/b/draw", DRAWN)
        async with routes(server, route("a"), route("b"), health=health) as client:
            for _ in range(FAILURES + 2):
                await client.generate("a fox", model=ALIAS)
        assert server.paths().count("POST /a/draw") == FAILURES

    async def test_a_refusal_of_the_request_does_not_speak_against_the_route(
        self, server: ScriptedServer, health: InProcessHealth
    ) -> None:
        server.script("/a/draw", reply(said(kind="refused", why="no foxes")))
        async with routes(server, route("a"), health=health) as client:
            for _ in range(FAILURES):
                await events_of(client.stream("a fox", model=ALIAS))
        assert health.begin(A)
