"""A conversation's place between two steps is plain data, and another process takes it up there."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st

import impasto
from impasto import checkpoints
from impasto.auth import Bearer
from impasto.conversation import Trace
from impasto.errors import ImpastoError, InvalidRequest, PluginError, UnknownModel
from impasto.events import Image
from impasto.payloads import Follow, HttpRequest
from impasto.request import ImageRequest
from standins.pictures import picture
from standins.provider import ExampleProvider, said
from standins.routes import ALIAS, BROKEN, DRAWN, PICTURE, SILENT, attempts, drawn_by, events_of, route, routes, submits
from standins.server import ScriptedServer, event_stream, reply

TEXT = st.text(max_size=20)
SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXT | st.binary(max_size=20)
KEYS = TEXT | st.integers() | st.tuples(st.integers(), TEXT) | st.sampled_from(["$bytes", "$tuple", "$mapping"])
PLAIN = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=3) | st.lists(inner, max_size=3).map(tuple) | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=10,
)
FILES = st.dictionaries(TEXT, st.tuples(TEXT, st.binary(max_size=20), TEXT), max_size=2)
FIELDS: dict[str, st.SearchStrategy[Any]] = {
    "url": TEXT,
    "json": PLAIN,
    "content": st.none() | st.binary(max_size=20),
    "data": st.none() | st.dictionaries(TEXT, PLAIN, max_size=2),
    "files": st.none() | FILES,
    "headers": st.dictionaries(TEXT, TEXT, max_size=2),
    "params": st.dictionaries(TEXT, TEXT, max_size=2),
    "step": PLAIN,
    "idle": st.none() | st.floats(0.1, 100),
    "statuses": st.lists(st.integers(300, 599), max_size=3).map(tuple),
}
CANCELS = st.builds(HttpRequest, method=st.sampled_from(["POST", "DELETE"]), **FIELDS)
PAYLOADS = st.builds(HttpRequest, method=st.just("GET"), on_cancel=st.none() | CANCELS, **FIELDS) | st.builds(
    HttpRequest, method=st.just("POST"), idempotent=st.just(True), **FIELDS
)
IMAGES = st.builds(Image, data=st.binary(min_size=1, max_size=20), url=st.none() | TEXT, seed=st.none() | st.integers())
REQUESTS = st.builds(
    ImageRequest,
    TEXT.filter(str.strip),
    seed=st.none() | st.integers(0, 2**64 - 1),
    images=st.lists(IMAGES, max_size=2).map(tuple),
    mask=st.none() | IMAGES,
    extra=st.dictionaries(TEXT, PLAIN, max_size=2),
    id=TEXT,
)
TRACES = st.builds(
    Trace,
    model=TEXT,
    request=REQUESTS,
    payload=PAYLOADS,
    on_cancel=st.none() | CANCELS,
    may_be_charged=st.booleans(),
)
PLACE = Trace(
    model="a/oil",
    request=ImageRequest("a fox", id="7", images=(Image(data=b"\x89PNG"),), extra={"style": "oil"}),
    payload=HttpRequest("GET", "/job/7", step=("polled", 3), statuses=(404,), headers={"X": "y"}),
    on_cancel=HttpRequest("POST", "/cancel", json={"job": 7}, files={"f": ("n", b"c", "t/t")}),
    may_be_charged=True,
)


@given(TRACES)
def test_what_is_written_down_is_read_as_it_was(trace: Trace) -> None:
    written = checkpoints.write(trace)
    assert written is not None
    assert checkpoints.read(json.loads(json.dumps(written))) == trace


@pytest.mark.parametrize(
    "payload",
    [None, HttpRequest("POST", "/draw"), impasto.LocalCall(iter)],
    ids=["nothing was taken yet", "a submit on its way", "work on this machine"],
)
def test_there_is_no_place_where_going_on_would_mean_to_submit_again(payload: impasto.Payload | None) -> None:
    trace = Trace(model="a/oil", request=ImageRequest("a fox"), payload=payload)
    assert checkpoints.write(trace) is None


def test_a_plugin_that_remembers_something_else_than_plain_data_is_named() -> None:
    trace = Trace(model="a/oil", request=ImageRequest("a fox"), payload=HttpRequest("GET", "/", step={1, 2}))
    with pytest.raises(PluginError, match="plugin 'a': what it remembers cannot be written down: {1, 2}"):
        checkpoints.write(trace)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path of every value inside a value."""
    inner = value.items() if isinstance(value, Mapping) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(each for key, item in inner for each in places(item, (*path, key)))]


WRITTEN = json.dumps(checkpoints.write(PLACE))


@given(data=st.data(), anything=PLAIN.filter(lambda value: not isinstance(value, bytes)))
def test_damage_is_an_invalid_request_whatever_it_is(data: st.DataObject, anything: Any) -> None:
    damaged = json.loads(WRITTEN)
    path = data.draw(st.sampled_from([each for each in places(damaged) if each]))
    holder = damaged
    for key in path[:-1]:
        holder = holder[key]
    if data.draw(st.booleans()):
        del holder[path[-1]]
    else:
        holder[path[-1]] = anything
    try:
        trace = checkpoints.read(damaged)
    except InvalidRequest as error:
        assert "checkpoint" in str(error)
    else:
        assert trace.place is not None
        assert isinstance(trace.request, ImageRequest)


@pytest.mark.parametrize(
    "damaged",
    [
        None,
        [],
        {},
        {"version": 2},
        {"version": 1},
        {**json.loads(WRITTEN), "model": None},
        {**json.loads(WRITTEN), "request": {"prompt": "a fox"}},
        {**json.loads(WRITTEN), "payload": {"method": "POST", "url": "/draw", "on_cancel": None}},
        {**json.loads(WRITTEN), "payload": {"method": 3, "url": "/draw", "on_cancel": None}},
        {**json.loads(WRITTEN), "on_cancel": "later"},
    ],
)
def test_what_is_no_checkpoint_is_refused(damaged: Any) -> None:
    with pytest.raises(InvalidRequest, match="checkpoint"):
        checkpoints.read(damaged)


class TestResuming:
    pytestmark = pytest.mark.anyio

    @staticmethod
    async def checkpoint(client: impasto.Client, server: ScriptedServer, **options: Any) -> dict[str, Any]:
        """Submit a job at provider ``a`` that does not end, and return its checkpoint."""
        server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
        server.script("/a/job/7", event_stream(("progress", said(fraction=0.5)), then="hold"))
        async with client.stream("a fox", model=ALIAS, **options) as stream:
            assert stream.checkpoint() is None
            async for event in stream:
                if isinstance(event, impasto.Progress):
                    break
            written = stream.checkpoint()
        assert stream.checkpoint() is None
        assert written is not None
        return dict(json.loads(json.dumps(written)))

    async def test_it_goes_on_without_a_second_submit(self, server: ScriptedServer) -> None:
        async with routes(server, route("a")) as client:
            written = await self.checkpoint(client, server, seed=7)
            server.script("/a/job/7", DRAWN)
            events, _ = await events_of(client.resume(written))
        assert drawn_by(events) == "a"
        assert submits(server, "a") == 1
        response = events[-1]
        assert isinstance(response, impasto.ImageResponse)
        assert (response.prompt, response.parameters["seed"]) == ("a fox", 7)

    async def test_it_may_be_resumed_before_the_stream_is_left(self, server: ScriptedServer) -> None:
        server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
        server.script("/a/job/7", SILENT, DRAWN)
        async with routes(server, route("a")) as client, client.stream("a fox", model=ALIAS) as stream:
            await anext(stream)
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "GET /a/job/7")
            written = stream.checkpoint()
            assert written is not None
            events, _ = await events_of(client.resume(written))
        assert drawn_by(events) == "a"

    async def test_a_submit_that_is_on_its_way_has_no_checkpoint(self, server: ScriptedServer) -> None:
        class Uploads(ExampleProvider):
            @impasto.hookimpl
            def parse_event(self, model: impasto.Model, event: impasto.ServerEvent) -> list[impasto.Outcome]:
                return [Follow(HttpRequest("POST", "/submit"))]

        server.script("/a/draw", reply("{}"))
        server.script("/a/submit", SILENT)
        async with routes(server, Uploads(route("a").model)) as client, client.stream("a fox", model=ALIAS) as stream:
            await anext(stream)
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "POST /a/submit")
            assert stream.checkpoint() is None

    async def test_several_pictures_side_by_side_have_none(self, server: ScriptedServer) -> None:
        server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
        server.script("/a/job/7", SILENT)
        async with routes(server, route("a")) as client, client.stream("a fox", model=ALIAS, n=2) as stream:
            await anext(stream)
            assert await anyio.to_thread.run_sync(server.wait_until_asked, "GET /a/job/7", 2)
            assert stream.checkpoint() is None

    async def test_a_resumed_job_that_breaks_is_asked_for_again(self, server: ScriptedServer) -> None:
        async with routes(server, route("a")) as client:
            written = await self.checkpoint(client, server)
            server.script("/a/job/7", BROKEN, BROKEN, DRAWN)
            events, _ = await events_of(client.resume(written))
        assert drawn_by(events) == "a"
        assert len(attempts(events)) == 2
        assert submits(server, "a") == 1

    async def test_a_resumed_job_that_is_left_is_cancelled(self, server: ScriptedServer) -> None:
        submit = HttpRequest("POST", "/draw", json={}, on_cancel=HttpRequest("POST", "/cancel", json={"job": 7}))
        server.script("/a/cancel", reply("{}"))
        async with routes(server, route("a", submit)) as client:
            written = await self.checkpoint(client, server)
            server.script("/a/job/7", SILENT)
            async with client.resume(written) as stream:
                await anext(stream)
            assert server.paths().count("POST /a/cancel") == 2

    async def test_no_key_is_in_it(self, server: ScriptedServer) -> None:
        closed = route("a", auth=Bearer(env="A_KEY"))
        async with routes(server, closed) as client:
            written = await self.checkpoint(client, server, api_key="sk-very-secret")
            assert server.received[0].headers["authorization"] == "Bearer sk-very-secret"
            assert "secret" not in json.dumps(written)
            with pytest.raises(impasto.AuthenticationError, match="set A_KEY"):
                client.resume(written)
            server.script("/a/job/7", DRAWN)
            await client.resume(written, api_key="sk-very-secret").response()
        assert server.received[-1].headers["authorization"] == "Bearer sk-very-secret"

    async def test_the_picture_cannot_be_changed_any_more(self, server: ScriptedServer) -> None:
        async with routes(server, route("a")) as client:
            written = await self.checkpoint(client, server)
            for name in ("width", "colour"):
                with pytest.raises(InvalidRequest, match=f"resumed as it is; {name} cannot be said again"):
                    client.resume(written, **{name: 64})  # type: ignore[arg-type]

    async def test_a_model_that_is_not_here_is_unknown(self, server: ScriptedServer) -> None:
        async with routes(server, route("a"), route("b")) as client:
            written = await self.checkpoint(client, server)
            with pytest.raises(UnknownModel):
                client.resume({**written, "model": "z/oil"})
            with pytest.raises(InvalidRequest, match="'flux' is no model"):
                client.resume({**written, "model": ALIAS})

    async def test_a_number_of_pictures_does_not_make_it_submit(self, server: ScriptedServer) -> None:
        async with routes(server, route("a")) as client:
            written = await self.checkpoint(client, server)
            written["request"]["n"] = 5
            server.script("/a/job/7", DRAWN)
            await client.resume(written).response()
        assert submits(server, "a") == 1

    async def test_a_damaged_place_is_an_error_of_impastos_own(self, server: ScriptedServer) -> None:
        async with routes(server, route("a")) as client:
            written = await self.checkpoint(client, server)
            written["payload"]["url"] = "gopher://elsewhere"
            with pytest.raises(ImpastoError):
                await client.resume(written).response()


PROCESS = """
import json, os, sys
import anyio
from standins.routes import ALIAS, route, routes
from standins.server import ScriptedServer

async def main(step, url):
    async with routes(ScriptedServer(url), route("a")) as client:
        if step == "submit":
            async with client.stream("a fox", model=ALIAS) as stream:
                async for event in stream:
                    if (place := stream.checkpoint()) is not None:
                        print(json.dumps(place), flush=True)
                        os._exit(9)
        response = await client.resume(json.load(sys.stdin)).response()
        sys.stdout.buffer.write(response.data)

anyio.run(main, *sys.argv[1:])
"""


def test_a_job_survives_the_crash_of_its_process(server: ScriptedServer) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job/7")))
    server.script("/a/job/7", event_stream(("progress", said(fraction=0.5)), then="hold"))
    server.script("/a/fox.png", PICTURE)

    def process(step: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        tests = Path(__file__).parents[1]
        command = [sys.executable, "-c", PROCESS, step, server.url]
        return subprocess.run(command, input=given, capture_output=True, cwd=tests, timeout=60, check=False)

    crashed = process("submit")
    assert crashed.returncode == 9, crashed.stderr.decode()
    server.script("/a/job/7", DRAWN)
    resumed = process("resume", crashed.stdout)
    assert resumed.stdout == picture(), resumed.stderr.decode()
    assert submits(server, "a") == 1
