"""What became of the routes that were tried: told in passing, and as a table where none of them drew."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from impasto.cli.tables import table
from impasto.errors import AllProvidersFailed, ImpastoError, PluginError, ResponseError
from impasto.events import Attempt

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping


@dataclass(frozen=True, slots=True)
class Failure:
    """An attempt that brought no picture, although a later one may have.

    Attributes:
        route: the model's full name.
        error: why it ended.
        may_be_charged: whether the service may charge for it.
    """

    route: str
    error: ImpastoError
    may_be_charged: bool

    def described(self) -> Mapping[str, Any]:
        """Return the same as plain data."""
        return {"route": self.route, "error": str(self.error), "may_be_charged": self.may_be_charged}


class Attempts:
    """Remembers the attempts of one request, as far as its events tell of them.

    Attributes:
        failures: those that failed before the last one began, in the order in which they ended.
        skipped: the routes that were not asked, and why.
    """

    def __init__(self) -> None:
        self.failures: list[Failure] = []
        self.skipped: tuple[str, ...] = ()
        self._route = ""

    def update(self, event: object) -> None:
        """Take note of an event."""
        if not isinstance(event, Attempt):
            return
        self.skipped += event.skipped
        if event.error is not None and not any(each.error is event.error for each in self.failures):
            route = route_of(event.error) or self._route
            self.failures.append(Failure(route, event.error, event.may_be_charged))
        self._route = event.route

    def told(self) -> list[str]:
        """Return a line for each failure; those that are alike share one."""
        return [
            f"{route} did not draw: {words}"
            for route, words in _joined(
                (each.route, words_of(each.error) + (" (it may have been charged)" if each.may_be_charged else ""))
                for each in self.failures
            )
        ]


def route_of(error: ImpastoError) -> str | None:
    """Return the full name of the model at which an error happened, where the error knows it."""
    if isinstance(error, ResponseError) and error.provider and error.model:
        return f"{error.provider}/{error.model}"
    return None


def words_of(error: ImpastoError) -> str:
    """Return what an error says, on one line, without the provider that stands beside it."""
    words = str(error)
    if isinstance(error, ResponseError):
        words = f"{error.step}: {error.args[0]}" if error.step else str(error.args[0])
    return " ".join(words.split())


def failures_table(error: AllProvidersFailed, width: int | None = None) -> str:
    """Return what happened at each route, as lines.

    Args:
        error: what was raised, when none of the routes drew.
        width: characters of a line; None for as many as it takes.
    """
    rows = _joined(_row(each) for each in error.attempts)
    return table([("ROUTE", "WHAT HAPPENED"), *rows], width)


def _row(error: ImpastoError) -> tuple[str, str]:
    if isinstance(error, PluginError) and error.hook:
        return f"plugin {error.plugin}", " ".join(f"{error.hook}: {error.args[0]}".split())
    return route_of(error) or "-", words_of(error)


def _joined(rows: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """Make one of rows that are alike and follow each other."""
    for (route, words), alike in itertools.groupby(rows):
        times = len(list(alike))
        yield route, f"{words} ({times} times)" if times > 1 else words
