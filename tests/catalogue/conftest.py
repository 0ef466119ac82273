"""What the tests of the catalogue share."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalogue.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    """A shelf with nothing on it."""
    return Shelf(tmp_path)
