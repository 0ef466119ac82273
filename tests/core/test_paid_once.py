"""What may cost money is not submitted again by itself."""

from __future__ import annotations

import pytest

import impasto
from impasto import Follow, HttpRequest, hookimpl
from impasto.errors import AllProvidersFailed, ProviderUnavailable
from impasto.policy import TRIES
from standins.provider import ExampleProvider, said
from standins.routes import (
    ALIAS,
    BROKEN,
    DOWN,
    DRAWN,
    FREE,
    NOWHERE,
    attempts,
    drawn_by,
    events_of,
    route,
    routes,
    status,
    submits,
)
from standins.server import Answer, ScriptedServer, reply

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]


@pytest.mark.parametrize("answer", [BROKEN, DOWN, reply("gibberish")], ids=["lost", "down", "not understood"])
async def test_a_submit_whose_answer_is_lost_is_not_repeated_and_the_user_is_told(
    server: ScriptedServer, answer: Answer
) -> None:
    server.script("/a/draw", answer)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert submits(server, "a") == 1
    assert drawn_by(events) == "b"
    assert [each.may_be_charged for each in attempts(events)] == [False, True]


async def test_unsent_forbids_the_next_route_too(server: ScriptedServer) -> None:
    server.script("/a/draw", BROKEN)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, error = await events_of(client.stream("a fox", model=ALIAS, failover="unsent"))
    assert len(attempts(events)) == 1
    assert submits(server, "b") == 0
    assert isinstance(error, AllProvidersFailed)
    assert str(error).endswith("Not asked, because the request may be charged already: b/oil.")


async def test_unsent_allows_it_while_nobody_can_charge(server: ScriptedServer) -> None:
    server.script("/b/draw", status("402 Payment Required"))
    server.script("/c/draw", BROKEN)
    server.script("/d/draw", DRAWN)
    sections = {"a": {"url": NOWHERE}}
    plugins = [route("a"), route("b"), route("c", FREE), route("d")]
    async with routes(server, *plugins, sections=sections) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS, failover="unsent"))
    assert drawn_by(events) == "d"
    assert not any(each.may_be_charged for each in attempts(events))


async def test_what_was_never_connected_is_tried_again(server: ScriptedServer) -> None:
    async with routes(server, route("a"), sections={"a": {"url": NOWHERE}}) as client:
        events, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, ProviderUnavailable)
    assert len(attempts(events)) == TRIES
    assert not any(each.may_be_charged for each in attempts(events))


async def test_what_was_refused_is_not_charged(server: ScriptedServer) -> None:
    server.script("/a/draw", status("429 Too Many Requests", **{"Retry-After": "0"}))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert submits(server, "a") == TRIES
    assert drawn_by(events) == "b"
    assert not any(each.may_be_charged for each in attempts(events))


@pytest.mark.parametrize("location", ["/a/gone", f"{NOWHERE}/gone"], ids=["refused", "not connected"])
async def test_what_was_taken_before_a_redirect_may_be_charged(server: ScriptedServer, location: str) -> None:
    server.script("/a/draw", reply(status="303 See Other", headers={"Location": location}))
    server.script("/b/draw", DRAWN)
    sections = {"a": {"origins": [NOWHERE]}}
    async with routes(server, route("a"), route("b"), sections=sections) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert submits(server, "a") == 1
    assert [each.may_be_charged for each in attempts(events)] == [False, True]


async def test_a_later_refusal_does_not_undo_an_earlier_charge(server: ScriptedServer) -> None:
    class Confirms(type(route("a"))):  # type: ignore[misc]
        """Submits, and then confirms, neither of which may be repeated."""

        @impasto.hookimpl
        def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
            if event.json()["kind"] == "confirm":
                return [impasto.Follow(HttpRequest("POST", "/confirm"))]
            return list(super().parse_event(model, event))

    server.script("/a/draw", reply(said(kind="confirm")))
    server.script("/a/confirm", status("409 Conflict"))
    server.script("/b/draw", DRAWN)
    async with routes(server, Confirms(route("a").model), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert [each.may_be_charged for each in attempts(events)] == [False, True]


async def test_only_the_attempt_right_after_it_says_so(server: ScriptedServer) -> None:
    server.script("/a/draw", BROKEN)
    server.script("/b/draw", status("402 Payment Required"))
    server.script("/c/draw", DRAWN)
    async with routes(server, route("a"), route("b"), route("c")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert [each.may_be_charged for each in attempts(events)] == [False, True, False]


async def test_a_poll_that_breaks_is_asked_again_from_the_same_place(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
    server.script("/a/job/7", BROKEN, BROKEN, BROKEN, DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "a"
    assert submits(server, "a") == 1
    assert [each.route for each in attempts(events)] == ["a/oil", "a/oil"]
    assert not any(each.may_be_charged for each in attempts(events)), "it is the same job"


async def test_such_a_job_is_not_cancelled_while_it_is_asked_for_again(server: ScriptedServer) -> None:
    submit = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel"))
    server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
    server.script("/a/job/7", DOWN, DRAWN)
    async with routes(server, route("a", submit)) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "a"
    assert "POST /a/cancel" not in server.paths()


async def test_and_cancelled_when_it_is_given_up(server: ScriptedServer) -> None:
    submit = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel"))
    server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
    server.script("/a/job/7", DOWN)
    server.script("/a/cancel", reply("{}"))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a", submit), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    assert attempts(events)[-1].may_be_charged
    assert server.paths().count("POST /a/cancel") == 1


async def test_a_job_that_was_never_taken_is_not_cancelled(server: ScriptedServer) -> None:
    submit = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel"))
    server.script("/a/draw", status("402 Payment Required"))
    async with routes(server, route("a", submit)) as client:
        await events_of(client.stream("a fox", model=ALIAS))
    assert server.paths() == ["POST /a/draw"]


async def test_a_picture_that_cannot_be_fetched_is_asked_for_again_not_paid_again(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
    server.script("/a/job/7", reply(said(kind="done", url="/gone.png")), DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "a"
    assert submits(server, "a") == 1


class Failing(ExampleProvider):
    """Says what became of a job, in an answer like any other."""

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        if event.json()["kind"] == "follow":
            return [Follow(HttpRequest("GET", "/job/7", on_cancel=HttpRequest("POST", "/cancel"), statuses=(503,)))]
        raise ProviderUnavailable("the machine was taken away")


async def test_a_job_that_has_failed_is_neither_asked_for_again_nor_dropped(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow")))
    server.script("/a/job/7", reply(said(kind="failed")))
    server.script("/b/draw", DRAWN)
    async with routes(server, Failing(route("a").model), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    assert [each for each in server.paths() if "/a/" in each] == ["POST /a/draw", "GET /a/job/7"]


async def test_one_of_which_nothing_is_known_is_asked_for_again_and_dropped_in_the_end(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow")))
    server.script("/a/job/7", reply(said(kind="busy"), status="503 Service Unavailable"))
    server.script("/a/cancel", reply("{}"))
    server.script("/b/draw", DRAWN)
    async with routes(server, Failing(route("a").model), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    asked = [each for each in server.paths() if "/a/" in each]
    assert asked == ["POST /a/draw", *["GET /a/job/7"] * TRIES, "POST /a/cancel"]


async def test_of_several_pictures_side_by_side_none_is_paid_twice(server: ScriptedServer) -> None:
    server.script("/a/draw", DRAWN, BROKEN)
    async with routes(server, route("a", max_concurrency=1)) as client:
        response = await client.generate("a fox", model=ALIAS, n=3)
    assert len(response.images) == 1
    assert submits(server, "a") == 2
