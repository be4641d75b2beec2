"""Healthy, inject, red with the right message, --remediate, green, undo, green: for every row of phase1.yaml."""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path

import pytest

from tests.faults.drawing import Result
from tests.faults.matrix import FEATURE, ROOT, Row, rows
from tests.faults.runner import Judged, injected, judge, until

EVERYTHING = str(FEATURE.relative_to(ROOT))
ROWS = [row for row in rows() if not row.shapes]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id, marks=[pytest.mark.ci] * row.ci) for row in ROWS])
def test_fault(row: Row, folder: Path, results: list[Result]) -> None:
    result = Result(row)
    results.append(result)
    look = partial(judge, row.node_id, folder=folder, name=re.sub(r"\W+", "-", row.id))
    healthy = look()
    if healthy.only["verdict"] not in {"passed", "not applicable"}:  # from nothing, or from what a killed run left
        judge(EVERYTHING, folder=folder, name="healing", remediate=True)
        healthy = look()
    if healthy.only["verdict"] == "not applicable":
        result.note = healthy.only["reason"]
        pytest.skip(result.note)
    assert healthy.only["verdict"] == "passed", f"not healthy before the fault: {healthy.only['reason']}"
    with injected(row.inject) as undo:
        red = until(
            look, lambda seen: seen.only["verdict"] == "failed" and row.matches(seen.only["reason"]), row.within
        )
        result.red(red)
        assert red.only["verdict"] == "failed", f"{red.only['verdict']}: {red.only['reason']}"
        assert row.matches(red.only["reason"]), f"/{row.red}/ isn't in: {red.only['reason']}"
        assert red.code == 1, red.output[-2000:]
        assert not red.changes, "a run without --remediate made a Change"
        repaired = look(remediate=True)
        result.repaired(repaired)
        _repaired(row, repaired)
        undo()
    after = until(look, lambda seen: seen.only["verdict"] == "passed", 120)
    result.undone(after)
    assert after.only["verdict"] == "passed", after.only["reason"]


def _repaired(row: Row, seen: Judged) -> None:
    if row.remedy == "none":
        assert seen.only["verdict"] == "failed", seen.only["verdict"]
        assert not seen.changes, f"nothing may be changed: {seen.changes}"
        words = " ".join([seen.only["reason"], *(str(remedy) for remedy in seen.only["remedies"])])
        assert re.search(row.unrepaired, words, re.DOTALL), f"/{row.unrepaired}/ isn't in: {words}"
        return
    assert seen.only["verdict"] == "converged", f"{seen.only['verdict']}: {seen.only['reason']}\n{seen.output[-4000:]}"
    assert seen.code == 0
    made = {name for name, _ in seen.changes}
    assert row.remedy in made, f"{row.remedy} made no Change; these did: {sorted(made)}"
    assert all(change["why"] for _, change in seen.changes)
