"""Whether somebody has in hand what a Change would touch: its target, its namespace, or what feels it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from roadworthy import keys
from roadworthy.change import Change
from roadworthy.cluster import workloads
from roadworthy.cluster.facade import Obj
from roadworthy.cluster.live import LiveCluster
from roadworthy.errors import Refused

#: What is looked at among what feels a Change: these are in memory anyway.
_KINDS = (*workloads.ROLLED_OUT_KINDS, "Node")
_TODO = f"wait until that is over, or take the annotation {keys.KEY} away"


def check(cluster: LiveCluster, change: Change) -> None:
    """Raise Refused when somebody has it in hand. What reads the target to write it asks again."""
    now = cluster.now()
    for name, thing in _felt(cluster, change):
        free(name, thing, now)


def free(name: str, thing: Mapping[str, Any] | None, now: float) -> None:
    """Raise Refused when somebody has it in hand ``now`` (the API server's time); what is gone is in nobody's."""
    if thing is not None and (who := keys.holder(thing, now)):
        raise Refused(f"{name} is in nobody's hands", seen=f"held by {who}", where=name, todo=_TODO)


def _felt(cluster: LiveCluster, change: Change) -> Iterator[tuple[str, Obj | None]]:
    target = change.target
    if target.namespace:
        yield f"Namespace {target.namespace}", cluster.fresh("v1/Namespace", target.namespace)
    if target.kind == "Host":
        yield f"Node {target.name}", cluster.fresh("v1/Node", target.name)
    if target.kind == "Pod" and (pod := cluster.get("v1/Pod", target.name, namespace=target.namespace)):
        yield from _controllers(cluster, pod)
    for felt in {*change.blast_radius, str(target)}:
        kind, _, rest = felt.partition(" ")
        namespace, _, name = rest.rpartition("/")
        if kind in _KINDS:
            yield felt, cluster.get(kind, name, namespace=namespace)


def _controllers(cluster: LiveCluster, thing: Obj) -> Iterator[tuple[str, Obj | None]]:
    """Yield what makes a pod, and what makes that."""
    owner = workloads.controller(thing)
    namespace = thing["metadata"]["namespace"]
    if owner and owner[0] in {"ReplicaSet", *workloads.ROLLED_OUT_KINDS}:
        found = cluster.get(owner[0], owner[1], namespace=namespace)
        yield f"{owner[0]} {namespace}/{owner[1]}", found
        if found is not None:
            yield from _controllers(cluster, found)
