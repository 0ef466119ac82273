"""How fal words its failures: https://fal.ai/docs/documentation/model-apis/errors and .../request-errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from starlette.responses import JSONResponse

ERRORS = "https://docs.fal.ai/errors#"

LOCKED = "User is locked. Reason: Exhausted balance. Top up your balance at fal.ai/dashboard/billing."
ADMIN_LOCK = "User is locked. Reason: Admin lock. Please contact support@fal.ai."
FLAGGED = "The content could not be processed because it contained material flagged by a content checker."


class Failure(Exception):
    """An answer other than the one that was hoped for."""

    def __init__(self, status: int, body: Any, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(body)
        self.status = status
        self.body = body
        self.headers = dict(headers or {})

    def answer(self) -> JSONResponse:
        """Return it as a response."""
        return JSONResponse(self.body, self.status, self.headers)


def plain(status: int, detail: str) -> Failure:
    """An answer of the gateway: of keys, locks, and what does not exist."""
    return Failure(status, {"detail": detail})


def of_request(status: int, detail: str, error_type: str, **headers: str) -> Failure:
    """A failure of the queue or of the runner."""
    said = {"X-Fal-Error-Type": error_type, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Failure(status, {"detail": detail, "error_type": error_type}, said)


def of_model(status: int, *details: Mapping[str, Any]) -> Failure:
    """A failure of the model."""
    return Failure(status, {"detail": [dict(each) for each in details]}, {"X-Fal-Retryable": "false"})


def detail(kind: str, msg: str, *loc: str | int, **more: Any) -> dict[str, Any]:
    """One entry of a model's failure."""
    return {"loc": ["body", *loc], "msg": msg, "type": kind, "url": f"{ERRORS}{kind}", **more}


def of_validation(error: ValidationError) -> Failure:
    """What the model says to a body that is not what it takes; the caller's words are in ``input``, as with fal."""
    details = []
    for each in error.errors(include_url=False):
        context = {name: value for name, value in each.get("ctx", {}).items() if isinstance(value, str | int | float)}
        said = {"loc": ["body", *each["loc"]], "msg": each["msg"], "type": each["type"], "input": each["input"]}
        details.append(said | ({"ctx": context} if context else {}))
    return Failure(422, {"detail": details}, {"x-fal-billable-units": "0", "X-Fal-Retryable": "false"})
