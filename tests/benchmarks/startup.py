"""How long programs take to start, each in an environment as its users have it."""

from __future__ import annotations

import functools
import json
import subprocess
from time import perf_counter

from benchmarks import stub
from benchmarks.environments import Environment, Environments
from benchmarks.results import Measurement, Results, rounds

PART = "startup"
WHAT = "start to end"
BARE = "python -c pass"
IMPORT = "import impasto"
HTTPX = "import httpx"
LISTING = "impasto models"
LISTING_MANY = "impasto models, 200 more plugins"
LLM = "llm models"
GENERATING = "plugins imported that do not draw"

_GENERATE = """\
import json, sys, importlib.metadata
import anyio, impasto

async def main(url):
    settings = impasto.Settings(providers={"voodoohop-flux1-schnell": {"url": url}})
    async with impasto.Client(settings=settings) as client:
        response = await client.generate("a red fox", model="flux", download=False)
    assert response.images[0].url.endswith(".webp")

anyio.run(main, sys.argv[1])
plugins = {each.value.partition(":")[0] for each in importlib.metadata.entry_points(group="impasto")}
print(json.dumps([len(plugins), sorted(plugins & set(sys.modules))]))
"""
"""Draws one picture by an alias; prints how many plugins there are, and the modules of those that were imported."""

OWNER = {"impasto_voodoohop_flux1_schnell", "impasto_gradio"}
"""The plugin that draws it, and the one that it is made with, which it imports itself."""


def commands(at: Environments) -> dict[str, tuple[Environment, list[str]]]:
    """Return what is started, and where."""

    def code(environment: Environment, source: str) -> tuple[Environment, list[str]]:
        return environment, [environment.python, "-c", source]

    def impasto(environment: Environment, *arguments: str) -> tuple[Environment, list[str]]:
        return environment, [environment.script("impasto"), *arguments]

    return {
        BARE: code(at.impasto, "pass"),
        IMPORT: code(at.impasto, "import impasto"),
        "import impasto, 200 more plugins": code(at.many, "import impasto"),
        HTTPX: code(at.impasto, "import httpx"),
        "import gradio_client": code(at.gradio_client, "import gradio_client"),
        "impasto --version": impasto(at.impasto, "--version"),
        "impasto --help": impasto(at.impasto, "--help"),
        LISTING: impasto(at.impasto, "models"),
        LISTING_MANY: impasto(at.many, "models"),
        LLM: (at.llm, [at.llm.script("llm"), "models"]),
    }


def measure(at: Environments, count: int) -> Results:
    """Measure every start in so many rounds; and what one generation imports where many plugins are installed."""
    results = Results()
    starts = {name: functools.partial(_start, *what) for name, what in commands(at).items()}
    for name, values in rounds(starts, count).items():
        results.measurements.append(Measurement(PART, WHAT, name, "ms", values))
    results.measurements.append(Measurement(PART, GENERATING, "impasto", "", [_imported(at.many)]))
    _judge(results)
    return results


def _start(environment: Environment, command: list[str]) -> float:
    begun = perf_counter()
    done = subprocess.run(
        command,
        env=environment.environ(),
        cwd=environment.home,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    taken = perf_counter() - begun
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} ended with {done.returncode}:\n{done.stderr.decode()}")
    return taken * 1000


def _imported(many: Environment) -> float:
    """Return how many plugins are imported that do not draw, by a program that finds what is known of them all."""
    with stub.apart() as server:
        done = subprocess.run(
            [many.python, "-c", _GENERATE, server.url],
            env=many.environ(),
            cwd=many.home,
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
    installed, imported = json.loads(done.stdout)
    assert installed > 200
    return len(set(imported) - OWNER)


def _judge(results: Results) -> None:
    results.compare(PART, WHAT, IMPORT, (WHAT, BARE), 6)
    results.compare(PART, WHAT, IMPORT, (WHAT, HTTPX), 1)
    results.compare(PART, WHAT, LISTING, (WHAT, BARE), 12)
    results.compare(PART, WHAT, LISTING, (WHAT, LLM), 1 / 15)
    results.compare(PART, WHAT, LISTING_MANY, (WHAT, LISTING), 1.2)
    results.bound(PART, GENERATING, "impasto", 0)
