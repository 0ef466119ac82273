"""What the conformance suite finds."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


class Fault(AssertionError):
    """A plugin breaks a rule; the message says which one, where, and what to do."""


MOST = 6
"""Faults that one message tells of."""


def tell(where: str, faults: Iterable[str]) -> None:
    """Raise `Fault` if there are any, each on a line of its own.

    Args:
        where: what is said before each.
        faults: in words.
    """
    found = [f"{where}{fault}" for fault in dict.fromkeys(faults)]
    if found:
        raise Fault("\n".join(found[:MOST]))
