"""What each rung of a ladder would change, rehearsed against the live cluster and shown like a code review."""

from __future__ import annotations

from dataclasses import replace

from roadworthy import redact
from roadworthy.case import Case
from roadworthy.change import Change, Outcome
from roadworthy.converge.act import rehearse
from roadworthy.converge.guard import Guard
from roadworthy.converge.records import ActionFailed, Ladder, RemedyReport
from roadworthy.converge.tools import Tools
from roadworthy.errors import RoadworthyError

#: A remedy that never ends is cut off here, Changes.
MOST = 200


def plan(tools: Tools, guard: Guard, case: Case, ladder: Ladder) -> tuple[RemedyReport, ...]:
    """Return one report per rung; each Change's ``detail`` is its diff and the guard that would stop it."""
    return tuple(_rung(tools, guard, replace(case, argument=argument), name) for name, argument in ladder)


def _rung(tools: Tools, guard: Guard, case: Case, name: str) -> RemedyReport:
    outcomes: list[Outcome] = []
    remedy = tools.options.remedy(name)(case)
    outcome: Outcome | None = None
    try:
        while len(outcomes) < MOST:
            change = next(remedy) if outcome is None else remedy.send(outcome)
            outcome = Outcome(change, done=False, detail=redact.text(_shown(tools, guard, name, change)))
            outcomes.append(outcome)
    except StopIteration:
        pass
    except RoadworthyError as error:
        return RemedyReport(name, case.argument, tuple(outcomes), redact.text(error.render()))
    finally:
        remedy.close()
    return RemedyReport(name, case.argument, tuple(outcomes))


def _shown(tools: Tools, guard: Guard, name: str, change: Change) -> str:
    """Return a Change's diff, or why there is none, and what would stand in its way."""
    try:
        shown = rehearse(tools, change)
    except ActionFailed as error:  # e.g. its namespace is made by a Change before it
        shown = f"(can't be rehearsed: {error.render()})"
    except RoadworthyError as error:
        shown = f"(would be refused: {error.render()})"
    stop = guard.preview(name, change)
    return f"{shown}\nwould be stopped: {stop}" if stop else shown
