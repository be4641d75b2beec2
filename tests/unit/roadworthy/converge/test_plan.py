"""A plan: what it shows, that it changes nothing, and that a run from it does exactly that or refuses."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roadworthy import plan_file, planned, rungs
from roadworthy.case import Case, Changes, Remedy
from roadworthy.change import Apply, Change, Delete, Evict, HelmUpgrade, Patch, Target
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Convergence, Judgement
from roadworthy.converge.fingerprint import changed
from roadworthy.errors import BadInput
from roadworthy.verdict import Verdict
from tests.unit.roadworthy.apiserver import UID, Api
from tests.unit.roadworthy.converge.conftest import CHANGE, MAP

Build = Callable[..., Convergence]
WRITES = {"POST", "PATCH", "PUT", "DELETE"}
ALL = [("fix", ""), ("evict", ""), ("delete", "")]


def evict(case: Case) -> Changes:
    for pod in case.cluster.list("Pod"):
        meta = pod["metadata"]
        yield Change("evict", Target("Pod", meta["name"], meta["namespace"], meta["uid"]), Evict(), why="stuck")


def delete(case: Case) -> Changes:
    for pod in case.cluster.list("Pod"):
        meta = pod["metadata"]
        yield Change("delete", Target("Pod", meta["name"], meta["namespace"], meta["uid"]), Delete(0), why="stuck")


MORE = {"evict": evict, "delete": delete}


def document(tried: Any, **more: Any) -> dict[str, Any]:
    changes, without = rungs.planned(tried)
    cluster = {"name": "toy", "kube_system_uid": UID}
    criterion = {"id": "phase1/wanted-is-there", "file": "f", "line": 1, "reason": "it is missing"}
    criteria = [{**criterion, "changes": changes, "without": without}]
    made = {"run": "r1", "started": "2026-11-23T22:00:00.000+00:00", "versions": {}}
    return {"version": 1, **made, "cluster": cluster, "criteria": criteria, **more}


def saved(folder: Path, content: Any) -> Path:
    path = folder / "plan.json"
    path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2))
    return path


def test_a_plan_shows_diff_guard_and_fingerprint_and_writes_nothing(engine: Build, case: Case, api: Api) -> None:
    pod = api.put("pods", {"metadata": {"name": "stuck", "namespace": "a"}, "spec": {}})
    made = engine({"blast_radius": 0}, MORE)
    found = [outcome for rung in made.plan(case, ALL) for outcome in rung.changes]
    fix, evicted, deleted = (each for each in found if isinstance(each, planned.Planned))
    assert "+  k: right" in fix.diff
    assert "blast_radius" in fix.stopped_by
    assert fix.fingerprint == {"ConfigMap a/wanted": "absent"}
    assert deleted.fingerprint == evicted.fingerprint
    assert deleted.fingerprint["Pod a/stuck"].startswith(pod["metadata"]["uid"])
    written = [(method, path) for method, path in api.log if method in WRITES]
    assert len(written) == 3
    assert all("dryRun=All" in path for _, path in written)
    assert api.things["pods"]
    assert not api.things["configmaps"]
    assert not list(made.journal.entries())


def test_what_is_asked_for_again_because_nothing_is_made_is_planned_once(engine: Build, case: Case) -> None:
    def twice(_: Case) -> Changes:
        yield CHANGE
        yield replace(CHANGE, why="still missing")
        yield replace(CHANGE, target=replace(CHANGE.target, name="other"))

    (rung,) = engine(remedies={"twice": twice}).plan(case, [("twice", "")])
    assert [each.change.target.name for each in rung.changes] == ["wanted", "other"]


def test_a_remedy_that_never_ends_is_cut_off(engine: Build, case: Case) -> None:
    def endless(_: Case) -> Changes:
        while True:
            yield CHANGE

    (rung,) = engine(remedies={"endless": endless}).plan(case, [("endless", "")])
    assert len(rung.changes) == 1


def test_identity_is_the_intent() -> None:
    def patch(value: str, version: str = "", why: str = "w") -> Change:
        body = {"spec": {"template": {"metadata": {"annotations": {"at": value}}}}}
        return Change("restart", Target("Deployment", "d", "a"), Patch(body, resource_version=version), why=why)

    one = planned.identity(patch("2026-11-23T22:00:00Z"))
    assert planned.identity(patch("2026-11-24T01:00:00+00:00", "77", "other words")) == one
    assert planned.identity(patch("tomorrow")) != one
    assert planned.identity(replace(CHANGE, target=replace(CHANGE.target, uid="u"))) != planned.identity(CHANGE)

    def helm(digest: str, values: str) -> Change:
        return Change("upgrade", Target("Release", "loki", "a"), HelmUpgrade("c", "", (values,), digest), why="w")

    assert planned.identity(helm("d1", "/here")) == planned.identity(helm("d1", "/there"))
    assert planned.identity(helm("d1", "/here")) != planned.identity(helm("d2", "/here"))


def test_no_secret_is_planned_and_another_password_is_the_same_intent() -> None:
    def secret(value: str) -> Change:
        manifest = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"password": value}}
        return Change("create", Target("Secret", "s", "a"), Apply(manifest), why="w")

    def more(value: str) -> Change:
        return Change("complete", Target("Secret", "s", "a"), Patch({"stringData": {"x": value}}), why="w")

    for make in (secret, more):
        assert planned.identity(make("canary-one")) == planned.identity(make("canary-two"))
        assert "canary" not in str(rungs.planned_data("install.x", plan_outcome(make("canary-one"))))


def plan_outcome(change: Change) -> planned.Planned:
    return planned.Planned(change, done=False)


def fixing(manifest: dict[str, Any]) -> Remedy:
    def remedy(_: Case) -> Changes:
        yield replace(CHANGE, action=Apply(manifest, force=True), why="at another time")

    return remedy


def follow(engine: Build, plan: plan_file.PlanFile, remedy: Remedy) -> Convergence:
    return engine(remedies={"fix": plan.followed("fix", remedy)})


def test_a_run_from_a_plan_makes_its_changes(
    engine: Build, case: Case, judge: Callable[[], Judgement], tmp_path: Path, cluster: LiveCluster
) -> None:
    plan = plan_file.load(saved(tmp_path, document(engine().plan(case, [("fix", ""), ("nothing", "")]))))
    assert plan.ladder(case.criterion, [("nothing", ""), ("fix", ""), ("fix", "x")]) == [("fix", "")]
    assert plan.ladder("phase1/other", [("fix", "")]) == []
    plan.fits(cluster.profile)
    plan.unchanged(cluster)
    done = follow(engine, plan, fixing(MAP)).converge(case, [("fix", "")], judge)
    assert done.verdict is Verdict.CONVERGED


def test_a_change_that_was_not_planned_is_not_made(
    engine: Build, case: Case, judge: Callable[[], Judgement], tmp_path: Path, api: Api
) -> None:
    plan = plan_file.load(saved(tmp_path, document(engine().plan(case, [("fix", "")]))))
    before = len(api.log)
    done = follow(engine, plan, fixing({**MAP, "data": {"k": "other"}})).converge(
        case, [("fix", ""), ("fix", "")], judge
    )
    assert done.verdict is Verdict.FAILED
    assert "what was planned, and nothing else" in done.reason
    assert "apply ConfigMap a/wanted" in done.reason
    assert not [path for method, path in api.log[before:] if method in WRITES and "/leases" not in path]


def test_a_cluster_that_has_changed_is_refused_in_one_line(
    engine: Build, case: Case, tmp_path: Path, cluster: LiveCluster, api: Api
) -> None:
    pod = api.put("pods", {"metadata": {"name": "stuck", "namespace": "a"}, "spec": {}})
    plan = plan_file.load(saved(tmp_path, document(engine(remedies=MORE).plan(case, ALL))))
    api.put("pods", {**pod, "status": {"phase": "Failed"}})  # by its controller, not by intent
    plan.unchanged(cluster)
    wanted = {"ConfigMap a/wanted": "absent"}
    assert changed(cluster, wanted) == []
    api.put("configmaps", {"metadata": {"name": "wanted", "namespace": "a"}, "data": {"k": "somebody's"}})
    assert changed(cluster, wanted) == ["ConfigMap a/wanted is there"]
    with pytest.raises(BadInput) as refused:
        plan.unchanged(cluster)
    assert "\n" not in str(refused.value)
    assert "ConfigMap a/wanted is there" in str(refused.value)


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{\n  oops\n}", "plan.json:2"),
        ("[]", "plan.json:1"),
        ('{\n  "run": "x",\n  "version": 2\n}', "version 2; where: PLAN:3"),
        ('{\n  "version": 1\n}', "run is said"),
    ],
)
def test_what_is_no_plan_is_refused_with_its_line(tmp_path: Path, content: str, told: str) -> None:
    path = saved(tmp_path, content)
    with pytest.raises(BadInput) as refused:
        plan_file.load(path)
    assert told.replace("PLAN", str(path)) in str(refused.value)


def test_a_wrong_field_is_named_with_its_line(tmp_path: Path, engine: Build, case: Case) -> None:
    content = document(engine().plan(case, [("fix", "")]))
    content["criteria"][0]["changes"][0]["identity"] = "short"
    path = saved(tmp_path, content)
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1) if '"identity"' in text)
    with pytest.raises(BadInput, match=rf"plan\.json:{line}"):
        plan_file.load(path)


def test_another_cluster_is_refused(tmp_path: Path, engine: Build, case: Case, cluster: LiveCluster) -> None:
    for key, value in {"name": "pi", "kube_system_uid": "another"}.items():
        content = document(engine().plan(case, [("fix", "")]))
        content["cluster"][key] = value
        with pytest.raises(BadInput, match=value):
            plan_file.load(saved(tmp_path, content)).fits(cluster.profile)
    with pytest.raises(BadInput, match=r"can be read"):
        plan_file.load(tmp_path / "none.json")
