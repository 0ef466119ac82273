"""What the stand-in answers: its refusals, the bodies that it takes, and how it tells of files and models."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from typing import Any, Literal, TypeVar

from pydantic import Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from services.replicate_api.catalogue import Sheet, version_of
from services.serving import Asked, Strict, Upload

KEY = "test-key"

BILLING = (
    "You need to set up billing to run this model. Go to https://replicate.com/account/billing#billing to set it up. "
    "If you have recently set up billing, please wait a few minutes before trying again."
)
LOW_CREDIT = (
    "Request was throttled. Your rate limit for creating predictions is reduced to 6 requests per minute with a burst "
    "of 1 requests while you have less than $5.0 in credit. Your rate limit resets in ~5s."
)
THROTTLED = "Request was throttled. Your rate limit resets in ~30s."
NO_VERSION = "The specified version does not exist (or perhaps you don't have permission to use it?)"

_PREFER = re.compile(r"wait(=([1-9]|[1-9][0-9]|60))?")
_CANCEL_AFTER = re.compile(r"(\d+h)?(\d+m)?(\d+s?)?")


class ByName(Strict):
    """The body that runs an official model."""

    input: dict[str, Any]
    webhook: str | None = Field(None, pattern="^https://")
    webhook_events_filter: list[Literal["start", "output", "logs", "completed"]] | None = None
    stream: bool | None = None


class ByVersion(ByName):
    """The body that runs a version."""

    version: str


@dataclass(eq=False)
class Refusal(Exception):
    """An answer that is a failure."""

    status: int
    detail: str
    title: str = ""
    more: tuple[tuple[str, Any], ...] = ()

    def answer(self) -> Response:
        body = ({"title": self.title} if self.title else {}) | {"detail": self.detail, "status": self.status}
        return JSONResponse(body | dict(self.more), self.status, media_type="application/problem+json")


_Body = TypeVar("_Body", bound=ByName)


def address_of(request: Request) -> str:
    return str(request.base_url).rstrip("/")


def check_key(asked: Asked) -> None:
    scheme, _, key = asked.headers.get("authorization", "").partition(" ")
    if not key:
        raise Refusal(401, "You did not pass an authentication token", "Unauthenticated")
    if scheme not in {"Bearer", "Token"} or key != KEY:
        raise Refusal(401, "You did not pass a valid authentication token", "Unauthenticated")


def check_headers(asked: Asked) -> tuple[str | None, str | None]:
    """Return how long the client waits for a prediction, and when it is to be dropped."""
    found = []
    for name, pattern in (("prefer", _PREFER), ("cancel-after", _CANCEL_AFTER)):
        value = asked.headers.get(name)
        if value is not None and not (value and pattern.fullmatch(value)):
            raise Refusal(422, f"- header.{name}: {value} does not match\n", "Input validation failed")
        found.append(value)
    return found[0], found[1]


def body_of(asked: Asked, kind: type[_Body]) -> _Body:
    if asked.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise Refusal(415, "Unsupported media type: send application/json")
    try:
        return kind.model_validate(asked.fields)
    except ValidationError as error:
        said = [(each["type"], ".".join(map(str, each["loc"])), each["msg"]) for each in error.errors()]
        raise invalid(said) from error


def invalid(wrong: list[tuple[str, str, str]]) -> Refusal:
    detail = "".join(f"- {place}: {words}\n" for _, place, words in wrong)
    told = [{"type": kind, "field": place, "description": words} for kind, place, words in wrong]
    return Refusal(422, detail, "Input validation failed", (("invalid_fields", told),))


def not_found() -> Refusal:
    return Refusal(404, "The requested resource could not be found.")


def refuse_by_prompt(prompt: str) -> None:
    if "unpaid" in prompt:
        raise Refusal(402, BILLING, "Billing required")
    if "low credit" in prompt:
        raise Refusal(429, LOW_CREDIT, more=(("retry_after", 5),))
    if "busy" in prompt:
        raise Refusal(429, THROTTLED)
    if "down" in prompt:
        raise Refusal(503, "Service unavailable")


def file_told(number: str, file: Upload, address: str) -> dict[str, Any]:
    return {
        "id": number, "name": file.name, "content_type": file.media_type, "size": len(file.data), "etag": number,
        "checksums": {"sha256": hashlib.sha256(file.data).hexdigest(), "md5": hashlib.md5(file.data).hexdigest()},
        "metadata": {}, "created_at": "2026-11-26T16:19:34.765Z", "expires_at": "2026-11-27T16:19:34.765Z",
        "urls": {"get": f"{address}/v1/files/{number}"},
    }  # fmt: skip


def model_told(name: str, sheet: Sheet) -> dict[str, Any]:
    owner, _, short = name.partition("/")
    return {
        "url": f"https://replicate.com/{name}", "owner": owner, "name": short, "description": f"What {short} draws.",
        "visibility": "public", "github_url": None, "paper_url": None, "license_url": None, "run_count": 7,
        "cover_image_url": None, "default_example": None, "is_official": sheet.official,
        "latest_version": version_told(name, sheet),
    }  # fmt: skip


def version_told(name: str, sheet: Sheet) -> dict[str, Any]:
    return {
        "id": version_of(name), "created_at": "2026-05-23T00:00:00.000Z", "cog_version": "0.16.12",
        "openapi_schema": sheet.openapi(),
    }  # fmt: skip
