"""The only modules that do I/O for a payload. A carrier knows bytes; it knows no model and no other route."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeAlias

from impasto.events import ServerEvent

Deliver: TypeAlias = Callable[[ServerEvent], Awaitable[bool]]
"""Takes one event; returns True when the exchange may end because enough was said."""
