"""Promise 3: nothing is done on one look; what is acted upon is what was judged, by its UID."""

from __future__ import annotations

import time

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Action, Change, Delete, Patch, Scale, Target
from roadworthy.verdict import Verdict
from tests.guarantees import toys
from tests.guarantees.field import Field

pytestmark = [pytest.mark.guarantee(3), pytest.mark.short]


def uid(field: Field) -> str:
    return str(field.admin.get(f"/api/v1/namespaces/{field.home}/configmaps/wanted")["metadata"]["uid"])


def recreate(field: Field) -> None:
    """Put another object of the same name in its place."""
    path = f"/api/v1/namespaces/{field.home}/configmaps/wanted"
    field.admin.delete(path)
    field.wrong(value="somebody's new one")


def test_what_flaps_is_not_repaired(field: Field) -> None:
    """An object that is wrong at the first look and right at the second: no write, no intent."""
    cluster = field.connect()
    field.wrong()
    judge = toys.map_judge(cluster, field.home)
    assert judge().verdict is Verdict.FAILED
    field.wrong(value="right")
    done = field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge)
    assert done.verdict is Verdict.PASSED
    assert field.audit.writes(lease=True) == []
    assert field.kinds() == []


def test_two_looks_a_minimum_age_apart_and_the_second_is_a_fresh_read(field: Field) -> None:
    """Between the first look and the write lie ``confirm_after`` seconds, and then a LIST by the API server's log."""
    cluster = field.connect(field.profile(field.proxied, confirm_after=2.0))
    field.wrong()
    judge = toys.map_judge(cluster, field.home)
    judge()
    looked = time.monotonic()
    assert field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge).verdict is Verdict.CONVERGED
    write = next(each for each in field.proxy.seen if each.method == "PATCH" and "configmaps" in each.path)
    reads = [
        each
        for each in field.proxy.seen
        if each.method == "GET" and each.path.startswith("/api/v1/configmaps?") and looked + 2.0 <= each.at < write.at
    ]
    assert reads, "no LIST between the minimum age and the write"
    listed = [each for each in field.audit.entries() if each.verb == "list" and each.resource == "configmaps"]
    assert len(listed) >= 2


@pytest.mark.parametrize("kind", ["delete", "patch", "json-patch"])
@pytest.mark.ci
def test_a_new_incarnation_before_the_write_is_left_alone(field: Field, kind: str) -> None:
    """Recreated under a new UID between the remedy's look and the engine's: refused, nothing is sent."""
    cluster = field.connect()
    field.wrong()
    old = uid(field)
    actions: dict[str, Action] = {
        "delete": Delete(),
        "patch": Patch({"data": {"k": "right"}}),
        "json-patch": Patch([{"op": "replace", "path": "/data/k", "value": "right"}], "json"),
    }

    def remedy(_: Case) -> Changes:
        recreate(field)
        yield Change(kind, Target("ConfigMap", "wanted", field.home, uid=old), actions[kind], why="it is wrong")

    judge = toys.map_judge(cluster, field.home)
    done = field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert field.audit.writes() == []
    assert field.admin.map(field.home, "wanted") == {"k": "somebody's new one"}
    assert [entry["became"] for entry in field.entries() if entry["kind"] == "result"] == ["refused"]


@pytest.mark.parametrize("kind", ["delete", "patch", "json-patch", "apply"])
def test_a_new_incarnation_during_the_write_is_left_alone(field: Field, kind: str) -> None:
    """Recreated while the write is on its way: the API server itself refuses it (409 in its log)."""
    cluster = field.connect(field.profile(field.proxied))
    field.wrong()
    target = Target("ConfigMap", "wanted", field.home, uid=uid(field))

    def remedy(case: Case) -> Changes:
        if kind == "apply":
            yield from toys.put_map(case)
        elif kind == "delete":
            yield Change(kind, target, Delete(), why="it is wrong")
        else:
            json_patch = [{"op": "replace", "path": "/data/k", "value": "right"}]
            action = Patch(json_patch, "json") if kind == "json-patch" else Patch({"data": {"k": "right"}})
            yield Change(kind, target, action, why="it is wrong")

    field.proxy.fail(lambda seen: seen.writes and "configmaps" in seen.path, then=lambda: recreate(field))
    judge = toys.map_judge(cluster, field.home)
    field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    assert {each.code for each in field.audit.writes()} <= {409, 422}
    assert field.audit.writes()
    assert field.admin.map(field.home, "wanted") == {"k": "somebody's new one"}


def test_scaling_a_new_incarnation_is_refused(field: Field) -> None:
    """The same for the scale subresource."""
    field.workload()
    cluster = field.connect(field.profile(field.proxied))
    path = f"/apis/apps/v1/namespaces/{field.home}/deployments/web"

    def again() -> None:
        field.admin.delete(f"{path}?propagationPolicy=Background")
        field.workload(replicas=1)

    def remedy(_: Case) -> Changes:
        yield Change("scale", Target("Deployment", "web", field.home), Scale(0), why="a toy")

    field.proxy.fail(lambda seen: seen.path.partition("?")[0].endswith("/scale"), then=again, times=1)
    judge = toys.map_judge(cluster, field.home)
    field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    assert {each.code for each in field.audit.writes()} == {409}
    assert field.admin.get(path)["spec"]["replicas"] == 1
