"""Which of the providers that serve a model is asked to draw."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto import ImageRequest, InvalidRequest, ProviderUnavailable, ResponseError
from impasto_huggingface.hub import Entry, Served

if TYPE_CHECKING:
    from collections.abc import Iterable

TEXT = "text-to-image"
EDIT = "image-to-image"

PROVIDERS = {
    "hf-inference": (TEXT, EDIT),
    "nscale": (TEXT,),
    "together": (TEXT, EDIT),
    "fal-ai": (TEXT, EDIT),
    "replicate": (TEXT, EDIT),
    "wavespeed": (TEXT, EDIT),
    "zai-org": (TEXT,),
}
"""The providers of pictures, and their tasks: ``PROVIDERS`` in huggingface_hub 2.4.0, ``inference/_providers``."""

AUTO = "auto"
"""The word for "the first that can", as `huggingface_hub` has it."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Who is to draw.

    Attributes:
        provider: its name on the Hub.
        model: its own name of the model.
        task: `TEXT` or `EDIT`.
        hub_name: the model's name on the Hub.
        adapter: ``lora`` where the model is weights on top of the provider's own.
        weights: the file that holds these.
        warnings: what the user should know of the choice.
    """

    provider: str
    model: str
    task: str
    hub_name: str
    adapter: str | None = None
    weights: str | None = None
    warnings: tuple[str, ...] = ()


def choose(served: Served, request: ImageRequest) -> Choice:
    """Return the provider that ``extra["provider"]`` names; without one, the first that is live and serves the task.

    The order is the Hub's, which is the user's own. `huggingface_hub` takes the first entry whatever its state; here
    one that failed its health check is passed over, and so is one that nobody here knows how to talk to.

    Who serves what is the Hub's word of today, and no fault of the request: another service of the same alias may draw
    it. Only where the user names the provider is it the request that cannot be carried out.

    Raises:
        InvalidRequest: the provider that was asked for does not serve the model, or for the other task alone.
        ResponseError: the model is served for the other task alone, at which it may be well.
        ProviderUnavailable: no provider serves it now.
    """
    task = EDIT if request.images else TEXT
    wanted = request.extra.get("provider", AUTO)
    if wanted != AUTO:
        return _chosen(_named(served, wanted, task), served, task)
    usable = [entry for entry in served.entries if task in PROVIDERS.get(entry.provider, ())]
    for entry in usable:
        if entry.task == task and entry.status == "live":
            return _chosen(entry, served, task)
    if told := _other_task(served, usable or served.entries, task):
        raise ResponseError(told)
    raise ProviderUnavailable(
        f"no provider serves {served.name} for {task} now; the Hub lists {_listed(served.entries)}. See "
        f"https://huggingface.co/{served.name} for who does"
    )


def _named(served: Served, wanted: str, task: str) -> Entry:
    for entry in served.entries:
        if entry.provider == wanted:
            if told := _other_task(served, (entry,), task):
                raise InvalidRequest(told, parameter="images")
            if task in PROVIDERS[wanted]:
                return entry
    if wanted == "hf-inference" and served.task == task and not any(e.provider == wanted for e in served.entries):
        # It serves by the model's own name, and huggingface_hub too goes by the card's task alone.
        return Entry(wanted, served.name, task)
    raise InvalidRequest(
        f"{wanted} does not serve {served.name} for {task}; the Hub lists {_listed(served.entries)}.",
        parameter="extra",
    )


def _chosen(entry: Entry, served: Served, task: str) -> Choice:
    warnings: tuple[str, ...] = ()
    if entry.status != "live":
        warnings = (f"{entry.provider}'s state for {served.name} is {entry.status!r} by the Hub's last check",)
    return Choice(entry.provider, entry.model, task, served.name, entry.adapter, entry.weights, warnings)


def _other_task(served: Served, entries: Iterable[Entry], task: str) -> str:
    """Return what to say where the model is served for the other task alone; empty where it is not."""
    tasks = {entry.task for entry in entries}
    if task == TEXT and tasks == {EDIT}:
        return f"{served.name} edits pictures: give images."
    if task == EDIT and tasks == {TEXT}:
        return f"{served.name} draws from words alone: it takes no images."
    return ""


def _listed(entries: Iterable[Entry]) -> str:
    return ", ".join(f"{each.provider} ({each.task}, {each.status})" for each in entries) or "none"
