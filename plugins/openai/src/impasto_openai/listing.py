"""Which models a server has: ``GET /models``, as OpenAI and those in its place answer it.

The answer names models and says nothing of what they do (SDK ``openai`` 3.57.0, ``types/model.py``). Where there are
OpenAI's own, only those count that draw; anywhere else, everything does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from impasto import Follow, HttpRequest, ProtocolError, ServerEvent
from impasto_openai.models import RETIRED, find, is_conversational

_DRAWS = re.compile(r"(gpt-image|chatgpt-image)-[\w.-]+")


def request() -> HttpRequest:
    """Return what asks for the list."""
    return HttpRequest("GET", "/models")


def names_in(event: ServerEvent) -> list[str | Follow]:
    """Return the names in the answer, without those that draw nothing as far as that is known.

    Raises:
        ProtocolError: it is no list of models.
    """
    said = event.json()
    entries = said.get("data") if isinstance(said, Mapping) else said
    if not isinstance(entries, list):
        raise ProtocolError("the answer is no list of models")
    names = [name for each in entries if isinstance(each, Mapping) and isinstance(name := each.get("id"), str)]
    drawing = [name for name in names if _DRAWS.fullmatch(name) and name not in RETIRED]
    if drawing:
        return [*drawing, *(name for name in names if is_conversational(name))]
    return [name for name in names if find(name) is not None]
