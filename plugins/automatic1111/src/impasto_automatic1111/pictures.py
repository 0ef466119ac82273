"""Pictures as the servers tell them, and what is written in them of how they were made."""

from __future__ import annotations

import base64
import contextlib
import json
import re

_PNG = b"\x89PNG\r\n\x1a\n"
_KEYWORD = b"parameters"
_VALUE = r'("(?:[^"\\]|\\.)*"|[^,]*)'


def decoded(text: str) -> bytes:
    """Return the bytes of a picture in base64, with or without ``data:…;base64,`` before it.

    Raises:
        ValueError: it is not base64.
    """
    return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)


def text_in(picture: bytes) -> str:
    """Return the text ``parameters`` of a PNG (PNG 1.2, section 4.2.3), in which the servers say how it was made.

    Returns:
        What it says; nothing where there is none, or where it is compressed.
    """
    if not picture.startswith(_PNG):
        return ""
    at = len(_PNG)
    while at + 8 <= len(picture):
        length, kind = int.from_bytes(picture[at : at + 4]), picture[at + 4 : at + 8]
        keyword, _, text = picture[at + 8 : at + 8 + length].partition(b"\0")
        if keyword == _KEYWORD and kind == b"tEXt":
            return text.decode("latin-1" if not _is_utf8(text) else "utf-8")
        if keyword == _KEYWORD and kind == b"iTXt" and text[:1] == b"\0":
            return text[2:].split(b"\0", 2)[-1].decode(errors="replace")
        at += length + 12
    return ""


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True


def setting(infotext: str, name: str) -> str:
    """Return what a text says of one setting; nothing where it does not.

    Args:
        infotext: prompts, and behind them a line such as ``Steps: 20, Sampler: Euler a, Seed: 42, Model: v1-5``
            (``create_infotext`` of the web UI's ``processing.py``).
        name: such as ``Seed``.
    """
    line = f"\n{infotext}".rpartition("\nSteps: ")[2].partition("\n")[0]
    found = re.search(rf"(?:^|, ){re.escape(name)}: {_VALUE}", line)
    value = found[1].strip() if found else ""
    with contextlib.suppress(ValueError):
        return str(json.loads(value)) if value.startswith('"') else value
    return value
