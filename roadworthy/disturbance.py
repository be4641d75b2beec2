"""Who feels it when a drill restarts something: the component itself, and whatever hangs on it.

A drill of PostgreSQL and one of Loki can go on at the same time, and so can a judgement of Traefik. What doesn't say
what it needs may hang on anything, and is never judged during a drill. ``@alone`` disturbs everybody: what it measures
must not be slowed by others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from roadworthy import graph
from roadworthy.criterion import Criterion

#: What a drill disturbs that names no component: everybody feels it.
ALL = "*"


class Disturbance:
    """What the drills among these criteria disturb, and who feels it."""

    def __init__(self, criteria: Sequence[Criterion], requires: Mapping[str, Sequence[str]]) -> None:
        self._edges = graph.component_edges(criteria, requires)
        self._felt: dict[str, frozenset[str]] = {}
        self.everything = frozenset({ALL}.union(*map(disturbed, criteria)))

    def feels(self, criterion: Criterion) -> frozenset[str]:
        """Return the disturbed components that a judgement of this criterion may depend on."""
        if criterion.id not in self._felt:
            named = {*criterion.components, *criterion.needs}
            felt = graph.reach(named, self._edges) | {ALL} if named else self.everything
            self._felt[criterion.id] = self.everything & felt
        return self._felt[criterion.id]

    def conflict(self, one: Criterion, other: Criterion) -> bool:
        """Whether the two must not be judged at the same time."""
        return bool(disturbed(one) & self.feels(other) or disturbed(other) & self.feels(one))


def disturbed(criterion: Criterion) -> frozenset[str]:
    """Return the components that a criterion disturbs while it is judged; none for what is no drill, nor ``@alone``."""
    if criterion.has("alone"):
        return frozenset({ALL, *criterion.components, *criterion.needs})
    if not criterion.has("drill"):
        return frozenset()
    return frozenset({*criterion.components, *criterion.needs} or {ALL})
