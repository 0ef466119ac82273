"""Plays a recorded scene to a plugin: its hooks alone, no core, no server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from impasto import ImageRequest, Model, Outcome, ResponseError
from impasto.testing import play

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto.testing import Exchange


def replay(hooks: Any, model: Model, request: ImageRequest, exchanges: Sequence[Exchange]) -> list[Outcome]:
    """Return what a plugin makes of a conversation, without the steps in between.

    Raises:
        Fault: it sends something else than was sent when the scene was recorded.
        ResponseError: the conversation ends in it.
    """
    played = play(hooks, model, request, exchanges)
    if isinstance(played.ending, ResponseError):
        raise played.ending
    assert played.ending is not None
    assert played.left == ()
    return played.outcomes
