"""When a route fails, the next one draws, and the user is told what happened."""

from __future__ import annotations

from typing import Any

import pytest

import impasto
from impasto import Attempt, Bearer, ContentRejected, Progress, QuotaExceeded
from impasto.errors import AllProvidersFailed, AuthenticationError, InvalidRequest, ProtocolError, ProviderUnavailable
from impasto.policy import TRIES
from standins.provider import said
from standins.routes import (
    ALIAS,
    BROKEN,
    DOWN,
    DRAWN,
    FREE,
    attempts,
    drawn_by,
    events_of,
    route,
    routes,
    status,
    submits,
    told,
)
from standins.server import Answer, ScriptedServer, event_stream, reply

pytestmark = [pytest.mark.anyio, pytest.mark.usefixtures("no_pauses")]


@pytest.mark.parametrize(
    "answer",
    [
        pytest.param(DOWN, id="down"),
        pytest.param(BROKEN, id="reset"),
        pytest.param(reply("<html>asleep</html>", media_type="text/html"), id="html"),
        pytest.param(reply(said(kind="nonsense")), id="nonsense"),
        pytest.param(reply(""), id="empty"),
        pytest.param(reply(said(kind="done", urls=[])), id="no picture"),
        pytest.param(reply(said(kind="done", url="/gone.png")), id="a picture that is not there"),
        pytest.param(reply(DRAWN.data, length=4000, then="close"), id="cut short"),
        pytest.param(event_stream(("preview", said(url="/half.png"))), id="ended after a preview"),
        pytest.param(event_stream(("progress", said(fraction=0.5)), then="reset"), id="reset after progress"),
        pytest.param(status("401 Unauthorized"), id="key refused"),
        pytest.param(status("402 Payment Required"), id="no balance"),
        pytest.param(status("404 Not Found"), id="not found"),
    ],
)
async def test_the_next_route_draws_whatever_goes_wrong_at_the_first(server: ScriptedServer, answer: Answer) -> None:
    server.script("/a/draw", answer)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, error = await events_of(client.stream("a fox", model=ALIAS))
    assert error is None
    assert drawn_by(events) == "b"
    assert attempts(events)[-1].error is not None


async def test_a_picture_whose_bytes_are_none_is_a_failure(server: ScriptedServer) -> None:
    server.script("/a/draw", DRAWN)
    server.script("/a/fox.png", reply("<html>not a picture</html>"))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"


async def test_previews_that_were_shown_do_not_stand_in_the_way(server: ScriptedServer) -> None:
    server.script("/a/draw", event_stream(("preview", said(url="/half.png")), then="reset"))
    server.script("/b/draw", event_stream(("preview", said(url="/half.png")), ("done", said(url="/fox.png"))))
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert told(events) == ["a", "ImagePreview", "b", "ImagePreview", "Progress", "ImageResponse"]


async def test_an_attempt_tells_route_number_and_why_the_one_before_it_ended(server: ScriptedServer) -> None:
    server.script("/a/draw", reply("gibberish"))
    server.script("/b/draw", status("403 Forbidden"))
    server.script("/c/draw", DRAWN)
    async with routes(server, route("a"), route("b"), route("c")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    first, second, third = attempts(events)
    assert first == Attempt("a/oil", 1)
    assert (second.route, second.number) == ("b/oil", 2)
    assert isinstance(second.error, ProtocolError)
    assert (third.route, third.number) == ("c/oil", 3)
    assert isinstance(third.error, AuthenticationError)
    assert not any(each.hedge for each in (first, second, third))


async def test_a_route_that_may_do_better_is_tried_again(server: ScriptedServer) -> None:
    server.script("/a/draw", DOWN, DOWN, DRAWN)
    async with routes(server, route("a", FREE), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "a"
    assert [each.route for each in attempts(events)] == ["a/oil"] * 3
    assert isinstance(attempts(events)[1].error, ProviderUnavailable)


async def test_but_not_for_ever(server: ScriptedServer) -> None:
    server.script("/a/draw", DOWN)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a", FREE), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    assert submits(server, "a") == TRIES


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (reply(said(kind="refused", why="no foxes")), ContentRejected),
        (event_stream(("progress", said(fraction=0.5)), ("refused", said(why="no foxes"))), ContentRejected),
    ],
    ids=["at once", "after progress"],
)
async def test_a_refusal_ends_everything_at_once(
    server: ScriptedServer, answer: Answer, kind: type[impasto.ImpastoError]
) -> None:
    server.script("/a/draw", answer)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, kind)
    assert "no foxes" in str(error)
    assert submits(server, "b") == 0
    assert len(attempts(events)) == 1


async def test_a_short_pause_that_the_service_asks_for_is_waited_out(server: ScriptedServer) -> None:
    server.script("/a/draw", status("429 Too Many Requests", **{"Retry-After": "0"}), DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "a"


async def test_a_pause_that_anybody_would_notice_is_told(
    server: ScriptedServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("impasto.painting.NOTICED", 0.0)
    server.script("/a/draw", status("429 Too Many Requests", **{"Retry-After": "0"}), DRAWN)
    async with routes(server, route("a")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    (told_,) = [event for event in events if isinstance(event, Progress) and event.stage == "waiting"]
    assert told_.detail is not None
    assert told_.detail.startswith("0 s, because of: a, POST /draw: 429 Too Many Requests")


@pytest.mark.parametrize("headers", [{"Retry-After": "413"}, {}], ids=["a long pause", "a quota without an end"])
async def test_anything_longer_means_the_next_route_now(server: ScriptedServer, headers: dict[str, str]) -> None:
    server.script("/a/draw", status("429 Too Many Requests", **headers))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        events, _ = await events_of(client.stream("a fox", model=ALIAS))
    assert drawn_by(events) == "b"
    assert submits(server, "a") == 1


async def test_a_pause_longer_than_the_deadline_is_an_error_at_once(server: ScriptedServer) -> None:
    server.script("/a/draw", status("429 Too Many Requests", **{"Retry-After": "3600"}))
    async with routes(server, route("a")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, QuotaExceeded)
    assert error.retry_after == 3600


async def test_when_all_fail_the_error_holds_each_attempts_own(server: ScriptedServer) -> None:
    server.script("/a/draw", reply("gibberish"))
    server.script("/b/draw", status("402 Payment Required"))
    async with routes(server, route("a"), route("b")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, AllProvidersFailed)
    assert [type(each) for each in error.attempts] == [ProtocolError, QuotaExceeded]
    assert str(error) == (
        "No picture after 2 attempts: a, POST /draw: expected JSON, got: gibberish; "
        "b, POST /draw: 402 Payment Required: the service says 402 Payment Required."
    )


async def test_a_route_that_is_alone_fails_with_its_own_error(server: ScriptedServer) -> None:
    server.script("/a/draw", reply("gibberish"))
    async with routes(server, route("a")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS))
    assert isinstance(error, ProtocolError)


async def test_never_means_that_no_other_route_is_tried(server: ScriptedServer) -> None:
    server.script("/a/draw", reply("gibberish"))
    async with routes(server, route("a"), route("b")) as client:
        _, error = await events_of(client.stream("a fox", model=ALIAS, failover="never"))
    assert isinstance(error, ProtocolError)
    assert submits(server, "b") == 0


async def test_an_unknown_way_of_failing_over_is_refused(server: ScriptedServer) -> None:
    async with routes(server, route("a")) as client:
        with pytest.raises(InvalidRequest, match="failover must be one of always, unsent, never, not 'maybe'"):
            client.stream("a fox", model=ALIAS, failover="maybe")  # type: ignore[arg-type]


class TestOnlyTheAble:
    """Routes that cannot do what is asked are passed over, and named."""

    async def test_routes_that_cannot_are_named_in_the_first_attempt(self, server: ScriptedServer) -> None:
        server.script("/b/draw", reply("gibberish"))
        server.script("/c/draw", DRAWN)
        plugins = [route("a", accepts={}), route("b"), route("c")]
        async with routes(server, *plugins) as client:
            events, _ = await events_of(client.stream("a fox", model=ALIAS, negative_prompt="blur"))
        first, second = attempts(events)
        assert first.route == "b/oil"
        assert len(first.skipped) == 1
        assert first.skipped[0].startswith("a/oil does not take negative_prompt")
        assert second.skipped == ()

    async def test_routes_without_a_key_are_named_too(self, server: ScriptedServer) -> None:
        server.script("/b/draw", reply("gibberish"))
        closed = route("a", auth=Bearer(env="A_KEY"))
        async with routes(server, closed, route("b"), route("c", accepts={})) as client:
            events, error = await events_of(client.stream("a fox", model=ALIAS, negative_prompt="blur"))
        (first,) = attempts(events)
        assert [text.partition(" ")[0] for text in first.skipped] == ["c/oil", "a"]
        assert "set A_KEY" in first.skipped[1]
        assert isinstance(error, ProtocolError)

    async def test_a_failure_of_all_says_who_was_not_asked(self, server: ScriptedServer) -> None:
        server.script("/b/draw", reply("gibberish"))
        server.script("/c/draw", reply("gibberish"))
        closed = route("a", auth=Bearer(env="A_KEY"))
        async with routes(server, closed, route("b"), route("c")) as client:
            _, error = await events_of(client.stream("a fox", model=ALIAS))
        assert "Not asked: a needs a key: set A_KEY" in str(error)

    async def test_drop_unsupported_keeps_them_with_a_warning(self, server: ScriptedServer) -> None:
        server.script("/a/draw", DRAWN)
        async with routes(server, route("a", accepts={}), route("b")) as client:
            response = await client.generate(
                "a fox", model=ALIAS, negative_prompt="blur", guidance_scale=3, width=64, drop_unsupported=True
            )
        assert response.provider == "a"
        assert [warning.partition(":")[0] for warning in response.warnings] == [
            "negative_prompt was left out",
            "guidance_scale was left out",
        ]
        assert "blur" not in str(server.received[0].json())

    @pytest.mark.parametrize("asked", [{"aspect_ratio": "21:9"}, {"height": 700}, {"width": 640, "height": 640}])
    async def test_a_size_that_the_model_does_not_draw_is_dropped_too(
        self, server: ScriptedServer, asked: dict[str, Any]
    ) -> None:
        server.script("/a/draw", DRAWN)
        square = route("a", size=((64, 64),))
        async with routes(server, square) as client:
            with pytest.raises(InvalidRequest):
                client.stream("a fox", model=ALIAS, **asked)
            response = await client.generate("a fox", model=ALIAS, drop_unsupported=True, **asked)
        assert "was left out" in response.warnings[0]
        assert (response.parameters["width"], response.parameters["height"]) == (64, 64)
