"""For plugin authors: a conformance suite, transcripts of conversations, their recording and their replay.

Three lines in a test file check a plugin against the contract of the hooks::

    from impasto.testing import Conformance

    class TestConformance(Conformance):
        plugin = "example"

The suite needs pytest and hypothesis: ``pip install 'impasto[testing]'``. Transcripts, recording and replay need
neither. Names are imported when they are first used.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from impasto.testing.conformance import Conformance
    from impasto.testing.faults import Fault
    from impasto.testing.playing import Played, play
    from impasto.testing.recording import record
    from impasto.testing.requests import requests_for
    from impasto.testing.standin import ReplayServer, replaying
    from impasto.testing.transcript import Exchange, Transcript, TranscriptError

_HOMES = {
    "conformance": ("Conformance",),
    "faults": ("Fault",),
    "playing": ("Played", "play"),
    "recording": ("record",),
    "standin": ("ReplayServer", "replaying"),
    "requests": ("requests_for",),
    "transcript": ("Exchange", "Transcript", "TranscriptError"),
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = [
    "Conformance",
    "Exchange",
    "Fault",
    "Played",
    "ReplayServer",
    "Transcript",
    "TranscriptError",
    "play",
    "record",
    "replaying",
    "requests_for",
]


def __getattr__(name: str) -> object:
    module = _HOME_OF.get(name)
    if module is None:
        raise AttributeError(f"module 'impasto.testing' has no attribute {name!r}")
    try:
        return getattr(importlib.import_module(f"impasto.testing.{module}"), name)
    except ModuleNotFoundError as error:
        if error.name not in {"pytest", "hypothesis"}:
            raise
        raise ModuleNotFoundError(
            f"impasto.testing.{name} needs {error.name}: pip install 'impasto[testing]'", name=error.name
        ) from error


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME_OF})
