"""What the rungs of a ladder did, or would do, as plain data for verdicts.json and plan.json."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from roadworthy.change import Outcome
from roadworthy.planned import Planned, action_data, identity
from roadworthy.record import outcome_data

if TYPE_CHECKING:
    from roadworthy.converge import RemedyReport


def remedy_data(remedy: RemedyReport, *, helped: bool) -> dict[str, Any]:
    """Return what a remedy did: its tag's name, one word for how it ended, why, and its changes."""
    if helped:
        outcome = "repaired"
    elif remedy.error:
        outcome = "stopped"
    else:
        outcome = "did not help" if remedy.done else "nothing to do"
    return {
        "name": str(remedy),
        "outcome": outcome,
        "reason": remedy.error,
        "changes": [outcome_data(change) for change in remedy.changes],
    }


def planned_data(remedy: str, outcome: Outcome) -> dict[str, Any]:
    """Return an entry of plan.json: who would do what, how it would look, and how it is known again.

    Args:
        remedy: as its tag names it: ``install.loki``.
        outcome: of the rehearsal.

    """
    shown = outcome if isinstance(outcome, Planned) else Planned(outcome.change, done=False, diff=outcome.detail)
    return {
        **outcome_data(shown),
        "remedy": remedy,
        "action": action_data(shown.change),
        "target_uid": shown.change.target.uid,
        "diff": shown.diff,
        "stopped_by": shown.stopped_by,
        "fingerprint": dict(shown.fingerprint),
        "identity": identity(shown.change),
    }


def planned(rungs: Iterable[RemedyReport]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return what a ladder would change, and the remedies that would change nothing, each with the reason."""
    rungs = list(rungs)
    changes = [planned_data(str(rung), outcome) for rung in rungs for outcome in rung.changes]
    without = [{"remedy": str(rung), "reason": rung.error} for rung in rungs if rung.error or not rung.changes]
    return changes, without
