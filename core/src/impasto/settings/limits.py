"""How long to wait, and how much to take: times and bounds."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from impasto.settings import rules


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """How long to wait, in seconds; positive and finite.

    Attributes:
        connect: for a connection to be opened.
        idle: between two bytes from the other side.
        deadline: for the whole request, but for what a slow consumer takes.

    Raises:
        SettingsError: one is not a positive, finite number.
    """

    connect: float = 10.0
    idle: float = 60.0
    deadline: float = 300.0

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            checked = rules.seconds(getattr(self, each.name), ("timeouts", each.name))
            object.__setattr__(self, each.name, checked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that is taken from a server; whole numbers.

    Attributes:
        event_size: bytes of one server-sent event.
        body_size: bytes of an answer's body.
        image_size: bytes of a picture.
        image_pixels: pixels of a picture, width times height.
        redirects: redirects of one request; 0 for none.
        follows: steps of a conversation.
        events: events of a conversation.

    Raises:
        SettingsError: one is not a whole number, or not positive.
    """

    event_size: int = 32 * 1024 * 1024
    body_size: int = 64 * 1024 * 1024
    image_size: int = 64 * 1024 * 1024
    image_pixels: int = 100_000_000
    redirects: int = 5
    follows: int = 10_000
    events: int = 100_000

    def __post_init__(self) -> None:
        for each in dataclasses.fields(self):
            lowest = 0 if each.name == "redirects" else 1
            rules.whole(getattr(self, each.name), ("bounds", each.name), lowest)


TIMEOUT_NAMES = tuple(each.name for each in dataclasses.fields(Timeouts))
"""The keys of a ``timeouts`` table."""

BOUND_NAMES = tuple(each.name for each in dataclasses.fields(Bounds))
"""The keys of the ``bounds`` table."""
