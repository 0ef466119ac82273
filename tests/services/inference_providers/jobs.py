"""Pictures that are being drawn, for the providers that are asked for them again and again."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field


@dataclass
class Job:
    """A picture that was ordered.

    Attributes:
        id: by which it is asked for.
        prompt: what to draw; ``hold`` in it keeps it from ever being done.
        size: width and height that were asked for.
        seed: the one that was sent, or one of the provider's.
        left: how many times it is not done yet when it is asked for.
        is_cancelled: whether it was dropped.
    """

    id: str
    prompt: str
    size: tuple[int | None, int | None]
    seed: int
    left: int
    is_cancelled: bool = False

    def asked(self) -> bool:
        """Tell whether it is done now; each time it is asked for counts."""
        if "hold" in self.prompt or self.left > 0:
            self.left -= 1
            return False
        return True


@dataclass
class Jobs:
    """All that were ordered.

    Attributes:
        patience: how many times each of them is not done yet when it is asked for.
        all: by their ids.
    """

    patience: int
    all: dict[str, Job] = field(default_factory=dict)
    _numbers: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    def order(self, prompt: str, size: tuple[int | None, int | None], seed: int | None) -> Job:
        """Take an order."""
        job = Job(f"job{next(self._numbers)}", prompt, size, 42 if seed is None else seed, self.patience)
        self.all[job.id] = job
        return job
