"""Judging ahead: criteria are judged at once, each in a thread of its own, while pytest reports them one by one.

Most of a criterion's time is waiting (for a measurement, a line, a pod), so a run takes as long as its longest one. A
repair has the cluster for itself, and what was judged before a Change and isn't told yet counts for nothing: it is
judged again.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from roadworthy import allure_steps, fixtures, permission, voices
from roadworthy.attempt import Attempt, attempt_apart
from roadworthy.disturbance import disturbed
from roadworthy.turns import Turns
from roadworthy.verdict import Verdict, classify

if TYPE_CHECKING:
    from roadworthy.item import CriterionItem
    from roadworthy.mandate import Mandate
    from roadworthy.session import Run

#: At the end of a run, what is under way gets so long to clear its markers away. Seconds.
LAST = 20.0


@dataclass
class _Running:
    item: CriterionItem
    stop: threading.Event = field(default_factory=threading.Event)


class Ahead:
    """What is judged before it is its turn.

    Args:
        run: the run.
        mandate: what it may do.
        items: what is going to be judged, in its order.
        at_once: so many criteria at the same time; with one or less nothing is judged ahead.

    """

    def __init__(self, run: Run, mandate: Mandate, items: Sequence[CriterionItem], at_once: int) -> None:
        self._run, self._mandate, self._items, self._at_once = run, mandate, items, at_once
        self._change = threading.Condition()
        self._running: dict[str, _Running] = {}
        self._done: dict[str, Attempt] = {}
        self._verdicts: dict[str, Verdict] = {}
        self._taken: set[str] = set()
        self._failing: dict[str, float] = {}
        self._over, self._paused = True, 0

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """Judge ahead while criteria are told; what is under way at the end clears up after itself."""
        if self._at_once <= 1:
            yield
            return
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(self._at_once)]
        with voices.told_apart(self._run.config):
            allure_steps.make_room(threads)
            self._over = False
            for thread in threads:
                thread.start()
            try:
                yield
            finally:
                self._end(threads)

    def take(self, item: CriterionItem) -> Attempt | None:
        """Return the first attempt at a criterion, after waiting for it if it is under way; None: it has to be made."""
        name = item.criterion.id
        with self._change:
            self._taken.add(name)
            while name in self._running:
                self._change.wait(0.5)
            return self._done.pop(name, None)

    def told(self, item: CriterionItem, verdict: Verdict) -> None:
        """Take note of a criterion's verdict: others may have waited for it."""
        with self._change:
            self._taken.add(item.criterion.id)
            self._verdicts[item.criterion.id] = verdict
            self._change.notify_all()

    def untold(self) -> list[tuple[CriterionItem, Attempt]]:
        """Return what was judged and whose turn never came: the run has ended early (Ctrl-C, ``-x``)."""
        left = [item for item in self._items if item.criterion.id not in self._verdicts]
        return [(item, self._done[item.criterion.id]) for item in left if item.criterion.id in self._done]

    def failing_since(self, item: CriterionItem) -> float | None:
        """Return when a criterion was first seen failing in this run (``time.monotonic``), if it was seen ahead."""
        return self._failing.get(item.criterion.id)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """Stop what is judged ahead, for a repair; a drill that is under way comes to its end first."""
        with self._change:
            self._paused += 1
            for running in self._running.values():
                if not disturbed(running.item.criterion):
                    running.stop.set()
            while self._running:
                self._change.wait(0.5)
        try:
            yield
        finally:
            with self._change:
                self._done.clear()
                self._failing.clear()
                self._paused -= 1
                self._change.notify_all()

    def _end(self, threads: list[threading.Thread]) -> None:
        with self._change:
            self._over = True
            for running in self._running.values():
                running.stop.set()
            self._change.notify_all()
        deadline = time.monotonic() + LAST
        for thread in threads:
            thread.join(max(deadline - time.monotonic(), 0.0))

    def _work(self) -> None:
        while (running := self._begin()) is not None:
            made: Attempt | None = None
            with contextlib.suppress(BaseException):  # whatever can't be judged here is judged when it is its turn
                made = attempt_apart(self._run, running.item, self._given, running.stop)
            with self._change:
                self._note(running, made)
                self._change.notify_all()

    def _begin(self) -> _Running | None:
        """Wait for something to judge; None at the end."""
        with self._change:
            while not self._over:
                if (item := self._next()) is not None:
                    return self._running.setdefault(item.criterion.id, _Running(item))
                self._change.wait()
        return None

    def _note(self, running: _Running, made: Attempt | None) -> None:
        name = running.item.criterion.id
        del self._running[name]
        if made is None:
            self._taken |= set() if running.stop.is_set() else {name}  # it can't be judged here
            return
        self._done[name] = made
        if classify(made.error) is Verdict.FAILED:
            self._failing.setdefault(name, time.monotonic())
        else:
            self._failing.pop(name, None)

    def _next(self) -> CriterionItem | None:
        """Return the next criterion to judge; None when there is none at the moment."""
        away = {*self._taken, *self._running, *self._done}
        running = [each.item.criterion for each in self._running.values()]
        mine = (item for item in self._mine if not self._paused and item.criterion.id not in away)
        due = (item for item in mine if self._turns.may(item.criterion, running))
        # Asked now, not when the run began: a maintenance window closes.
        return next((item for item in due if not permission.forbidden(self._run.stated, item.criterion)), None)

    def _verdict(self, name: str) -> Verdict | None:
        """Return a criterion's verdict; of one that isn't told yet, if that can't change any more."""
        if name in self._verdicts or name not in self._done:
            return self._verdicts.get(name)
        verdict = classify(self._done[name].error)
        return verdict if verdict in {Verdict.PASSED, Verdict.NOT_APPLICABLE} else None

    @cached_property
    def _given(self) -> dict[str, object]:
        return fixtures.given(self._run)

    @cached_property
    def _turns(self) -> Turns:
        return Turns(self._run.criteria, self._run.disturbance, self._verdict, roots_first=self._run.remediate)

    @cached_property
    def _mine(self) -> list[CriterionItem]:
        """Those that may be judged at all; why another may not, is told when it is its turn."""
        allowed = (item for item in self._items if self._mandate.grants(item.criterion))
        return sorted(allowed, key=lambda item: not self._turns.urgent(item.criterion))
