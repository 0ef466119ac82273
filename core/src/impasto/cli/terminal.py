"""What a terminal is able to do, and how much of it a text takes."""

from __future__ import annotations

import os
import unicodedata
from typing import TextIO

_EMOJI_STYLE = "\ufe0f"


def takes_controls(stream: TextIO | None) -> bool:
    """Tell whether a stream is a terminal that understands control sequences."""
    if stream is None or not stream.isatty():
        return False
    return os.environ.get("TERM", "") not in {"", "dumb"} or "WT_SESSION" in os.environ


def writes(stream: TextIO, text: str) -> bool:
    """Tell whether a stream's encoding has the characters of a text."""
    try:
        text.encode(stream.encoding or "ascii")
    except UnicodeEncodeError:
        return False
    return True


def size_of(stream: TextIO) -> tuple[int, int]:
    """Return a terminal's columns and lines; 80 and 24 where it does not tell."""
    try:
        # The stream's own, for stdout may go elsewhere, and COLUMNS may be out of date.
        columns, lines = os.get_terminal_size(stream.fileno())
    except (OSError, ValueError):
        columns, lines = 0, 0
    import shutil

    usual = shutil.get_terminal_size()
    return columns or usual.columns, lines or usual.lines


def cells(text: str) -> int:
    """Return how many cells of a terminal a text takes at most.

    Wide and fullwidth characters take two (https://www.unicode.org/reports/tr11/), marks that join the character
    before them none. Emoji joined into one are counted apart: terminals differ.
    """
    return sum(_cells_of(character) for character in text)


def shortened(text: str, width: int) -> str:
    """Return a text that takes at most `width` cells; a cut is shown by an ellipsis."""
    if cells(text) <= width:
        return text
    kept, taken = "", 1
    for character in text:
        taken += _cells_of(character)
        if taken > width:
            break
        kept += character
    return kept.rstrip() + "…" if width > 0 else ""


def _cells_of(character: str) -> int:
    if character.isascii() or character == _EMOJI_STYLE:
        return 1
    if unicodedata.category(character) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(character) in {"W", "F"} else 1
