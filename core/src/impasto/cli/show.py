"""A picture in the terminal: as pixels where the terminal takes them, in half blocks where it takes colours."""

from __future__ import annotations

import base64
import io
import os
import shutil
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_KITTY_CHUNK = 4096
_COLUMNS = 80


def show_in_terminal(data: bytes, *, as_json: bool = False) -> bool:
    """Draw an encoded picture on stdout (on stderr beside JSON); return False where that is no such terminal.

    Args:
        data: the encoded picture.
        as_json: whether stdout carries JSON, so that the picture belongs elsewhere.
    """
    out = sys.stderr if as_json else sys.stdout
    protocol = protocol_of(os.environ) if out.isatty() else None
    if protocol is None:
        return False
    columns, lines = shutil.get_terminal_size()
    columns, lines = min(columns - 1, _COLUMNS), max(4, lines - 4)
    draw = {"kitty": _kitty, "iterm": _iterm, "blocks": _blocks, "blocks256": _blocks256}[protocol]
    for part in draw(data, columns, lines):
        out.write(part)
    out.write("\n")
    out.flush()
    return True


def protocol_of(environ: Mapping[str, str]) -> str | None:
    """Return how a terminal takes pictures, from its environment: kitty, iterm, blocks, blocks256 or None.

    Inside tmux and screen, which pass no graphics on, only half blocks remain.
    """
    term, program = environ.get("TERM", ""), environ.get("TERM_PROGRAM", "")
    if term in {"", "dumb"}:
        return None
    if not environ.get("TMUX") and not term.startswith(("screen", "tmux")):
        if term in {"xterm-kitty", "xterm-ghostty"} or environ.get("KITTY_WINDOW_ID") or program == "ghostty":
            return "kitty"
        if program in {"iTerm.app", "WezTerm", "mintty"}:
            return "iterm"
    if environ.get("COLORTERM") in {"truecolor", "24bit"}:
        return "blocks"
    return "blocks256" if "256" in term or environ.get("COLORTERM") else None


def _kitty(data: bytes, columns: int, lines: int) -> Iterator[str]:
    """Kitty's graphics protocol (https://sw.kovidgoyal.net/kitty/graphics-protocol/), which takes PNG as it is."""
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        width, height = picture.size
        encoded = io.BytesIO()
        picture.convert("RGBA").save(encoded, "PNG")
    rows = min(lines, max(1, round(columns * height / width / 2)))
    text = base64.b64encode(encoded.getvalue()).decode()
    chunks = [text[start : start + _KITTY_CHUNK] for start in range(0, len(text), _KITTY_CHUNK)]
    for index, chunk in enumerate(chunks):
        more = int(index < len(chunks) - 1)
        control = f"a=T,f=100,r={rows},m={more}" if index == 0 else f"m={more}"
        yield f"\x1b_G{control};{chunk}\x1b\\"


def _iterm(data: bytes, columns: int, lines: int) -> Iterator[str]:
    """iTerm2's inline images (https://iterm2.com/documentation-images.html), which take any format."""
    encoded = base64.b64encode(data).decode()
    yield f"\x1b]1337;File=inline=1;size={len(data)};width={columns};preserveAspectRatio=1:{encoded}\x07"


def _blocks(data: bytes, columns: int, lines: int) -> Iterator[str]:
    """Two pixels a cell, as foreground and background of ▀, in 24-bit colour."""
    for upper, lower in _cells(data, columns, lines):
        for (r, g, b), (r2, g2, b2) in zip(upper, lower, strict=True):
            yield f"\x1b[38;2;{r};{g};{b}m\x1b[48;2;{r2};{g2};{b2}m▀"
        yield "\x1b[0m\n"


def _blocks256(data: bytes, columns: int, lines: int) -> Iterator[str]:
    """Two pixels a cell, in the 6 x 6 x 6 colours of 256-colour terminals."""
    for upper, lower in _cells(data, columns, lines):
        for above, below in zip(upper, lower, strict=True):
            yield f"\x1b[38;5;{_cube(above)}m\x1b[48;5;{_cube(below)}m▀"
        yield "\x1b[0m\n"


def _cube(colour: tuple[int, int, int]) -> int:
    r, g, b = (round(value / 255 * 5) for value in colour)
    return 16 + 36 * r + 6 * g + b


_Row = list[tuple[int, int, int]]


def _cells(data: bytes, columns: int, lines: int) -> Iterator[tuple[_Row, _Row]]:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as opened:
        picture = opened.convert("RGB")
    scale = min(columns / picture.width, lines * 2 / picture.height)
    width, height = max(1, round(picture.width * scale)), max(1, round(picture.height * scale / 2)) * 2
    raw = picture.resize((width, height), Image.Resampling.LANCZOS).tobytes()
    rows = [
        [(raw[at], raw[at + 1], raw[at + 2]) for at in range(row * width * 3, (row + 1) * width * 3, 3)]
        for row in range(height)
    ]
    yield from zip(rows[::2], rows[1::2], strict=True)
