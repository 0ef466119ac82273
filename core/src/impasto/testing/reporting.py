"""How faults reach whoever runs the suite: as the message that they are."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, TypeVar

import hypothesis
import pytest
from hypothesis import strategies as st

from impasto.testing.faults import Fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


class ToldElsewhere(Exception):
    """A test cannot be made for a reason over which another one fails: one fault, one message."""


@contextlib.contextmanager
def told() -> Iterator[None]:
    """Let pytest show a fault without a traceback through the suite; what another test tells of is no fault here."""
    try:
        yield
    except ToldElsewhere:
        return
    except Fault as fault:
        raise pytest.fail.Exception(str(fault), pytrace=False) from None


def explore(strategy: st.SearchStrategy[T], check: Callable[[T], None], examples: int) -> None:
    """Try a check on random values.

    Args:
        strategy: makes the values.
        check: raises `Fault` where something is wrong.
        examples: how many values are tried.

    Raises:
        Fault: over the simplest of the values that fail.
    """
    found: list[Fault] = []

    @hypothesis.settings(
        max_examples=examples,
        deadline=None,
        database=None,
        verbosity=hypothesis.Verbosity.quiet,
        suppress_health_check=list(hypothesis.HealthCheck),
        phases=(hypothesis.Phase.generate, hypothesis.Phase.shrink),
        report_multiple_bugs=False,
    )
    @hypothesis.given(strategy)
    def run(value: T) -> None:
        try:
            check(value)
        except Fault as fault:
            found.append(fault)
            raise

    try:
        run()
    except Fault:
        raise Fault(str(found[-1])) from None
