"""Requests to the router, checked before any provider sees them."""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import ValidationError
from starlette.responses import JSONResponse, Response

from services.inference_providers.hub import error
from services.inference_providers.mapping import MODELS
from services.inference_providers.refusals import of_provider, of_router
from services.serving import Asked, Strict

Body = TypeVar("Body", bound=Strict)


class Refused(Exception):
    """The answer to a request that is refused."""

    def __init__(self, answer: Response) -> None:
        super().__init__()
        self.answer = answer


def task_of(provider: str, name: str) -> str:
    """Return the task that a provider's model is for.

    Raises:
        Refused: the router knows no such model of this provider.
    """
    for _, mapping in MODELS.values():
        entry = mapping.get(provider)
        if entry is not None and entry["providerId"] == name:
            return str(entry["task"])
    raise Refused(error(400, f"Model not supported by provider {provider}"))


def body_of(asked: Asked, kind: type[Body]) -> Body:
    """Return the body as its provider documents it.

    Raises:
        Refused: it is no JSON, or has other fields or types.
    """
    if asked.headers.get("content-type") != "application/json":
        raise Refused(error(415, "Unsupported Media Type"))
    try:
        return kind.model_validate(asked.fields)
    except ValidationError as wrong:
        said: list[dict[str, Any]] = [
            {"loc": ["body", *each["loc"]], "msg": each["msg"], "type": each["type"]} for each in wrong.errors()
        ]
        raise Refused(JSONResponse({"detail": said}, 422)) from wrong


def refuse_by_prompt(prompt: str, provider: str) -> None:
    """Refuse what the prompt asks to be refused.

    Raises:
        Refused: always then.
    """
    answer = of_router(prompt, provider) or of_provider(prompt, provider)
    if answer is not None:
        raise Refused(answer)


def require(value: bool, status: int, words: str) -> None:
    """Refuse a request for which something does not hold.

    Raises:
        Refused: it does not.
    """
    if not value:
        raise Refused(error(status, words))
