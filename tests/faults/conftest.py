"""What the tests of the fault bench share, and their account of what was injected and survived."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from faults.server import Apart, apart


@dataclass
class Tally:
    """What was done, over the whole run."""

    injected: int = 0
    generations: int = 0
    killed: int = 0

    def count(self, injected: int, generations: int = 1) -> None:
        """Add faults that the server has injected, and the generations that got over them."""
        self.injected += injected
        self.generations += generations


_TALLY = pytest.StashKey[Tally]()


@pytest.fixture(scope="session")
def tally(pytestconfig: pytest.Config) -> Tally:
    return pytestconfig.stash.setdefault(_TALLY, Tally())


@pytest.fixture(scope="session")
def _faulty() -> Iterator[Apart]:
    with apart() as server:
        yield server


@pytest.fixture
def faulty(_faulty: Apart) -> Apart:
    """A server that fails as it is asked to."""
    return _faulty.begin()


@pytest.fixture(autouse=True)
def _no_names_but_loopback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Resolve no name: garbled addresses lead nowhere, and nothing here leaves this machine."""
    resolve = socket.getaddrinfo

    def loopback_alone(host: str | bytes | None, *others: Any, **options: Any) -> Any:
        if host not in {"127.0.0.1", b"127.0.0.1"}:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return resolve(host, *others, **options)

    monkeypatch.setattr(socket, "getaddrinfo", loopback_alone)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    tally = config.stash.get(_TALLY, None)
    if tally is not None:
        terminalreporter.section("faults")
        terminalreporter.line(
            f"{tally.injected:,} faulty answers and {tally.killed:,} killed processes injected; "
            f"{tally.generations:,} generations survived them."
        )
