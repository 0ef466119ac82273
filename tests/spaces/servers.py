"""Real Gradio servers for the tests: one process for each version of Gradio, in an environment of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx

from pinned import python_with

if TYPE_CHECKING:
    from collections.abc import Iterator

GRADIO_4 = "4.44.1"
GRADIO_6 = "6.31.0"

_HERE = Path(__file__).parent


@dataclass(frozen=True)
class Server:
    """A process that serves every app of `spaces.apps.catalogue` with one version of Gradio.

    Attributes:
        version: Gradio's.
        apps: each app's address, by name.
        control: the address of the ledger of jobs.
        pid: the process.
    """

    version: str
    apps: dict[str, str]
    control: str
    pid: int

    @property
    def root(self) -> str:
        """What stands before ``/call`` and ``/file=`` in this version's paths."""
        return "" if self.version == GRADIO_4 else "/gradio_api"

    def prompts(self, app: str) -> list[str]:
        """Return the prompts of the jobs that this app has begun, oldest first."""
        return [job["prompt"] for job in self._control("GET", "/jobs") if job["app"] == app]

    def wait_for(self, prompt: str) -> None:
        """Block until a job with this prompt has begun."""
        assert self._control("GET", "/wait_for", prompt=prompt), f"no job with prompt {prompt!r} began"

    def release(self, gate: str) -> None:
        """Let a job with the prompt ``hold: GATE`` go on."""
        self._control("POST", "/release", gate=gate)

    def _control(self, method: str, path: str, **params: str) -> Any:
        with httpx.Client(trust_env=False, timeout=90) as client:
            return client.request(method, self.control + path, params=params).raise_for_status().json()


def environment(version: str) -> Path:
    """Return the Python of an environment with this version of Gradio, made now if need be."""
    return python_with(_HERE / "requirements" / f"gradio-{version}.txt", "spaces")


@contextmanager
def serving(version: str) -> Iterator[Server]:
    """Run the apps on a version of Gradio for the time of a ``with`` block.

    The process ends with the block, and also when this process dies in whatever way: it reads its standard
    input, and ends with it.
    """
    python = environment(version)
    with tempfile.TemporaryFile("w+") as log:
        process = subprocess.Popen(
            [str(python), "-m", "spaces.apps.serve"],
            cwd=_HERE.parent,
            env={**_plain_environment(), "PYTHONPATH": str(_HERE.parent)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            start_new_session=True,
        )
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            if not line:
                log.seek(0)
                raise RuntimeError(f"the apps did not start on Gradio {version}:\n{log.read()[-3000:]}")
            told = json.loads(line)
            assert told["gradio"] == version
            yield Server(version, told["apps"], told["control"], process.pid)
        finally:
            process.stdin.close()
            process.stdout.close()
            _end(process)


def _plain_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith(("GRADIO_", "PYTHON"))}


def _end(process: subprocess.Popen[str]) -> None:
    try:
        process.wait(timeout=5)
    except subprocess.TimeoutExpired:
        if os.name == "nt":
            process.kill()
        else:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
