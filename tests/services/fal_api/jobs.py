"""Jobs in the stand-in's queue: where each stands, and what becomes of it. Words in the prompt choose that."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from pydantic import ValidationError

from services.fal_api import failures
from services.fal_api.drawing import Drawn, draw
from services.fal_api.failures import FLAGGED, Failure, detail, of_model, of_request
from services.fal_api.schemas import ENDPOINTS
from services.fal_api.vocabulary import Input

ONCE_DRAWN = 920212137
"""The seed that the stand-in draws with where it was given none."""

OUTCOMES: dict[str, Callable[[], Failure]] = {
    "refused": lambda: of_model(
        422, detail("content_policy_violation", FLAGGED, "prompt", input="the caller's words", categories=["violence"])
    ),
    "no media": lambda: of_model(
        422, detail("no_media_generated", "The model did not produce any media output: unsafe content.")
    ),
    "too small": lambda: of_model(
        422, detail("image_too_small", "Image too small", "image_url", ctx={"min_height": 512, "min_width": 512})
    ),
    "old application": lambda: failures.plain(422, "prompt is too long"),
    "partner fails": lambda: of_model(
        400, detail("downstream_service_error", "The downstream service failed to process the request.")
    ),
    "partner is down": lambda: of_model(
        500, detail("downstream_service_unavailable", "The downstream service is unavailable.")
    ),
    "crash": lambda: of_model(500, detail("internal_server_error", "Internal server error")),
    "no runner": lambda: of_request(503, "Failed to schedule a runner", "runner_scheduling_failure"),
    "takes too long": lambda: of_model(504, detail("generation_timeout", "Generation timed out")),
    "never starts": lambda: of_request(504, "Request timed out", "request_timeout", X_Fal_Request_Timeout_Type="user"),
    "too soon": lambda: failures.plain(400, "Request is still in progress"),
}
"""What the result is, where the prompt has these words."""

LOGS = ("Loading the model", "50%|█████     | 2/4 [00:00<00:00, 6.1it/s]", "100%|██████████| 4/4 [00:00<00:00]")
"""What a model says while it draws, one line for each time that it is asked."""

WAITING = 2
"""How often a job is seen in the queue: with one request ahead of it, and with none."""


@dataclass
class Job:
    """A request that was submitted.

    Attributes:
        endpoint: the whole id, such as ``fal-ai/flux/schnell``.
        body: as it came; the model reads it only when its turn comes.
        base: the stand-in's address.
        seen: how often its status was told.
        released: whether it may end; those with ``slow`` in their prompt wait for this.
        cancelled: whether somebody cancelled it.
    """

    endpoint: str
    body: dict[str, Any]
    base: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    seen: int = 0
    cancelled: bool = False
    released: bool = False

    @property
    def prompt(self) -> str:
        """What is to be drawn, in lower case."""
        return str(self.body.get("prompt", "")).lower()

    @property
    def path(self) -> str:
        """Where it is asked for: below the owner and the first part of the application, as fal has it."""
        return f"/{'/'.join(self.endpoint.split('/')[:2])}/requests/{self.id}"

    @property
    def is_held(self) -> bool:
        """Whether it goes on drawing until somebody lets it end."""
        return "slow" in self.prompt and not self.released

    @property
    def is_done(self) -> bool:
        """Whether its end was told, or it was cancelled."""
        return self.cancelled or self.seen > WAITING + len(LOGS)

    def submitted(self) -> dict[str, Any]:
        """Return what a submit is answered with."""
        return {"status": "IN_QUEUE", **self._addresses(), "logs": None, "metrics": {}, "queue_position": WAITING - 1}

    def status(self, *, logs: bool) -> dict[str, Any]:
        """Tell how the job stands, with all that its model has said if ``logs`` are wanted, and let it go on a step."""
        if self.seen < WAITING and not self.cancelled:
            self.seen += 1
            return {"status": "IN_QUEUE", "queue_position": WAITING - self.seen, **self._addresses()}
        line = self.seen - WAITING
        if line < len(LOGS) and not self.cancelled:
            told = [_log(each) for each in LOGS[: line + 1]]
            self.seen += not (self.is_held and line == len(LOGS) - 1)
            return {"status": "IN_PROGRESS", "logs": told if logs else None, **self._addresses()}
        self.seen = WAITING + len(LOGS) + 1
        told = [_log(each) for each in LOGS] if logs else []
        ended = {"status": "COMPLETED", "logs": told, "metrics": {"inference_time": 3.42}, **self._addresses()}
        if "never starts" in self.prompt:
            ended |= {"error": "Request timed out", "error_type": "request_timeout"}
        return ended

    def drawn(self) -> tuple[Input, int, list[Drawn], bool]:
        """Return what was asked, the seed, the pictures, and whether they are unsafe.

        Raises:
            Failure: there are none, and why.
        """
        if self.cancelled:
            raise of_request(499, "Request was cancelled by the client", "client_cancelled")
        if not self.is_done:
            raise failures.plain(400, "Request is still in progress")
        try:
            asked = ENDPOINTS[self.endpoint].model_validate(self.body)
        except ValidationError as error:
            raise failures.of_validation(error) from error
        if outcome := next((outcome for words, outcome in OUTCOMES.items() if words in self.prompt), None):
            raise outcome()
        seed = getattr(asked, "seed", None)
        seed = ONCE_DRAWN if seed is None else seed
        unsafe = "unsafe" in self.prompt and bool(getattr(asked, "enable_safety_checker", False))
        count = 0 if "unspeakable" in self.prompt else getattr(asked, "num_images", 1)
        return asked, seed, [draw(asked, seed, index, unsafe=unsafe and not index) for index in range(count)], unsafe

    def _addresses(self) -> dict[str, str]:
        url = self.base + self.path
        urls = {"response_url": url, "status_url": f"{url}/status", "cancel_url": f"{url}/cancel"}
        return {"request_id": self.id, **urls}


def _log(message: str) -> dict[str, str]:
    return {"message": message, "level": "INFO", "source": "USER", "timestamp": "2026-11-26T10:30:01.123Z"}
