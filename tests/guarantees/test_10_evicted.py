"""Promise 10: what a disruption budget protects is evicted, never deleted; and the budget has the last word."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, Evict, Target
from roadworthy.verdict import Verdict
from tests.guarantees import toys
from tests.guarantees.field import LABELS, Field
from tests.guarantees.ground import eventually

pytestmark = [pytest.mark.guarantee(10), pytest.mark.short]


def budget(field: Field, selector: dict[str, Any], allowed: int = 0) -> None:
    """Protect the pods, and wait until the controller has seen it."""
    path = f"/apis/policy/v1/namespaces/{field.home}/poddisruptionbudgets"
    spec = {"maxUnavailable": allowed, "selector": selector}
    field.admin.make(path, {"metadata": {"name": "web"}, "spec": spec})

    def seen() -> bool:
        status = field.admin.get(f"{path}/web").get("status", {})
        return bool(status.get("expectedPods")) and status["disruptionsAllowed"] == allowed

    eventually(seen, 60)


def attempt(field: Field, action: Delete | Evict) -> tuple[str, str, Verdict]:
    """Have a remedy do away with the pod; return its UID before, what the remedy was told, and the verdict."""
    cluster = field.connect()
    field.wrong()
    (pod,) = field.pods()
    told = []

    def remedy(_: Case) -> Changes:
        target = Target("Pod", pod["metadata"]["name"], field.home, pod["metadata"]["uid"])
        told.append((yield Change("remove", target, action, why="it is stuck")))

    judge = toys.map_judge(cluster, field.home)
    done = field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    assert told[0] is not None
    return str(pod["metadata"]["uid"]), told[0].detail, done.verdict


def alive(field: Field, uid: str) -> bool:
    return [each["metadata"]["uid"] for each in field.pods()] == [uid]


@pytest.mark.ci
def test_a_zero_budget_blocks_an_eviction(field: Field) -> None:
    """The eviction is answered 429; the pod lives; no deletion is tried instead."""
    field.workload()
    budget(field, {"matchLabels": LABELS})
    uid, told, verdict = attempt(field, Evict())
    assert verdict is Verdict.FAILED
    assert "disruption budget" in told
    assert [(each.resource, each.code) for each in field.audit.writes()] == [("pods/eviction", 429)]
    assert alive(field, uid)


@pytest.mark.parametrize(
    "selector",
    [
        {"matchLabels": LABELS},
        {"matchExpressions": [{"key": "app", "operator": "In", "values": ["web", "x"]}]},
        {},
    ],
    ids=["labels", "expressions", "everything"],
)
@pytest.mark.parametrize("allowed", [0, 1])
def test_a_protected_pod_is_never_deleted(field: Field, selector: dict[str, Any], allowed: int) -> None:
    """A remedy that asks for a deletion is refused before anything is sent, whatever the budget would allow."""
    field.workload()
    budget(field, selector, allowed)
    uid, told, _ = attempt(field, Delete(grace_seconds=0))
    assert "is evicted, not deleted" in told
    assert field.audit.writes() == []
    assert alive(field, uid)


def test_with_room_in_the_budget_it_is_evicted(field: Field) -> None:
    """One disruption allowed: the eviction goes through."""
    field.workload()
    budget(field, {"matchLabels": LABELS}, 1)
    uid, _, _ = attempt(field, Evict())
    assert [(each.resource, each.code) for each in field.audit.writes()] == [("pods/eviction", 201)]
    eventually(lambda: not alive(field, uid), 30)


def test_an_unprotected_pod_may_be_deleted(field: Field) -> None:
    """Without a budget a deletion is what was asked for."""
    field.workload()
    uid, _, _ = attempt(field, Delete(grace_seconds=0))
    assert [(each.verb, each.resource) for each in field.audit.writes()] == [("delete", "pods")]
    eventually(lambda: not alive(field, uid), 30)
