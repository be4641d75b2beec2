"""Whose turn it is: what may be judged at the same time, and what has to wait for whose verdict.

As in a run one by one: a criterion comes after the roots of what it needs; a drill after everything that feels it, and
together with nothing that does; with ``--remediate`` the roots before all others, so that repairs come first.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import cached_property

from roadworthy.criterion import Criterion
from roadworthy.disturbance import Disturbance, disturbed
from roadworthy.verdict import Verdict

#: Whoever needs a component can be judged when one of its roots is well, and the others are or don't matter here.
_WELL = {Verdict.PASSED, Verdict.CONVERGED, Verdict.WAIVED}


class Turns:
    """The order of one run.

    Args:
        criteria: all that are judged, in their order.
        disturbance: who feels whose drill.
        roots_first: whether all roots come before anything else.
        verdict: tells a criterion's verdict by its id, where it has one that stands.

    """

    def __init__(
        self,
        criteria: Collection[Criterion],
        disturbance: Disturbance,
        verdict: Callable[[str], Verdict | None],
        *,
        roots_first: bool,
    ) -> None:
        self._criteria, self._disturbance = criteria, disturbance
        self._verdict, self._roots_first = verdict, roots_first

    def may(self, criterion: Criterion, running: Iterable[Criterion]) -> bool:
        """Whether a criterion may be judged now, beside those that are under way."""
        if any(self._disturbance.conflict(criterion, other) for other in running):
            return False
        return all(map(self._well, self._needs[criterion.id])) and all(map(self._verdict, self._before[criterion.id]))

    def urgent(self, criterion: Criterion) -> bool:
        """Whether a criterion takes long, or something that does waits for it: the run takes as long as they do."""
        return criterion.has("slow") or not self._for_slow.isdisjoint(criterion.components)

    @cached_property
    def _for_slow(self) -> frozenset[str]:
        return frozenset(name for each in self._criteria if each.has("slow") for name in each.needs)

    def _well(self, roots: list[str]) -> bool:
        found = {self._verdict(root) for root in roots}
        return not found or (found <= {*_WELL, Verdict.NOT_APPLICABLE} and bool(found & _WELL))

    @cached_property
    def _needs(self) -> Mapping[str, list[list[str]]]:
        """Return, per criterion and component that it needs, the component's roots."""
        return {
            each.id: [
                [root.id for root in self._criteria if name in root.components and root.id != each.id]
                for name in each.needs
            ]
            for each in self._criteria
        }

    @cached_property
    def _before(self) -> Mapping[str, list[str]]:
        """Return, per criterion, those that have to have a verdict first although it doesn't need them."""
        return {
            each.id: [one.id for one in self._criteria if one.id != each.id and self._first(one, each)]
            for each in self._criteria
        }

    def _first(self, one: Criterion, other: Criterion) -> bool:
        if disturbed(other) and not disturbed(one) and self._disturbance.conflict(one, other):
            return True
        return bool(self._roots_first and one.components and not other.components)
