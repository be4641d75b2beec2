"""How a stuck pod may be made to go: the mildest way that can work, or the reason why there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from probes.node_agents import NodeAgent, containers
from probes.ownership import controller, protected, reference_kind
from probes.pod_faults import Fault, FaultyPod
from roadworthy.change import Delete, Evict, Patch
from roadworthy.cluster import Cluster, Obj

#: The Job that a pod's finalizer is of.
RIGHTS: tuple[str, ...] = ("list,watch jobs.batch",)

#: Says, by an administrator's word, that a node is powered off: Kubernetes itself then forces its pods out.
OUT_OF_SERVICE = "node.kubernetes.io/out-of-service"

JOB_TRACKING = "batch.kubernetes.io/job-tracking"
OURS = "roadworthy.dev/"


@dataclass(frozen=True, slots=True)
class Exit:
    """``action`` is None when the pod must be left alone; ``words`` say why this way, or why none."""

    verb: str
    action: Delete | Evict | Patch | None
    words: str
    after: Any = None


def exit_of(cluster: Cluster, pod: FaultyPod, node: NodeAgent | None) -> Exit:
    """Return how a stuck pod may go."""
    if pod.fault is Fault.TERMINATING:
        return _let_go(cluster, pod, node)
    owner = controller(pod.obj)
    if owner is None:
        return Exit("", None, "nobody owns it, so nobody would make it again")
    if owner["kind"] == "Node":
        return Exit("", None, "it is a static pod: its manifest lies on the node")
    if budget := protected(cluster, pod.obj):
        return Exit("evict", Evict(), f"disruption budget {budget} selects it, so it is evicted")
    if pod.fault is Fault.FAILED:
        return Exit("delete", Delete(), "its node gave it up, only the record is left")
    return Exit("delete", Delete(), f"{owner['kind']} {owner['name']} makes a new one")


def _let_go(cluster: Cluster, pod: FaultyPod, node: NodeAgent | None) -> Exit:
    """Return how a pod that was asked to go long ago is let go."""
    gone = _gone(cluster, pod, node)
    if not gone:
        reason = "its node still runs its processes" if gone == "" else "whether its processes still run can't be known"
        return Exit(
            "", None, f"{reason}: forcing it out could start a second copy beside it; its node's agent is first"
        )
    if pod.finalizers:
        return _unfinalize(cluster, pod, gone)
    return Exit("force-delete", Delete(grace_seconds=0), f"{gone}, only the record is left")


def _gone(cluster: Cluster, pod: FaultyPod, node: NodeAgent | None) -> str | None:
    """Return how it is known that nothing of the pod runs; empty when it does run, None when that can't be known."""
    if not pod.node:
        return "it was never given to a node"
    if node is None or not node.exists:
        return f"node {pod.node} is gone"
    if _out_of_service(cluster, pod.node):
        return f"node {pod.node} was declared out of service"
    match containers(cluster, pod.node, pod.uid):
        case "gone":
            return f"no process of it runs on {pod.node}"
        case "running":
            return ""
    return None


def _out_of_service(cluster: Cluster, name: str) -> bool:
    node = cluster.get("Node", name)
    return any(taint["key"] == OUT_OF_SERVICE for taint in (node or {}).get("spec", {}).get("taints") or ())


def _unfinalize(cluster: Cluster, pod: FaultyPod, gone: str) -> Exit:
    """Take away finalizers that nobody is left to take away; refuse when a single one isn't recognised."""
    reasons = {each: _nobodys(cluster, pod.obj, each) for each in pod.finalizers}
    strangers = [each for each, reason in reasons.items() if not reason]
    if strangers:
        words = (
            f"finalizer {', '.join(strangers)} is somebody's who may still have work to do: not recognised as left over"
        )
        return Exit("", None, words)
    # An optimistic lock: what was recognised is what is taken away.
    version = pod.obj["metadata"].get("resourceVersion", "")
    patch = Patch({"metadata": {"finalizers": None}}, resource_version=version)
    words = "; ".join(f"finalizer {each}: {reason}" for each, reason in reasons.items())
    return Exit("release", patch, f"{gone}; {words}", after={"finalizers": []})


def _nobodys(cluster: Cluster, pod: Obj, finalizer: str) -> str:
    """Return why a finalizer is known to have been left by nobody; empty when that isn't known."""
    if finalizer.startswith(OURS):
        return "ours, left by a run that died"
    if finalizer != JOB_TRACKING:
        return ""
    owner = controller(pod)
    if owner is None:
        return "job tracking without a Job"
    job = cluster.get(reference_kind(owner), owner["name"], namespace=pod["metadata"]["namespace"])
    if job is None or job["metadata"].get("uid") != owner.get("uid"):
        return f"its Job {owner['name']} no longer exists"
    return ""
