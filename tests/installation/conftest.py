"""Wheels and environments, made once for all tests of installing."""

from __future__ import annotations

from pathlib import Path

import pytest

from docs.conftest import easel
from installation.environments import Environment, built_wheels, make_environment

__all__ = ["clean", "core_alone", "easel", "wheels"]


@pytest.fixture(scope="session")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the wheel of every distribution of the workspace."""
    return built_wheels(tmp_path_factory.getbasetemp() / "wheels")


@pytest.fixture(scope="session")
def core_alone(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """An environment with impasto and no plugin."""
    environment = make_environment(tmp_path_factory.mktemp("core-alone"))
    environment.install(wheels["impasto"])
    return environment


@pytest.fixture
def clean(wheels: dict[str, Path], tmp_path: Path) -> Environment:
    """An environment of the test's own, with impasto and no plugin yet."""
    environment = make_environment(tmp_path / "clean")
    environment.install(wheels["impasto"])
    return environment
