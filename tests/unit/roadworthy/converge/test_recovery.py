"""Marks of what is half-done: who gets one, who doesn't, and what of it is put right."""

from __future__ import annotations

from typing import Any, cast

from roadworthy import halfway
from roadworthy.change import Patch, Scale
from roadworthy.cluster.facade import Cluster
from roadworthy.converge import recovery

RUN, DEAD = "20270115t080000-bbbb", "20270115t070000-aaaa"


def node(name: str, by: str = "", *, cordoned: bool = True) -> dict[str, Any]:
    notes = {halfway.CORDONED_BY: by} if by else {}
    return {"metadata": {"name": name, "uid": f"u-{name}", "annotations": notes}, "spec": {"unschedulable": cordoned}}


def work(name: str, replicas: int, mark: str = "") -> dict[str, Any]:
    notes = {halfway.SCALED_DOWN: mark} if mark else {}
    metadata = {"name": name, "namespace": "apps", "uid": f"u-{name}", "annotations": notes}
    return {"metadata": metadata, "spec": {"replicas": replicas}}


class Holding:
    def __init__(self, **kinds: list[dict[str, Any]]) -> None:
        self.kinds = kinds

    def list(self, kind: str) -> list[dict[str, Any]]:
        return self.kinds.get(kind.rpartition("/")[2], [])


def left(**kinds: list[dict[str, Any]]) -> list[Any]:
    return list(recovery.left(cast("Cluster", Holding(**kinds)), RUN))


def test_only_a_dead_runs_cordon_is_lifted() -> None:
    found = left(Node=[node("a", DEAD), node("b", RUN), node("c"), node("d", DEAD, cordoned=False)])
    assert [(str(each.target), each.target.uid) for each in found] == [("Node a", "u-a")]
    assert found[0].action == Patch({"spec": {"unschedulable": None}})
    assert DEAD in found[0].why


def test_only_a_dead_runs_scale_down_is_undone() -> None:
    works = [work("a", 0, f"3 by {DEAD}"), work("b", 0, f"3 by {RUN}"), work("c", 0), work("d", 4, f"3 by {DEAD}")]
    found = left(StatefulSet=works, Deployment=[work("e", 0, "many by somebody")])
    assert [(str(each.target), each.action) for each in found] == [("StatefulSet apps/a", Scale(3))]


def test_a_cordon_is_marked_unless_somebody_had_cordoned_it_before() -> None:
    assert halfway.cordon(node("a", cordoned=False), {"unschedulable": True}, RUN) == {halfway.CORDONED_BY: RUN}
    assert halfway.cordon(node("a"), {"unschedulable": True}, RUN) == {}
    assert halfway.cordon(node("a", DEAD), {"unschedulable": None}, RUN) == {halfway.CORDONED_BY: None}
    assert halfway.cordon(node("a"), {"taints": []}, RUN) == {}


def test_what_is_scaled_down_for_now_is_marked_once_and_scaling_back_takes_the_mark_away() -> None:
    assert halfway.scale(work("a", 3), RUN, for_now=True) == {halfway.SCALED_DOWN: f"3 by {RUN}"}
    assert halfway.scale(work("a", 1, f"3 by {RUN}"), RUN, for_now=True) == {}
    assert halfway.scale(work("a", 0, f"3 by {DEAD}"), RUN, for_now=False) == {halfway.SCALED_DOWN: None}
    assert halfway.scale(work("a", 3), RUN, for_now=False) == {}
