"""Promise 9: nothing is repaired when too much is down, or on pause; control-plane nodes one by one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from datetime import time as clock
from pathlib import Path

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target
from roadworthy.cluster import connect
from roadworthy.converge import Converged, Convergence, Options
from roadworthy.maintenance import DAYS, Window
from roadworthy.profile import Node, Profile
from roadworthy.verdict import Verdict
from tests.guarantees import toys
from tests.guarantees.field import LIMITS, Field
from tests.guarantees.ground import MERGE
from tests.unit.roadworthy.apiserver import UID, StandIn

pytestmark = [pytest.mark.guarantee(9), pytest.mark.short]
KUBE_SYSTEM = "/api/v1/namespaces/kube-system"


def condition(*, ready: bool) -> dict[str, object]:
    return {"conditions": [{"type": "Ready", "status": "True" if ready else "False", "reason": "Simulated"}]}


@pytest.fixture
def nodes(field: Field) -> list[str]:
    """Five more Nodes that nobody runs, Ready until somebody says otherwise: eight with the sandbox's own."""
    names = [f"fake-{field.home[-6:]}-{number}" for number in range(5)]
    for name in names:
        taint = {"key": "guarantees", "effect": "NoSchedule"}
        field.admin.make("/api/v1/nodes", {"metadata": {"name": name}, "spec": {"taints": [taint]}})
        field.defer(lambda name=name: field.admin.delete(f"/api/v1/nodes/{name}"))  # type: ignore[misc]
        ready(field, name, up=True)
    return names


def ready(field: Field, name: str, *, up: bool) -> None:
    status, said = field.admin.ask("PATCH", f"/api/v1/nodes/{name}/status", {"status": condition(ready=up)}, MERGE)
    assert status == 200, said


def attempt(field: Field, profile: Profile | None = None) -> Converged:
    cluster = field.connect(profile)
    field.wrong()
    judge = toys.map_judge(cluster, field.home)
    return field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge)


def stopped(field: Field, done: Converged, words: str) -> None:
    """Nothing was written, nothing was intended, and it says why."""
    assert done.verdict is Verdict.FAILED
    assert words in done.reason
    assert field.audit.writes() == []
    assert "intent" not in field.kinds()


@pytest.mark.parametrize("down", [1, 3, 5])
@pytest.mark.ci
def test_nodes_that_are_down(field: Field, nodes: list[str], down: int) -> None:
    """1 and 3 of 8 (at most 40 %): repaired. 5 of 8: that is power or network, nothing is touched."""
    for name in nodes[:down]:
        ready(field, name, up=False)
    done = attempt(field)
    if down < 5:
        assert done.verdict is Verdict.CONVERGED, done.reason
        assert len(field.audit.writes()) == 1
    else:
        stopped(field, done, "5 of 8")


def test_nodes_that_fail_between_two_changes(field: Field, nodes: list[str]) -> None:
    """The share is asked before each Change: the second is not begun, and what the first came to is still judged."""
    cluster = field.connect()
    field.wrong()

    def remedy(case: Case) -> Changes:
        yield from toys.put_map(case)
        for name in nodes:
            ready(field, name, up=False)
        cluster.renew()
        yield Change("note", Target("ConfigMap", "wanted", field.home), Patch({"data": {"k": "2nd"}}), why="a toy")

    judge = toys.map_judge(cluster, field.home)
    done = field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    assert done.verdict is Verdict.CONVERGED, done.reason
    assert "not Ready" in done.remedies[0].error
    assert field.kinds() == ["intent", "result", "pass"]
    assert field.right()


@pytest.fixture
def thousand(tmp_path: Path) -> Iterator[StandIn]:
    standin = StandIn(tmp_path)
    for number in range(1000):
        standin.api.put("nodes", {"metadata": {"name": f"n-{number}"}, "status": condition(ready=number >= 300)})
    yield standin
    standin.close()


@pytest.mark.parametrize(("limit", "writes"), [(0.4, 1), (0.25, 0)])
def test_thirty_percent_of_a_thousand(thousand: StandIn, tmp_path: Path, limit: float, writes: int) -> None:
    """300 of 1,000 simulated nodes are down: within 40 % it repairs, with a limit of 25 % it doesn't. One LIST."""
    known = Profile("toy", "toy.yaml", context="standin", kubeconfig=str(thousand.kubeconfig), kube_system_uid=UID)
    profile = replace(known, limits={**LIMITS, "unhealthy_nodes": limit})
    cluster = connect(profile)
    try:
        judge = toys.map_judge(cluster, "a")
        judge()
        with Convergence(cluster, profile, Options(toys.REMEDIES), tmp_path / "journal") as engine:
            done = engine.converge(Case(cluster, "x", "", "", {"home": "a"}), [("put_map", "")], judge)
        asked = [(verb, path) for verb, path in thousand.api.log if verb != "GET" and "/leases" not in path]
        assert len(asked) == writes, done.reason
        assert cluster.counts["LIST Node"] <= 3
    finally:
        cluster.close()


def test_the_pause_annotation(field: Field) -> None:
    """kubectl annotate namespace kube-system roadworthy.dev/pause=…"""
    field.admin.ask("PATCH", KUBE_SYSTEM, {"metadata": {"annotations": {"roadworthy.dev/pause": "moving"}}}, MERGE)
    undo = {"metadata": {"annotations": {"roadworthy.dev/pause": None}}}
    field.defer(lambda: field.admin.ask("PATCH", KUBE_SYSTEM, undo, MERGE))
    stopped(field, attempt(field), "moving")


def test_the_pause_file(field: Field) -> None:
    """A file called pause in the reports folder."""
    field.journal.mkdir(parents=True)
    (field.journal.parent / "pause").touch()
    stopped(field, attempt(field), "the pause file")


def test_outside_the_maintenance_window(field: Field) -> None:
    """With ``in_window`` repairs happen in it only."""
    in_three_days = DAYS[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    window = Window((in_three_days,), clock(3), clock(4), "UTC")
    stopped(field, attempt(field, replace(field.profile(in_window=True), maintenance=window)), "maintenance window")


def test_one_control_plane_node_at_a_time(field: Field, nodes: list[str]) -> None:
    """While one is not Ready no other is touched; the one itself may be."""
    planes = tuple(Node(name, role="control-plane") for name in nodes[:3])
    ready(field, nodes[1], up=False)
    cluster = field.connect(replace(field.profile(), nodes=planes))
    field.wrong()

    def remedy(_: Case) -> Changes:
        body = {"metadata": {"annotations": {"touched": "yes"}}}
        for name in nodes[:3]:
            yield Change("restart", Target("Node", name), Patch(body), why="a toy")

    judge = toys.map_judge(cluster, field.home)
    field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    assert [each.name for each in field.audit.writes()] == [nodes[1]]
    assert field.kinds() == ["refused", "intent", "result", "refused"]


def test_what_reaches_too_far(field: Field) -> None:
    """A Change that more objects feel than the limit allows is refused."""
    cluster = field.connect(field.profile(blast_radius=2))
    field.wrong()

    def remedy(case: Case) -> Changes:
        for change in toys.put_map(case):
            yield replace(change, blast_radius=("Pod a/1", "Pod a/2", "Pod a/3"))

    judge = toys.map_judge(cluster, field.home)
    done = field.engine(cluster, {"remedy": remedy}).converge(field.case(cluster), [("remedy", "")], judge)
    stopped(field, done, "felt by at most 2 objects")
