"""The catalogue in an environment in which plugins come and go as users have them come and go."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from installation.environments import Environment
from installation.test_strangers import PLUGIN, PYPROJECT

NOTED = 'open("imported", "a").close()\n'
"""Leaves a file in the working folder when it is imported."""


def age(*folders: Path) -> None:
    """Make everything in some folders look as if it had been written long ago."""
    ago = time.time() - 3600
    for folder in folders:
        for path in (folder, *folder.rglob("*")):
            os.utime(path, (ago, ago), follow_symlinks=False)


def models(environment: Environment) -> list[str]:
    """Return the first column of what is listed, with a note where the stranger's plugin was imported."""
    lines = environment.run("impasto", "models").stdout.splitlines()
    note = environment.home / "imported"
    imported = ["imported"] if note.exists() else []
    note.unlink(missing_ok=True)
    return [line.split()[0] for line in lines[1:] if "/" in line.split()[0]] + imported


@pytest.fixture
def stranger(tmp_path: Path) -> Path:
    """The project of a stranger's plugin."""
    folder = tmp_path / "strange-brush"
    folder.mkdir()
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "strange_brush.py").write_text(NOTED + PLUGIN)
    return folder


def is_known(environment: Environment, *models_listed: str) -> None:
    """Assert that the models are listed right after a change, and without an import when it is long ago."""
    assert [each for each in models(environment) if each != "imported"] == [*models_listed]
    age(environment.folder)
    models(environment)
    assert models(environment) == [*models_listed]


def rename(project: Path, old: str, new: str) -> None:
    """Give the project's one model another name."""
    source = project / "strange_brush.py"
    source.write_text(source.read_text().replace(f'STRANGE, "{old}"', f'STRANGE, "{new}"'))


def test_what_is_installed_upgraded_and_removed_shows(
    clean: Environment, stranger: Path, wheels: dict[str, Path]
) -> None:
    is_known(clean)
    clean.install(stranger)
    is_known(clean, "strange/brush")

    rename(stranger, "brush", "crush")
    clean.run("uv", "pip", "install", "--quiet", "--reinstall", "--no-cache", "--no-deps", str(stranger))
    age(clean.folder)
    is_known(clean, "strange/crush")

    rename(stranger, "crush", "plush")
    (stranger / "pyproject.toml").write_text(PYPROJECT.replace("3.1", "3.2"))
    clean.install(stranger)
    age(clean.folder)
    is_known(clean, "strange/plush")
    assert "3.2" in clean.run("impasto", "plugins").stdout

    clean.install(wheels["impasto-sketch"])
    is_known(clean, "sketch/sketch", "strange/plush")
    clean.run("uv", "pip", "uninstall", "--quiet", "strange-brush")
    is_known(clean, "sketch/sketch")


def test_edits_of_an_editable_install_show(clean: Environment, stranger: Path) -> None:
    clean.run("uv", "pip", "install", "--quiet", "--editable", str(stranger))
    age(stranger)
    is_known(clean, "strange/brush")
    rename(stranger, "brush", "crush-2")
    age(stranger)
    is_known(clean, "strange/crush-2")


def test_two_environments_have_a_file_each(clean: Environment, core_alone: Environment, stranger: Path) -> None:
    clean.install(stranger)
    for environment in (clean, core_alone):
        age(environment.folder)
    for environment, listed in ((clean, ["strange/brush"]), (core_alone, [])):
        shared = Environment(environment.folder, clean.home)
        assert [each for each in models(shared) if each != "imported"] == listed
        assert models(shared) == listed
    assert len(list((clean.home / ".cache" / "impasto").glob("catalogue-*"))) == 2
