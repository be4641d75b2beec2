"""From a failed criterion to a verdict, against the stand-in API server: what is done, in which order, and when not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from roadworthy import halfway
from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Delete, Evict, HelmUpgrade, Target
from roadworthy.converge import Convergence, Judgement
from roadworthy.errors import Refused, Turbulence
from roadworthy.verdict import Verdict
from tests.unit.roadworthy.apiserver import Api
from tests.unit.roadworthy.apistate import Fault
from tests.unit.roadworthy.converge.conftest import CHANGE, MAP

Judge = Callable[[], Judgement]
Build = Callable[..., Convergence]
WRITES = {"POST", "PATCH", "PUT", "DELETE"}


def writes(api: Api) -> list[tuple[str, str]]:
    """What was written, save the Lease."""
    return [(method, path) for method, path in api.log if method in WRITES and "/leases" not in path]


def kinds(engine: Convergence) -> list[str]:
    return [entry["kind"] for entry in engine.journal.entries()]


def test_the_first_rung_that_helps_is_the_last_that_is_climbed(
    engine: Build, case: Case, judge: Judge, api: Api
) -> None:
    made = engine()
    done = made.converge(case, [("nothing", ""), ("fix", "toy"), ("fix", "other")], judge)
    assert done.verdict is Verdict.CONVERGED
    assert [(str(each), len(each.done)) for each in done.remedies] == [("nothing", 0), ("fix.toy", 1)]
    assert [method for method, _ in writes(api)] == ["PATCH"]
    assert kinds(made) == ["intent", "result", "pass"]


def test_a_second_run_changes_nothing(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    engine().converge(case, [("fix", "")], judge)
    before = len(writes(api))
    assert engine().converge(case, [("fix", "")], judge).verdict is Verdict.PASSED
    assert len(writes(api)) == before


def test_what_passes_at_the_second_look_is_not_repaired(engine: Build, case: Case, api: Api) -> None:
    done = engine().converge(case, [("fix", "")], lambda: Judgement(Verdict.PASSED))
    assert done.verdict is Verdict.PASSED
    assert not writes(api)


@pytest.mark.parametrize("verdict", [Verdict.BROKEN, Verdict.BLOCKED, Verdict.NOT_APPLICABLE])
def test_only_failed_is_repaired(engine: Build, case: Case, api: Api, verdict: Verdict) -> None:
    assert engine().converge(case, [("fix", "")], lambda: Judgement(verdict)).verdict is verdict
    assert not writes(api)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503, 0])
def test_a_cluster_that_can_not_be_read_is_not_repaired(
    engine: Build, case: Case, judge: Judge, api: Api, status: int
) -> None:
    judge()
    api.fail(status, lambda method, path: method == "GET" and "configmaps" in path)
    assert engine().converge(case, [("fix", "")], judge).verdict is Verdict.BROKEN
    assert not writes(api)


def test_a_spent_ladder_gives_up_and_says_what_each_rung_said(engine: Build, case: Case, judge: Judge) -> None:
    told: list[str] = []

    def refuse(_: Case) -> Changes:
        if not told:
            raise Refused("the node can be reached", seen="no answer")
        yield CHANGE

    done = engine(remedies={"refuse": refuse}).converge(case, [("refuse", ""), ("nothing", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert "gave up after refuse, nothing: the node can be reached; seen: no answer" in done.reason


def test_a_write_whose_fate_is_unknown_is_broken_and_the_ladder_ends(
    engine: Build, case: Case, judge: Judge, api: Api
) -> None:
    api.fail(503, lambda method, _: method == "PATCH")
    made = engine()
    done = made.converge(case, [("fix", ""), ("fix", "again")], judge)
    assert done.verdict is Verdict.BROKEN
    assert [entry.get("became") for entry in made.journal.entries()] == [None, "unknown"]
    assert len(done.remedies) == 1


def test_a_bug_in_a_remedy_is_broken(engine: Build, case: Case, judge: Judge) -> None:
    def bug(_: Case) -> Changes:
        yield dict[str, Change]()["x"]

    done = engine(remedies={"bug": bug}).converge(case, [("bug", ""), ("fix", "")], judge)
    assert done.verdict is Verdict.BROKEN
    assert "KeyError" in done.reason


def test_the_remedy_is_told_what_became_of_each_change(engine: Build, case: Case, judge: Judge) -> None:
    told: list[object] = []

    def two(_: Case) -> Changes:
        told.append((yield replace(CHANGE, blast_radius=tuple("abc"))))
        told.append((yield CHANGE))

    engine({"blast_radius": 2}, {"two": two}).converge(case, [("two", "")], judge)
    first, second = told
    assert not first.done  # type: ignore[attr-defined]
    assert "felt by at most 2 objects" in first.detail  # type: ignore[attr-defined]
    assert second.done  # type: ignore[attr-defined]


def test_a_fix_that_breaks_something_else_is_taken_back(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    made = engine(regressions=lambda _, components: [f"phase1/other-of-{each}" for each in components])
    done = made.converge(case, [("fix", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert "then failed: phase1/other-of-toy; taken back: apply ConfigMap a/wanted: removed again" in done.reason
    assert not api.things["configmaps"]
    assert kinds(made) == ["intent", "result", "undo", "undone"]


def test_taking_back_restores_what_was_there(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    api.put("configmaps", {**MAP, "metadata": {"name": "wanted", "namespace": "a"}, "data": {"k": "wrong"}})
    engine(regressions=lambda *_: ["phase1/other"]).converge(case, [("fix", "")], judge)
    assert api.things["configmaps"]["a", "wanted"]["data"] == {"k": "wrong"}


def test_a_new_incarnation_is_not_touched(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    api.put("pods", {"metadata": {"name": "p", "namespace": "a", "uid": "new"}})

    def remove(_: Case) -> Changes:
        yield Change("delete", Target("Pod", "p", "a", uid="old"), Delete(), why="stuck")

    done = engine(remedies={"remove": remove}).converge(case, [("remove", "")], judge)
    assert not done.remedies[0].done
    assert "a new one" in done.remedies[0].changes[0].detail
    assert api.things["pods"]


def test_secrets_reach_neither_journal_nor_report(engine: Build, case: Case, judge: Judge) -> None:
    secret = {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": "s", "namespace": "a"},
        "stringData": {"p": "canary-77"},
    }

    def make(_: Case) -> Changes:
        yield Change("make", Target("Secret", "s", "a"), Apply(secret), why="missing", after=secret)

    made = engine(remedies={"make": make})
    assert "canary-77" not in str([each.detail for each in made.plan(case, [("make", "")])[0].changes])
    made.converge(case, [("make", "")], judge)
    assert "canary-77" not in made.journal.path.read_text()


@pytest.mark.parametrize(
    "change",
    [
        CHANGE,
        Change("delete", Target("Pod", "p", "a"), Delete(grace_seconds=0), why="stuck"),
    ],
)
def test_a_plan_changes_nothing(engine: Build, case: Case, api: Api, change: Change) -> None:
    api.put("pods", {"metadata": {"name": "p", "namespace": "a"}})
    before = {plural: dict(things) for plural, things in api.things.items()}

    def remedy(_: Case) -> Changes:
        yield change

    rung = engine(remedies={"remedy": remedy}).plan(case, [("remedy", "x")])[0]
    assert str(rung) == "remedy.x"
    assert not rung.done
    assert rung.changes[0].detail
    assert api.things == before


def test_a_plan_names_the_guard_that_would_stop_it(engine: Build, case: Case) -> None:
    rung = engine({"blast_radius": 0}).plan(case, [("fix", "")])[0]
    assert "would be stopped: a Change is felt by at most 0 objects" in rung.changes[0].detail


def test_a_missing_helm_is_told_not_guessed(
    engine: Build, case: Case, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    def install(_: Case) -> Changes:
        yield Change("install", Target("Release", "toy", "a"), HelmUpgrade("chart", "", (), "d"), why="missing")

    monkeypatch.setenv("ROADWORTHY_HELM", "/nowhere/helm")
    done = engine(remedies={"install": install}).converge(case, [("install", "toy")], judge)
    assert "$ROADWORTHY_HELM" in done.reason


def test_limits_that_do_not_exist_or_are_no_numbers_are_refused(engine: Build) -> None:
    for limits in ({"speed": 1.0}, {"attempts": "three"}, {"in_window": 3}, {"deadline": -1}):
        with pytest.raises(Exception, match=r"toy\.yaml"):
            engine(limits)


def test_nothing_is_done_that_can_not_be_journaled(
    engine: Build, case: Case, judge: Judge, api: Api, monkeypatch: Any
) -> None:
    made = engine()

    def full(*_: object, **__: object) -> int:
        raise Turbulence("the journal can be written", seen="no space left")

    monkeypatch.setattr(made.journal, "write", full)
    assert made.converge(case, [("fix", "")], judge).verdict is Verdict.BROKEN
    assert not writes(api)


@pytest.mark.parametrize("status", [401, 403, 503])
def test_an_eviction_whose_fate_is_unknown_is_broken_and_the_ladder_ends(
    engine: Build, case: Case, api: Api, status: int
) -> None:
    api.put("pods", {"metadata": {"name": "web-0", "namespace": "a", "uid": "p-1"}})
    api.faults.append(Fault(lambda method, path: method == "POST" and path.split("?")[0].endswith("/eviction"), status))

    def evict(_: Case) -> Changes:
        yield Change("evict", Target("Pod", "web-0", "a", "p-1"), Evict(), why="stuck")

    never: Judge = lambda: Judgement(Verdict.FAILED, "still wrong")  # noqa: E731
    done = engine(remedies={"evict": evict}).converge(case, [("evict", ""), ("fix", "")], never)
    assert done.verdict is Verdict.BROKEN
    assert [str(each) for each in done.remedies] == ["evict"]


@pytest.mark.parametrize("recover", [True, False])
def test_a_dead_runs_cordon_is_lifted_beside_a_repair_unless_a_plan_is_followed(
    engine: Build,
    case: Case,
    judge: Judge,
    api: Api,
    recover: bool,  # noqa: FBT001
) -> None:
    notes = {halfway.CORDONED_BY: "20200101t000000-dead"}
    status = {"conditions": [{"type": "Ready", "status": "True"}]}
    node = {"metadata": {"name": "n", "uid": "n-1", "annotations": notes}, "spec": {"unschedulable": True}}
    api.put("nodes", {**node, "status": status})
    engine(recover=recover).converge(case, [("fix", "")], judge)
    assert bool(api.things["nodes"]["", "n"]["spec"].get("unschedulable")) is not recover
