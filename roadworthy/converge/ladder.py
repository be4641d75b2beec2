"""failed -> confirm -> lease -> guards -> journal -> act -> journal -> settle -> judge -> next rung, or done."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from roadworthy import markers
from roadworthy.case import Case
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import plan, recovery
from roadworthy.converge.confirm import confirm
from roadworthy.converge.guard import Guard
from roadworthy.converge.history import History
from roadworthy.converge.journal import Journal
from roadworthy.converge.lease import Lease
from roadworthy.converge.limits import limits
from roadworthy.converge.proof import Proof
from roadworthy.converge.records import (
    Converged,
    Judge,
    Judgement,
    Ladder,
    Options,
    RemedyReport,
)
from roadworthy.converge.rung import Climbed, Climber
from roadworthy.converge.spent import Spent
from roadworthy.converge.tools import Tools
from roadworthy.errors import BadInput, Refused, Unknown
from roadworthy.profile import Profile
from roadworthy.verdict import Verdict


class Convergence:
    """The engine of one run on one cluster. Not thread-safe: one criterion at a time."""

    def __init__(self, cluster: LiveCluster, profile: Profile, options: Options, journal_dir: Path) -> None:
        self._cluster, self._options, self._limits = cluster, options, limits(profile)
        self.run = markers.run_id()
        self.journal = Journal(journal_dir / f"{profile.name}.jsonl", self.run)
        self._history = History(self.journal, self._limits.memory)
        lost = threading.Event()
        self._lease = Lease(cluster.access, self.run, seconds=self._limits.lease, lost=lost.set)
        self._tools = Tools(cluster, options, self.run, lost, self._lease.check)
        pause = options.pause_file or journal_dir.parent / "pause"
        self._guard = Guard(
            cluster, self._limits, self._history, self._lease, pause_file=pause, spent=Spent(options.spent)
        )
        self._climber = Climber(self._tools, self._guard, self._history, self.journal)
        self._proof = Proof(cluster, options, self._climber, within=self._limits.settle)
        self._abandon(self._history.unfinished)

    def _abandon(self, begun: list[dict[str, Any]]) -> None:
        """Write down that these will never be ended by who began them."""
        for entry in begun:
            self.journal.write("abandoned", intent=entry["number"], target=entry["target"], by=entry["run"])

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Let go of the Lease."""
        self._lease.release()

    @property
    def unfinished(self) -> list[str]:
        """What earlier runs had begun when they were killed, for people to read."""
        return [f"{each['verb']} {each['target']} (run {each['run']})" for each in self._history.unfinished]

    def passed(self, criterion: str) -> None:
        """Tell that a criterion passed: what was tried for it no longer counts."""
        if self._history.passed(criterion):
            self.journal.write("pass", criterion=criterion)

    def plan(self, case: Case, ladder: Ladder) -> tuple[RemedyReport, ...]:
        """Return what each rung would change; a Change's ``detail`` is its diff and the guard that would stop it."""
        return plan.plan(self._tools, self._guard, case, ladder)

    def converge(self, case: Case, ladder: Ladder, judge: Judge) -> Converged:
        """Repair a criterion that failed once, within the limits, until it passes or the ladder is spent."""
        seen = time.monotonic() if case.since is None else case.since
        judged = confirm(self._cluster, judge, after=max(0.0, seen + self._limits.confirm_after - time.monotonic()))
        reports: list[RemedyReport] = []
        if judged.verdict is not Verdict.FAILED:
            return Converged(judged.verdict, judged.message)
        try:
            self._guard.deadline.start()
            self._guard.before_ladder(case.criterion)
            with self._leased() as waited:
                recovered = self._put_right(reports)
                judged, ended = self._proven(case, judge, judged, recovered)
                if waited and not recovered.executed:  # somebody was repairing: what was judged may be history
                    judged = confirm(self._cluster, judge, after=0.0)
                for name, argument in ladder:
                    if ended or judged.verdict is not Verdict.FAILED:
                        break
                    rung = replace(case, argument=argument, message=judged.message)
                    judged, ended = self._proven(case, judge, judged, self._climber.climb(rung, name, reports))
        except Refused as error:  # by the Lease, or by a guard that stands before everything
            return Converged(Verdict.FAILED, f"{judged.message}; not repaired: {error}", tuple(reports))
        except (Unknown, BadInput) as error:
            return Converged(Verdict.BROKEN, error.render(), tuple(reports))
        if judged.verdict is Verdict.FAILED:
            return Converged(Verdict.FAILED, _gave_up(judged, reports), tuple(reports))
        return Converged(judged.verdict, judged.message, tuple(reports))

    def recover(self) -> tuple[RemedyReport, ...]:
        """Put right what dead runs left half-done, although nothing fails by it; what a run at work holds is its own.

        Raises:
            Unknown: the cluster can't be read, or what became of a Change can't be told.

        """
        reports: list[RemedyReport] = []
        if any(recovery.left(self._cluster, self.run)):
            self._guard.deadline.start()
            try:
                with self._leased(wait=0.0):
                    self._put_right(reports)
            except Refused as error:
                self._options.progress(f"a dead run's half-done work is left as it is: {error}")
        return tuple(reports)

    def _put_right(self, reports: list[RemedyReport]) -> Climbed:
        """Finish, once the Lease is held, what runs that are dead by that began."""
        if not self._options.recover or not any(recovery.left(self._cluster, self.run)):
            return Climbed()
        self._cluster.renew()
        case = Case(self._cluster, recovery.NAME, "a run of ours died in the middle of its work", "", {})
        remedy = self._options.held(recovery.NAME, recovery.RIGHTS, lambda _: recovery.left(self._cluster, self.run))
        return self._climber.climb(case, recovery.NAME, reports, remedy)

    def _proven(self, case: Case, judge: Judge, judged: Judgement, climbed: Climbed) -> tuple[Judgement, bool]:
        """Return what a rung came to, whether or not it helped, and whether the ladder ends with it.

        Raises:
            Unknown: that can't be told.

        """
        ended = climbed.ended
        if climbed.executed:
            judged = self._proof.look(judge, climbed.executed)
            if harm := self._proof.harm(case.criterion, climbed.executed):
                if judged.verdict is Verdict.PASSED:
                    return Judgement(Verdict.FAILED, f"repaired, but {harm}"), True
                return Judgement(Verdict.FAILED, f"not repaired, and {harm}; still: {judged.message}"), True
        if isinstance(ended, Unknown):
            raise ended
        if climbed.executed and judged.verdict is Verdict.PASSED:
            self._history.repaired(case.criterion, time.time())
            self.journal.write("pass", criterion=case.criterion, repaired=True)
            judged = Judgement(Verdict.CONVERGED)
        return judged, ended is not None

    @contextmanager
    def _leased(self, wait: float | None = None) -> Iterator[bool]:
        """Hold the Lease; tells whether it had to be waited for."""
        self._tools.lost.clear()
        waited = self._lease.acquire(self._options.wait_for_lease if wait is None else wait)
        try:
            self._abandon(self._history.catch_up(self.journal))
            yield waited
        finally:
            self._lease.release()


def _gave_up(judged: Judgement, reports: list[RemedyReport]) -> str:
    """Return the reason for which a criterion stays failed."""
    refusals = [each.error for each in reports if each.error]
    refusals += [each.detail for report in reports for each in report.changes if not each.done]
    tried = ", ".join(map(str, reports)) or "no remedy"
    return f"{judged.message}; gave up after {tried}" + (f": {'; '.join(refusals)}" if refusals else "")
