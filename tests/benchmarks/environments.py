"""The environments in which things are measured: made like a user's, with bytecode, and apart from the workspace.

Each lies in the repository's ``.cache`` and is used again as long as the pinned versions stay the same; impasto itself
is built from the tree and installed anew in every run.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path

from installation.environments import PROJECTS, built_wheels
from pinned import UV_CACHE, find_uv
from repository import ROOT

PINNED = Path(__file__).parent / "requirements" / "peers.txt"
"""The versions of everything that is installed beside impasto."""

MANY = 200
"""Plugins in the environment with many of them."""

PEERS = ("aiohttp", "g4f", "httpx", "httpx-sse", "trio")
"""What is compared within one environment, together with impasto."""

CACHE = ROOT / ".cache" / "benchmarks"
"""Where the environments are, and what was measured last."""

_BIN = "Scripts" if os.name == "nt" else "bin"
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "TMPDIR", "TEMP")

_PLUGIN = '''\
"""A provider with one model, like any other."""

from impasto import HttpRequest, ImageResponse, Image, Model, Provider, Range, SizeRule, hookimpl

PROVIDER = Provider(id="bench-{number}", label="Bench {number}", url="https://bench-{number}.invalid")


@hookimpl
def list_models():
    return [
        Model(
            PROVIDER,
            "painter-{number}",
            aliases=("alias-{number}",),
            accepts={{"seed": Range(0, 2**31 - 1), "num_inference_steps": Range(1, 50)}},
            defaults={{"width": 768, "height": 768, "num_inference_steps": 4}},
            size=SizeRule(minimum=256, maximum=2048, multiple=8),
            label="Painter {number}",
        )
    ]


@hookimpl
def build_payload(model, request):
    return HttpRequest("POST", "/draw", json={{"prompt": request.prompt, "seed": request.seed}})


@hookimpl
def parse_event(model, event):
    return [ImageResponse((Image(url=event.json()["url"]),))]
'''


@dataclass(frozen=True)
class Environment:
    """A virtual environment.

    Attributes:
        folder: where it is.
        home: the home of whoever uses it.
    """

    folder: Path
    home: Path

    @property
    def python(self) -> str:
        """Its Python."""
        return self.script("python")

    def script(self, name: str) -> str:
        """Return the path of a command that is installed in it."""
        return str(self.folder / _BIN / name)

    def environ(self, **variables: str) -> dict[str, str]:
        """Return the variables of a user's shell, and some more. Bytecode is written, whatever holds here."""
        kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
        return {**kept, "HOME": str(self.home), "NO_COLOR": "1", **variables}


@dataclass(frozen=True)
class Environments:
    """All of them.

    Attributes:
        impasto: impasto and the repository's plugins.
        many: these, and `MANY` others.
        peers: impasto and `PEERS`.
        gradio_client: gradio_client alone.
        llm: llm alone.
    """

    impasto: Environment
    many: Environment
    peers: Environment
    gradio_client: Environment
    llm: Environment


def environments() -> Environments:
    """Return the environments, made now where they are not there, with impasto as it is in the tree."""
    with tempfile.TemporaryDirectory() as folder:
        ours = [str(path) for path in built_wheels(Path(folder)).values()]
        many = [str(_plugin_wheel(Path(folder), f"{number:03}")) for number in range(MANY)]
        return Environments(
            impasto=_environment("impasto", ours),
            many=_environment("many", [*ours, *many]),
            peers=_environment("peers", [*ours, *PEERS]),
            gradio_client=_environment("gradio_client", ["gradio-client"]),
            llm=_environment("llm", ["llm"]),
        )


def _environment(name: str, what: list[str]) -> Environment:
    key = hashlib.sha256(PINNED.read_bytes() + f"{sys.version}{ROOT}".encode()).hexdigest()[:16]
    home = CACHE / f"{name}-{key}"
    environment = Environment(home / "venv", home / "home")
    if not Path(environment.python).exists():
        shutil.rmtree(home, ignore_errors=True)
        environment.home.mkdir(parents=True)
        _run("venv", "--python", sys.executable, str(environment.folder))
    again = [option for project in PROJECTS for option in ("--reinstall-package", project)]
    _run(
        "pip",
        "install",
        "--python",
        environment.python,
        "--compile-bytecode",
        "--constraints",
        str(PINNED),
        *again,
        *what,
    )
    return environment


def _run(*arguments: str) -> None:
    command = [find_uv(), "--quiet", *arguments]
    environ = {**os.environ, "UV_CACHE_DIR": UV_CACHE}
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=environ)
    if done.returncode:
        raise RuntimeError(f"{' '.join(command[:4])} … failed:\n{done.stderr}")


def _plugin_wheel(folder: Path, number: str) -> Path:
    name, info = f"impasto_bench_{number}", f"impasto_bench_{number}-1.0.dist-info"
    files = {
        f"{name}/__init__.py": _PLUGIN.format(number=number),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: impasto-bench-{number}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: benchmarks\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[impasto]\nbench-{number} = {name}\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in (*files, f"{info}/RECORD"))
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel
