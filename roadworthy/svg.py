"""The graph of components as SVG: one file, no font and no script of its own, light and dark."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise

from roadworthy.diagram import ACROSS, WIDTH, Layout, Spot, layout
from roadworthy.forest import FREE, Card, Line

_MARGIN, _HEAD, _LINE, _FOOT, _PAD = 28.0, 34.0, 19.0, 10.0, 14.0
#: How many characters of 12 px fit into a card's line, at the mean width of a sans-serif letter.
_FITS = 46
#: What is drawn how: class -> (its rules, what else holds on a dark ground). No variables: many viewers know none.
_STYLES = {
    ".paper": ("fill: #ffffff", "fill: #12181f"),
    "text": (
        "font: 12px system-ui, 'Segoe UI', 'DejaVu Sans', Helvetica, Arial, sans-serif; fill: #1c2733",
        "fill: #dfe7ee",
    ),
    ".title": ("font-size: 14px; font-weight: 600", ""),
    ".soft": ("font-size: 11px; fill: #5b6b7b", "fill: #93a3b3"),
    ".card": ("fill: #f6f8fa; stroke: #cfd8e0", "fill: #1a222b; stroke: #34414e"),
    ".head": ("fill: #e4edf5", "fill: #22303d"),
    ".root": ("fill: #1a7f4b", "fill: #4cc38a"),
    ".leaf": ("fill: none; stroke: #7c8b99", "stroke: #93a3b3"),
    ".edge": ("fill: none; stroke-width: 1.6", ""),
    ".needs": ("stroke: #3b6ea5", "stroke: #7fb0e6"),
    ".requires": ("stroke: #b06a1b; stroke-dasharray: 6 4", "stroke: #e0a35c"),
    ".tip-needs": ("fill: #3b6ea5", "fill: #7fb0e6"),
    ".tip-requires": ("fill: #b06a1b", "fill: #e0a35c"),
}


def svg(cards: Mapping[str, Card], edges: Mapping[tuple[str, str], str]) -> str:
    """Return the drawing."""
    heights = {name: _HEAD + _LINE * len(card.lines) + _FOOT for name, card in cards.items()}
    placed = layout(heights, edges)
    width, height = placed.width + 2 * _MARGIN, placed.height + 2 * _MARGIN + 34
    parts = [
        _root(width, height),
        f"<style>{_style()}</style>",
        *(_tip(kind) for kind in ("needs", "requires")),
        f'<rect width="{width:.0f}" height="{height:.0f}" class="paper"/>',
        f'<g transform="translate({_MARGIN},{_MARGIN})">',
        *(_edge(placed, pair, kind) for pair, kind in edges.items()),
        *(part for name, card in cards.items() for part in _card(card, placed.cards[name])),
        "</g>",
        _legend(height),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def _root(width: float, height: float) -> str:
    box = f'viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" height="{height:.0f}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" {box} role="img" aria-label="what hangs on what">'


def _style() -> str:
    light = "".join(f"{name} {{ {rules} }}\n" for name, (rules, _) in _STYLES.items())
    dark = "".join(f"{name} {{ {rules} }}\n" for name, (_, rules) in _STYLES.items() if rules)
    return f"\n{light}@media (prefers-color-scheme: dark) {{\n{dark}}}\n"


def _tip(kind: str) -> str:
    return (
        f'<marker id="{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto" '
        f'markerUnits="userSpaceOnUse"><path d="M0,0 L8,4 L0,8 z" class="tip-{kind}"/></marker>'
    )


def _edge(placed: Layout, pair: tuple[str, str], kind: str) -> str:
    """Return one edge: straight through its way points, curved between columns."""
    way = placed.routes[pair]
    x, y = way[0].x + WIDTH, _port(way[0], way[1], leaving=True)
    path = [f"M{x:.1f},{y:.1f}"]
    for before, spot in pairwise(way):
        there = _port(spot, before, leaving=False) if spot.key is not None else spot.middle
        bend = ACROSS / 2
        path.append(f"C{x + bend:.1f},{y:.1f} {spot.x - bend:.1f},{there:.1f} {spot.x:.1f},{there:.1f}")
        if spot.key is None:
            path.append(f"H{spot.x + WIDTH:.1f}")
        x, y = spot.x + WIDTH, there
    title = f"<title>{escape(pair[1])} {kind} {escape(pair[0])}</title>"
    return f'<path class="edge {kind}" marker-end="url(#{kind})" d="{" ".join(path)}">{title}</path>'


def _port(card: Spot, other: Spot, *, leaving: bool) -> float:
    """Return where on a card's side an edge begins or ends: spread evenly, in the order of what is at the other end."""
    side = card.right if leaving else card.left
    order = sorted(side, key=lambda spot: spot.middle)
    share = (order.index(other) + 1) / (len(order) + 1)
    return card.y + 8 + (card.height - 16) * share


def _card(card: Card, spot: Spot) -> Iterator[str]:
    x, y = spot.x, spot.y
    yield f'<rect class="card" x="{x:.1f}" y="{y:.1f}" width="{WIDTH}" height="{spot.height}" rx="8"/>'
    corners = f"v-18 q0,-7.5 7.5,-7.5 h{WIDTH - 16} q7.5,0 7.5,7.5 v18 z"
    yield f'<path class="head" d="M{x + 0.5:.1f},{y + 26:.1f} {corners}"/>'
    yield _text(x + _PAD, y + 18, card.name or "hang on nothing", "title")
    if card.name != FREE:
        yield _text(x + WIDTH - _PAD, y + 18, "component" if card.installable else "of the cluster", "soft", end=True)
    for number, line in enumerate(card.lines):
        yield from _line(line, x + _PAD, y + _HEAD + 12 + number * _LINE)


def _line(line: Line, x: float, y: float) -> Iterator[str]:
    sort = "root" if line.root else "leaf"
    yield f'<circle class="{sort}" cx="{x + 3.5:.1f}" cy="{y - 4:.1f}" r="3.5"/>'
    notes = [f"x {line.rows}"] if line.rows > 1 else []
    notes += [f"+ {', '.join(line.also)}"] if line.also else []
    note = f"  {' '.join(notes)}" if notes else ""
    fits = _FITS - len(note)
    text = line.text if len(line.text) <= fits else f"{line.text[: fits - 1].rstrip()}…"
    title = f"<title>{escape(line.text)}{escape(note)}</title>"
    soft = f'<tspan class="soft">{escape(note.strip())}</tspan>' if note else ""
    yield f'<text x="{x + 13:.1f}" y="{y:.1f}">{title}{escape(text)} {soft}</text>'


def _text(x: float, y: float, text: str, style: str, *, end: bool = False) -> str:
    anchor = ' text-anchor="end"' if end else ""
    return f'<text class="{style}" x="{x:.1f}" y="{y:.1f}"{anchor}>{escape(text)}</text>'


def _legend(height: float) -> str:
    y = height - 20
    parts = [f'<g transform="translate({_MARGIN},{y:.0f})">']
    parts.append('<circle class="root" cx="4" cy="-4" r="3.5"/>' + _text(14, 0, "judges the component (root)", "soft"))
    parts.append('<circle class="leaf" cx="194" cy="-4" r="3.5"/>' + _text(204, 0, "hangs on it", "soft"))
    parts.append(
        '<path class="edge needs" d="M290,-4 h34" marker-end="url(#needs)"/>' + _text(332, 0, "@needs", "soft")
    )
    parts.append('<path class="edge requires" d="M392,-4 h34" marker-end="url(#requires)"/>')
    parts.append(_text(434, 0, "requires, of its installer", "soft"))
    return "".join([*parts, "</g>"])
