"""The log under ``impasto``: a line for each attempt, the wire beneath, and never a key or a picture."""

from __future__ import annotations

import base64
import logging
import re

import anyio
import pytest

from impasto import ApiKeyQuery, Bearer
from standins.pictures import picture
from standins.provider import said
from standins.routes import ALIAS, BROKEN, DRAWN, NOWHERE, SILENT, events_of, route, routes
from standins.server import ScriptedServer, reply

pytestmark = pytest.mark.anyio


def lines(caplog: pytest.LogCaptureFixture, level: int) -> list[str]:
    """Return impasto's own lines of one level, their durations taken out."""
    messages = [each.getMessage() for each in caplog.records if each.name == "impasto" and each.levelno == level]
    return [re.sub(r"\d+\.\d\d s$", "…", message) for message in messages]


@pytest.fixture(autouse=True)
def _everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)


async def test_each_attempt_is_one_line_with_route_outcome_and_duration(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.script("/a/draw", reply("gibberish"))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        await client.generate("a fox", model=ALIAS)
    assert lines(caplog, logging.INFO) == [
        "attempt 1, a/oil: a, POST /draw: expected JSON, got: gibberish, after …",
        "attempt 2, b/oil: drawn, after …",
    ]


@pytest.mark.parametrize("options", [{"deadline": 0.6}, {"hedge_after": 0.1}], ids=["late", "overtaken"])
async def test_one_that_is_given_up_has_its_line_too(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture, options: dict[str, float]
) -> None:
    server.script("/a/draw", SILENT)
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a"), route("b")) as client:
        await events_of(client.stream("a fox", model=ALIAS, **options))  # type: ignore[arg-type]
    assert "attempt 1, a/oil: given up, after …" in lines(caplog, logging.INFO)
    assert len(lines(caplog, logging.INFO)) == 2


async def test_one_that_the_user_leaves_too(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.script("/a/draw", SILENT)
    async with routes(server, route("a")) as client, client.stream("a fox", model=ALIAS) as stream:
        await anext(stream)
    assert lines(caplog, logging.INFO) == ["attempt 1, a/oil: given up, after …"]


async def test_the_wire_is_told_without_queries(server: ScriptedServer, caplog: pytest.LogCaptureFixture) -> None:
    server.script("/a/draw", reply(said(kind="follow", url="/job?token=hush")))
    server.script("/a/job", DRAWN)
    async with routes(server, route("a", auth=ApiKeyQuery("key", env="A_KEY"))) as client:
        await client.generate("a fox", model=ALIAS, api_key="sk-very-secret")
    assert lines(caplog, logging.DEBUG) == ["POST /a/draw: 200", "GET /a/job: 200", "GET /a/fox.png: 200"]


async def test_no_key_and_no_picture_comes_into_any_line(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    key = "sk-very-secret"
    inline = base64.b64encode(picture("BMP")).decode()
    server.script("/a/draw", reply(said(detail=f"the key {key} is bad"), status="403 Forbidden"))
    server.script("/b/draw", reply(said(kind=key)))
    server.script("/c/draw", BROKEN)
    server.script("/d/draw", reply(f"{inline} {key}"))
    server.script("/f/draw", reply(said(kind="done", url=f"data:image/bmp;base64,{inline}")))
    plugins = [route(name, auth=Bearer(env="A_KEY")) for name in "abcdef"]
    sections = {"e": {"url": NOWHERE, "headers": {"X-Own": key}}}
    async with routes(server, *plugins, sections=sections) as client:
        response = await client.generate("a fox", model=ALIAS, api_key=dict.fromkeys("abcdef", key))
    assert response.provider == "f"
    assert len(lines(caplog, logging.INFO)) > 5
    assert key not in caplog.text
    assert inline[:400] not in caplog.text


async def test_many_requests_at_once_are_logged_with_their_own_numbers(
    server: ScriptedServer, caplog: pytest.LogCaptureFixture
) -> None:
    server.script("/a/draw", reply("gibberish"))
    server.script("/b/draw", DRAWN)
    async with routes(server, route("a", priority=1), route("b")) as client, anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(lambda: client.generate("a fox", model=ALIAS))
    logged = lines(caplog, logging.INFO)
    assert sorted(each.partition(":")[0] for each in logged) == ["attempt 1, a/oil"] * 3 + ["attempt 2, b/oil"] * 3
