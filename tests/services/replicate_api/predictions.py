"""A prediction of the stand-in: how it goes is said in its prompt, and each look at it is a step further."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any

from services.replicate_api.catalogue import FLUX_SIZES

ENDINGS = ("succeeded", "failed", "canceled", "aborted")

SENSITIVE = "The input or output was flagged as sensitive. Please try again with different inputs. (E005) (uIJ6l3ruRD)"
NSFW = "NSFW content detected. Try running it again, or try a different prompt."
OUT_OF_MEMORY = "Prediction failed: the model ran out of memory (E1001)"
INTERRUPTED = "Prediction interrupted; please retry (code: PA)"
OVERRUN = "Service is currently unavailable due to high demand. Please try again later. (E003) (uIJ6l3ruRD)"
BROKEN = "CUDA error: device-side assert triggered"

FAILURES = {
    "refused": SENSITIVE,
    "undressed": NSFW,
    "huge": OUT_OF_MEMORY,
    "interrupted": INTERRUPTED,
    "overrun": OVERRUN,
    "broken": BROKEN,
}
"""A word in the prompt, and the error that the prediction fails with for it."""

_CREATED = "2026-11-26T16:19:34.765Z"
_STARTED = "2026-11-26T16:19:34.781Z"
_COMPLETED = "2026-11-26T16:19:35.610Z"
_BAR = " {percent:3d}%|{bar:<10}| {done}/{steps} [00:0{done}<00:0{left},  7.1it/s]\n"


@dataclass
class Prediction:
    """What was asked for, and how far it has come.

    Attributes:
        id: its id.
        model: the model's full name.
        version: the version that is run; ``hidden`` for an official model.
        input: as it was sent.
        outputs: addresses of its pictures.
        several: whether the output is a list.
        seed: the seed that is used.
        states: what it will be, one after the other; the last one stays.
    """

    id: str
    model: str
    version: str
    input: dict[str, Any]
    outputs: list[str]
    several: bool
    seed: int
    states: list[str] = field(default_factory=list)
    deadline: str | None = None
    _place: int = 0

    def __post_init__(self) -> None:
        prompt = str(self.input.get("prompt", ""))
        ending = next((f"failed {word}" for word in FAILURES if word in prompt), "succeeded")
        ending = next((word for word in ("canceled", "aborted", "removed", "odd") if word in prompt), ending)
        if "held" in prompt:
            self.states = ["starting", "drawing 1"]
        elif "growing" in prompt:
            self.states = ["starting", "grown 1", "grown 2", ending]
        elif "slow" in prompt or ending == "aborted":
            self.states = ["starting", "drawing 1", "drawing 3", ending]
        elif "early" in prompt:
            self.states = ["early", ending]
        else:
            self.states = [ending]

    @property
    def is_over(self) -> bool:
        return self._state.partition(" ")[0] in {*ENDINGS, "removed", "odd", "early"}

    @property
    def _state(self) -> str:
        return self.states[self._place]

    def go_on(self) -> None:
        """Take a step."""
        self._place = min(self._place + 1, len(self.states) - 1)

    def cancel(self) -> None:
        if not self.is_over:
            self.states, self._place = ["canceled"], 0

    def told(self, address: str, *, waits: bool = False) -> dict[str, Any]:
        """Return it as the API tells it.

        Args:
            address: the API's own.
            waits: whether the client waits for the end; if not, a new prediction is only starting.
        """
        kind, _, detail = ("starting", "", "") if not waits and self._place == 0 and self._is_new else self._split()
        self._is_new = False
        here = f"{address}/v1/predictions/{self.id}"
        return {
            "id": self.id, "model": self.model, "version": self.version, "input": self.input,
            "logs": self._logs(kind, detail), "output": self._output(kind, detail),
            "data_removed": kind == "removed", "error": FAILURES[detail] if kind == "failed" else None,
            "source": "api", "status": _STATUSES.get(kind, kind), "created_at": _CREATED,
            "urls": {"get": here, "cancel": f"{here}/cancel", "stream": f"{address}/stream/{self.id}",
                     "web": f"https://replicate.com/p/{self.id}"},
        } | self._times(kind) | ({"deadline": self.deadline} if self.deadline else {})  # fmt: skip

    _is_new = True

    def _split(self) -> tuple[str, str, str]:
        return self._state.partition(" ")

    def _times(self, kind: str) -> dict[str, Any]:
        times: dict[str, Any] = {} if kind == "starting" else {"started_at": _STARTED}
        if kind in {"succeeded", "failed", "removed"}:
            times["completed_at"] = _COMPLETED
            times["metrics"] = {"predict_time": 0.829263399, "total_time": 0.840202}
            if kind != "failed" and self.version == "hidden":
                times["metrics"]["image_count"] = len(self.outputs)
        return times

    def _logs(self, kind: str, detail: str) -> str:
        if kind == "starting" or self.model.startswith(("google/", "ideogram-ai/")):
            return ""
        flagged = "NSFW content detected in image 1\n" if "partly" in str(self.input.get("prompt")) else ""
        done = int(detail) if kind == "drawing" else 4
        bars = [
            _BAR.format(percent=100 * each // 4, bar="█" * (10 * each // 4), done=each, steps=4, left=4 - each)
            for each in range(done + 1)
        ]
        return f"Using seed: {self.seed}\n{''.join(bars)}{flagged if kind == 'succeeded' else ''}"

    def _output(self, kind: str, detail: str) -> object:
        if kind == "grown":
            return self.outputs[: int(detail)]
        if kind == "odd":
            return {"text": "there is no picture"}
        if kind not in {"succeeded", "early"}:
            return None
        return self.outputs if self.several else self.outputs[0]


_STATUSES = {"drawing": "processing", "grown": "processing", "early": "processing", "removed": "succeeded",
             "odd": "succeeded"}  # fmt: skip


def seed_of(given: dict[str, Any]) -> int:
    """Return the seed that is used for an input: its own, or one that follows from the prompt."""
    drawn = int(hashlib.sha256(str(given.get("prompt")).encode()).hexdigest()[:4], 16)
    return int(given.get("seed", drawn))


def count_of(given: dict[str, Any]) -> int:
    """Return how many pictures an input leads to."""
    prompt = str(given.get("prompt", ""))
    asked = int(given.get("num_outputs", 3 if "growing" in prompt else 1))
    return asked - 1 if "partly" in prompt else asked


def size_of(model: str, given: dict[str, Any]) -> tuple[int, int]:
    """Return the size of the pictures that an input leads to; a small one where the model's own is not known here."""
    if "width" in given and "height" in given:
        width, height = given["width"], given["height"]
    elif model in {"black-forest-labs/flux-schnell", "black-forest-labs/flux-dev"}:
        width, height = FLUX_SIZES[given.get("aspect_ratio", "1:1")]
        if given.get("megapixels") == "0.25":
            width, height = width // 2, height // 2
    else:
        return 64, 64
    return (width, height) if width * height <= 1_100_000 else (96, 64)
