"""Plugins that are installed in folders of their own, and processes that meet them and tell which they imported."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from repository import ROOT
from standins.server import PATIENCE

AGO = time.time() - 3600
"""When everything on a shelf was written, so that no process has to be afraid that it is written again."""

THE_WORKSPACES = tuple(f"{path.parent.name}/" for path in ROOT.glob("plugins/*/pyproject.toml"))
"""The models that are there anyway."""

NOTE = """
import os
with open(os.environ["IMPORTED"], "a", encoding="utf-8") as log:
    log.write(__name__ + "\\n")
"""
"""Notes that a module is imported."""

PAINTER = (
    NOTE
    + """
import impasto

PROVIDER = impasto.Provider("{name}")
MODEL = impasto.Model(PROVIDER, "{name}", aliases=("{name}-1", "any"), label="{label}")

@impasto.hookimpl
def list_models():
    return [MODEL]

@impasto.hookimpl
def build_payload(model, request):
    return impasto.LocalCall(paint, {{"prompt": request.prompt, "own": model is MODEL}})

@impasto.hookimpl
def parse_event(model, event):
    return [event.data]

def paint(prompt, own):
    import io
    import PIL.Image
    png = io.BytesIO()
    PIL.Image.new("RGB", (8, 8)).save(png, "PNG")
    said = {{"prompt": prompt, "own": own}}
    yield impasto.ImageResponse((impasto.Image(data=png.getvalue()),), metadata=said)
"""
)
"""A provider with one model; its name and its model's label are to be filled in."""


@dataclass(frozen=True)
class Met:
    """What a process printed, and the plugins that it imported, in order."""

    said: Any
    imported: list[str]


class Shelf:
    """A folder of distributions, an empty working folder, and a cache folder."""

    def __init__(self, folder: Path) -> None:
        self.site = folder / "site-packages"
        self.lib = folder / "lib"
        self.work = folder / "work"
        self.cache = folder / "cache"
        for each in (self.site, self.lib, self.work):
            each.mkdir(parents=True)
        self.environ = {
            "PYTHONPATH": os.pathsep.join([str(self.site), str(self.lib)]),
            "XDG_CACHE_HOME": str(self.cache),
            "IMPORTED": str(folder / "imported"),
        }

    def write(self, name: str, text: str, *, folder: Path | None = None) -> Path:
        """Write a file as if long ago."""
        path = (folder or self.site) / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        os.utime(path, (AGO, AGO))
        os.utime(path.parent, (AGO, AGO))
        return path

    def describe(self, name: str, *, version: str = "1.0", value: str | None = None, extra: str = "") -> Path:
        """Write the metadata of a distribution that brings one plugin, which has its name."""
        info = f"{name}-{version}.dist-info"
        self.write(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        return self.write(f"{info}/entry_points.txt", f"[impasto]\n{name} = {value or name}\n{extra}").parent

    def install(self, name: str, source: str | None = None, *, label: str = "", **metadata: str) -> None:
        """Install a distribution of one package, which is a plugin: a painter, unless its source is given."""
        text = PAINTER.format(name=name, label=label) if source is None else NOTE + source
        self.write(f"{name}/__init__.py", text)
        self.describe(name, **metadata)

    def remove(self, name: str) -> None:
        """Remove everything of a distribution."""
        for path in self.site.glob(f"{name}*"):
            shutil.rmtree(path)

    def models(self, **environ: str) -> Met:
        """Return the labels of the models that ``impasto models`` lists, by full name, but for the workspace's own."""
        met = self.python("-m", "impasto", "models", "--json", environ=environ)
        labels = {each["name"]: each["label"] for each in json.loads(met.said)}
        ours = {name: label for name, label in labels.items() if not name.startswith(THE_WORKSPACES)}
        return Met(ours, met.imported)

    def paint(self, model: str, **environ: str) -> Met:
        """Return what painting with a model told, as ``impasto --json`` prints it."""
        met = self.python("-m", "impasto", "a fox", "-m", model, "--json", environ=environ)
        return Met(json.loads(met.said), met.imported)

    def run(self, *arguments: str, status: int = 0, **environ: str) -> Met:
        """Run ``impasto`` to its end."""
        return self.python("-m", "impasto", *arguments, status=status, environ=environ)

    def run_text(self, *arguments: str, **environ: str) -> str:
        """Return what ``impasto`` prints."""
        return str(self.python("-m", "impasto", *arguments, environ=environ).said)

    def complaints(self, *arguments: str, **environ: str) -> str:
        """Return what ``impasto`` says on stderr while it succeeds."""
        return self._run("-m", "impasto", *arguments, environ=environ).stderr

    def source(self, name: str) -> str:
        """Return the source of a plugin that is installed, but for the note of its import."""
        return (self.site / name / "__init__.py").read_text(encoding="utf-8").removeprefix(NOTE)

    def python(self, *arguments: str, status: int = 0, environ: Mapping[str, str] | None = None) -> Met:
        """Run Python to its end; where it fails, what was printed is what stands on stderr."""
        log = Path(self.environ["IMPORTED"])
        log.unlink(missing_ok=True)
        done = self._run(*arguments, status=status, environ=environ)
        imported = log.read_text(encoding="utf-8").split() if log.exists() else []
        return Met(done.stderr if status else done.stdout, imported)

    def _run(
        self, *arguments: str, status: int = 0, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=self.work,
            env={**os.environ, **self.environ, **(environ or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            timeout=3 * PATIENCE,
        )
        assert done.returncode == status, done.stderr
        return done

    def file(self) -> Path | None:
        """Return the file of the catalogue, if there is one."""
        return next(iter((self.cache / "impasto").glob("catalogue-*")), None)
