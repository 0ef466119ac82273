"""The clients that are compared do the same work, and the stub speaks the wire that they know."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import anyio
import pytest

from benchmarks import stub
from benchmarks.clients import Drawn, opener
from benchmarks.environments import Environment
from benchmarks.scale import CLIENTS, running
from impasto.testing.transcript import Transcript

NEEDED = {"aiohttp": "aiohttp", "gpt4free": "g4f", "httpx": "httpx_sse"}
"""What must be installed beside impasto for a client."""

HERE = [name for name in CLIENTS if name not in NEEDED or importlib.util.find_spec(NEEDED[name])]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with stub.apart() as server:
        yield server.url


def drawn_by(name: str, url: str) -> Drawn:
    backend, client = CLIENTS[name]

    async def draw() -> Drawn:
        async with opener(client)(url) as generate:
            await generate("the first")
            return await generate("the second")

    return anyio.run(draw, backend=backend)


@pytest.mark.parametrize("name", HERE)
def test_a_client_has_the_previews_and_the_picture(name: str, url: str) -> None:
    previews = 0 if name == "gpt4free" else stub.PREVIEWS
    assert drawn_by(name, url) == Drawn(f"{url}/file=/tmp/gradio/d1f0c0de/image-3.webp", previews)


def test_raw_streams_httpx_and_impasto_are_tried_here() -> None:
    assert {"raw streams", "httpx", "impasto", "impasto on trio"} <= set(HERE)


class TestACrowd:
    """A client in a process of its own, in the environment of the tests."""

    @pytest.fixture
    def environment(self, tmp_path: Path) -> Environment:
        return Environment(Path(sys.prefix), tmp_path)

    @pytest.mark.parametrize("name", ["raw streams", "impasto", "impasto on trio"])
    def test_it_tells_what_a_generation_costs(self, environment: Environment, url: str, name: str) -> None:
        with running(environment, name, url) as crowd:
            cost = crowd.ask(at_once=4, seconds=0)
        assert cost["cpu_us"] > 0
        assert cost["per_second"] > 0

    def test_it_tells_the_memory_of_those_that_wait_for_their_picture(self, environment: Environment, url: str) -> None:
        with running(environment, "raw streams", url) as crowd:
            assert "kb" in crowd.ask(hold=20)

    def test_one_that_fails_is_an_error(self, environment: Environment) -> None:
        with running(environment, "raw streams", "http://127.0.0.1:1") as crowd:
            with pytest.raises(RuntimeError, match="ended with status 1"):
                crowd.ask(at_once=1, seconds=0)


def test_the_stubs_events_are_those_of_the_recorded_server() -> None:
    transcript = Path(__file__).parents[1] / "plugins" / "gradio" / "transcripts" / "4.44.1" / "previewed.http"
    recorded = Transcript.parse(transcript.read_text(encoding="utf-8")).exchanges[-1].body.decode().split("\n")
    said = b"".join(stub.events("http://gradio.test")).decode().split("\n")
    assert [line for line in said if line.startswith("event")] == [
        line for line in recorded if line.startswith("event")
    ]
    ours, theirs = ([json.loads(line[6:]) for line in lines if line.startswith("data")] for lines in (said, recorded))
    for (our_file, our_seed), (their_file, their_seed) in zip(ours, theirs, strict=True):
        assert our_seed == their_seed
        places = {"path": "", "url": "", "orig_name": ""}
        assert our_file | places == their_file | places


def test_the_stub_ends_with_its_standard_input() -> None:
    command = [sys.executable, "-m", "benchmarks.stub"]
    done = subprocess.run(
        command, cwd=Path(__file__).parents[1], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True
    )
    assert done.stdout.startswith("http://127.0.0.1:")
