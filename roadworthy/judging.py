"""One criterion on its way to a verdict: what is tried, and what is written down of it."""

from __future__ import annotations

import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from roadworthy import allure_steps, gather, needed, permission, redact, shown, waivers
from roadworthy.attempt import Attempt, attempt, judge_once
from roadworthy.board import State
from roadworthy.errors import Unknown
from roadworthy.record import Record, moment
from roadworthy.verdict import Verdict, classify

if TYPE_CHECKING:
    from roadworthy.ahead import Ahead
    from roadworthy.item import CriterionItem
    from roadworthy.mandate import Mandate
    from roadworthy.session import Run


class Judging:
    """One criterion on its way to a verdict."""

    def __init__(self, run: Run, mandate: Mandate, ahead: Ahead, item: CriterionItem) -> None:
        self.run, self.mandate, self.ahead, self.item, self.criterion = run, mandate, ahead, item, item.criterion
        self.record = item.record = Record.of(item.criterion, str(item.location[0]))
        self.error: BaseException | None = None
        self.verdict = Verdict.BROKEN
        self.cut_short = False
        self._last = Attempt()
        self._began = time.monotonic()

    def look(self) -> bool:
        """Judge for the first time; return whether it is to be repaired: it fails, and nobody has waived that."""
        allure_steps.describe(self.criterion)
        self.run.board.begin(self.criterion.id)
        self.error = self._forbidden()
        if self.error is None:
            self.error = self._first()
        self.verdict = classify(self.error)
        self.record.reason = shown.message(self.error) if self.error else ""
        if self.verdict in {Verdict.FAILED, Verdict.BROKEN} and self.record.attempts:
            self.gather()
        if self.verdict is Verdict.PASSED and self.run.remediate:
            self.run.convergence.passed(self.criterion.id)  # what was tried for it no longer counts
        return self.verdict is Verdict.FAILED and not self._waived()

    def conclude(self) -> None:
        """Write the verdict down where others look for it; also when the run is interrupted."""
        record = self.record
        if self.cut_short:  # while it was judged, or later, while it was repaired
            record.reason = f"interrupted; until then: {record.reason}" if record.reason else "interrupted"
        self._write_down()
        allure_steps.conclude(record)
        if self.cut_short:  # pytest makes no report of it
            self.run.board.keep(record.id, record.data())

    def leave(self, made: Attempt) -> None:
        """Keep what an attempt made ahead came to when the run ends before its turn: nothing is repaired."""
        self._adopt(made)
        self._began, self.verdict = time.monotonic() - made.seconds, classify(made.error)
        self.record.reason = shown.message(made.error) if made.error else ""
        if self.verdict in {Verdict.FAILED, Verdict.BROKEN}:
            self.gather()
        if self.verdict is Verdict.FAILED and not self._waived() and self.run.remediate:
            self.record.reason += "; no remedy was tried, for the run ended before its turn"
        self._write_down()
        self.run.board.keep(self.record.id, self.record.data())

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

    def attempt(self) -> BaseException | None:
        """Judge once, here and now, as if never before: no fixture and no evidence of an earlier attempt is seen."""
        self.record.attempts += 1
        with attempt(self.record.attempts, self.criterion.scenario) as made:
            judge_once(self.run.cluster, self._fresh_node(self.record.attempts), made)  # type: ignore[arg-type]
        return self._taken(made)

    def gather(self) -> None:
        """Write the evidence of the last attempt down."""
        pieces = self._last.pieces
        if not self._last.ahead:
            pieces = [*pieces, *gather.about(self.run.cluster, self.criterion)]
        self.record.evidence += gather.write(self.run.reports, self.criterion.id, self.record.attempts, pieces)

    def _forbidden(self) -> BaseException | None:
        """Return why it isn't judged at all, or None."""
        try:
            needed.check(self.run, self.criterion)
            permission.check(self.run.stated, self.criterion)
            self.mandate.ready()
            self.mandate.may_judge(self.criterion)
        except needed.BlockedBy as error:
            self.record.root = error.root
            return error
        except Exception as error:  # noqa: BLE001 - whatever keeps us from judging makes it broken, with its reason
            return error
        return None

    def _first(self) -> BaseException | None:
        """Return what the first attempt came to: made ahead, or here and now."""
        waited = time.monotonic()
        try:
            made = self.ahead.take(self.item)
        except pytest.fail.Exception as late:  # pytest-timeout's
            return shown.normal(late)
        if made is None:
            with self.run.undisturbed(self.criterion):
                return self.attempt()
        self._began += time.monotonic() - waited - made.seconds  # what it took, not how long pytest waited for it
        for name, text in made.sections:
            self.item.add_report_section("call", name, text)
        allure_steps.adopt(made.shown)
        return self._adopt(made)

    def _adopt(self, made: Attempt) -> BaseException | None:
        """Make an attempt that was made ahead ours."""
        self.record.attempts, self.record.started = 1, moment(made.began)
        self.item.user_properties[:] = made.properties
        return self._taken(made)

    def _write_down(self) -> None:
        record = self.record
        record.verdict, record.seconds = self.verdict.value, round(time.monotonic() - self._began, 3)
        root = (record.root if self.verdict is Verdict.BLOCKED else "") or self.criterion.id
        self.run.board.end(State(self.criterion.id, self.verdict, record.reason, root))
        self.ahead.told(self.item, self.verdict)
        noted = [(redact.text(str(name)), redact.text(str(value))) for name, value in self.item.user_properties]
        self.item.user_properties[:], record.noted = noted, dict(noted)  # other plugins write them down, too

    def _taken(self, made: Attempt) -> BaseException | None:
        self._last, self.error = made, made.error
        self.record.step, self.record.warnings = made.step, made.warnings
        return made.error

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

    def _waived(self) -> bool:
        waived, told = waivers.of(self.run.stated, self.criterion, datetime.now(UTC).date())
        self.record.reason += f"; {told}" if told else ""
        self.verdict = Verdict.WAIVED if waived else self.verdict
        return waived
