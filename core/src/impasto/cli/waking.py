"""Ctrl-C is noticed, whenever it is pressed."""

from __future__ import annotations

import asyncio

BLINK = 0.1
"""Seconds for which the event loop sleeps at most."""


def keep_awake() -> None:
    """Let the running event loop of asyncio wake up again and again, for as long as it runs.

    Python handles a signal between two of its instructions. One that comes after the last of them, and before the
    loop begins to wait, is not seen until something wakes the loop; where all wait for a thread, nothing does.
    """
    asyncio.get_running_loop().call_later(BLINK, keep_awake)
