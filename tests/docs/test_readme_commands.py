"""The README's two commands, and `.ci/run`, which calls the second."""

from __future__ import annotations

import os
import re
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from docs.documents import blocks_of
from installation.environments import plain_environ
from repository import ROOT, files

PAINT = 'pip install uv && uv run impasto "a red fox under a full moon"'
TEST = "pip install uv && uv run pytest"
FIRST = f"{TEST} tests/core/test_sizes.py"


def test_the_readme_has_two_commands() -> None:
    commands = [block.source.strip() for block in blocks_of(ROOT / "README.md") if block.language == "sh"]
    assert commands == [PAINT, TEST]


def test_contributing_has_the_same_one_behind_a_first_test() -> None:
    commands = [block.source.strip() for block in blocks_of(ROOT / "CONTRIBUTING.md") if block.language == "sh"]
    assert commands == [FIRST, TEST, ".ci/run", "uv run zensical build --strict"]


@pytest.fixture(scope="module")
def fresh_clone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Copy what a clone would hold: every file that is not ignored, and nothing else."""
    clone = tmp_path_factory.mktemp("clone") / "impasto"
    for path in files():
        copy = clone / path.relative_to(ROOT)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)
    return clone


def run_in(clone: Path, command: str) -> subprocess.CompletedProcess[str]:
    home = clone.parent / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        ["bash", "-c", command.removeprefix("pip install uv && ")],
        cwd=clone,
        env=plain_environ(home, UV_PYTHON=sys.executable),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done


class TestThePaintingCommand:
    """Without ``pip install uv``: the tests' own uv stands in for what that installs."""

    def paint(self, clone: Path) -> tuple[Path, str]:
        done = run_in(clone, PAINT)
        return clone / done.stdout.strip(), done.stderr

    def test_it_draws_in_a_fresh_clone_and_again_without_setting_up_anew(self, fresh_clone: Path) -> None:
        assert not (fresh_clone / ".venv").exists()
        first, _ = self.paint(fresh_clone)
        again, said = self.paint(fresh_clone)
        assert first != again
        for path in (first, again):
            with Image.open(path) as picture:
                picture.load()
                assert (picture.format, picture.size) == ("PNG", (768, 768))
        assert re.search(r"Built|Prepared|Installed|Uninstalled", said) is None


def test_a_newcomers_first_test_passes(fresh_clone: Path) -> None:
    assert re.search(r"^=+ \d+ passed in ", run_in(fresh_clone, FIRST).stdout, re.MULTILINE)


PARTS = ["pip install uv", "uv run pytest", "uv run ruff check", "uv run ruff format --check", "uv run mypy"]
STAND_IN = """\
#!/usr/bin/env bash
command="$(basename "$0") $*"
echo "$command" >> "$CALLS"
[ "$command" = "uv run pytest" ] && echo "==== 7 passed in 0.1s ===="
[ "$command" != "$FAILING" ]
"""


class TestTheScript:
    """`.ci/run`, with stand-ins for pip and uv that write down how they are called."""

    def run(self, folder: Path, failing: str = "nothing") -> tuple[subprocess.CompletedProcess[str], list[str]]:
        calls = folder / "calls"
        calls.touch()
        for name in ("pip", "uv"):
            path = folder / name
            path.write_text(STAND_IN)
            path.chmod(path.stat().st_mode | stat.S_IXUSR)
        path_variable = os.pathsep.join([str(folder), "/usr/bin", "/bin"])
        environ = {"PATH": path_variable, "CALLS": str(calls), "FAILING": failing, "CI": "true"}
        done = subprocess.run(
            [str(ROOT / ".ci" / "run")], cwd=folder, env=environ, capture_output=True, text=True, check=False
        )
        return done, calls.read_text().splitlines()

    def test_it_runs_every_part_and_ends_with_pytests_closing_line(self, tmp_path: Path) -> None:
        done, calls = self.run(tmp_path)
        assert done.returncode == 0, done.stderr
        assert calls == PARTS
        assert done.stdout.splitlines()[-1] == "==== 7 passed in 0.1s ===="

    def test_it_calls_the_readmes_command_as_it_stands_there(self) -> None:
        assert f"'{TEST}'" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")

    @pytest.mark.parametrize("part", PARTS)
    def test_it_fails_when_one_part_fails(self, tmp_path: Path, part: str) -> None:
        done, calls = self.run(tmp_path, failing=part)
        assert done.returncode != 0
        assert calls[-1] == part

    def test_it_can_be_run(self) -> None:
        assert os.access(ROOT / ".ci" / "run", os.X_OK)
