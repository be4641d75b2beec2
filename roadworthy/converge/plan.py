"""What each rung of a ladder would change, rehearsed against the live cluster and shown like a code review."""

from __future__ import annotations

from dataclasses import replace

from roadworthy import redact
from roadworthy.case import Case
from roadworthy.change import Change, Outcome
from roadworthy.converge import fingerprint
from roadworthy.converge.act import rehearse
from roadworthy.converge.guard import Guard
from roadworthy.converge.records import ActionFailed, Ladder, RemedyReport
from roadworthy.converge.tools import Tools
from roadworthy.errors import RoadworthyError
from roadworthy.planned import Planned, identity

#: A remedy that never ends is cut off here, Changes.
MOST = 200


def plan(tools: Tools, guard: Guard, case: Case, ladder: Ladder) -> tuple[RemedyReport, ...]:
    """Return one report per rung; each Change's outcome is ``Planned``."""
    return tuple(_rung(tools, guard, replace(case, argument=argument), name) for name, argument in ladder)


def _rung(tools: Tools, guard: Guard, case: Case, name: str) -> RemedyReport:
    remedy = tools.options.remedy(name)(case)
    outcome: Outcome | None = None
    seen: dict[str, Planned] = {}
    try:
        for _ in range(MOST):
            change = next(remedy) if outcome is None else remedy.send(outcome)
            known = identity(change)
            if known not in seen:  # asked for again because a plan makes nothing: a run would not
                seen[known] = _planned(tools, guard, name, change, case.criterion)
            outcome = seen[known]
    except StopIteration:
        pass
    except RoadworthyError as error:
        return RemedyReport(name, case.argument, tuple(seen.values()), redact.text(error.render()))
    finally:
        remedy.close()
    return RemedyReport(name, case.argument, tuple(seen.values()))


def _planned(tools: Tools, guard: Guard, name: str, change: Change, criterion: str) -> Planned:
    """Rehearse one Change: its diff, or why there is none; what would stand in its way; what it is planned for."""
    try:
        shown = rehearse(tools, change)
    except ActionFailed as error:  # e.g. its namespace is made by a Change before it
        shown = f"(can't be rehearsed: {error.render()})"
    except RoadworthyError as error:
        shown = f"(would be refused: {error.render()})"
    shown, stop = redact.text(shown), redact.text(guard.preview(name, change, criterion))
    return Planned(
        change,
        done=False,
        detail=f"{shown}\nwould be stopped: {stop}" if stop else shown,
        diff=shown,
        stopped_by=stop,
        fingerprint=fingerprint.of(tools.cluster, change),
    )
