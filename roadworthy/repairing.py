"""A criterion that failed is repaired by its remedies, or what they would do is planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadworthy import allure_steps, permission, shown
from roadworthy.case import Case
from roadworthy.rungs import planned, remedy_data
from roadworthy.verdict import Verdict, classify

if TYPE_CHECKING:
    from roadworthy.converge import Judgement
    from roadworthy.judging import Judging

Ladder = list[tuple[str, str]]


def repair(judging: Judging) -> None:
    """Climb the criterion's ladder, alone on the cluster, or plan it; its record and verdict tell what came of it."""
    run, record = judging.run, judging.record
    if not (ladder := judging.mandate.ladder(judging.criterion)):
        record.reason += judging.mandate.left_out(judging.criterion)
        return
    was = record.reason
    since = judging.ahead.failing_since(judging.item)
    case = Case(run.cluster, judging.criterion.id, was, "", dict(judging.criterion.parameters), since)
    try:
        if run.plan:
            with run.board.judging(run.disturbance.everything):  # what a drill does isn't planned against
                record.planned, record.unplanned = planned(run.convergence.plan(case, ladder))
        else:
            judging.mandate.may_repair()
            with judging.ahead.paused(), run.board.repairing():
                _converge(judging, case, ladder)
    except Exception as error:  # noqa: BLE001 - a bug in a remedy must not take the verdict with it
        record.reason = f"{was}; and the repair broke off: {shown.message(error)}"


def _converge(judging: Judging, case: Case, ladder: Ladder) -> None:
    record = judging.record
    step = allure_steps.Step("Remedies")
    try:
        done = judging.run.convergence.converge(case, ladder, lambda: _look(judging))
    except Exception as error:
        step.close(error)
        raise
    for remedy in done.remedies:
        told = remedy_data(remedy, helped=done.verdict is Verdict.CONVERGED and remedy is done.remedies[-1])
        record.remedies.append(told)
        allure_steps.remedy(told)
    step.close()
    judging.verdict = done.verdict
    if done.verdict is Verdict.CONVERGED:
        record.reason = case.message
    elif done.verdict is Verdict.PASSED:
        record.reason = f"failed at the first look and passed at the next: {case.message}"
    else:
        judging.error = judging.error or AssertionError(done.reason)
        last = shown.message(judging.error)
        # What each remedy came to is told beside it; the reason is the last mismatch.
        record.reason = last if done.remedies and done.reason.startswith(last) else done.reason
        judging.gather()


def _look(judging: Judging) -> Judgement:
    """Judge once more, for the engine."""
    from roadworthy.converge import Judgement

    if why := permission.forbidden(judging.run.stated, judging.criterion):  # a drill's window may have closed meanwhile
        return Judgement(Verdict.BROKEN, f"it can't be judged again: {why}")
    error = judging.attempt()
    return Judgement(classify(error), shown.message(error) if error else "")
