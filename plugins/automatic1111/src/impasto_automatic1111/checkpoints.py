"""The checkpoints that a server has, and the names under which each is known there."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from impasto import HttpRequest, ResponseError
from impasto_automatic1111.models import CURRENT, is_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from impasto import ServerEvent

LISTING = HttpRequest("GET", "/sdapi/v1/sd-models", statuses=(401, 404), step={"is": "checkpoints"})
"""Asks for the checkpoints."""

_HASH = re.compile(r" \[[0-9a-fA-F]+\]$")
_SUFFIX = re.compile(r"\.(safetensors|ckpt|gguf|pth?)$")
_MOST_NAMES = 20


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """One checkpoint.

    Attributes:
        title: its unambiguous name, by which it is asked for.
        names: all by which it is known, the best first (``CheckpointInfo.ids`` of the web UI's ``sd_models.py``).
        hash: the first ten digits of its SHA-256; None where the server has not made it yet.
    """

    title: str
    names: tuple[str, ...]
    hash: str | None


def listed(event: ServerEvent) -> list[Checkpoint]:
    """Return the checkpoints in an answer."""
    return [_checkpoint(each["title"], each["model_name"], each["filename"], each) for each in event.json()]


def _checkpoint(title: str, model_name: str, path: str, told: dict[str, object]) -> Checkpoint:
    digits = told.get("hash")
    whole = told.get("sha256")
    plain = _HASH.sub("", title)
    file_name = re.split(r"[/\\]", path)[-1]
    hashes = [each for each in (digits, whole) if isinstance(each, str) and each]
    # A folder of SD.Next's is listed as Diffusers/owner/name, and told with the picture as name.
    base = re.split(r"[/\\]", model_name)[-1]
    names = [model_name, file_name, _SUFFIX.sub("", file_name), plain, _SUFFIX.sub("", plain), base, *hashes, title]
    return Checkpoint(title, tuple(dict.fromkeys(names)), digits if isinstance(digits, str) else None)


def find(checkpoints: Sequence[Checkpoint], name: str) -> Checkpoint:
    """Return the checkpoint of a name.

    The server would not say that it has none: it draws with the one that is loaded (``process_images`` of the web UI's
    ``processing.py``).

    Raises:
        ResponseError: there is none, or there are several; the message names those that there are.
    """
    found = [each for each in checkpoints if name in each.names]
    if len(found) == 1:
        return found[0]
    if found:
        titles = ", ".join(each.title for each in found)
        raise ResponseError(f"the server has several checkpoints of the name {name!r}: {titles}. Give the hash of one.")
    known = ", ".join(names_of(checkpoints)[:_MOST_NAMES])
    raise ResponseError(f"the server has no checkpoint {name!r}; it has {known or 'none'}.")


def names_of(checkpoints: Sequence[Checkpoint]) -> list[str]:
    """Return a name for each checkpoint that a model can have, and that no other checkpoint has.

    A name with spaces is none; then the hash is.
    """
    counted = Counter(name for each in checkpoints for name in each.names)
    fitting = (
        next((name for name in each.names if is_name(name) and counted[name] == 1 and name != CURRENT), None)
        for each in checkpoints
    )
    return [name for name in fitting if name is not None]
