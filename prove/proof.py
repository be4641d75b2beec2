"""One row of the matrix, proven: healthy, inject, red with the right message, repaired, green, undone, green."""

from __future__ import annotations

import re
import time
from functools import partial

from prove.bench import Bench, Judged, until
from prove.drawing import Result
from prove.matrix import ROOT, Row
from roadworthy.errors import NotApplicable

#: How long a promise may take to hold again after its fault is undone, seconds.
SETTLES = 120.0


class Unproven(AssertionError):
    """The promise is not as falsifiable, or not as repairable, as its row says."""


def prove(row: Row, bench: Bench, result: Result) -> None:
    """Prove one row on a sandbox, and note in ``result`` what was seen, as far as it came.

    Raises:
        Unproven: something was not as the row says; the message tells what was seen instead.
        NotApplicable: the promise has no meaning on this sandbox.

    """
    look = partial(bench.judge, row.node_id, run=re.sub(r"\W+", "-", row.id))
    _healthy(row, bench, look())
    with bench.injected(row.inject) as undo:
        began = time.monotonic()
        red = until(look, partial(_rightly_red, row), row.within)
        result.red(red, time.monotonic() - began)
        _need(red.only["verdict"] == "failed", f"{red.only['verdict']}: {red.only['reason']}")
        _need(row.matches(red.only["reason"]), f"/{row.red}/ isn't in: {red.only['reason']}")
        _need(red.code == 1, f"exit code {red.code}: {red.output[-2000:]}")
        _need(not red.changes, f"a run without --remediate made a Change: {red.changes}")
        repaired = look(remediate=True)
        result.repaired(repaired)
        _rightly_repaired(row, repaired)
        undo()
    after = until(look, lambda seen: bool(seen.only["verdict"] == "passed"), SETTLES)
    result.undone(after)
    _need(after.only["verdict"] == "passed", f"after the fault was undone: {after.only['reason']}")


def _healthy(row: Row, bench: Bench, seen: Judged) -> None:
    """Start from what holds: where it doesn't (nothing installed, a killed run's fault), repair the whole feature."""
    if seen.only["verdict"] not in {"passed", "not applicable"}:
        bench.judge(str(row.criterion.path.resolve().relative_to(ROOT)), run="healing", remediate=True)
        seen = bench.judge(row.node_id, run="healed")
    if seen.only["verdict"] == "not applicable":
        raise NotApplicable(seen.only["reason"])
    _need(seen.only["verdict"] == "passed", f"not healthy before the fault: {seen.only['reason']}")


def _rightly_red(row: Row, seen: Judged) -> bool:
    return seen.only["verdict"] == "failed" and row.matches(seen.only["reason"])


def _rightly_repaired(row: Row, seen: Judged) -> None:
    if row.remedy == "none":
        _need(seen.only["verdict"] == "failed", f"{seen.only['verdict']} without a repair")
        _need(not seen.changes, f"nothing may be changed: {seen.changes}")
        words = " ".join([seen.only["reason"], *(str(remedy) for remedy in seen.only["remedies"])])
        _need(re.search(row.unrepaired, words, re.DOTALL) is not None, f"/{row.unrepaired}/ isn't in: {words}")
        return
    came = f"{seen.only['verdict']}: {seen.only['reason']}"
    _need(seen.only["verdict"] == "converged", f"{came}\n{seen.output[-4000:]}")
    _need(seen.code == 0, f"{came}, and exit code {seen.code}")
    made = {name for name, _ in seen.changes}
    _need(row.remedy in made, f"{row.remedy} made no Change; these did: {sorted(made)}")
    _need(all(change["why"] for _, change in seen.changes), "a Change without its why")


def _need(holds: bool, otherwise: str) -> None:  # noqa: FBT001 - a condition, as assert takes one
    if not holds:
        raise Unproven(otherwise)
