"""The Hub's mapping: which providers serve a model, and by which name (docs/inference-providers/hub-api.md)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

from impasto import (
    AuthenticationError,
    HttpRequest,
    QuotaExceeded,
    ResponseError,
    ServerEvent,
    error_of_status,
)

ORIGIN = "https://huggingface.co"
"""Where the Hub is; the router stands below `Provider.url`. Where a setting moves the provider, that moves both."""

ALL_STATUSES = (400, 401, 403, 404, 405, 410, 422, 429, 500, 501, 502, 503, 504)
_WAIT = re.compile(r"\bt=(\d{1,6})\b")


@dataclass(frozen=True, slots=True)
class Entry:
    """What a provider serves a model as.

    Attributes:
        provider: the provider's name on the Hub.
        model: its own name of the model.
        task: ``text-to-image``, ``image-to-image`` or another.
        status: ``live``, ``staging`` or ``error``, as the Hub's last health check has it.
        adapter: ``lora`` where the model is weights on top of the provider's own.
        weights: the file that holds these.
    """

    provider: str
    model: str
    task: str
    status: str = "live"
    adapter: str | None = None
    weights: str | None = None


@dataclass(frozen=True, slots=True)
class Served:
    """A model of the Hub, and who serves it.

    Attributes:
        name: its name on the Hub.
        task: what its card says it is for; empty where it says nothing.
        entries: in the order that the user prefers (https://huggingface.co/settings/inference-providers).
    """

    name: str
    task: str
    entries: tuple[Entry, ...] = field(default=())


def ask(name: str) -> HttpRequest:
    """Return what asks the Hub about a model.

    Args:
        name: the model's name on the Hub.
    """
    owner, _, model = name.partition("/")
    path = f"/api/models/{quote(owner, safe='')}/{quote(model, safe='')}"
    query = "expand=inferenceProviderMapping&expand=pipeline_tag"
    return HttpRequest("GET", f"{ORIGIN}{path}?{query}", statuses=ALL_STATUSES, step={"at": "hub"})


def is_question(payload: HttpRequest) -> bool:
    """Tell whether a payload is one that asks the Hub."""
    return isinstance(payload.step, Mapping) and payload.step.get("at") == "hub"


def read(event: ServerEvent, name: str) -> Served:
    """Return who serves a model.

    Raises:
        AuthenticationError: the key is no key, or may not see the model.
        QuotaExceeded: the Hub was asked too often.
        ResponseError: there is no such model, or the Hub does not answer.
    """
    raise_for_failure(event, name)
    said = event.json()
    told = said.get("inferenceProviderMapping") or {}
    entries = told.items() if isinstance(told, Mapping) else ((each["provider"], each) for each in told)
    return Served(name, said.get("pipeline_tag") or "", tuple(_entry(provider, each) for provider, each in entries))


def raise_for_failure(event: ServerEvent, name: str = "") -> None:
    """Raise what the Hub's answer means, if it is a failure.

    Args:
        event: the Hub's answer.
        name: the model that it was asked about.
    """
    status = event.status or 200
    if status < 300:
        return
    code = event.headers.get("x-error-code", "")
    if code == "RepoNotFound" or status == 404:
        raise ResponseError(
            f"the Hub has no model {name}, or it is a private one that this token does not open", status=status
        )
    if code == "GatedRepo":
        raise AuthenticationError(f"{name} is gated: ask for access at {ORIGIN}/{name}", status=status)
    error = error_of_status(event)
    if isinstance(error, QuotaExceeded) and error.retry_after is None:
        raise QuotaExceeded(error.args[0], status=status, retry_after=_wait(event.headers.get("ratelimit", "")))
    raise error


def _entry(provider: str, said: Any) -> Entry:
    return Entry(
        provider,
        str(said["providerId"]),
        str(said["task"]),
        str(said["status"]),
        said.get("adapter"),
        said.get("adapterWeightsPath"),
    )


def _wait(header: str) -> float | None:
    """Return the seconds of ``RateLimit: "api";r=0;t=55`` (docs/hub/rate-limits.md)."""
    match = _WAIT.search(header)
    return float(match[1]) if match else None
