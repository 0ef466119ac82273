"""The conversations that a plugin is tested with: its transcripts, and its local calls."""

from __future__ import annotations

import functools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from impasto.errors import ImpastoError
from impasto.events import ImageResponse, ServerEvent
from impasto.payloads import Follow, LocalCall
from impasto.sizes import SizeRule
from impasto.testing.faults import Fault
from impasto.testing.playing import Played, play, request_of
from impasto.testing.subject import Subject, subject_of
from impasto.testing.transcript import PICTURE, SUFFIX, Exchange, Transcript, TranscriptError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from impasto.models import Model
    from impasto.request import ImageRequest


@dataclass(slots=True)
class Talk:
    """One conversation.

    Attributes:
        name: the transcript's file name without its suffix; or ``local call of MODEL``.
        transcript: what was recorded; without exchanges for a local call.
        problem: why the transcript cannot be read; empty where it can.
    """

    name: str
    transcript: Transcript
    problem: str = ""
    _made: list[tuple[LocalCall, list[object]]] = field(default_factory=list)

    def checked(self, subject: Subject) -> tuple[Model, ImageRequest]:
        """Return the model and the request that the conversation is about.

        Raises:
            Fault: the transcript cannot be read, or names no model of the plugin, or what this does not take.
        """
        if self.problem:
            raise Fault(f"{self.problem}. Correct it, or record it anew: impasto record.")
        if not self.transcript.model:
            raise Fault(f"{self.name}{SUFFIX} names no model: write 'model: PROVIDER/MODEL' into its head.")
        model = subject.model(self.transcript.model)
        try:
            return model, request_of(model, self.transcript)
        except (ImpastoError, TypeError) as error:
            raise Fault(
                f"{self.name}: the request in the transcript's head is not what the model takes: {error}"
            ) from None

    def play(self, hooks: Any, subject: Subject, exchanges: tuple[Exchange, ...] | None = None) -> Played:
        """Play it; with other exchanges than the recorded ones, whatever the plugin asks for.

        Args:
            hooks: what to call: the subject, which watches, or its plugins.
            subject: the plugin.
            exchanges: None for those that were recorded.
        """
        model, request = self.checked(subject)
        strict = exchanges is None
        said = self.transcript.exchanges if exchanges is None else exchanges
        return play(hooks, model, request, said, strict=strict, local=self._run)

    def played(self, subject: Subject) -> Played:
        """Play it as it was recorded.

        Raises:
            Fault: the plugin asks for something else, or a hook fails.
        """
        try:
            return self.play(subject.plugins, subject)
        except Fault as fault:
            raise Fault(f"{self.name}: {fault}. If the service has changed, record it anew: impasto record.") from None
        except ImpastoError as error:
            raise Fault(f"{self.name}: {error}") from None

    def _run(self, call: LocalCall) -> Iterator[object]:
        """Yield what a local call makes; it is run once."""
        for made, objects in self._made:
            if made == call:
                return iter(objects)
        objects = list(call.function(**call.kwargs))
        self._made.append((call, objects))
        return iter(objects)


@functools.lru_cache(maxsize=32)
def talks_of(plugin: object, folder: Path | None, *, local: bool) -> tuple[Talk, ...]:
    """Return the conversations that a plugin can be tested with.

    Args:
        plugin: its entry point's name, or the plugin itself.
        folder: where its transcripts are; None for none.
        local: whether its local calls may be run.
    """
    return tuple(_talks_of(subject_of(plugin), folder, local=local))


def check_ending(talk: Talk, played: Played) -> None:
    """Compare how a conversation ended with how its transcript says that it does.

    Raises:
        Fault: it is another ending, or none.
    """
    expected, ending = talk.transcript.ends, played.ending
    if ending is None:
        raise Fault(
            f"{talk.name}: the transcript ends, and the plugin asks for {played.payloads[-1].describe()}: it has not "
            "seen that the picture is there, or the transcript was cut short."
        )
    found = PICTURE if isinstance(ending, ImageResponse) else type(ending).__name__
    if found != expected:
        words = "" if isinstance(ending, ImageResponse) else f" ({ending})"
        raise Fault(f"{talk.name}: it ends in {found}{words}, where the transcript's head says 'ends: {expected}'.")


def asks_again(subject: Subject, model: Model, event: ServerEvent, body: bytes) -> bool:
    """Tell whether a plugin asks for the same once more when it is answered with another body."""
    try:
        outcomes = subject.plugins.parse_event(model, replace(event, data=body))
    except ImpastoError:
        return False
    return any(isinstance(each, Follow) and each.payload == event.payload for each in outcomes)


def _talks_of(subject: Subject, folder: Path | None, *, local: bool) -> Iterator[Talk]:
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder is not None and folder.is_dir() else ():
        try:
            yield Talk(path.stem, Transcript.read(path))
        except TranscriptError as error:
            yield Talk(path.stem, Transcript(()), str(error))
    for model in subject.models if local else ():
        transcript = Transcript((), model.name, _small(model), PICTURE)
        if is_local(subject, model, transcript):
            yield Talk(f"local call of {model.name}", transcript)


def is_local(subject: Subject, model: Model, transcript: Transcript) -> bool:
    """Tell whether a model's conversation begins with a local call."""
    try:
        return isinstance(subject.plugins.build_payload(model, request_of(model, transcript)), LocalCall)
    except ImpastoError:
        return False  # a test of its own tells of it


def _small(model: Model) -> dict[str, Any]:
    asked: dict[str, Any] = {"prompt": "a red fox"}
    if isinstance(model.size, SizeRule):
        side = min(max(model.size.minimum, 64), model.size.maximum)
        asked |= {"width": side, "height": side}
    return asked | ({"seed": 7} if "seed" in model.accepts else {})
