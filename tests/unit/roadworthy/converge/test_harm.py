"""What a rung did is looked at however it ended: what it broke is taken back, and the ladder ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Target
from roadworthy.converge import Convergence, Judgement, act
from roadworthy.converge.records import Executed, HalfDone
from roadworthy.errors import Turbulence
from roadworthy.verdict import Verdict
from tests.unit.roadworthy.apiserver import Api
from tests.unit.roadworthy.converge.conftest import CHANGE, MAP

Judge = Callable[[], Judgement]
Build = Callable[..., Convergence]
OTHER = {**MAP, "metadata": {"name": "other", "namespace": "a"}}
ELSEWHERE = Change("apply", Target("ConfigMap", "other", "a"), Apply(OTHER), why="a try", component="toy")
BROKEN = "phase1/other"


def never() -> Judgement:
    return Judgement(Verdict.FAILED, "still wrong")


def beside(_: Case) -> Changes:
    """Change what doesn't help."""
    yield ELSEWHERE


def both(_: Case) -> Changes:
    yield CHANGE
    yield ELSEWHERE


def kinds(engine: Convergence) -> list[str]:
    return [entry["kind"] for entry in engine.journal.entries()]


def test_what_does_not_help_and_does_harm_is_taken_back_and_the_ladder_ends(
    engine: Build, case: Case, judge: Judge, api: Api
) -> None:
    made = engine(remedies={"beside": beside}, regressions=lambda *_: [BROKEN])
    done = made.converge(case, [("beside", ""), ("fix", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert done.reason.startswith("not repaired, and then failed: phase1/other; taken back: apply ConfigMap a/other: ")
    assert "; still: wanted is None; gave up after beside" in done.reason
    assert [str(each) for each in done.remedies] == ["beside"]
    assert not api.things["configmaps"]
    assert kinds(made) == ["intent", "result", "undo", "undone"]


def test_only_the_rung_that_did_harm_is_taken_back(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    asked: list[str] = []

    def regressions(*_: object) -> list[str]:
        asked.append("once")
        return [BROKEN] if len(asked) > 1 else []

    done = engine(remedies={"beside": beside}, regressions=regressions).converge(
        case, [("beside", ""), ("fix", "")], judge
    )
    assert done.verdict is Verdict.FAILED
    assert list(api.things["configmaps"]) == [("a", "other")]


def test_a_guard_that_stops_between_two_changes_does_not_hide_that_the_first_one_helped(
    engine: Build, case: Case, judge: Judge, api: Api
) -> None:
    done = engine({"changes": 1}, {"both": both}).converge(case, [("both", ""), ("fix", "")], judge)
    assert done.verdict is Verdict.CONVERGED
    assert "at most 1 Changes in a run" in done.remedies[0].error
    assert len(done.remedies) == 1
    assert list(api.things["configmaps"]) == [("a", "wanted")]


def test_a_guard_that_stops_between_two_changes_does_not_hide_the_harm_of_the_first(
    engine: Build, case: Case, judge: Judge, api: Api
) -> None:
    made = engine({"changes": 1}, {"both": both}, regressions=lambda *_: [BROKEN])
    done = made.converge(case, [("both", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert "repaired, but then failed: phase1/other" in done.reason
    assert not api.things["configmaps"]


def test_a_guard_that_stops_the_ladder_is_told_where_nothing_helped(engine: Build, case: Case, api: Api) -> None:
    done = engine({"changes": 1}, {"both": both}).converge(case, [("both", ""), ("fix", "")], never)
    assert done.verdict is Verdict.FAILED
    assert "still wrong; gave up after both: at most 1 Changes in a run" in done.reason
    assert len(api.things["configmaps"]) == 1


@pytest.mark.parametrize("undone", ["taken out again", ""])
def test_the_harm_of_a_change_that_failed_half_way_is_taken_back(
    undone: str, engine: Build, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    def half(*_: Any, **__: Any) -> Executed:
        raise HalfDone("it is installed", seen="timed out", undo=(lambda: undone) if undone else None)

    monkeypatch.setattr(act, "EXECUTORS", MappingProxyType({**act.EXECUTORS, Apply: half}))
    made = engine(regressions=lambda *_: [BROKEN])
    done = made.converge(case, [("fix", ""), ("fix", "again")], never)
    assert done.verdict is Verdict.FAILED
    assert f"then failed: {BROKEN}; taken back: apply ConfigMap a/wanted" in done.reason
    assert (undone or "can't be undone") in done.reason
    assert len(done.remedies) == 1
    assert [entry.get("became") for entry in made.journal.entries()][1] == "failed"


def test_the_harm_of_what_was_made_before_a_change_of_unknown_fate_is_taken_back(
    engine: Build, case: Case, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    apply = act.EXECUTORS[Apply]

    def lost(tools: Any, change: Change, *rest: Any, **how: Any) -> Any:
        if change.target.name == "other":
            raise Turbulence("the server answers", seen="503")
        return apply(tools, change, *rest, **how)

    monkeypatch.setattr(act, "EXECUTORS", MappingProxyType({**act.EXECUTORS, Apply: lost}))
    done = engine(remedies={"both": both}, regressions=lambda *_: [BROKEN]).converge(case, [("both", "")], never)
    assert done.verdict is Verdict.FAILED
    assert "apply ConfigMap a/other can't be undone; apply ConfigMap a/wanted: removed again" in done.reason
    assert not api.things["configmaps"]


def test_while_repairs_are_paused_not_even_our_own_harm_is_taken_back(
    engine: Build, case: Case, judge: Judge, api: Api, tmp_path: Path
) -> None:
    pause = tmp_path / "pause"

    def regressions(*_: object) -> list[str]:
        pause.touch()
        return [BROKEN]

    done = engine(pause_file=pause, regressions=regressions).converge(case, [("fix", "")], judge)
    assert "failed: repairs are not paused; seen: the pause file" in done.reason
    assert list(api.things["configmaps"]) == [("a", "wanted")]


def test_regressions_are_looked_for_by_the_criterion_where_no_component_is_named(
    engine: Build, case: Case, judge: Judge
) -> None:
    asked: list[tuple[str, list[str]]] = []

    def nameless(_: Case) -> Changes:
        yield replace(CHANGE, component="")

    def regressions(criterion: str, components: list[str]) -> list[str]:
        asked.append((criterion, components))
        return []

    engine(remedies={"nameless": nameless}, regressions=regressions).converge(case, [("nameless", "")], judge)
    assert asked == [(case.criterion, [])]
