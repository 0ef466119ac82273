"""Everything that is said of impasto's speed, measured: ``uv run --directory tests python -m benchmarks``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import report, scale
from benchmarks.environments import Environments, environments
from benchmarks.results import Results

PARTS: dict[str, Callable[[Environments, int, bool], Results]] = {
    "scale": lambda at, count, quick: scale.measure(at.peers, count, quick=quick),
}
ROUNDS, QUICK_ROUNDS = 5, 3


def main() -> None:
    """Measure, and print the tables."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure impasto beside its peers.")
    options.add_argument("--only", choices=PARTS, action="append", help="run this part; may be given more than once")
    options.add_argument("--quick", action="store_true", help="fewer rounds, and nothing that takes minutes")
    given = options.parse_args()
    results = Results()
    made = environments()
    for part in given.only or PARTS:
        results.add(PARTS[part](made, QUICK_ROUNDS if given.quick else ROUNDS, given.quick))
    print(report.on_terminal(results))


if __name__ == "__main__":
    main()
