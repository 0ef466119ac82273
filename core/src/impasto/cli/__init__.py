"""The command line, a thin face over `impasto.Client`."""

from __future__ import annotations

import sys


def main() -> None:
    """Run ``impasto`` with the process's arguments, and exit with its status.

    0: done. 1: it failed. 2: what was asked is not possible, and nothing was sent. 130: interrupted. Errors are a
    line or two on stderr.
    """
    try:
        from impasto.cli.process import run

        status = run()
    except KeyboardInterrupt:
        status = 130
    sys.exit(status)
