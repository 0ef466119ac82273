"""How long a picture takes from a real Gradio app on this machine, over what the app itself takes.

The app is ``flux`` of `spaces.apps.catalogue` on Gradio 6: it draws a few colour fields within milliseconds. Everybody
submits the job, follows its stream, and downloads the picture.
"""

from __future__ import annotations

import functools
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from time import perf_counter
from typing import IO

from benchmarks.environments import Environment, Environments
from benchmarks.results import Measurement, Results, rounds
from spaces.servers import GRADIO_6, serving

PART = "spaces"
WARM = "a picture, client warm"
COLD = "process start to picture on disk"
IMPASTO, GRADIO_CLIENT, HTTPX = "impasto", "gradio_client", "httpx"
PICTURES = 10
"""Pictures of one round of `WARM`."""

_PROGRAMS = Path(__file__).parent / "programs"
_URL = "IMPASTO_PROVIDER_VOODOOHOP_FLUX1_SCHNELL_URL"


class Painter:
    """A process that draws a picture for every line that it is sent, see ``programs/``."""

    def __init__(self, stdin: IO[str], stdout: IO[str]) -> None:
        self._stdin = stdin
        self._stdout = stdout
        self._pictures = 0

    def draw(self) -> float:
        """Let it draw `PICTURES`; return the milliseconds that each took."""
        begun = perf_counter()
        for _ in range(PICTURES):
            self._pictures += 1
            self._stdin.write(f"picture {self._pictures}\n")
            self._stdin.flush()
            size = int(self._stdout.readline())
            assert size > 0
        return (perf_counter() - begun) * 1000 / PICTURES


@contextmanager
def painting(environment: Environment, program: str, url: str) -> Iterator[Painter]:
    """Run a program for the time of the block."""
    command = [environment.python, str(_PROGRAMS / program), url]
    with subprocess.Popen(
        command,
        env=environment.environ(),
        cwd=environment.home,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Painter(process.stdin, process.stdout)
        process.stdin.close()
        process.wait(60)


def measure(at: Environments, count: int) -> Results:
    """Measure in so many rounds."""
    results = Results()
    programs = {
        IMPASTO: (at.impasto, "of_impasto.py"),
        GRADIO_CLIENT: (at.gradio_client, "of_gradio_client.py"),
        HTTPX: (at.impasto, "of_httpx.py"),
    }
    with serving(GRADIO_6) as server:
        url = server.apps["flux"]
        with ExitStack() as stack:
            painters = {who: stack.enter_context(painting(*program, url)) for who, program in programs.items()}
            warm = rounds({who: painter.draw for who, painter in painters.items()}, count)
        cold = rounds(
            {
                IMPASTO: functools.partial(_from_start, at.impasto, [at.impasto.script("impasto"), *_DRAW], url),
                **{
                    who: functools.partial(_from_start, *_once(*programs[who], url), url)
                    for who in (GRADIO_CLIENT, HTTPX)
                },
            },
            count,
        )
    for what, measured in ((WARM, warm), (COLD, cold)):
        for who, values in measured.items():
            results.measurements.append(Measurement(PART, what, who, "ms", values))
    results.compare(PART, WARM, IMPASTO, (WARM, HTTPX), 1.15)
    results.compare(PART, WARM, IMPASTO, (WARM, GRADIO_CLIENT), 1 / 2.5)
    results.compare(PART, COLD, IMPASTO, (COLD, GRADIO_CLIENT), 1 / 3)
    return results


_DRAW = ("a red fox", "-m", "flux", "--size", "256x256", "-o", "picture.webp")


def _once(environment: Environment, program: str, url: str) -> tuple[Environment, list[str]]:
    return environment, [environment.python, str(_PROGRAMS / program), url, "a red fox", "picture.webp"]


def _from_start(environment: Environment, command: list[str], url: str) -> float:
    """Return the milliseconds until a program has written its picture, and says so."""
    picture = environment.home / "picture.webp"
    picture.unlink(missing_ok=True)
    begun = perf_counter()
    with subprocess.Popen(
        command,
        env=environment.environ(**{_URL: f"{url}/gradio_api"}),
        cwd=environment.home,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = process.stdout.readline()
        taken = perf_counter() - begun
        assert said.strip() == picture.name, said + process.stderr.read()
    assert picture.stat().st_size > 0
    return taken * 1000
