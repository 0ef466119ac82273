"""``impasto`` as a process, with plugins that are installed in a folder of their own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeAlias

import click.testing

from standins.server import PATIENCE

Invoke: TypeAlias = Callable[..., click.testing.Result]
"""Calls the command line in this process, with its arguments."""

TESTS = Path(__file__).resolve().parents[1]

EXAMPLE = """
from standins.provider import ExampleProvider

plugin = ExampleProvider()
"""

EASEL = """
import threading

from impasto import Image, ImageResponse, LocalCall, Model, Progress, Provider, Range, hookimpl
from standins.pictures import picture

MODEL = Model(Provider("easel"), "easel", accepts={"seed": Range(0, 100), "extra": None})

class Easel:
    @hookimpl
    def list_models(self):
        return [MODEL]

    @hookimpl
    def build_payload(self, model, request):
        return LocalCall(paint, {"seed": request.seed, **request.extra})

    @hookimpl
    def parse_event(self, model, event):
        return [event.data]

def paint(seed, never_ends=False, say=""):
    yield Progress("mixing", 0.25, "ochre")
    if never_ends:
        yield Progress("engrossed")
        threading.Event().wait()
    yield ImageResponse((Image(data=picture(), seed=seed),), seed=seed, text=say)

plugin = Easel()
"""


class Installed:
    """The installed ``impasto``, plus what a test installs beside it."""

    def __init__(self, site: Path, folder: Path) -> None:
        self.site = site
        self.folder = folder
        self.environ: dict[str, str] = {"PYTHONPATH": os.pathsep.join([str(site), str(TESTS)]), "TERM": "xterm"}

    def install(self, name: str, source: str, *, value: str = "{module}:plugin") -> None:
        """Install a distribution of one module, which brings one plugin."""
        module = f"{name}_plugin"
        (self.site / f"{module}.py").write_text(source, encoding="utf-8")
        info = self.site / f"impasto_{name}-1.2.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: impasto-{name}\nVersion: 1.2\n")
        (info / "entry_points.txt").write_text(f"[impasto]\n{name} = {value.format(module=module)}\n")

    def run(self, *arguments: str, as_module: bool = False, **options: Any) -> subprocess.CompletedProcess[str]:
        """Run ``impasto`` to its end."""
        options = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options}
        if "input" in options:
            del options["stdin"]
        return subprocess.run(
            [*self.command(as_module=as_module), *arguments],
            cwd=self.folder,
            env={**os.environ, **self.environ},
            text=True,
            check=False,
            timeout=3 * PATIENCE,
            **options,
        )

    def command(self, *, as_module: bool = False) -> list[str]:
        """Return the words that start ``impasto``."""
        script = Path(sys.executable).with_name("impasto")
        return [sys.executable, "-m", "impasto"] if as_module else [str(script)]

    def files(self) -> list[str]:
        """Return what is in the working folder, by name."""
        return sorted(each.relative_to(self.folder).as_posix() for each in self.folder.rglob("*"))
