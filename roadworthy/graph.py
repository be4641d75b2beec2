"""What hangs on what: the order in which criteria are judged, and the cycles that make an order impossible.

Two kinds of edges: ``@needs:x`` on a criterion points to the criteria tagged ``@component:x`` (x's roots); a
component's ``requires`` points from its roots to those of what it requires. Both order; only ``@needs`` blocks.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Mapping, Sequence

from roadworthy.criterion import Criterion, Problem

Requires = Mapping[str, Sequence[str]]


def component_edges(criteria: Sequence[Criterion], requires: Requires) -> dict[str, set[str]]:
    """Return, per component, the components that come before it."""
    edges: dict[str, set[str]] = {name: set(before) for name, before in requires.items()}
    for criterion in criteria:
        for component in criterion.components:
            edges.setdefault(component, set()).update(criterion.needs)
    return edges


def cycle(edges: Mapping[str, set[str]]) -> list[str]:
    """Return one cycle as ``[a, b, a]``, or an empty list."""
    done: set[str] = set()

    def visit(name: str, path: list[str]) -> list[str]:
        if name in path:
            return [*path[path.index(name) :], name]
        if name in done:
            return []
        for before in sorted(edges.get(name, ())):
            if found := visit(before, [*path, name]):
                return found
        done.add(name)
        return []

    return next((found for name in sorted(edges) if (found := visit(name, []))), [])


def cycle_problem(criteria: Sequence[Criterion], requires: Requires) -> Problem | None:
    """Return the problem to show where the components form a cycle, at a tag that is part of it."""
    found = cycle(component_edges(criteria, requires))
    if not found:
        return None
    text = f"components need one another in a circle: {' -> '.join(found)}"
    steps = set(itertools.pairwise(found))
    for criterion in criteria:
        for tag in criterion.tags:
            if tag.key == "needs" and any((name, tag.value) in steps for name in criterion.components):
                return Problem(criterion.path, tag.line, text)
    return Problem(criteria[0].path, 1, f"{text} (by the requires of their component.yaml)")


def ordered(criteria: Sequence[Criterion], requires: Requires) -> list[int]:
    """Return the indices of the criteria in the order to judge them: roots first, drills last, otherwise as they stand.

    All roots come first, so that what has to be repaired is, one after the other, before anything else is waited for.
    Drills come last because what they restart takes a while to be itself again: whoever is judged right after one
    (a restarted Prometheus has scraped nobody yet) would wait for that, and with workers a drill holds off the rest.
    """
    edges = component_edges(criteria, requires)
    roots: dict[str, list[int]] = defaultdict(list)
    for index, criterion in enumerate(criteria):
        for component in criterion.components:
            roots[component].append(index)
    order: list[int] = []
    state: dict[int, bool] = {}

    def visit(index: int) -> None:
        if index in state:
            return
        state[index] = True
        criterion = criteria[index]
        first = set(criterion.needs)
        for component in criterion.components:
            first |= edges[component] - {component}
        for before in sorted({i for name in reach(first, edges) for i in roots[name]} - {index}):
            visit(before)
        order.append(index)

    for index in sorted(range(len(criteria)), key=lambda each: _turn(criteria[each])):
        visit(index)
    return order


def _turn(criterion: Criterion) -> int:
    if criterion.has("drill"):
        return 2
    return 0 if criterion.components else 1


def reach(names: set[str], edges: Mapping[str, set[str]]) -> set[str]:
    """Return these components and all that come before them."""
    reached: set[str] = set()
    queue = list(names)
    while queue:
        name = queue.pop()
        if name not in reached:
            reached.add(name)
            queue += edges.get(name, ())
    return reached
