"""The chart: horizontal bars in panels, as an SVG that follows the page's light or dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from benchmarks import decoding, latency, scale, startup
from benchmarks.report import number
from benchmarks.results import Measurement, Results

PANELS = {
    "Start to end, ms": startup.WHAT,
    "Process start to a picture on disk, real Gradio app, ms": latency.COLD,
    "A picture from a real Gradio app, client warm, ms": latency.WARM,
    "CPU a generation, 32 at once, µs": scale.cpu(32),
    "CPU a generation, 1,000 at once, µs": scale.cpu(1000),
    "Memory a generation, 1,000 in flight, KB": scale.MEMORY,
    "Decoding small events, MB/s (more is better)": decoding.SMALL,
    "Decoding huge events, MB/s (more is better)": decoding.HUGE,
}
"""Each panel's title to what was measured for it."""

_WIDTH, _COLUMNS, _GAP = 880, 2, 32
_LABELS, _VALUES = 172, 56
_BAR, _ROW, _TITLE, _BELOW = 12, 20, 26, 18

_STYLE = """\
text { font: 12px system-ui, "Segoe UI", Helvetica, Arial, sans-serif; fill: #3d444d }
.title { font-weight: 600; font-size: 13px; fill: #1f2328 }
.bar { fill: #b6bfca }
.ours { fill: #c8553d }
text.ours { fill: #a83f29; font-weight: 600 }
@media (prefers-color-scheme: dark) {
text { fill: #b4bcc6 }
.title { fill: #f0f3f6 }
.bar { fill: #57606c }
.ours { fill: #e2725b }
text.ours { fill: #f09a86 }
}
"""


def chart(results: Results) -> str:
    """Return the panels of whatever was measured."""
    panels = []
    for title, what in PANELS.items():
        measured = [each for each in results.measurements if each.what == what]
        if measured:
            panels.append((title, sorted(measured, key=lambda each: each.median, reverse=measured[0].more_is_better)))
    width = (_WIDTH - _GAP * (_COLUMNS - 1)) // _COLUMNS
    bottoms = [0] * _COLUMNS
    drawn = []
    for title, measured in panels:
        column = bottoms.index(min(bottoms))
        drawn.append(_panel(title, measured, column * (width + _GAP), bottoms[column], width))
        bottoms[column] += _TITLE + _ROW * len(measured) + _BELOW
    size = f'width="{_WIDTH}" height="{max(bottoms)}" viewBox="0 0 {_WIDTH} {max(bottoms)}"'
    label = "Bars for what stands in the table of measurements"
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{label}">\n'
        f"<style>\n{_STYLE}</style>\n{''.join(drawn)}</svg>\n"
    )


def _panel(title: str, measured: Sequence[Measurement], left: int, top: int, width: int) -> str:
    lines = [f'<text class="title" x="{left}" y="{top + 15}">{escape(title)}</text>']
    longest = max(each.median for each in measured)
    room = width - _LABELS - _VALUES
    for place, each in enumerate(measured):
        y = top + _TITLE + place * _ROW
        ours = ' class="ours"' if "impasto" in each.who else ""
        bar = "bar ours" if ours else "bar"
        length = max(1.0, each.median / longest * room)
        base = y + _BAR - 2
        lines += [
            f'<text{ours} x="{left + _LABELS - 8}" y="{base}" text-anchor="end">{escape(_short(each.who))}</text>',
            f'<rect class="{bar}" x="{left + _LABELS}" y="{y}" width="{length:.1f}" height="{_BAR}" rx="2"/>',
            f'<text{ours} x="{left + _LABELS + length + 6:.1f}" y="{base}">{number(each.median)}</text>',
        ]
    return "".join(f"{line}\n" for line in lines)


def _short(who: str) -> str:
    return who.replace(", 200 more plugins", ", +200")
