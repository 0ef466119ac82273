"""The distributions as wheels, and clean environments outside the workspace to install them into."""

from __future__ import annotations

import functools
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from pinned import UV_CACHE, find_uv
from repository import ROOT

PROJECTS = {
    "impasto": ROOT / "core",
    **{f"impasto-{folder.parent.name}": folder.parent for folder in sorted(ROOT.glob("plugins/*/pyproject.toml"))},
}
"""Every distribution of the workspace, and its folder."""

_BIN = "Scripts" if os.name == "nt" else "bin"
_OF_THE_WORKSPACE = (
    "VIRTUAL_ENV",
    "PYTHONPATH",
    "PYTHONHOME",
    "UV_PROJECT",
    "UV_PROJECT_ENVIRONMENT",
    "UV_WORKING_DIR",
)


def plain_environ(home: Path, **variables: str) -> dict[str, str]:
    """Return the variables for a process that is to know nothing of the workspace or of its user's home."""
    kept = {name: value for name, value in os.environ.items() if name not in _OF_THE_WORKSPACE}
    return {
        **{name: value for name, value in kept.items() if not name.startswith(("IMPASTO_", "XDG_", "PYTEST_"))},
        "HOME": str(home),
        "UV_CACHE_DIR": UV_CACHE,
        "PATH": os.pathsep.join([str(Path(find_uv()).parent), os.environ["PATH"]]),
        **variables,
    }


@dataclass(frozen=True)
class Environment:
    """A virtual environment outside the workspace.

    Attributes:
        folder: where it is.
        home: the home of whoever uses it; empty at first.
    """

    folder: Path
    home: Path

    @property
    def environ(self) -> dict[str, str]:
        """The variables of a shell in which it is activated."""
        environ = plain_environ(self.home, VIRTUAL_ENV=str(self.folder))
        return {**environ, "PATH": os.pathsep.join([str(self.folder / _BIN), environ["PATH"]])}

    def install(self, *what: Path | str) -> None:
        """Install wheels or project folders, with what they depend on."""
        self.run("uv", "pip", "install", "--quiet", *(str(each) for each in what))

    def run(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command that succeeds."""
        done = self.attempt(*command, cwd=cwd)
        assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        return done

    def attempt(self, *command: str, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command, whatever becomes of it."""
        return subprocess.run(
            command,
            env=self.environ,
            cwd=cwd or self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )


def make_environment(folder: Path) -> Environment:
    """Make a virtual environment with this Python and nothing in it."""
    home = folder / "home"
    home.mkdir(parents=True)
    environment = Environment(folder / "venv", home)
    _run(
        [find_uv(), "venv", "--quiet", "--python", sys.executable, str(environment.folder)],
        env=plain_environ(home),
    )
    return environment


@functools.cache
def built_wheels(folder: Path) -> dict[str, Path]:
    """Build every distribution as a wheel into a folder, once; return the wheels by the distributions' names."""
    wheels = {}
    for name, project in PROJECTS.items():
        _run(
            [find_uv(), "build", "--quiet", "--wheel", "--out-dir", str(folder / name), str(project)],
            env=plain_environ(folder),
        )
        (wheels[name],) = (folder / name).glob("*.whl")
    return wheels


def _run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} ended with {done.returncode}:\n{done.stderr}"
    return done
