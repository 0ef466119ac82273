"""A plugin that misbehaves is named with its hook and the cause, and its neighbour draws."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import pytest

import impasto
from impasto import Follow, HttpRequest, ImagePreview, ImageResponse, LocalCall, Model, PluginError, ServerEvent
from impasto.errors import AllProvidersFailed, InvalidRequest, ProtocolError
from standins.provider import ExampleProvider, said
from standins.routes import ALIAS, DRAWN, attempts, drawn_by, events_of, route, routes, submits
from standins.server import ScriptedServer, reply

pytestmark = pytest.mark.anyio


def raises(error: BaseException) -> Callable[..., Any]:
    def hook(*_: object) -> object:
        raise error

    return hook


def returns(value: object) -> Callable[..., Any]:
    return lambda *_: value


def broken(build: Callable[..., Any] | None = None, parse: Callable[..., Any] | None = None) -> ExampleProvider:
    """Return a provider ``a`` whose hooks do as they are told."""

    class Broken(ExampleProvider):
        @impasto.hookimpl
        def build_payload(self, model: Model, request: impasto.ImageRequest) -> impasto.Payload:
            return build(model, request) if build else super().build_payload(model, request)

        @impasto.hookimpl
        def parse_event(self, model: Model, event: ServerEvent) -> list[impasto.Outcome]:
            return parse(model, event) if parse else super().parse_event(model, event)

    return Broken(route("a").model)


def no_generator() -> Any:
    return 3


def explode() -> Any:
    raise SystemExit("I quit")


@pytest.mark.parametrize(
    ("plugin", "words"),
    [
        (broken(build=raises(ZeroDivisionError("paint"))), "hook build_payload: ZeroDivisionError: paint"),
        (broken(build=raises(SystemExit(3))), "hook build_payload: SystemExit: 3"),
        (broken(build=returns("nonsense")), "hook build_payload: returned str 'nonsense' instead of a payload"),
        (broken(build=returns(None)), "hook build_payload: returned nothing instead of a payload"),
        (broken(build=returns(LocalCall(explode))), "hook explode: SystemExit: I quit"),
        (broken(build=returns(LocalCall(no_generator))), "hook no_generator: TypeError"),
        (broken(build=returns(HttpRequest("GET", 3))), "AttributeError"),  # type: ignore[arg-type]
        (broken(parse=raises(ZeroDivisionError("paint"))), "hook parse_event: ZeroDivisionError: paint"),
        (broken(parse=returns("nonsense")), "hook parse_event: returned str 'nonsense'"),
        (broken(parse=returns(["nonsense"])), "hook parse_event: returned str 'nonsense' among its outcomes"),
        (broken(parse=returns(None)), "hook parse_event: returned nothing"),
        (broken(parse=returns([Follow("nonsense")])), "hook parse_event: TypeError: Follow to 'nonsense'"),  # type: ignore[arg-type]
        (broken(parse=returns([Follow(HttpRequest("GET", "/draw"), after=-1)])), "ValueError: Follow after -1 seconds"),
        (broken(parse=returns([Follow(HttpRequest("GET", "/draw"), after=math.nan)])), "Follow after nan seconds"),
        (broken(parse=returns([ImagePreview(None)])), "AttributeError"),  # type: ignore[arg-type]
        (broken(parse=returns([ImageResponse(("nonsense",))])), "AttributeError"),  # type: ignore[arg-type]
    ],
)
async def test_it_is_named_and_its_neighbour_draws(server: ScriptedServer, plugin: ExampleProvider, words: str) -> None:
    server.script("/a/draw", DRAWN)
    server.script("/b/draw", DRAWN)
    async with routes(server, plugin, route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    error = attempts(events)[1].error
    assert isinstance(error, PluginError)
    assert error.plugin == "plugin0"
    assert words in str(error)


@pytest.mark.parametrize("error", [KeyError("url"), TypeError("int"), IndexError("0"), AttributeError("x")])
async def test_an_answer_that_it_does_not_understand_is_the_services_fault(
    server: ScriptedServer, error: Exception
) -> None:
    server.script("/a/draw", DRAWN)
    server.script("/b/draw", DRAWN)
    async with routes(server, broken(parse=raises(error)), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    assert isinstance(attempts(events)[1].error, ProtocolError)


async def test_one_that_follows_for_ever_is_stopped(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/draw")))
    server.script("/b/draw", DRAWN)
    settings: dict[str, Any] = {"bounds": {"follows": 5}}
    async with routes(server, route("a"), route("b"), settings_fields=settings) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    assert "no picture after 5 steps" in str(attempts(events)[1].error)


async def test_nonsense_to_cancel_with_does_no_harm(server: ScriptedServer) -> None:
    submit = HttpRequest("POST", "/draw", json={}, on_cancel="nonsense")  # type: ignore[arg-type]
    server.script("/a/draw", reply("gibberish"))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a", submit), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"


@pytest.mark.parametrize("hook", ["build", "parse"])
async def test_the_error_says_where_in_its_code_that_was(server: ScriptedServer, hook: str) -> None:
    server.script("/a/draw", DRAWN)
    async with routes(server, broken(**{hook: raises(KeyError("id"))})) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS))
    assert re.search(r"KeyError: 'id', in core/test_misbehaving_plugins\.py, line \d+", str(error))


class OnlyA:
    """Prepares requests, and fails over those to provider ``a``."""

    @impasto.hookimpl
    def prepare_request(self, model: Model, request: impasto.ImageRequest) -> impasto.ImageRequest | None:
        if model.provider.id == "a":
            raise ZeroDivisionError("a")
        return None


async def test_one_that_fails_over_a_route_beforehand_costs_that_route(server: ScriptedServer) -> None:
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b"), others=[OnlyA()]) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
        with pytest.raises(PluginError, match="hook prepare_request: ZeroDivisionError"):
            client.stream("a fox", model="a/oil")
    assert drawn_by(events) == "b"
    assert "ZeroDivisionError" in attempts(events)[0].skipped[0]


async def test_a_plugin_that_refuses_the_request_ends_it(server: ScriptedServer) -> None:
    async with routes(server, broken(build=raises(InvalidRequest("no foxes"))), route("b")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, InvalidRequest)
    assert submits(server, "b") == 0


async def test_when_all_misbehave_the_error_names_them_all(server: ScriptedServer) -> None:
    server.script("/b/draw", reply(""))
    async with routes(server, broken(build=raises(ZeroDivisionError("paint"))), route("b")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, AllProvidersFailed)
    assert [type(each) for each in error.attempts] == [PluginError, ProtocolError]


async def test_a_key_that_an_answer_repeats_is_not_in_a_plugins_error(server: ScriptedServer) -> None:
    def repeat(model: Model, event: ServerEvent) -> Any:
        raise ZeroDivisionError(event.text)

    plugin = broken(parse=repeat)
    server.script("/a/draw", reply("sk-very-secret"))
    async with routes(server, plugin, sections={"a": {"headers": {"X-Own": "sk-very-secret"}}}) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, PluginError)
    assert "secret" not in str(error)
