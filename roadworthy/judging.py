"""The loop: judge, and where the criterion fails and repairs are asked for, remedy and judge again."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from roadworthy import allure_steps, evidence, gather, permission, redact, shown, waivers
from roadworthy.board import State
from roadworthy.case import Case
from roadworthy.errors import Unknown
from roadworthy.planned import planned
from roadworthy.record import Record, remedy_data
from roadworthy.verdict import Verdict, classify

if TYPE_CHECKING:
    from roadworthy.cluster.live import LiveCluster
    from roadworthy.converge import Judgement
    from roadworthy.item import CriterionItem
    from roadworthy.session import Run


def judge(run: Run, item: CriterionItem) -> None:
    """Bring one criterion to its verdict, and raise that as pytest's outcome."""
    judging = Judging(run, item)
    try:
        judging.run_to_verdict()
    finally:
        judging.conclude()
    judging.raise_outcome()


def judge_again(run: Run, item: CriterionItem) -> Verdict:
    """Judge a criterion that has its verdict, after something was changed; its record stays as it is."""
    told, judging = item.record, Judging(run, item)
    item.record = told
    judging.record.attempts = 1  # so that it gets a node of its own
    return classify(judging.attempt())


class Judging:
    """One criterion on its way to a verdict."""

    def __init__(self, run: Run, item: CriterionItem) -> None:
        self.run, self.item, self.criterion = run, item, item.criterion
        self.record = item.record = Record.of(item.criterion, str(item.location[0]))
        self.error: BaseException | None = None
        self.verdict = Verdict.BROKEN
        self._began = time.monotonic()

    def run_to_verdict(self) -> None:
        """Judge; then repair, plan, or waive."""
        self.record.reason = "interrupted"
        allure_steps.describe(self.criterion)
        self.run.board.begin(self.criterion.id)
        self.error = self._forbidden()
        if self.error is None:
            board = self.run.board
            with board.disturbing() if self.criterion.has("drill") else board.undisturbed():
                self.error = self.attempt()
        self.verdict = classify(self.error)
        self.record.reason = shown.message(self.error) if self.error else ""
        if self.verdict in {Verdict.FAILED, Verdict.BROKEN} and self.record.attempts:
            self._gather()
        if self.verdict is Verdict.FAILED and not self._waived():
            self._repair()
        elif self.verdict is Verdict.PASSED and self.run.remediate:
            self.run.convergence.passed(self.criterion.id)  # what was tried for it no longer counts

    def conclude(self) -> None:
        """Write the verdict down where others look for it; also when the run is interrupted."""
        record = self.record
        record.verdict, record.seconds = self.verdict.value, round(time.monotonic() - self._began, 3)
        root = (record.root if self.verdict is Verdict.BLOCKED else "") or self.criterion.id
        self.run.board.end(State(self.criterion.id, self.verdict, record.reason, root))
        noted = [(redact.text(str(name)), redact.text(str(value))) for name, value in self.item.user_properties]
        self.item.user_properties[:], record.noted = noted, dict(noted)  # other plugins write them down, too
        allure_steps.conclude(record)

    def raise_outcome(self) -> None:
        """Tell pytest."""
        reason = self.record.data()["reason"]
        if self.verdict is Verdict.NOT_APPLICABLE:
            raise pytest.skip.Exception(reason, _use_item_location=True)
        if self.verdict is Verdict.WAIVED:
            raise pytest.xfail.Exception(reason)
        if self.verdict is Verdict.FAILED:
            raise shown.Unmet(reason) from self.error
        if not self.verdict.good:
            raise shown.Unjudged(f"{self.verdict}: {reason}") from self.error

    def _forbidden(self) -> BaseException | None:
        """Return why it isn't judged at all, or None."""
        try:
            permission.check(self.run, self.criterion)
            self.run.ready()
            self.run.mandate.may_judge(self.criterion)
        except permission.BlockedBy as error:
            self.record.root = error.root
            return error
        except Exception as error:  # noqa: BLE001 - whatever keeps us from judging makes it broken, with its reason
            return error
        return None

    def attempt(self) -> BaseException | None:
        """Judge once, as if never before: no fixture and no evidence of an earlier attempt is seen."""
        self.record.attempts += 1
        number, error = self.record.attempts, None
        step = allure_steps.Step(f"Attempt {number}: {self.criterion.scenario}")
        evidence.take()  # what was asked before is another attempt's
        node = self.item
        try:
            node = self._fresh_node(number)
            node.failed_step = ""
            cluster: LiveCluster = self.run.cluster  # type: ignore[assignment]  # the facade has what probes may ask
            with cluster.scenario(self.criterion.id, [tag.name for tag in self.criterion.tags]):
                node.judge_once()
        except (KeyboardInterrupt, SystemExit, pytest.exit.Exception):
            step.close(Unknown("the run was not interrupted"))
            raise
        except BaseException as raised:  # noqa: BLE001 - pytest's skip and fail are no Exceptions
            error = shown.normal(raised)
        step.close(error)
        self.error, self.record.step = error, node.failed_step
        return error

    def _fresh_node(self, number: int) -> CriterionItem:
        if number == 1:
            return self.item  # pytest has set it up
        twin = self.item.again()
        stack = self.item.session._setupstate  # noqa: SLF001 - pytest has no other way to set a node up again
        try:
            stack.teardown_exact(twin)
            stack.setup(twin)
        except Exception as error:
            raise Unknown("the scenario's fixtures can be renewed", seen=shown.message(error)) from error
        return twin

    def _gather(self) -> None:
        pieces = [*evidence.take(), *gather.about(self.run.cluster, self.criterion)]
        self.record.evidence += gather.write(self.run.reports, self.criterion.id, self.record.attempts, pieces)

    def _waived(self) -> bool:
        waived, told = waivers.of(self.run.stated, self.criterion, datetime.now(UTC).date())
        self.record.reason += f"; {told}" if told else ""
        self.verdict = Verdict.WAIVED if waived else self.verdict
        return waived

    def _repair(self) -> None:
        if not (ladder := self.run.mandate.ladder(self.criterion)):
            self.record.reason += self.run.mandate.left_out(self.criterion)
            return
        was = self.record.reason
        case = Case(self.run.cluster, self.criterion.id, was, "", dict(self.criterion.parameters))
        with self.run.board.disturbing():
            try:
                if self.run.plan:
                    self._plan(case, ladder)
                else:
                    self.run.mandate.may_repair()
                    self._converge(case, ladder, was)
            except Exception as error:  # noqa: BLE001 - a bug in a remedy must not take the verdict with it
                self.record.reason = f"{was}; and the repair broke off: {shown.message(error)}"

    def _plan(self, case: Case, ladder: list[tuple[str, str]]) -> None:
        self.record.planned, self.record.unplanned = planned(self.run.convergence.plan(case, ladder))

    def _converge(self, case: Case, ladder: list[tuple[str, str]], was: str) -> None:
        step = allure_steps.Step("Remedies")
        try:
            done = self.run.convergence.converge(case, ladder, self._look)
        except Exception as error:
            step.close(error)
            raise
        for remedy in done.remedies:
            told = remedy_data(remedy, helped=done.verdict is Verdict.CONVERGED and remedy is done.remedies[-1])
            self.record.remedies.append(told)
            allure_steps.remedy(told)
        step.close()
        self.verdict = done.verdict
        if self.verdict is Verdict.CONVERGED:
            self.record.reason = was
        elif self.verdict is Verdict.PASSED:
            self.record.reason = f"failed at the first look and passed at the next: {was}"
        else:
            self.error = self.error or AssertionError(done.reason)
            last = shown.message(self.error)
            # What each remedy came to is told beside it; the reason is the last mismatch.
            self.record.reason = last if done.remedies and done.reason.startswith(last) else done.reason
            self._gather()

    def _look(self) -> Judgement:
        """Judge once more, for the engine."""
        from roadworthy.converge import Judgement

        error = self.attempt()
        return Judgement(classify(error), shown.message(error) if error else "")
