"""What a generation costs its client in CPU, time and memory, one at a time and many at once, against a stub."""

from __future__ import annotations

import functools
import json
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import stub
from benchmarks.clients import MODULES
from benchmarks.environments import Environment
from benchmarks.results import Measurement, Results, rounds

PART = "scale"
TRIO = "impasto on trio"
CLIENTS = {**{name: ("asyncio", name) for name in MODULES}, TRIO: ("trio", "impasto")}
"""What is compared: the event loop, and the client."""

AT_ONCE = (1, 32, 1000)
"""How many generations are at once."""

SECONDS, QUICK_SECONDS = 1.0, 0.3
"""How long each round is; in any case as many generations are drawn as are at once."""

IN_FLIGHT = 1000
"""Generations whose memory is measured."""

MEMORY = f"memory a generation, {IN_FLIGHT:,} in flight"

_CPU, _THROUGHPUT = "CPU a generation", "throughput"
_PATIENCE = 60.0
"""Seconds that a process may take to end."""

_TESTS = Path(__file__).resolve().parents[1]


def cpu(at_once: int) -> str:
    """Return what the CPU with so many at once is called among the results."""
    return f"{_CPU}, {at_once:,} at once"


class Crowd:
    """A process that runs generations, see `benchmarks.crowd`."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def ask(self, **asked: float) -> dict[str, float]:
        """Return what it measured.

        Raises:
            RuntimeError: it failed; its own words are on standard error.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(asked) + "\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the process for {asked} ended with status {self._process.wait()}")
        measured: dict[str, float] = json.loads(line)
        return measured


@contextmanager
def running(environment: Environment, name: str, url: str) -> Iterator[Crowd]:
    """Run the process of one client for the time of the block."""
    command = [environment.python, "-m", "benchmarks.crowd", *CLIENTS[name], url]
    with subprocess.Popen(
        command,
        cwd=_TESTS,
        env=environment.environ(PYTHONPATH=str(_TESTS)),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Crowd(process)
            assert process.stdin is not None
            process.stdin.close()
            process.wait(_PATIENCE)
        except BaseException:
            process.kill()
            raise


def measure(peers: Environment, count: int, *, quick: bool = False) -> Results:
    """Measure everything in so many rounds; when it is to be quick, without what takes minutes."""
    results = Results()
    seconds = QUICK_SECONDS if quick else SECONDS
    with stub.apart() as server:
        for at_once in AT_ONCE:
            costs = _costs(peers, server.url, at_once, seconds, count, warm=0 if quick else 1)
            for what, key, unit in ((_CPU, "cpu_us", "µs"), (_THROUGHPUT, "per_second", "generations/s")):
                results.measurements += [
                    Measurement(
                        PART,
                        f"{what}, {at_once:,} at once",
                        name,
                        unit,
                        [each[key] for each in values],
                        more_is_better=key == "per_second",
                    )
                    for name, values in costs.items()
                ]
        memories = {name: functools.partial(_memory, peers, name, server.url) for name in CLIENTS}
        held = rounds(memories, 1 if quick else count, warm=0)
    results.measurements += [Measurement(PART, MEMORY, name, "KB", values) for name, values in held.items()]
    _judge(results)
    return results


def _costs(
    peers: Environment, url: str, at_once: int, seconds: float, count: int, warm: int
) -> dict[str, list[dict[str, float]]]:
    """Return what a generation costs each client, in so many rounds."""
    with ExitStack() as stack:
        crowds = {name: stack.enter_context(running(peers, name, url)) for name in CLIENTS}
        asks = {name: functools.partial(each.ask, at_once=at_once, seconds=seconds) for name, each in crowds.items()}
        return rounds(asks, count, warm=warm)


def _memory(environment: Environment, name: str, url: str) -> float:
    with running(environment, name, url) as crowd:
        return crowd.ask(hold=IN_FLIGHT)["kb"]


def _judge(results: Results) -> None:
    for at_once in (32, 1000):
        what = cpu(at_once)
        results.compare(PART, what, "impasto", (what, "gpt4free"), 0.9)
        results.compare(PART, what, "impasto", (what, "raw streams"), 4)
    results.bound(PART, MEMORY, "impasto", 40)
