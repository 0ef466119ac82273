"""Rows as lines: in columns where they fit, one below the other where not."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_GAP = "  "
_NARROWEST = 30


def table(rows: Sequence[tuple[str, ...]], width: int | None = None) -> str:
    """Return rows, the first of them the headings, as lines.

    Args:
        rows: all of one length.
        width: characters of a line; None for as many as it takes. The last column is wrapped where it is too long. If
            fewer than 30 characters are left for it, each row becomes a paragraph instead.
    """
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    left = sum(widths[:-1]) + len(_GAP) * (len(widths) - 1)
    if width is None or left + widths[-1] <= width:
        return "\n".join(_line(row, widths) for row in rows)
    if width - left < _NARROWEST:
        return "\n".join(_paragraph(rows[0], row, width) for row in rows[1:])
    lines: list[str] = []
    for row in rows:
        first, *more = textwrap.wrap(row[-1], width - left, break_on_hyphens=False) or [""]
        lines += [_line((*row[:-1], first), widths), *(" " * left + each for each in more)]
    return "\n".join(lines)


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    padded = [cell.ljust(width) for cell, width in zip(row[:-1], widths, strict=False)]
    return _GAP.join([*padded, row[-1]]).rstrip()


def _paragraph(headings: Sequence[str], row: Sequence[str], width: int) -> str:
    indent = max(len(heading) for heading in headings[1:]) + 4
    lines = [row[0]]
    for heading, cell in zip(headings[1:], row[1:], strict=True):
        begin = f"  {heading.lower()}".ljust(indent)
        room = max(width, indent + 10)
        lines += textwrap.wrap(cell, room, initial_indent=begin, subsequent_indent=" " * indent, break_on_hyphens=False)
    return "\n".join(lines)
