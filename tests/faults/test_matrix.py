"""Healthy, inject, red with the right message, --remediate, green, undo, green: for every row of phase 1's faults."""

from __future__ import annotations

import pytest

from prove.bench import Bench
from prove.matrix import Row, rows
from prove.proof import Ground, prove
from prove.results import Result
from roadworthy.errors import NotApplicable

ROWS = [row for row in rows() if not row.shapes]


@pytest.mark.parametrize("row", [pytest.param(row, id=row.id, marks=[pytest.mark.ci] * row.ci) for row in ROWS])
def test_fault(row: Row, bench: Bench, ground: Ground | None, results: list[Result]) -> None:
    result = Result(row)
    results.append(result)
    try:
        prove(row, bench, result, ground)
    except NotApplicable as reason:
        result.note = str(reason)
        pytest.skip(result.note)
    except Exception as problem:
        result.problem = str(problem)
        raise
