"""Pictures of our own, in SVG of 72 by 72 units: bodies for animals of which OpenMoji has only the face; buildings."""

from __future__ import annotations

SEATED = {
    "🦊": ("#E27022", "#FFFFFF", "#3f2a20", "fox"),
    "🐺": ("#5e6368", "#d0cfce", "#3f3f3f", "fox"),
    "🦁": ("#F1B31C", "#f7d98a", "#a57939", "lion"),
    "🐻": ("#6A462F", "#a57939", "#4f3322", "bear"),
    "🐼": ("#46464a", "#FFFFFF", "#2f2f33", "bear"),
    "🐸": ("#B1CC33", "#e3ef9a", "#5c9e31", "bear"),
    "🐹": ("#F1B31C", "#FFFFFF", "#e27022", "bear"),
    "🐯": ("#E27022", "#FFFFFF", "#3f3f3f", "lion"),
    "🐱": ("#F4AA41", "#FFFFFF", "#E27022", "lion"),
    "🐶": ("#a57939", "#FFFFFF", "#6A462F", "lion"),
}
"""Animals with a face only, and the colours of coat, chest and paws, and the kind of tail."""

_LINE = 'stroke="#000000" stroke-width="2" stroke-linecap="round" stroke-linejoin="round"'
_TAILS = {
    "fox": (
        '<path fill="{coat}" {line} d="M45 66C58 70 70 62 68 48C67 42 64 38 61 36C62 44 58 52 46 56Z"/>'
        '<path fill="{chest}" d="M67.300 46C66.500 41 64 38 61 36C61.500 40 60.800 43.500 59 46.500C61.500 48.500'
        ' 65 48 67.300 46Z"/>'
    ),
    "lion": (
        '<path fill="none" stroke="{coat}" stroke-width="4" stroke-linecap="round" d="M46 64C58 66 62 58 60 48"/>'
        '<path fill="{paw}" d="M60 50C56 47 58 42 60 39C63 42 65 46 60 50Z"/>'
    ),
    "bear": '<circle cx="51" cy="61" r="4" fill="{coat}" {line}/>',
}
_TORSO = (
    '<path fill="{coat}" {line} d="M36 30C25 32 20 48 20.500 58C20.800 66 24 69 30 69L42 69C48 69 51.200 66 51.500 58'
    'C52 48 47 32 36 30Z"/>'
    '<path fill="{chest}" d="M36 36C30.500 38 29 46 30 53C31 58 33 60 36 60C39 60 41 58 42 53C43 46 41.500 38'
    ' 36 36Z"/>'
    '<path fill="{coat}" {line} d="M21 58C16.500 61 17 69 23 69.500L33 69.500C34 66 30 58 21 58Z"/>'
    '<path fill="{coat}" {line} d="M51 58C55.500 61 55 69 49 69.500L39 69.500C38 66 42 58 51 58Z"/>'
    '<path fill="{coat}" d="M30.500 50L30 66L35 66L35 52ZM41.500 50L42 66L37 66L37 52Z"/>'
    '<path fill="none" {line} d="M30.500 51L30 64M41.500 51L42 64M36 56L36 66"/>'
    '<path fill="{paw}" {line} d="M28.500 69.500C27.500 65 31 63.500 33 63.800C35 64 36 66 35.700 69.500Z"/>'
    '<path fill="{paw}" {line} d="M43.500 69.500C44.500 65 41 63.500 39 63.800C37 64 36 66 36.300 69.500Z"/>'
)


def seated(name: str, face: str) -> str:
    """Return a seated animal: the face over a body in its colours."""
    coat, chest, paw, tail = SEATED[name]
    body = (_TAILS[tail] + _TORSO).format(coat=coat, chest=chest, paw=paw, line=_LINE)
    return f'{body}<g transform="translate(15.500 1) scale(.57)" stroke-width="2">{face}</g>'


def _blobs(*circles: tuple[float, float, float, str]) -> str:
    return "".join(f'<circle cx="{x}" cy="{y}" r="{size}" fill="{fill}"/>' for x, y, size, fill in circles)


OWN = {
    "🌳": (
        '<path fill="#5a3d2b" d="M32.500 70C33.500 60 33 52 31 46L25 38L27 36.500L33.500 43L35 34L38 34L38.500'
        " 42L45 35.500L47 37"
        'L41 46C39.500 52 39.500 60 41 70Z"/>'
        '<path fill="#3e2a1e" d="M37.500 70C37 60 37 50 38 43L41 46C39.500 52 39.500 60 41 70Z"/>'
        + _blobs(
            (22, 34, 11, "#3f7d35"),
            (50, 34, 11, "#3a7432"),
            (36, 38, 9, "#3a7432"),
            (17, 26, 10, "#4a8a3a"),
            (55, 26, 10, "#437f36"),
            (28, 24, 13, "#4f9440"),
            (44, 24, 13, "#4a8c3c"),
            (36, 14, 12, "#5aa048"),
            (24, 17, 9, "#5fa64b"),
            (48, 16, 8, "#559a44"),
            (32, 12, 7, "#78b958"),
            (22, 25, 6, "#6fb354"),
            (40, 21, 6, "#6aae50"),
            (30, 31, 5, "#5fa64b"),
            (48, 30, 5, "#559a44"),
            (15, 24, 4, "#78b958"),
        )
    ),
    "🏠": (
        '<path fill="#8a4a32" stroke="#000000" stroke-width="1.6" d="M48 12L55 12L55 30L48 24Z"/>'
        '<path fill="#f1e4c8" stroke="#000000" stroke-width="1.6" d="M12 34L36 14L60 34L60 68L12 68Z"/>'
        '<path fill="#d6c39c" d="M44 34L60 34L60 68L44 68Z"/><path fill="#c9b48a" d="M12 61L60 61L60 68L12 68Z"/>'
        '<path fill="#b5432f" stroke="#000000" stroke-width="1.6" d="M36 7L66 36L60 40L36 17.500L12 40L6 36Z"/>'
        '<path fill="#d0563c" d="M36 7L6 36L9 38L36 12.500Z"/>'
        '<circle cx="36" cy="28" r="4" fill="#ffd978" stroke="#000000" stroke-width="1.6"/>'
        '<path fill="#ffd978" stroke="#000000" stroke-width="1.6" d="M18 43L28 43L28 54L18 54ZM46 43L55'
        ' 43L55 54L46 54Z"/>'
        '<path fill="none" stroke="#000000" stroke-width="1.6" d="M23 43L23 54M18 48.500L28 48.500M50.500'
        ' 43L50.500 54M46 48.500L55 48.500"/>'
        '<path fill="#6a4028" stroke="#000000" stroke-width="1.6" d="M32 68L32 50C32 45 41 45 41 50L41 68Z"/>'
        '<circle cx="38.500" cy="58" r="1" fill="#fcea2b"/>'
    ),
    "🤖": (
        '<path fill="none" stroke="#000000" stroke-width="2" d="M36 10L36 4"/><circle cx="36" cy="3.500"'
        ' r="2.500" fill="#ea5a47"/>'
        '<rect x="22" y="9" width="28" height="21" rx="5" fill="#b9c6cf" stroke="#000000" stroke-width="2"/>'
        '<circle cx="30" cy="18" r="4" fill="#fcea2b" stroke="#000000"/><circle cx="42" cy="18" r="4"'
        ' fill="#fcea2b" stroke="#000000"/>'
        '<circle cx="30" cy="18" r="1.600" fill="#000000"/><circle cx="42" cy="18" r="1.600" fill="#000000"/>'
        '<path fill="none" stroke="#000000" stroke-width="2" d="M30 25.500L42 25.500M32 24L32 27M36 24L36 27M40'
        ' 24L40 27"/>'
        '<rect x="32" y="30" width="8" height="4" fill="#7d8a94"/>'
        '<path fill="none" stroke="#7d8a94" stroke-width="5" stroke-linecap="round" d="M20 38L12 46L13 53M52'
        ' 38L60 46L59 53"/>'
        '<rect x="20" y="33" width="32" height="23" rx="4" fill="#92a5b2" stroke="#000000" stroke-width="2"/>'
        '<rect x="26" y="38" width="20" height="12" rx="2" fill="#61b2e4"/><circle cx="31" cy="44" r="2"'
        ' fill="#d22f27"/>'
        '<circle cx="36" cy="44" r="2" fill="#fcea2b"/><circle cx="41" cy="44" r="2" fill="#5c9e31"/>'
        '<path fill="#7d8a94" stroke="#000000" stroke-width="2" d="M26 56L32 56L32 65L34 69L23 69L26 65ZM40'
        " 56L46 56L46 65L49 69"
        'L38 69L40 65Z"/>'
    ),
    "lighthouse": (
        '<path fill="#8a8f94" d="M14 70C18 62 24 60 30 61C38 58 50 60 58 70Z"/>'
        '<path fill="#FFFFFF" d="M29.500 22L42.500 22L46.500 64L25.500 64Z"/>'
        '<path fill="#d22f27" d="M28.800 29L43.200 29L44 38L28 38ZM27.200 46.500L44.800 46.500L45.700'
        ' 55.500L26.300 55.500Z"/>'
        '<path fill="#9b9b9a" fill-opacity=".35" d="M38 22L42.500 22L46.500 64L38 64Z"/>'
        '<path fill="#3f3f3f" d="M26.500 19.500L45.500 19.500L45.500 22.500L26.500 22.500Z"/>'
        '<path fill="#fcea2b" d="M31.500 11L40.500 11L40.500 19.500L31.500 19.500Z"/>'
        '<path fill="#d22f27" d="M29.500 11L36 4L42.500 11Z"/>'
        '<path fill="none" stroke="#000000" stroke-width="2" d="M31.500 11L31.500 19.500M36 11L36 19.500M40.500'
        " 11L40.500 19.500"
        'M29.500 22.500L25.500 64M42.500 22.500L46.500 64"/>'
        '<path fill="#4a3a32" d="M33.500 64L33.500 58.500C33.500 55.500 38.500 55.500 38.500 58.500L38.500 64Z"/>'
        '<path fill="#3f4a5a" d="M34.500 40.500L37.500 40.500L37.500 44.500L34.500 44.500ZM34.500 24.500L37.500'
        ' 24.500L37.500 27.500L34.500 27.500Z"/>'
    ),
    "windmill": (
        '<path fill="#e8dcc6" stroke="#000000" stroke-width="2" d="M29 30L43 30L48 70L24 70Z"/>'
        '<path fill="#c9b89a" d="M38 30L43 30L48 70L39 70Z"/>'
        '<path fill="#a8482c" stroke="#000000" stroke-width="2" d="M27 31C28 21 44 21 45 31Z"/>'
        '<path fill="#6a462f" d="M33 70L33 61C33 58 39 58 39 61L39 70Z"/>'
        '<path fill="#3f4a5a" d="M33.500 44L38.500 44L38.500 50L33.500 50Z"/>'
        '<g transform="rotate(22 36 29)"><path fill="#f6efe0" stroke="#000000" stroke-width="1.6" d="M36 29L36 3L42'
        " 3L42 22L36 22"
        'M36 29L62 29L62 35L43 35L43 29M36 29L36 55L30 55L30 36L36 36M36 29L10 29L10 23L29 23L29 29"/></g>'
        '<circle cx="36" cy="29" r="2" fill="#4a3a32"/>'
    ),
}
"""Name to the inside of an SVG picture."""
