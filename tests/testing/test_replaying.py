"""A transcript stands in for its service: what is asked again is answered, what was never asked is told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

import impasto
from impasto.plugins import Plugins
from impasto.testing import Exchange, Transcript, replaying
from testing.little import impasto_easel

pytestmark = pytest.mark.anyio

DRAWN = Transcript.read(Path(__file__).parent / "little" / "transcripts" / "drawn.http")
BASE = impasto_easel.EASEL.url
JOB = {"prompt": "a red fox", "size": [512, 512], "seed": 7}


async def painted(url: str, **options: Any) -> impasto.ImageResponse:
    settings = impasto.Settings(providers={"easel": {"url": url, "key": "any"}})
    options = {"prompt": "a red fox", "width": 512, "height": 512, "seed": 7, **options}
    async with impasto.Client(settings=settings, plugins=Plugins(objects={"easel": impasto_easel})) as client:
        return await client.generate(options.pop("prompt"), model="easel", failover="never", **options)


async def test_a_client_paints_from_it_as_often_as_it_likes() -> None:
    told: list[str] = []
    with replaying(DRAWN, BASE, told.append) as server:
        first, second = await painted(server.url), await painted(server.url)
    assert first == second
    assert (first.width, first.height, first.seed) == (512, 512, 7)
    assert told[:4] == [
        "POST /paintings: 200",
        "GET /paintings/p1: 200",
        "GET /paintings/p1: 200",
        "GET https://cdn.easel.example/files/p1.png: 200",
    ]


async def test_another_prompt_and_seed_are_answered_and_told() -> None:
    told: list[str] = []
    with replaying(DRAWN, BASE, told.append) as server:
        await painted(server.url, prompt="a blue whale", seed=8)
    assert told[0] == (
        "POST /paintings: 200 (body.prompt is 'a blue whale', where the transcript has 'a red fox'; "
        "body.seed is 8, where the transcript has 7)"
    )


async def test_a_body_of_another_form_is_refused_with_what_differs() -> None:
    with replaying(DRAWN, BASE) as server:
        with pytest.raises(
            impasto.ResponseError, match=r"Not recorded: body\.avoid is 'str'; the transcript has no such"
        ):
            await painted(server.url, negative_prompt="rain")


def test_what_was_never_asked_is_refused_with_what_was() -> None:
    with replaying(DRAWN, BASE) as server:
        answer = httpx.get(f"{server.url}/drawings", trust_env=False)
    assert answer.status_code == 400
    assert answer.json()["detail"].startswith(
        "Not recorded: the transcript has no GET /drawings, but POST /paintings, "
    )


def test_a_conversation_that_was_broken_off_begins_anew() -> None:
    with replaying(DRAWN, BASE) as server, httpx.Client(base_url=server.url, trust_env=False) as client:
        statuses = []
        for _ in range(2):
            client.post("/paintings", json=JOB)
            statuses.append(client.get("/paintings/p1").json()["status"])
    assert statuses == ["painting", "painting"]


def test_addresses_lead_to_the_server_also_with_escaped_slashes() -> None:
    said = b'{"a": "https:\\/\\/cdn.easel.example\\/x.png", "b": "https://elsewhere.example/x.png"}'
    there = Exchange("GET", "https://cdn.easel.example/x.png")
    with replaying(Transcript((Exchange("GET", "/a", body=said), there)), BASE) as server:
        answer = httpx.get(f"{server.url}/a", trust_env=False).json()
        assert httpx.get(answer["a"], trust_env=False).status_code == 200
    assert answer["b"] == "https://elsewhere.example/x.png"


def test_nothing_is_left_when_the_block_ends() -> None:
    with replaying(DRAWN, BASE) as server:
        url = server.url
    with pytest.raises(httpx.ConnectError):
        httpx.get(url, trust_env=False)
