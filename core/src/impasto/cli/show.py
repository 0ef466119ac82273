"""A picture in the terminal: as pixels where the terminal takes them, in half blocks where it takes colours."""

from __future__ import annotations

import base64
import io
import os
from typing import TYPE_CHECKING, TextIO

from impasto.cli.terminal import size_of, takes_controls, writes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from PIL import Image

_KITTY_CHUNK = 4096
_COLUMNS = 80
_HALF_BLOCK = "▀"


def show_in_terminal(data: bytes, stream: TextIO) -> bool:
    """Draw an encoded picture on a stream; return False where that is no terminal that takes one.

    Args:
        data: the encoded picture; of an animation the first frame is drawn.
        stream: stdout or stderr.
    """
    protocol = protocol_of(os.environ) if takes_controls(stream) else None
    if protocol is None or not writes(stream, _HALF_BLOCK):
        return False
    columns, lines = size_of(stream)
    picture = _opened(data)
    # A cell is about twice as high as wide. The prompt below the picture needs its lines too.
    scale = min(min(columns - 1, _COLUMNS) / picture.width, max(4, lines - 4) * 2 / picture.height)
    columns, lines = max(1, round(picture.width * scale)), max(1, round(picture.height * scale / 2))
    stream.writelines(_DRAW[protocol](picture, columns, lines))
    stream.write("\n")
    stream.flush()
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
    if environ.get("COLORTERM") in {"truecolor", "24bit"} or term.endswith("-direct"):
        return "blocks"
    return "blocks256" if "256" in term or environ.get("COLORTERM") else None


def _opened(data: bytes) -> Image.Image:
    from PIL import Image, ImageOps

    with Image.open(io.BytesIO(data)) as opened:
        return ImageOps.exif_transpose(opened).convert("RGBA")


def _png(picture: Image.Image) -> bytes:
    encoded = io.BytesIO()
    picture.save(encoded, "PNG")
    return encoded.getvalue()


def _kitty(picture: Image.Image, columns: int, lines: int) -> Iterator[str]:
    """Kitty's graphics protocol: a PNG (f=100), sent and shown (a=T), in chunks of base64.

    https://sw.kovidgoyal.net/kitty/graphics-protocol/
    """
    text = base64.b64encode(_png(picture)).decode()
    chunks = [text[start : start + _KITTY_CHUNK] for start in range(0, len(text), _KITTY_CHUNK)]
    for index, chunk in enumerate(chunks):
        more = int(index < len(chunks) - 1)
        control = f"a=T,f=100,c={columns},r={lines},m={more}" if index == 0 else f"m={more}"
        yield f"\x1b_G{control};{chunk}\x1b\\"


def _iterm(picture: Image.Image, columns: int, lines: int) -> Iterator[str]:
    """iTerm2's inline images: a file in base64, with its size in bytes, and how many cells to show it in.

    https://iterm2.com/documentation-images.html
    """
    data = _png(picture)
    size = f"size={len(data)};width={columns};height={lines};preserveAspectRatio=1"
    yield f"\x1b]1337;File=inline=1;{size}:{base64.b64encode(data).decode()}\x07"


def _blocks(picture: Image.Image, columns: int, lines: int) -> Iterator[str]:
    """Two pixels a cell, as foreground and background of ▀, in 24-bit colour."""
    raw = _scaled(picture, columns, lines).tobytes()
    colours = [f"2;{raw[at]};{raw[at + 1]};{raw[at + 2]}" for at in range(0, len(raw), 3)]
    return _rows(colours, columns)


def _blocks256(picture: Image.Image, columns: int, lines: int) -> Iterator[str]:
    """Two pixels a cell, dithered in the 240 colours that every terminal of 256 has in the same places."""
    from PIL import Image

    colours = _xterm_colours()
    # A palette has 256 places: those that are left hold the first colour again.
    numbers = [*range(16, 256), *[16] * 16]
    palette = Image.new("P", (1, 1))
    palette.putpalette([part for colour in (*colours, *[colours[0]] * 16) for part in colour])
    raw = _scaled(picture, columns, lines).quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG).tobytes()
    return _rows([f"5;{numbers[index]}" for index in raw], columns)


def _rows(colours: Sequence[str], columns: int) -> Iterator[str]:
    for start in range(0, len(colours), 2 * columns):
        upper, lower = colours[start : start + columns], colours[start + columns : start + 2 * columns]
        cells = (f"\x1b[38;{a};48;{b}m{_HALF_BLOCK}" for a, b in zip(upper, lower, strict=True))
        end = "\n" if start + 2 * columns < len(colours) else ""
        yield f"{''.join(cells)}\x1b[0m{end}"


def _scaled(picture: Image.Image, columns: int, lines: int) -> Image.Image:
    from PIL import Image

    ground = Image.new("RGBA", picture.size, "white")
    flat = Image.alpha_composite(ground, picture).convert("RGB")
    return flat.resize((columns, 2 * lines), Image.Resampling.LANCZOS)


def _xterm_colours() -> list[tuple[int, int, int]]:
    """Return colours 16 to 255 of xterm: a cube of 6 levels, and 24 greys (xterm's 256colres.pl)."""
    levels = (0, 95, 135, 175, 215, 255)
    cube = [(r, g, b) for r in levels for g in levels for b in levels]
    return cube + [(grey, grey, grey) for grey in range(8, 248, 10)]


_DRAW = {"kitty": _kitty, "iterm": _iterm, "blocks": _blocks, "blocks256": _blocks256}
