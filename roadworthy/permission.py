"""Why a criterion isn't judged at all: something that it needs has failed, or it may not disturb this cluster."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from roadworthy.errors import Blocked, Denied, NotApplicable
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
        NotApplicable: what it needs isn't applicable, or it would write or disturb where it may not.

    """
    _needs(run, criterion)
    if why := forbidden(run, criterion):
        raise NotApplicable(why)


def granted(run: Run, criterion: Criterion) -> bool:
    """Whether a criterion may be judged, as far as that can be told before what it needs has been judged."""
    try:
        run.mandate.may_judge(criterion)
    except Denied:
        return False
    return not forbidden(run, criterion)


def writes(run: Run, criterion: Criterion) -> bool:
    """Whether a criterion writes its markers, or disturbs what it drills, and may do so at this moment."""
    return (criterion.has("drill") or criterion.has("writes")) and not forbidden(run, criterion)


def _needs(run: Run, criterion: Criterion) -> None:
    for component in criterion.needs:
        states = run.board.states([root for root in run.roots.get(component, []) if root != criterion.id])
        for state in states:
            if state.verdict in {Verdict.FAILED, Verdict.BROKEN, Verdict.BLOCKED}:
                raise BlockedBy(component, state.root)
        if states and all(state.verdict is Verdict.NOT_APPLICABLE for state in states):
            raise NotApplicable(f"needs {component}, which is not applicable: {states[0].reason}")


def forbidden(run: Run, criterion: Criterion) -> str:
    """Return why a criterion may not write or disturb at this moment; empty where it may, or does neither."""
    stated, drill = run.stated, criterion.has("drill")
    if drill and not stated.drills:
        if stated.drill_window is None:
            return f"a drill, and {stated.where} allows none"
        if not stated.drill_window.holds(datetime.now(UTC)):
            return f"a drill, and outside the maintenance window ({stated.drill_window})"
    if (drill or criterion.has("writes")) and not (stated.provider or stated.kube_system_uid):
        return f"it writes, and {stated.where} names no kube_system_uid: the cluster is only read"
    return ""
