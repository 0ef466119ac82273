"""Thousands of generations, many at once, with a quarter of the answers faulty."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from faults.conftest import Tally
from faults.soaking import Soaked

GENERATIONS = int(os.environ.get("FAULTS_SOAK", "10000"))
"""How many on asyncio, which ``FAULTS_SOAK`` sets; on trio a fifth of them."""

COUNTS = {"asyncio": GENERATIONS, "trio": GENERATIONS // 5}


@pytest.mark.parametrize("backend", ["asyncio", "trio"])
def test_every_generation_ends_in_one_picture_or_one_error_and_memory_where_it_began(
    backend: str, tally: Tally
) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "faults.soaking", backend, str(COUNTS[backend])],
        cwd=Path(__file__).resolve().parents[1],
        env={**os.environ, "MALLOC_ARENA_MAX": "1"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    soaked = Soaked(**json.loads(done.stdout))
    assert soaked.pictures + soaked.errors == COUNTS[backend]
    assert soaked.pictures > soaked.errors > 0
    assert soaked.resident[1] < 1.05 * soaked.resident[0], soaked
    assert soaked.blocks[1] < 1.05 * soaked.blocks[0], soaked
    tally.count(soaked.faults, soaked.pictures)
