"""What was measured: numbers of several rounds, their medians, and whether a target was reached."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Self, TypeVar

Key = TypeVar("Key")


@dataclass(frozen=True)
class Measurement:
    """The same thing, measured in several rounds.

    Attributes:
        part: the part of the benchmark.
        what: what was done.
        who: what did it.
        unit: of the values.
        values: one a round.
        more_is_better: whether it is; of times and sizes, less is.
    """

    part: str
    what: str
    who: str
    unit: str
    values: Sequence[float]
    more_is_better: bool = False

    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @property
    def spread(self) -> tuple[float, float]:
        """The lowest and the highest value."""
        return min(self.values), max(self.values)


@dataclass(frozen=True)
class Target:
    """A bound that is to be held.

    Attributes:
        part: the part of the benchmark.
        what: what is bounded.
        against: what it is compared with; empty for a bound in units.
        value: what was measured: a ratio, or a number of units.
        bound: the most that it may be; or the least, see `at_least`.
        unit: ``x`` for a ratio.
        at_least: whether the bound is the least.
    """

    part: str
    what: str
    against: str
    value: float
    bound: float
    unit: str = "x"
    at_least: bool = False

    @property
    def reached(self) -> bool:
        """Whether the bound is held."""
        return self.value >= self.bound if self.at_least else self.value <= self.bound


@dataclass
class Results:
    """Everything of one run.

    Attributes:
        measurements: in the order in which they were made.
        targets: in the order in which they were judged.
        setting: where it was measured, and with what: names to words.
    """

    measurements: list[Measurement] = field(default_factory=list)
    targets: list[Target] = field(default_factory=list)
    setting: dict[str, str] = field(default_factory=dict)

    def json(self) -> str:
        """Return everything as JSON, with the medians and verdicts that follow from it."""
        said = {
            "setting": self.setting,
            "targets": [{**asdict(each), "reached": each.reached} for each in self.targets],
            "measurements": [{**asdict(each), "median": each.median} for each in self.measurements],
        }
        return json.dumps(said, indent=1, ensure_ascii=False) + "\n"

    @classmethod
    def of_json(cls, text: str) -> Self:
        """Return what `json` wrote."""
        said = json.loads(text)
        return cls(
            [Measurement(**_without(each, "median")) for each in said["measurements"]],
            [Target(**_without(each, "reached")) for each in said["targets"]],
            said["setting"],
        )

    def add(self, other: Results) -> None:
        """Add what another part measured."""
        self.measurements += other.measurements
        self.targets += other.targets

    def median(self, what: str, who: str) -> float:
        """Return the median of one measurement.

        Raises:
            LookupError: there is none of that name.
        """
        return self._one(what, who).median

    def compare(self, part: str, what: str, who: str, other: tuple[str, str], bound: float, **options: Any) -> None:
        """Add a target: the ratio of one median to another."""
        ratio = self.median(what, who) / self.median(*other)
        against = other[1] if other[0] == what else other[0] if other[1] == who else f"{other[0]}, {other[1]}"
        self.targets.append(Target(part, f"{what}, {who}", against, ratio, bound, **options))

    def bound(self, part: str, what: str, who: str, bound: float, **options: Any) -> None:
        """Add a target: a median itself."""
        found = self._one(what, who)
        self.targets.append(Target(part, f"{what}, {who}", "", found.median, bound, found.unit, **options))

    def _one(self, what: str, who: str) -> Measurement:
        found = [each for each in self.measurements if (each.what, each.who) == (what, who)]
        if len(found) != 1:
            raise LookupError(f"{len(found)} measurements of {what!r} by {who!r}")
        return found[0]


def _without(said: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in said.items() if key != name}


def rounds(
    measures: Mapping[Key, Callable[[], float | Mapping[str, float]]], count: int, *, warm: int = 1
) -> dict[Key, list[Any]]:
    """Measure everything in every round, and return the values of each.

    The order is turned round from one round to the next, so that what comes before what is not always the same.

    Args:
        measures: what measures once, by key.
        count: rounds that count.
        warm: rounds before these, whose values are dropped.
    """
    values: dict[Key, list[Any]] = {key: [] for key in measures}
    for number in range(-warm, count):
        keys = list(measures)
        for key in keys if number % 2 == 0 else reversed(keys):
            value = measures[key]()
            if number >= 0:
                values[key].append(value)
    return values
