"""After a Change: wait until what it touched has come to rest, driven by the watch, with a deadline."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from roadworthy.change import Change
from roadworthy.cluster import workloads
from roadworthy.cluster.facade import Obj
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge.guard import node_ready
from roadworthy.errors import Unknown

#: kind, namespace, name
Touched = tuple[str, str, str]
_RELEASE, _RELEASE_NAMESPACE = "meta.helm.sh/release-name", "meta.helm.sh/release-namespace"


def touched(cluster: LiveCluster, change: Change, found: Mapping[str, object] | None) -> set[Touched]:
    """Return the workloads and nodes that have to come to rest; ``found`` is the target as it was before the Change."""
    target = change.target
    if target.kind in workloads.ROLLED_OUT_KINDS:
        return {(target.kind, target.namespace, target.name)}
    if target.kind in {"Host", "Node"}:
        return {("Node", "", target.name)}
    if target.kind == "Pod" and found is not None:
        return _controller(cluster, found, target.namespace)
    if target.kind == "Release":
        return {
            (kind, str(each["metadata"]["namespace"]), str(each["metadata"]["name"]))
            for kind in workloads.ROLLED_OUT_KINDS
            for each in cluster.list(kind)
            if _of_release(each, target.name, target.namespace)
        }
    return set()


def settle(cluster: LiveCluster, what: Iterable[Touched], *, within: float) -> str:
    """Wait until all of these are rolled out or Ready.

    Return the last mismatch when they are not in time, else nothing.
    """
    rest = set(what)
    if not rest:
        return ""

    def at_rest() -> None:
        words = [each for one in sorted(rest) if (each := _restless(cluster, one))]
        if words:
            raise AssertionError("; ".join(words))

    try:
        cluster.until(at_rest, within=within, kinds=sorted({kind for kind, _, _ in rest}), what="settling")
    except AssertionError as error:
        return str(error)
    except Unknown as error:
        return error.render()
    return ""


def _restless(cluster: LiveCluster, one: Touched) -> str:
    """Say what is not at rest yet; what is gone is at rest."""
    kind, namespace, name = one
    found = cluster.get(kind, name, namespace=namespace)
    if found is None:
        return ""
    if kind == "Node":
        return "" if node_ready(found) else f"node {name} is not Ready"
    return workloads.unfinished(found)


def _controller(cluster: LiveCluster, pod: Mapping[str, object], namespace: str) -> set[Touched]:
    """Return the workload that will make a pod anew."""
    owner = workloads.controller(pod)
    if owner is not None and owner[0] == "ReplicaSet":
        replica_set = cluster.get("ReplicaSet", owner[1], namespace=namespace)
        owner = workloads.controller(replica_set) if replica_set else None
    return {(owner[0], namespace, owner[1])} if owner and owner[0] in workloads.ROLLED_OUT_KINDS else set()


def _of_release(thing: Obj, name: str, namespace: str) -> bool:
    annotations = thing["metadata"].get("annotations") or {}
    return (annotations.get(_RELEASE), annotations.get(_RELEASE_NAMESPACE)) == (name, namespace)
