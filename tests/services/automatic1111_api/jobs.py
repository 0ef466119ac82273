"""The queue of the stand-in: one picture is drawn at a time, and no time passes but by questions for the progress."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from services.automatic1111_api.bodies import Asked, FromImage
from services.serving import PATIENCE

QUESTIONS = 3
"""How often a slow job is asked for until it is done."""


@dataclass
class Job:
    """A picture that is being drawn, or is yet to be.

    Attributes:
        id: as the client forced it, or the server's own.
        asked: what for.
        step: how many are done.
        preview: the number of the last preview.
        interrupted: whether somebody stopped it.
        turn: whether it has left the queue of those that wait.
        done: whether it is.
    """

    id: str
    asked: Asked
    step: int = 0
    preview: int = -1
    interrupted: bool = False
    turn: asyncio.Event = field(default_factory=asyncio.Event)
    done: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def name(self) -> str:
        """What the server calls it."""
        return "scripts_img2img" if isinstance(self.asked, FromImage) else "scripts_txt2img"

    @property
    def progress(self) -> float:
        """How much is done, as the server reckons it."""
        return min(1.0, 0.01 + self.step / self.asked.steps)

    def go_on(self) -> None:
        """Take some steps: a slow job is done after a few, one that takes forever never is."""
        share = max(1, self.asked.steps // QUESTIONS)
        forever = "forever" in self.asked.prompt
        self.step = min(self.step + share, self.asked.steps - forever)
        self.preview += 1
        if self.step >= self.asked.steps - self.asked.steps % QUESTIONS and not forever:
            self.step = self.asked.steps
            self.done.set()

    def interrupt(self) -> None:
        """Stop it where it is."""
        self.interrupted = True
        self.done.set()


class Jobs:
    """All jobs.

    Attributes:
        running: what is being drawn.
        most_waiting: how many have waited at once for another to be done.

    Args:
        ahead: whether somebody else's job is before each, until the client has asked where its own stands.
    """

    def __init__(self, *, ahead: bool) -> None:
        self.running: Job | None = None
        self.most_waiting = 0
        self._ahead = ahead
        self._waiting: list[Job] = []
        self._finished: list[str] = []
        self._lock = asyncio.Lock()
        self._news = asyncio.Condition()

    @asynccontextmanager
    async def begun(self, asked: Asked) -> AsyncIterator[Job]:
        """Wait until a job is done; what is left is to answer."""
        job = Job(asked.force_task_id or f"task(txt2img-{len(self._finished):07})", asked)
        async with self._news:
            self._waiting.append(job)
            self._news.notify_all()
        if self._ahead:
            await asyncio.wait_for(job.turn.wait(), PATIENCE)
        self.most_waiting = max(self.most_waiting, len(self._waiting) - (self.running is None))
        async with self._lock:
            self._waiting.remove(job)
            self.running = job
            try:
                if any(word in asked.prompt for word in ("slow", "forever")):
                    await asyncio.wait_for(job.done.wait(), PATIENCE)
                yield job
            finally:
                self.running = None
                self._finished.append(job.id)

    async def refused(self, id: str) -> None:  # noqa: A002
        """Note that a job will not be drawn."""
        async with self._news:
            self._finished.append(id)
            self._news.notify_all()

    async def heard_of(self, id: str) -> None:  # noqa: A002
        """Wait until there is a job of this id, which a question for it can outrun."""
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: self._knows(id)), PATIENCE)

    def place(self, id: str) -> tuple[int, int] | None:  # noqa: A002
        """Return where a job stands among those that wait, from 1, and how many they are; it may begin then."""
        ids = [job.id for job in self._waiting]
        if id not in ids:
            return None
        self._waiting[ids.index(id)].turn.set()
        return ids.index(id) + 1, len(ids)

    def is_finished(self, id: str) -> bool:  # noqa: A002
        """Tell whether a job is done."""
        return id in self._finished

    def _knows(self, id: str) -> bool:  # noqa: A002
        running = self.running is not None and self.running.id == id
        return running or self.is_finished(id) or any(job.id == id for job in self._waiting)
