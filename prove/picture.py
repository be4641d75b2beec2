"""The matrix as SVG: a line for each fault, under the feature's rules. No font or script of its own; light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby

from prove.results import Result

WIDTH = 1180
_MARGIN, _TOP, _RULE, _LINE = 24, 96, 34, 36
#: Where the columns begin: promise and fault, the three marks, who repaired it, how long it took.
_TEXT, _MARKS, _STEP, _BY, _TIME = _MARGIN, 590, 56, 742, 966
#: How many characters of a promise (13 px) and of a remedy (12 px) fit.
_FITS, _BY_FITS = 76, 33
_MARK = {
    True: '<path class="tick" d="M-4.5,0.5 L-1.5,3.5 L4.5,-3.5"/>',
    False: '<path class="tick" d="M-3.5,-3.5 L3.5,3.5 M3.5,-3.5 L-3.5,3.5"/>',
    None: '<path class="none" d="M-3.5,0 H3.5"/>',
}
_KIND = {True: "good", False: "bad", None: "open"}
#: What is drawn how: class -> (its rules, what else holds on a dark ground). No variables: many viewers know none.
_STYLES = {
    ".paper": ("fill: #ffffff", "fill: #12181f"),
    "text": ("font: 13px system-ui, 'Segoe UI', 'DejaVu Sans', Arial, sans-serif; fill: #1c2733", "fill: #dfe7ee"),
    ".title": ("font-size: 20px; font-weight: 600", ""),
    ".rule": ("font-weight: 600", ""),
    ".soft": ("font-size: 11px; fill: #5b6b7b", "fill: #93a3b3"),
    ".by": ("font-size: 12px", ""),
    ".band": ("fill: #e4edf5", "fill: #22303d"),
    ".line": ("stroke: #e3e8ed", "stroke: #26313c"),
    ".good": ("fill: #1a7f4b", "fill: #2f9e68"),
    ".bad": ("fill: #c2372c", "fill: #e0584c"),
    ".open": ("fill: #e3e8ed", "fill: #2a3641"),
    ".tick": ("fill: none; stroke: #ffffff; stroke-width: 2; stroke-linecap: round; stroke-linejoin: round", ""),
    ".none": ("fill: none; stroke: #7c8b99; stroke-width: 2; stroke-linecap: round", ""),
    ".red": ("fill: #d98a3d", ""),
    ".mended": ("fill: #3b6ea5", "fill: #7fb0e6"),
}


def picture(results: Sequence[Result]) -> str:
    """Return the drawing."""
    longest = max((each.to_red + each.to_green for each in results), default=0.0) or 1.0
    scale, parts, y = (WIDTH - _MARGIN - 62 - _TIME) / longest, list[str](), _TOP
    for rule, group in groupby(results, key=lambda each: each.row.criterion.rule):
        parts.append(
            f'<rect class="band" x="{_MARGIN - 8}" y="{y + 4}" width="{WIDTH - 2 * _MARGIN + 16}" height="24"/>'
        )
        parts.append(_text(_TEXT, y + 21, rule, "rule"))
        y += _RULE
        for each in group:
            parts += _line(each, y, scale)
            y += _LINE
    height = y + _MARGIN
    return "\n".join([_root(height), f"<style>{_style()}</style>", _paper(height), *_head(results), *parts, "</svg>\n"])


def _root(height: int) -> str:
    box = f'viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="promises x faults">'


def _style() -> str:
    light = "".join(f"{name} {{ {rules} }}\n" for name, (rules, _) in _STYLES.items())
    dark = "".join(f"{name} {{ {rules} }}\n" for name, (_, rules) in _STYLES.items() if rules)
    return f"\n{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _paper(height: int) -> str:
    return f'<rect class="paper" width="{WIDTH}" height="{height}"/>'


def _head(results: Sequence[Result]) -> Iterator[str]:
    yield _text(_MARGIN, 40, "Every promise, broken on purpose", "title")
    yield _text(_MARGIN, 62, told(results), "soft")
    for column, words in enumerate(("seen red", "repaired", "green")):
        yield _text(_MARKS + column * _STEP, 84, words, "soft", anchor="middle")
    yield _text(_BY, 84, "repaired by", "soft")
    yield f'<rect class="red" x="{_TIME}" y="76" width="9" height="9" rx="2"/>' + _text(
        _TIME + 14, 84, "to red", "soft"
    )
    yield f'<rect class="mended" x="{_TIME + 64}" y="76" width="9" height="9" rx="2"/>'
    yield _text(_TIME + 78, 84, "to green", "soft")


def told(results: Sequence[Result]) -> str:
    """Return in one line what the rows came to."""
    proven = sum(each.proven is True for each in results)
    wrong = sum(each.proven is False for each in results)
    words = [
        f"{proven} of {len(results)} faults: seen red with the right message, repaired or rightly left, green after"
    ]
    words += [f"{wrong} not as their rows say"] if wrong else []
    other = len(results) - proven - wrong
    words += [f"{other} that can't be on this sandbox"] if other else []
    return " · ".join(words)


def _line(result: Result, y: int, scale: float) -> Iterator[str]:
    criterion = result.row.criterion
    chosen = "".join(f" [{value}]" for value in list(criterion.parameters.values())[:1])
    yield "<g>" + f"<title>{escape(result.problem or result.message or result.note)}</title>"
    yield _text(_TEXT, y + 14, _cut(criterion.scenario + chosen, _FITS), "")
    yield _text(_TEXT, y + 28, _cut(result.row.what, _FITS + 14), "soft")
    for column, mark in enumerate(result.marks):
        stopped = result.problem and mark is None and all(result.marks[:column])  # here it was given up
        seen = False if stopped else mark
        x = _MARKS + column * _STEP
        yield f'<g transform="translate({x},{y + 17})"><circle class="{_KIND[seen]}" r="9"/>{_MARK[seen]}</g>'
    yield _text(_BY, y + 21, _cut(result.by, _BY_FITS), "by")
    if result.to_red:
        red, mended = result.to_red * scale, result.to_green * scale
        yield f'<rect class="red" x="{_TIME}" y="{y + 11}" width="{red:.1f}" height="12"/>'
        yield f'<rect class="mended" x="{_TIME + red:.1f}" y="{y + 11}" width="{mended:.1f}" height="12"/>'
        words = f"{result.to_red:.0f} + {result.to_green:.0f} s"
        yield _text(_TIME + red + mended + 6, y + 21, words, "soft")
    yield f'<path class="line" d="M{_MARGIN - 8},{y + _LINE - 0.5} H{WIDTH - _MARGIN + 8}"/></g>'


def _cut(text: str, fits: int) -> str:
    return text if len(text) <= fits else f"{text[: fits - 1].rstrip()}…"


def _text(x: float, y: float, text: str, style: str, *, anchor: str = "") -> str:
    more = f' class="{style}"' if style else ""
    more += f' text-anchor="{anchor}"' if anchor else ""
    return f'<text x="{x:.1f}" y="{y:.1f}"{more}>{escape(text)}</text>'
