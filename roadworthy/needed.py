"""What a criterion needs to be well before it can be judged: where that has failed, it is blocked by the cause."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadworthy.errors import Blocked, NotApplicable
from roadworthy.verdict import Verdict

if TYPE_CHECKING:
    from roadworthy.criterion import Criterion
    from roadworthy.session import Run


class BlockedBy(Blocked):
    """Something that the criterion needs has failed; ``root`` is the id of the criterion that is the cause."""

    def __init__(self, component: str, root: str) -> None:
        self.root = root
        super().__init__(f"needs {component}: blocked by {root}")


def check(run: Run, criterion: Criterion) -> None:
    """Return when a criterion may be judged; with workers, after what it needs has been judged.

    Raises:
        BlockedBy: a component that it needs isn't well.
        NotApplicable: what it needs isn't applicable.

    """
    for component in criterion.needs:
        states = run.board.states([root for root in run.roots.get(component, []) if root != criterion.id])
        for state in states:
            if state.verdict in {Verdict.FAILED, Verdict.BROKEN, Verdict.BLOCKED}:
                raise BlockedBy(component, state.root)
        if states and all(state.verdict is Verdict.NOT_APPLICABLE for state in states):
            raise NotApplicable(f"needs {component}, which is not applicable: {states[0].reason}")
