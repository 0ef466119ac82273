"""Which event loop runs this. asyncio has quicker ways to wait than those that hold on trio too.

asyncio is not imported here: where it runs, it has been.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

import anyio

if TYPE_CHECKING:
    import asyncio
    from collections.abc import Callable


class Bell(Protocol):
    """What one task waits for, once."""

    def set(self) -> object:
        """Let it go on."""

    async def wait(self) -> object:
        """Wait until it is set."""


class _Future:
    """An `anyio.Event` for one task, without the two objects around it."""

    __slots__ = ("_future",)

    def __init__(self) -> None:
        self._future: asyncio.Future[None] = sys.modules["asyncio"].get_running_loop().create_future()

    def set(self) -> None:
        if not self._future.done():
            self._future.set_result(None)

    async def wait(self) -> None:
        await self._future


def is_asyncio() -> bool:
    """Tell whether an asyncio task runs this; under trio as a guest, asyncio's loop runs, but none of its tasks."""
    asyncio = sys.modules.get("asyncio")
    try:
        return asyncio is not None and asyncio.current_task() is not None
    except RuntimeError:
        return False


def bells() -> Callable[[], Bell]:
    """Return what makes bells for the event loop that is running."""
    return _Future if is_asyncio() else anyio.Event
