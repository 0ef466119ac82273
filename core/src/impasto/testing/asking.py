"""What the suite asks of a plugin before there is any answer: to find models, and to build payloads."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, TypeVar

from hypothesis import strategies as st

from impasto.errors import ImpastoError, InvalidRequest, PluginError, ResponseError
from impasto.testing.faults import Fault, tell
from impasto.testing.model_rules import faults_of_model
from impasto.testing.payload_rules import faults_of_payload
from impasto.testing.playing import play

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from impasto.models import Model
    from impasto.payloads import Payload
    from impasto.request import ImageRequest
    from impasto.testing.subject import Subject
    from impasto.testing.talks import Talk

T = TypeVar("T")


def names() -> st.SearchStrategy[str]:
    """Return a strategy for what a user may write behind ``PLUGIN/``."""
    return st.text(max_size=60) | st.from_regex(r"[\w.-]{1,40}(/[\w.-]{1,40}){0,2}", fullmatch=True)


def find(subject: Subject, owner: str, name: str) -> None:
    """Look for a model that cannot be listed.

    Raises:
        Fault: the hook fails, or what it finds is not well formed.
    """
    try:
        found = subject.plugins.find_model(owner, name)
    except PluginError as error:
        raise Fault(f"find_model({name!r}): {error}. It returns None for names that it does not know.") from None
    except ImpastoError:
        return
    if found is not None:
        tell(f"find_model({name!r}): ", faults_of_model(found))


def declared(model: Model, requests: Iterable[T]) -> list[T]:
    """Return the requests that a model's declaration leads to.

    Raises:
        Fault: it leads to one that it refuses itself.
    """
    try:
        return list(requests)
    except InvalidRequest as error:
        raise Fault(f"{model.name}: its declaration contradicts itself: {error}") from None


def build(subject: Subject, model: Model, request: ImageRequest, words: str = "") -> None:
    """Build a payload; the plugin may refuse the request.

    Args:
        subject: the plugin.
        model: one of its models.
        request: what this takes.
        words: what is said of the request; the request itself if nothing.

    Raises:
        Fault: the hook fails, or the payload breaks a rule.
    """
    where = words or repr(request)
    try:
        payload = subject.plugins.build_payload(model, request)
    except InvalidRequest:
        return
    except ImpastoError as error:
        raise Fault(f"{where}: {error}") from None
    tell(f"{where}: ", faults_of_payload(payload, model, request))


def sent(subject: Subject, model: Model, request: ImageRequest, talks: Sequence[Talk]) -> str:
    """Return all that is sent for a request, as far as the conversations that are known lead."""
    found: list[object] = []
    try:
        found.append(_whole(subject.plugins.build_payload(model, request)))
    except ImpastoError as error:
        return str(error)
    for talk in talks:
        if talk.transcript.exchanges:
            try:
                played = play(subject.plugins, model, request, talk.transcript.exchanges, strict=False)
            except ImpastoError as error:
                found.append(str(error))
            else:
                found += map(_whole, played.payloads)
                found += [str(played.ending)] if isinstance(played.ending, ResponseError) else []
    return repr(found)


def _whole(payload: Payload) -> dict[str, object]:
    """Return everything in a payload, also what its repr leaves out."""
    return {each.name: getattr(payload, each.name) for each in dataclasses.fields(payload)}
