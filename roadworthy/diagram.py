"""A layered drawing of what hangs on what: cards in columns, edges that run from left to right around them.

Layers by longest path; edges over several columns get a way point in each; the order within a column by barycentres,
swept to and fro; then each card is moved towards its neighbours as far as its column allows. Cards without an edge
stand below, in as many columns.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

#: Pixels: width of a card, between columns, between cards, and what a way point takes of a column.
WIDTH, ACROSS, BETWEEN, POINT = 352.0, 96.0, 26.0, 14.0
_SWEEPS, _PULLS = 12, 40
#: Columns, where the edges make fewer.
_LEAST = 2


@dataclass(slots=True)
class Spot:
    """A card, or a way point of a long edge: where its upper left corner is. ``key`` is None for a way point."""

    key: str | None
    layer: int
    height: float
    x: float = 0.0
    y: float = 0.0
    left: list[Spot] = field(default_factory=list)
    right: list[Spot] = field(default_factory=list)

    @property
    def middle(self) -> float:
        """Where its middle is, from above."""
        return self.y + self.height / 2


@dataclass(frozen=True, slots=True)
class Layout:
    """Where everything is: cards by key, each edge as the spots that it runs through, and the size of it all."""

    cards: Mapping[str, Spot]
    routes: Mapping[tuple[str, str], Sequence[Spot]]
    width: float
    height: float


def layout(heights: Mapping[str, float], edges: Iterable[tuple[str, str]]) -> Layout:
    """Lay out cards of these heights; an edge (a, b) puts a somewhere left of b. Edges must form no circle."""
    pairs = sorted({(a, b) for a, b in edges if a in heights and b in heights and a != b})
    layers = _layers(heights, pairs)
    joined = {key for pair in pairs for key in pair}
    cards = {key: Spot(key, layers[key], height) for key, height in heights.items()}
    columns: defaultdict[int, list[Spot]] = defaultdict(list)
    for spot in (each for key, each in cards.items() if key in joined):
        columns[spot.layer].append(spot)
    routes = {pair: _route(cards, columns, pair) for pair in pairs}
    ordered = [columns[layer] for layer in sorted(columns)]
    for sweep in range(_SWEEPS):
        _sweep(ordered, rightwards=sweep % 2 == 0)
    _place(ordered)
    across = max(len(ordered), _LEAST)
    bottom = max((spot.y + spot.height for column in ordered for spot in column), default=-2 * BETWEEN)
    height = _below([spot for key, spot in cards.items() if key not in joined], across, bottom + 2 * BETWEEN)
    return Layout(cards, routes, across * (WIDTH + ACROSS) - ACROSS, max(height, bottom))


def _below(loose: Sequence[Spot], across: int, top: float) -> float:
    """Place cards that nothing joins, each in the column that is shortest; return how far down they reach."""
    ends = [top] * across
    for spot in sorted(loose, key=lambda each: -each.height):
        column = ends.index(min(ends))
        spot.x, spot.y = column * (WIDTH + ACROSS), ends[column]
        ends[column] += spot.height + BETWEEN
    return max(ends) - BETWEEN


def _layers(keys: Iterable[str], pairs: Sequence[tuple[str, str]]) -> dict[str, int]:
    before: defaultdict[str, list[str]] = defaultdict(list)
    for first, then in pairs:
        before[then].append(first)
    known: dict[str, int] = {}

    def layer(key: str) -> int:
        if key not in known:
            known[key] = 0  # a circle, which collection refuses, ends here
            known[key] = max((layer(each) + 1 for each in before[key]), default=0)
        return known[key]

    return {key: layer(key) for key in keys}


def _route(cards: Mapping[str, Spot], columns: Mapping[int, list[Spot]], pair: tuple[str, str]) -> list[Spot]:
    """Return the way of one edge, with a point in every column between."""
    first, last = cards[pair[0]], cards[pair[1]]
    points = [Spot(None, layer, POINT) for layer in range(first.layer + 1, last.layer)]
    for point in points:
        columns[point.layer].append(point)
    way = [first, *points, last]
    for one, other in pairwise(way):
        one.right.append(other)
        other.left.append(one)
    return way


def _sweep(columns: Sequence[list[Spot]], *, rightwards: bool) -> None:
    """Order each column by where the neighbours in the column before it stand."""
    for column in columns if rightwards else reversed(columns):
        rank = {id(spot): index for each in columns for index, spot in enumerate(each)}
        was = {id(spot): index for index, spot in enumerate(column)}

        def wish(spot: Spot, rank: Mapping[int, int] = rank, was: Mapping[int, int] = was) -> tuple[float, int]:
            near = spot.left if rightwards else spot.right
            mean = sum(rank[id(each)] for each in near) / len(near) if near else float(was[id(spot)])
            return mean, was[id(spot)]

        column.sort(key=wish)


def _place(columns: Sequence[list[Spot]]) -> None:
    for number, column in enumerate(columns):
        top = 0.0
        for spot in column:
            spot.x, spot.y = number * (WIDTH + ACROSS), top
            top += spot.height + BETWEEN
    tallest = max((column[-1].y + column[-1].height for column in columns if column), default=0.0)
    for column in columns:
        spare = (tallest - column[-1].y - column[-1].height) / 2
        for spot in column:
            spot.y += spare
    for turn in range(_PULLS):
        for column in columns if turn % 2 == 0 else reversed(columns):
            _pull(column, tallest)


def _pull(column: Sequence[Spot], tallest: float) -> None:
    """Move each spot of a column towards the mean of its neighbours, as far as those above and below let it."""
    for index, spot in enumerate(column):
        near = [*spot.left, *spot.right]
        if not near:
            continue
        wish = sum(each.middle for each in near) / len(near) - spot.height / 2
        above = column[index - 1] if index else None
        below = column[index + 1] if index + 1 < len(column) else None
        least = above.y + above.height + BETWEEN if above else 0.0
        most = (below.y - BETWEEN if below else tallest) - spot.height
        spot.y = min(max(wish, least), max(most, least))
