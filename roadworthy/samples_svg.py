"""Measurements over runs as SVG: each a dot; the limit, the median, the spread. No font of its own, light and dark."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 720.0, 260.0, 52.0, 120.0, 40.0, 34.0
#: So many are drawn at most, the newest.
_MOST = 60
_STYLE = """
.paper { fill: #ffffff } text { font: 12px system-ui, 'DejaVu Sans', Arial, sans-serif; fill: #1c2733 }
.title { font-size: 14px; font-weight: 600 } .soft { fill: #5b6b7b; font-size: 11px }
.grid { stroke: #dfe5ea } .limit { stroke: #b3261e; stroke-dasharray: 6 4; stroke-width: 1.5 }
.limited { fill: #b3261e }
.median { stroke: #3b6ea5; stroke-width: 1.5 } .named { fill: #3b6ea5 } .spread { fill: #3b6ea5; opacity: .14 }
.dot { fill: #7c8b99 } .strange { fill: none; stroke: #b3261e; stroke-width: 2 } .now { fill: #1a7f4b }
@media (prefers-color-scheme: dark) {
.paper { fill: #12181f } text { fill: #dfe7ee } .soft { fill: #93a3b3 } .grid { stroke: #2a3540 }
.limit { stroke: #f2857d } .limited { fill: #f2857d } .median { stroke: #7fb0e6 } .named { fill: #7fb0e6 }
.spread { fill: #7fb0e6 } .strange { stroke: #f2857d } .now { fill: #4cc38a } }
"""


def svg(
    title: str, limit: float, values: Sequence[float], strange: Sequence[bool], median: float, spread: float
) -> str:
    """Return the drawing. Seconds; the last value is this run's."""
    values, strange = values[-_MOST:], strange[-_MOST:]
    top = 1.15 * max(limit, *values)
    plain = _WIDTH - _LEFT - _RIGHT

    def x(number: int) -> float:
        return _LEFT + plain * (number + 0.5) / len(values)

    def y(seconds: float) -> float:
        return _TOP + (_HEIGHT - _TOP - _BOTTOM) * (1 - seconds / top)

    end = _LEFT + plain
    high, low = y(median + spread), y(max(0.0, median - spread))
    size = f'viewBox="0 0 {_WIDTH:.0f} {_HEIGHT:.0f}" width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label="{escape(title)}">',
        f"<style>{_STYLE}</style>",
        f'<rect width="{_WIDTH:.0f}" height="{_HEIGHT:.0f}" class="paper"/>',
        f'<text class="title" x="{_LEFT}" y="22">{escape(title)}</text>',
        *(_tick(step, y(step), end) for step in _steps(top)),
        f'<rect class="spread" x="{_LEFT}" y="{high:.1f}" width="{plain}" height="{low - high:.1f}"/>',
        _line("median", y(median), end),
        _line("limit", y(limit), end),
        _name("limited", f"limit {limit:g} s", y(limit), end),
        _name("named", f"median {median:g} s ± {spread:.1f}", _apart(y(median), y(limit)), end),
    ]
    for number, (value, odd) in enumerate(zip(values, strange, strict=True)):
        last = number == len(values) - 1
        style = "strange" if odd else "now" if last else "dot"
        radius = 5 if last or odd else 3.5
        said = f"<title>{value:g} s{', beyond what noise explains' if odd else ''}</title>"
        parts.append(f'<circle class="{style}" cx="{x(number):.1f}" cy="{y(value):.1f}" r="{radius}">{said}</circle>')
    foot = f"{len(values)} runs, the newest on the right: {values[-1]:g} s"
    parts.append(f'<text class="soft" x="{_LEFT}" y="{_HEIGHT - 10:.0f}">{foot}</text></svg>')
    return "\n".join(parts) + "\n"


def _steps(top: float) -> list[float]:
    size = next(each for each in (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10**6) if top / each <= 6)
    return [float(size * number) for number in range(int(top / size) + 1)]


def _tick(seconds: float, y: float, end: float) -> str:
    line = f'<line class="grid" x1="{_LEFT}" x2="{end}" y1="{y:.1f}" y2="{y:.1f}"/>'
    return f'{line}<text class="soft" x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{seconds:g} s</text>'


def _line(style: str, y: float, end: float) -> str:
    return f'<line class="{style}" x1="{_LEFT}" x2="{end}" y1="{y:.1f}" y2="{y:.1f}"/>'


def _name(style: str, text: str, y: float, end: float) -> str:
    return f'<text class="{style}" x="{end + 8}" y="{y + 4:.1f}">{text}</text>'


def _apart(y: float, other: float) -> float:
    """Return where a name goes that must not cover the other one."""
    return y if abs(y - other) >= 14 else other + (14 if y >= other else -14)
