"""Everything that is said of impasto's speed, measured: ``uv run --directory tests python -m benchmarks``."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from benchmarks import decoding, latency, report, scale, startup
from benchmarks.environments import Environments, environments
from benchmarks.results import Results

PARTS: dict[str, Callable[[Environments, int, bool], Results]] = {
    "startup": lambda at, count, quick: startup.measure(at, count if quick else 3 * count),
    "spaces": lambda at, count, quick: latency.measure(at, count if quick else 2 * count),
    "scale": lambda at, count, quick: scale.measure(at.peers, count, quick=quick),
    "sse": lambda at, count, quick: decoding.measure(at.peers, 3 * count),
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
