"""What the tests share with those of the command line."""

from __future__ import annotations

from cli.conftest import installed, invoke

__all__ = ["installed", "invoke"]
