"""The loop: judge, and where a criterion fails and repairs are asked for, remedy and judge again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager

import pytest

from roadworthy import patience
from roadworthy.ahead import Ahead
from roadworthy.errors import Unknown
from roadworthy.item import CriterionItem
from roadworthy.judging import Judging
from roadworthy.mandate import Mandate
from roadworthy.repairing import repair
from roadworthy.session import Run
from roadworthy.verdict import Verdict, classify

#: Options with which pytest stops in the middle of a test, or sets it up in a way of its own.
_ONE_BY_ONE = ("usepdb", "trace", "setuponly", "setupplan", "numprocesses")


class Judge:
    """Brings the criteria of one run to their verdicts.

    Attributes:
        run: the run.
        mandate: what it may do.

    """

    def __init__(self, run: Run) -> None:
        self.run, self.mandate = run, Mandate(run)
        self._items: Sequence[CriterionItem] = ()
        self._ahead = Ahead(run, self.mandate, (), 1)  # until criteria are told; of a worker, for good

    def selected(self, items: Sequence[CriterionItem]) -> None:
        """Take note of what is going to be judged."""
        self._items = items
        self.run.selected([item.criterion for item in items])

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Judge at once while pytest tells of one after the other; a worker of xdist judges one by one."""
        run = self.run
        one_by_one = run.worker or any(run.config.getoption(name, None) for name in _ONE_BY_ONE)
        at_once = 1 if one_by_one or not run.reached else run.config.getoption("at_once")
        self._ahead = Ahead(run, self.mandate, self._items, at_once)
        try:
            with self._ahead.going_on():
                yield
        finally:
            for item, made in self._ahead.untold():
                self._judging(item).leave(made)

    def open(self) -> None:
        """Reach the cluster before the first criterion, so that its start is seen and bad input ends the run.

        Raises:
            BadInput: something in the profile is wrong.

        """
        try:
            self.mandate.ready()
        except Unknown:
            return  # Each criterion says it: broken.

    def judge(self, item: CriterionItem) -> None:
        """Bring one criterion to its verdict, and raise that as pytest's outcome."""
        with patience.shown(f"judging {item.criterion.id}", self.run.tell):
            judging = self._judging(item)
            try:
                if judging.look():
                    repair(judging)
            except (KeyboardInterrupt, pytest.exit.Exception):
                judging.cut_short = True
                raise
            finally:
                judging.conclude()
            judging.raise_outcome()

    def regressions(self, criterion: str, components: Collection[str]) -> list[str]:
        """Judge again what had passed on components that a repair touched; return the ids of what fails now.

        Where its Changes name no component, on those of the criterion that was repaired.
        """
        own = next((item.criterion.components for item in self._items if item.criterion.id == criterion), ())
        touched = {*components} or {*own}
        on_it = [item for item in self._items if touched & {*item.criterion.components, *item.criterion.needs}]
        again = [item for item in on_it if not item.criterion.has("drill") and self.run.board.passed(item.criterion.id)]
        return [item.criterion.id for item in again if self._again(item) is Verdict.FAILED]

    def _again(self, item: CriterionItem) -> Verdict:
        """Judge a criterion that has its verdict, after something was changed; its record stays as it is."""
        told, judging = item.record, self._judging(item)
        item.record = told
        judging.record.attempts = 1  # so that it gets a node of its own
        return classify(judging.attempt())

    def _judging(self, item: CriterionItem) -> Judging:
        return Judging(self.run, self.mandate, self._ahead, item)


#: Where pytest keeps it.
JUDGE: pytest.StashKey[Judge] = pytest.StashKey()
