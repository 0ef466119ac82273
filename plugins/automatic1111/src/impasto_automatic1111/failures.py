"""What a failure means that a server tells of. Each of the programs has its own form."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

from impasto import AuthenticationError, ProviderUnavailable, ResponseError, plain_text

if TYPE_CHECKING:
    from impasto import ServerEvent

_WRONG_REQUEST = re.compile(
    r"invalid encoded image|requests? (to local resource )?not allowed|invalid image url|model .* not found"
    r"|json\.exception",
    re.IGNORECASE,
)
"""Words that blame the request, though they come with status 500."""

_MEMORY = re.compile(r"out ?of ?memory", re.IGNORECASE)


def error_of(event: ServerEvent) -> ResponseError:
    """Return the error that an answer with a failure's status is."""
    status = event.status or 0
    words = _words(event)
    if status == 401:
        advice = "Set AUTOMATIC1111_AUTH to 'user:password', as the server's --api-auth has it, or run "
        return AuthenticationError(f"{words.rstrip('.')}. {advice}'impasto keys set automatic1111'.", status=status)
    if status == 404 and words in {"", "Not Found"}:
        asked = event.payload.describe()
        return ProviderUnavailable(
            f"there is no {asked}. Start the web UI with --api; is it the one at this address?", status=status
        )
    if _MEMORY.search(words):
        return ResponseError(f"{words.rstrip('.')}. Ask for a smaller picture, or for fewer at once.", status=status)
    if status < 500 or _WRONG_REQUEST.search(words):
        return ResponseError(words, status=status)
    return ProviderUnavailable(words, status=status)


def _words(event: ServerEvent) -> str:
    """Return what the server says.

    The web UI has ``error`` (the exception's class), ``detail`` and ``errors`` (its words); Forge has ``detail``, or
    ``error`` and ``message``; both have a list of faults as ``detail`` where a field is not what it should be.
    ``sd-server`` has ``error``, and sometimes ``message``.
    """
    data = event.data if isinstance(event.data, bytes) else str(event.data).encode()
    text = data.decode(errors="replace")
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return plain_text(text)
    if not isinstance(said, dict):
        return plain_text(text)
    detail, kind = said.get("detail"), said.get("error")
    if isinstance(detail, list):
        return "; ".join(_fault(each) for each in detail[:3])
    words = next((each for each in (detail, said.get("errors"), said.get("message")) if each), "")
    if isinstance(kind, str) and kind and kind not in {"HTTPException", "server_error", words}:
        return plain_text(f"{kind}: {words}" if words else kind)
    return plain_text(str(words))


def _fault(told: Any) -> str:
    """Return what FastAPI says of one field."""
    if not isinstance(told, dict):
        return plain_text(str(told))
    place = ".".join(str(part) for part in told.get("loc") or () if part != "body")
    return plain_text(f"{place}: {told.get('msg')}" if place else str(told.get("msg")))
