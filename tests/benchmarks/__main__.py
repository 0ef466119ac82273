"""Everything that is said of impasto's speed, measured: ``uv run --directory tests python -m benchmarks``.

Prints the tables, and writes the numbers and a chart to ``.cache/benchmarks``; with ``--write-docs`` to ``docs``, and
the tables to ``docs/performance.md``.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable

from benchmarks import decoding, latency, report, scale, startup
from benchmarks.chart import chart
from benchmarks.environments import CACHE, Environments, environments
from benchmarks.results import Results
from benchmarks.setting import setting
from repository import ROOT

PARTS: dict[str, Callable[[Environments, int, bool], Results]] = {
    "startup": lambda at, count, quick: startup.measure(at, count if quick else 3 * count),
    "spaces": lambda at, count, quick: latency.measure(at, count if quick else 2 * count),
    "scale": lambda at, count, quick: scale.measure(at.peers, count, quick=quick),
    "sse": lambda at, count, quick: decoding.measure(at.peers, 3 * count),
}
"""What measures each part: takes the environments, the rounds, and whether it is to be quick."""

ROUNDS, QUICK_ROUNDS = 5, 3


def main() -> None:
    """Measure, and hand out what was measured."""
    options = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure impasto beside its peers.")
    options.add_argument("--only", choices=PARTS, action="append", help="run this part; may be given more than once")
    options.add_argument("--quick", action="store_true", help="fewer rounds, and nothing that takes minutes")
    options.add_argument("--write-docs", action="store_true", help="write docs/performance.*; takes a whole run")
    given = options.parse_args()
    if given.write_docs and (given.only or given.quick):
        options.error("--write-docs takes a whole run: leave out --only and --quick")
    results = Results(setting=setting())
    made = environments()
    for part in given.only or PARTS:
        print(f"measuring: {part}", file=sys.stderr, flush=True)
        results.add(PARTS[part](made, QUICK_ROUNDS if given.quick else ROUNDS, given.quick))
    print(report.on_terminal(results))
    folder = ROOT / "docs" if given.write_docs else CACHE
    (folder / "performance.json").write_text(results.json(), encoding="utf-8")
    (folder / "performance.svg").write_text(chart(results), encoding="utf-8")
    if given.write_docs:
        page = folder / "performance.md"
        page.write_text(report.filled(page.read_text(encoding="utf-8"), results), encoding="utf-8")


if __name__ == "__main__":
    main()
