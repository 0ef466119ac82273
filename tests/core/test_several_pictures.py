"""More pictures than a model draws at once: a part at a time, and what was paid for is not thrown away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

import impasto
from impasto import Cost, Image, ImageResponse, Range, hookimpl
from impasto.errors import ContentRejected, InvalidRequest, QuotaExceeded
from impasto.policy import TRIES
from standins.pictures import picture
from standins.provider import MODEL, ExampleProvider, client, said
from standins.routes import ALIAS, DRAWN, FREE, attempts, events_of, route, routes, status, submits
from standins.server import ScriptedServer, reply

pytestmark = pytest.mark.anyio

LATER = status("429 Too Many Requests", **{"Retry-After": "0"})
REFUSED = reply(said(kind="refused", why="no foxes"))


class Batches(ExampleProvider):
    """Draws up to four pictures in one request, or as many as it is told to say."""

    def __init__(self, drawn: int | None = None) -> None:
        super().__init__(replace(MODEL, accepts={**MODEL.accepts, "n": Range(1, 4)}))
        self.drawn = drawn

    @hookimpl
    def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
        return [ImageResponse((Image(data=picture()),) * (self.drawn or event.request.n), cost=Cost(0.25))]


async def batches(server: ScriptedServer, plugin: Batches, **options: Any) -> tuple[ImageResponse, list[Any]]:
    server.script("/draw", reply("{}"))
    async with client(plugin, url=server.url) as opened:
        response = await opened.generate("a fox", model="paint", **options)
    return response, sorted((each.json() for each in server.received), key=lambda sent: sent["seed"])


class TestOfAModelThatDrawsSeveralAtOnce:
    async def test_more_are_asked_for_in_several_requests_whose_seeds_go_on(self, server: ScriptedServer) -> None:
        response, sent = await batches(server, Batches(), n=10, seed=100)
        assert [(each.get("n", 1), each["seed"]) for each in sent] == [(4, 100), (4, 104), (2, 108)]
        assert (len(response.images), response.parameters["n"], response.warnings) == (10, 10, ())
        assert response.cost == Cost(0.75)

    async def test_what_it_draws_at_once_is_one_request(self, server: ScriptedServer) -> None:
        _, sent = await batches(server, Batches(), n=4)
        assert [each["n"] for each in sent] == [4]

    async def test_fewer_than_asked_for_is_a_warning(self, server: ScriptedServer) -> None:
        response, _ = await batches(server, Batches(drawn=1), n=4)
        assert response.warnings == ("asked for 4 pictures, got 1",)

    async def test_too_many_altogether_are_refused(self, server: ScriptedServer) -> None:
        with pytest.raises(InvalidRequest, match="n must be a whole number of pictures from 1 to 1000"):
            await batches(server, Batches(), n=1001)


class TestWhereOnePartFails:
    async def test_one_that_is_refused_for_now_is_asked_for_again_alone(self, server: ScriptedServer) -> None:
        server.script("/a/draw", DRAWN, DRAWN, LATER, DRAWN)
        async with routes(server, route("a")) as opened:
            response = await opened.generate("a fox", model=ALIAS, n=3)
        assert (len(response.images), response.warnings) == (3, ())
        assert submits(server, "a") == 4

    async def test_what_is_paid_for_is_handed_out_with_the_reason_why_it_is_not_all(
        self, server: ScriptedServer
    ) -> None:
        server.script("/a/draw", DRAWN, DRAWN, DRAWN, DRAWN, REFUSED)
        async with routes(server, route("a"), route("b")) as opened:
            response = await opened.generate("a fox", model=ALIAS, n=5)
        assert (response.provider, len(response.images)) == ("a", 4)
        assert response.warnings[0].startswith("not all pictures were drawn: ")
        assert "no foxes" in response.warnings[0]
        assert response.warnings[1] == "asked for 5 pictures, got 4"
        assert submits(server, "b") == 0

    async def test_no_further_part_is_begun(self, server: ScriptedServer) -> None:
        server.script("/a/draw", DRAWN, REFUSED)
        async with routes(server, route("a", max_concurrency=1)) as opened:
            response = await opened.generate("a fox", model=ALIAS, n=40)
        assert len(response.images) == 1
        assert submits(server, "a") < 10

    async def test_where_nothing_is_drawn_yet_the_next_provider_draws_them_all(self, server: ScriptedServer) -> None:
        server.script("/a/draw", reply("gibberish"))
        server.script("/b/draw", DRAWN)
        async with routes(server, route("a"), route("b")) as opened:
            events, _ = await events_of(opened.stream("a fox", model=ALIAS, n=3))
        assert len(attempts(events)) == 2
        response = events[-1]
        assert isinstance(response, ImageResponse)
        assert (response.provider, len(response.images)) == ("b", 3)

    async def test_what_costs_nothing_is_left_for_the_next_provider(self, server: ScriptedServer) -> None:
        server.script("/a/draw", DRAWN, reply("gibberish"))
        server.script("/b/draw", DRAWN)
        async with routes(server, route("a", FREE, max_concurrency=1), route("b")) as opened:
            response = await opened.generate("a fox", model=ALIAS, n=3)
        assert (response.provider, len(response.images)) == ("b", 3)

    async def test_a_refusal_of_all_is_the_error_that_it_is(self, server: ScriptedServer) -> None:
        server.script("/a/draw", REFUSED)
        async with routes(server, route("a")) as opened:
            with pytest.raises(ContentRejected):
                await opened.generate("a fox", model=ALIAS, n=3)

    async def test_a_service_that_is_never_free_again_is_not_asked_for_ever(self, server: ScriptedServer) -> None:
        server.script("/a/draw", LATER)
        async with routes(server, route("a")) as opened:
            with pytest.raises(QuotaExceeded):
                await opened.generate("a fox", model=ALIAS, n=2, failover="never")
        assert submits(server, "a") <= 2 * TRIES * TRIES, "each part by itself, and all of them again"


class TestWhatIsTold:
    """What a service says of cost and usage is checked like all that it says."""

    @pytest.mark.parametrize(
        "told",
        [
            pytest.param({"usage": [1, 2]}, id="usage, a list"),
            pytest.param({"usage": "12"}, id="usage, text"),
            pytest.param({"cost": "0.04"}, id="cost, text"),
            pytest.param({"metadata": 7}, id="metadata, a number"),
        ],
    )
    @pytest.mark.parametrize("n", [1, 2])
    async def test_nonsense_is_the_services_error(self, server: ScriptedServer, told: dict[str, Any], n: int) -> None:
        class Odd(ExampleProvider):
            @hookimpl
            def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
                return [ImageResponse((Image(data=picture()),), **told)]

        server.script("/draw", reply("{}"))
        async with client(Odd(), url=server.url) as opened:
            with pytest.raises(impasto.ProtocolError, match="cannot be"):
                await opened.generate("a fox", model="paint", n=n)

    @pytest.mark.parametrize("amount", ["0.04", float("nan"), float("inf"), -1, None, True])
    def test_a_cost_is_a_number(self, amount: Any) -> None:
        with pytest.raises(impasto.ProtocolError, match="what a picture cost cannot be"):
            Cost(amount)

    async def test_a_usage_that_only_some_tell_is_unknown(self, server: ScriptedServer) -> None:
        told: list[Any] = [{"tokens": 7}, None]

        class Some(ExampleProvider):
            @hookimpl
            def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
                return [ImageResponse((Image(data=picture()),), usage=told.pop())]

        server.script("/draw", reply("{}"))
        async with client(Some(), url=server.url) as opened:
            response = await opened.generate("a fox", model="paint", n=2)
        assert response.usage is None
