"""One row of the matrix, proven: healthy, inject, red with the right message, repaired, green, undone, green."""

from __future__ import annotations

import re
import time
from collections.abc import Mapping
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

from prove import matrix
from prove.bench import Bench, Judged, until
from prove.matrix import Row
from prove.results import Result
from roadworthy.errors import NotApplicable

#: How long a promise may take to hold again after its fault is undone, seconds.
SETTLES = 120.0
#: What a promise may be like before it is broken.
GOOD = frozenset({"passed", "converged", "not applicable"})


class Unproven(AssertionError):
    """The promise is not as falsifiable, or not as repairable, as its row says."""


class Ground:
    """A whole feature as it was last judged on a bench, so that no row has to judge its promise before it breaks it."""

    def __init__(self, bench: Bench, feature: Path) -> None:
        self._bench, self._feature = bench, matrix.path(feature)
        self._judged: dict[str, dict[str, Any]] = {}

    def seen(self, row: Row) -> dict[str, Any]:
        """Return what a row's promise was judged as; repairs the feature first, where that isn't known."""
        if not self._judged:
            self._judged = self._judge(run="ground", remediate=True)
        return self._judged[row.criterion.id]

    def spoiled(self) -> None:
        """Forget it: somebody left something broken."""
        self._judged = {}

    def left(self) -> list[str]:
        """Return what doesn't hold now, judged anew and without a repair: what no row owned up to."""
        judged = self._judge(run="left").items()
        return [f"{name}: {seen['verdict']}: {seen['reason']}" for name, seen in judged if seen["verdict"] not in GOOD]

    def _judge(self, run: str, *, remediate: bool = False) -> dict[str, dict[str, Any]]:
        judged = self._bench.judge(self._feature, run=run, remediate=remediate)
        return {each["id"]: each for each in judged.criteria}


def prove(row: Row, bench: Bench, result: Result, ground: Ground | None = None) -> None:
    """Prove one row on a sandbox, and note in ``result`` what was seen, as far as it came.

    ``ground`` knows what holds before the fault; without one the promise is judged for it.

    Raises:
        Unproven: something was not as the row says; the message tells what was seen instead.
        NotApplicable: the promise has no meaning on this sandbox.

    """
    holds = False
    try:
        _prove(row, bench, result, ground)
        holds = not row.wide
    except NotApplicable:
        holds = True  # nothing was touched
        raise
    finally:
        if ground and not holds:
            ground.spoiled()


def _prove(row: Row, bench: Bench, result: Result, ground: Ground | None) -> None:
    look = partial(bench.judge, row.node_id, run=re.sub(r"\W+", "-", row.id))
    _healthy(row, bench, ground.seen(row) if ground else look().only)
    with bench.injected(row.inject) as undo:
        began = time.monotonic()
        hurried = cycle((True, False))  # in turns: some of what has to be told takes its time, too
        red = until(lambda: look(hurried=next(hurried)), partial(_rightly_red, row), row.within)
        result.red(red, time.monotonic() - began)
        _need(red.only["verdict"] == "failed", f"{red.only['verdict']}: {red.only['reason']}")
        _need(row.matches(red.only["reason"]), f"/{row.red}/ isn't in: {red.only['reason']}")
        _need(red.code == 1, f"exit code {red.code}: {red.output[-2000:]}")
        _need(not red.changes, f"a run without --remediate made a Change: {red.changes}")
        # Red in a hurry isn't red yet for a promise that allows more time.
        repaired = until(partial(look, remediate=True), _noticed, row.within)
        result.repaired(repaired)
        _rightly_repaired(row, repaired)
        result.seen_repaired = True
        undo()
    after = until(look, lambda seen: bool(seen.only["verdict"] == "passed"), SETTLES)
    result.undone(after)
    _need(after.only["verdict"] == "passed", f"after the fault was undone: {after.only['reason']}")


def _healthy(row: Row, bench: Bench, seen: Mapping[str, Any]) -> None:
    """Start from what holds: where it doesn't (nothing installed, a killed run's fault), repair the whole feature."""
    if seen["verdict"] not in GOOD:
        bench.judge(matrix.path(row.criterion.path), run="healing", remediate=True)
        seen = bench.judge(row.node_id, run="healed").only
    if seen["verdict"] == "not applicable":
        raise NotApplicable(seen["reason"])
    _need(seen["verdict"] in GOOD, f"not healthy before the fault: {seen['reason']}")


def _rightly_red(row: Row, seen: Judged) -> bool:
    return seen.only["verdict"] == "failed" and row.matches(seen.only["reason"])


def _noticed(seen: Judged) -> bool:
    return bool(seen.changes) or seen.only["verdict"] != "passed"


def _rightly_repaired(row: Row, seen: Judged) -> None:
    if row.remedy == "none":
        _need(seen.only["verdict"] == "failed", f"{seen.only['verdict']} without a repair")
        _need(not seen.changes, f"nothing may be changed: {seen.changes}")
        words = " ".join([seen.only["reason"], *(str(remedy) for remedy in seen.only["remedies"])])
        _need(re.search(row.unrepaired, words, re.DOTALL) is not None, f"/{row.unrepaired}/ isn't in: {words}")
        return
    came = f"{seen.only['verdict']}: {seen.only['reason']}"
    # What is put right before anything is judged is never seen red by the run that does it.
    wanted = "passed" if row.remedy == matrix.RECOVERY else "converged"
    _need(seen.only["verdict"] == wanted, f"{came}\n{seen.output[-4000:]}")
    _need(seen.code == 0, f"{came}, and exit code {seen.code}")
    made = {name for name, _ in seen.changes}
    _need(row.remedy in made, f"{row.remedy} made no Change; these did: {sorted(made)}")
    _need(all(change["why"] for _, change in seen.changes), "a Change without its why")


def _need(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition, as assert takes one
    if not holds:
        raise Unproven(otherwise)
