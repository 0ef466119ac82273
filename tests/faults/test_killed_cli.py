"""The command line, killed at any moment: a picture is there whole or not at all, and the next run works."""

from __future__ import annotations

import io
import os
import random
import signal
import subprocess
from pathlib import Path

import pytest
from PIL import Image

from cli.installed import EASEL, Installed
from faults.conftest import Tally
from standins.pictures import picture

WATCHED = """
import os
import signal
import sys

MOMENT = int(os.environ.get("KILLED_AT", "0"))
FOLDER = os.environ.get("KILLED_IN", "-")
PATHS = {"open": 1, "os.chmod": 1, "os.mkdir": 1, "os.remove": 1, "os.link": 2, "os.rename": 2}
moments = 0

def killed(event, arguments):
    # Called before the process opens, makes, links, renames, changes or removes something.
    global moments
    given = arguments[: PATHS.get(event, 0)] if MOMENT else ()
    paths = [os.path.abspath(each) for each in given if isinstance(each, (str, os.PathLike))]
    if not any(each.startswith(FOLDER) for each in paths):
        return
    moments += 1
    if moments == MOMENT:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(killed)
"""

OLD = picture("PNG", (8, 8), "grey")


@pytest.fixture
def installed(tmp_path: Path) -> Installed:
    """The installed ``impasto``, with a provider that paints on this machine."""
    (tmp_path / "site").mkdir()
    (tmp_path / "work").mkdir()
    found = Installed(tmp_path / "site", tmp_path / "work")
    found.install("easel", EASEL)
    return found


def start(installed: Installed, *arguments: str, **environ: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*installed.command(), "a fox", "-m", "easel", *arguments],
        cwd=installed.folder,
        env={**os.environ, **installed.environ, **environ},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def assert_all_whole(folder: Path) -> list[str]:
    """Return the names of the files that a user sees, each of which is a whole picture."""
    seen = [each for each in sorted(folder.iterdir()) if not each.name.startswith(".impasto-")]
    for each in seen:
        with Image.open(io.BytesIO(each.read_bytes())) as opened:
            opened.load()
    return [each.name for each in seen]


@pytest.mark.parametrize("arguments", [(), ("-o", "fox.png"), ("-o", "fox.webp")], ids=" ".join)
def test_killed_before_each_thing_that_it_does_to_a_file(
    installed: Installed, arguments: tuple[str, ...], tally: Tally
) -> None:
    (installed.site / "sitecustomize.py").write_text(WATCHED)
    named = arguments[1] if arguments else None
    if named:
        (installed.folder / named).write_bytes(OLD)
    moments = 0
    status = -signal.SIGKILL
    while status == -signal.SIGKILL:
        moments += 1
        for left in [] if named else list(installed.folder.iterdir()):
            left.unlink()
        with start(installed, *arguments, KILLED_AT=str(moments), KILLED_IN=str(installed.folder)) as process:
            status = process.wait(60)
        seen = assert_all_whole(installed.folder)
        assert not named or seen == [named]
    assert status == 0
    assert moments > 3
    tally.killed += moments - 1


def test_killed_at_random_moments(installed: Installed, tally: Tally) -> None:
    moments = random.Random(3)
    (installed.folder / "fox.png").write_bytes(OLD)
    for _ in range(10):
        with start(installed, "-o", "fox.png") as process:
            try:
                process.wait(moments.uniform(0.05, 0.9))
            except subprocess.TimeoutExpired:
                process.kill()
                tally.killed += 1
        assert assert_all_whole(installed.folder) == ["fox.png"]
    done = installed.run("a fox", "-m", "easel", "-o", "fox.png")
    assert (done.returncode, done.stdout, done.stderr) == (0, "fox.png\n", "")
    assert (installed.folder / "fox.png").read_bytes() != OLD
