"""The servers themselves: nothing stays behind."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from spaces.servers import GRADIO_6, environment


def test_the_apps_end_and_clean_up_when_whoever_started_them_goes(tmp_path: Path) -> None:
    tests = Path(__file__).parent.parent
    process = subprocess.Popen(
        [environment(GRADIO_6), "-m", "spaces.apps.serve"],
        cwd=tests,
        env=os.environ | {"PYTHONPATH": str(tests), "TMPDIR": str(tmp_path)},
        stdin=subprocess.PIPE,
    )
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(timeout=60) == 0
    assert list(tmp_path.iterdir()) == []


def test_an_environment_is_made_once(gradio6: object) -> None:
    python = environment(GRADIO_6)
    made = python.stat().st_ctime_ns
    assert environment(GRADIO_6) == python
    assert python.stat().st_ctime_ns == made
