"""Which checkpoints a server has, and which of them a model's name means.

``GET /models/checkpoints`` lists file names below ``models/checkpoints``, with their subfolders (ComfyUI's
``app/model_manager.py``). They must be sent exactly as they are listed; names of models have fewer characters, so
others become ``-``, and a backslash of a server on Windows ``/``.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from typing import TYPE_CHECKING, Any

from impasto import HttpRequest, ProtocolError, ProviderUnavailable, ResponseError, error_of_status, plain_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from impasto import ServerEvent

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._@-]*(/[A-Za-z0-9][A-Za-z0-9._@-]*)*")
_SUFFIX = re.compile(r"\.(ckpt|pt|pt2|bin|pth|safetensors|pkl|sft)$", re.IGNORECASE)
_LONGEST = 200
_DIGITS = 8
_SHOWN = 10


def is_name(name: str) -> bool:
    """Tell whether a checkpoint can go by this name."""
    return len(name) <= _LONGEST and name.isascii() and _NAME.fullmatch(name) is not None


def model_id(file: str) -> str:
    """Return the name by which a model goes whose file is listed; empty where nothing of it can be a name."""
    parts = [re.sub(r"[^A-Za-z0-9._@-]+", "-", part).lstrip("._@-") for part in file.replace("\\", "/").split("/")]
    name = "/".join(part for part in parts if part)
    return name if is_name(name) else ""


def names_of(files: Sequence[str]) -> dict[str, str]:
    """Return the names under which files are listed as models, and the file of each.

    Where different files would go by the same name, or one by none, a digest of the file's name tells them apart.
    """
    counted = Counter(model_id(file) for file in dict.fromkeys(files))
    found: dict[str, str] = {}
    for file in files:
        name = model_id(file)
        found[name if name and (counted[name] == 1 or name == file) else _told_apart(name, file)] = file
    return found


def listing(step: Mapping[str, Any]) -> HttpRequest:
    """Return the request that asks for the server's checkpoints."""
    return HttpRequest("GET", "/models/checkpoints", statuses=(404,), step={**step, "at": "checkpoints"})


def listed(event: ServerEvent) -> list[str]:
    """Return the file names in the answer to `listing`.

    Raises:
        ResponseError: there are none in it.
    """
    if event.status == 404:
        raise ProviderUnavailable("there is no ComfyUI here, or one of before August 2024", status=404)
    if event.status != 200:
        raise error_of_status(event)
    names = event.json()
    if not isinstance(names, list) or not all(isinstance(name, str) and name for name in names):
        raise ProtocolError(f"expected the names of checkpoints, got: {plain_text(event.text, 120)}")
    return names


def picked(names: Sequence[str], wanted: str | None) -> str:
    """Return the file that a model's name means: as it is, as a model goes by it, or either without its suffix.

    Args:
        names: the files that there are.
        wanted: the model's name; None for the first file.

    Raises:
        ResponseError: there is no such file, or there are several; the message names those that there are.
    """
    if wanted is None:
        if names:
            return names[0]
        raise ResponseError(
            "this server has no checkpoint: put one into its models/checkpoints, or draw with a workflow without one"
        )
    listed_as = {file: name for name, file in names_of(names).items()}
    ways: tuple[Callable[[str], str], ...] = (
        str,
        lambda file: listed_as[file],
        model_id,
        lambda file: _stem(listed_as[file]),
        lambda file: _stem(model_id(file)),
    )
    for spelled, sought in zip(ways, (wanted, wanted, wanted, _stem(wanted), _stem(wanted)), strict=True):
        found = [file for file in listed_as if spelled(file) == sought]
        if len(found) == 1:
            return found[0]
        if found:
            several = _enumerated([f"{listed_as[file]} ({file})" for file in found])
            raise ResponseError(f"this server has several checkpoints {wanted}: {several}. Give one of these names.")
    raise ResponseError(f"this server has no checkpoint {wanted}; it has {_enumerated(names) or 'none'}")


def _enumerated(names: Sequence[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else "")


def _told_apart(name: str, file: str) -> str:
    suffix = match[0] if (match := _SUFFIX.search(name)) else ""
    stem = name.removesuffix(suffix)[: _LONGEST - _DIGITS - len(suffix) - 1]
    return f"{stem or 'checkpoint'}@{hashlib.sha256(file.encode()).hexdigest()[:_DIGITS]}{suffix}"


def _stem(name: str) -> str:
    return _SUFFIX.sub("", name).lower()
