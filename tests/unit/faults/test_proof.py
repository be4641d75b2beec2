"""What counts as proven, on a bench that answers as it is told to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from prove import proof
from prove.bench import Judged
from prove.matrix import PHASE1, Row, rows
from prove.results import Result

ROWS = {row.id: row for row in rows()}
REPAIRED = ROWS["the_clusters_name_service_is_there"]
LEFT = ROWS["a_nodes_clock_agrees_with_the_clusters[node-4]"]
RED = "Deployment kube-system/coredns is scaled to nothing"


def judged(verdict: str, reason: str = "", by: str = "", code: int = 0) -> Judged:
    name, _, argument = by.partition(".")
    remedies = [{"name": name, "argument": argument, "changes": [{"done": True, "why": "it was wrong"}]}] if by else []
    return Judged(code, [{"id": "x", "verdict": verdict, "reason": reason, "remedies": remedies}], "", 1.0)


PASSED, FAILED = judged("passed"), judged("failed", RED, code=1)
MENDED = judged("converged", RED, by=REPAIRED.remedy)


@dataclass
class Told:
    """A bench that gives these answers, and remembers how it was asked."""

    answers: list[Judged]
    asked: list[dict[str, Any]] = field(default_factory=list)
    injected_now: bool = False

    def judge(self, *_: str, **how: Any) -> Judged:
        self.asked.append({**how, "broken": self.injected_now})
        return self.answers.pop(0)

    @contextmanager
    def injected(self, _: Any) -> Iterator[Callable[[], None]]:
        self.injected_now = True

        def undo() -> None:
            self.injected_now = False

        try:
            yield undo
        finally:
            undo()


@pytest.fixture(autouse=True)
def _no_time_passes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("prove.bench.time.sleep", lambda _: None)


def prove(*answers: Judged, row: Row = REPAIRED) -> tuple[Told, Result]:
    bench, result = Told(list(answers)), Result(row)
    proof.prove(row, bench, result)  # type: ignore[arg-type]
    return bench, result


def test_a_row_that_goes_as_it_says_is_proven() -> None:
    bench, result = prove(PASSED, FAILED, MENDED, PASSED)
    assert result.proven
    assert (result.remedies, result.changes, result.message) == (REPAIRED.remedy, 1, RED)
    assert [each["broken"] for each in bench.asked] == [False, True, True, False]
    assert [each.get("remediate", False) for each in bench.asked] == [False, False, True, False]


def test_red_is_looked_for_in_a_hurry_and_patiently_by_turns() -> None:
    bench, _ = prove(PASSED, PASSED, judged("failed", "not yet", code=1), FAILED, MENDED, PASSED)
    assert [each["hurried"] for each in bench.asked if "hurried" in each] == [True, False, True]


def test_what_is_red_in_a_hurry_only_is_waited_for() -> None:
    _, result = prove(PASSED, FAILED, PASSED, MENDED, PASSED)
    assert result.proven


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ([PASSED, FAILED, judged("converged", RED, by="install.coredns")], "restore_workload.coredns made no Change"),
        ([PASSED, FAILED, judged("failed", RED, by=REPAIRED.remedy)], "failed: Deployment"),
        ([PASSED, judged("failed", RED, by="x.y", code=1)], "a run without --remediate made a Change"),
        ([PASSED, judged("failed", RED, code=0)], "exit code 0"),
    ],
)
def test_what_goes_otherwise_is_not(answers: list[Judged], words: str) -> None:
    result = Result(REPAIRED)
    with pytest.raises(proof.Unproven, match=words):
        proof.prove(REPAIRED, Told(answers), result)  # type: ignore[arg-type]
    assert not all(result.marks)


def test_what_is_put_right_before_anything_is_judged_is_a_repair_and_found_no_red() -> None:
    row = replace(REPAIRED, remedy="recovery")
    done = {"name": "recovery", "argument": "", "changes": [{"done": True, "why": "a dead run's"}]}
    _, result = prove(PASSED, FAILED, replace(PASSED, recovered=(done,)), PASSED, row=row)
    assert (result.remedies, result.changes, result.note) == ("recovery", 1, "a dead run's")
    with pytest.raises(proof.Unproven, match="converged"):
        prove(PASSED, FAILED, MENDED, row=row)


def test_what_nothing_may_repair_is_left_alone() -> None:
    red = judged("failed", "clock of node-4 is right; seen: +60.1 s", code=1)
    _, result = prove(PASSED, red, red, PASSED, row=LEFT)
    assert result.by == "nothing, rightly"
    with pytest.raises(proof.Unproven, match="nothing may be changed"):
        prove(PASSED, red, judged("failed", "", by="install.ntp"), row=LEFT)


def test_the_ground_is_judged_once_until_it_is_spoiled() -> None:
    feature = Judged(0, [{"id": REPAIRED.criterion.id, "verdict": "converged", "reason": ""}], "", 1.0)
    bench = Told([feature, FAILED, MENDED, PASSED, feature])
    ground = proof.Ground(bench, PHASE1)  # type: ignore[arg-type]
    proof.prove(REPAIRED, bench, Result(REPAIRED), ground)  # type: ignore[arg-type]
    assert ground.seen(REPAIRED)["verdict"] == "converged"
    assert len(bench.asked) == 4
    ground.spoiled()
    assert ground.seen(REPAIRED)["verdict"] == "converged"
    assert not bench.answers


@pytest.mark.parametrize(
    ("row", "answers"),
    [(replace(REPAIRED, wide=True), [FAILED, MENDED, PASSED]), (REPAIRED, [judged("failed", RED, by="x.y", code=1)])],
    ids=["a fault that breaks more", "a row that is not proven"],
)
def test_what_may_have_left_something_broken_spoils_the_ground(row: Row, answers: list[Judged]) -> None:
    feature = Judged(0, [{"id": row.criterion.id, "verdict": "passed", "reason": ""}], "", 1.0)
    bench = Told([feature, *answers, feature])
    ground = proof.Ground(bench, PHASE1)  # type: ignore[arg-type]
    with suppress(proof.Unproven):
        proof.prove(row, bench, Result(row), ground)  # type: ignore[arg-type]
    assert len(bench.answers) == 1
    ground.seen(row)
    assert not bench.answers


def test_what_is_left_broken_is_told() -> None:
    left = [{"id": "a", "verdict": "failed", "reason": "so"}, {"id": "b", "verdict": "passed"}]
    bench = Told([Judged(1, left, "", 1.0)])
    assert proof.Ground(bench, PHASE1).left() == ["a: failed: so"]  # type: ignore[arg-type]
    assert not bench.asked[0]["remediate"]
