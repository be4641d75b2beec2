"""Pods stuck Terminating, Unknown, or on a corrupt node sandbox: deleted, so that their controllers make new ones.

The root goes first: a storage pod (longhorn-manager, a CSI plug-in, local-path …) that is stuck on a node holds up
every pod there that waits for a volume. Those are left alone while they only wait: they go on by themselves.

How a pod is deleted depends on what is known, not on how long it has been stuck:

- a disruption budget selects it: it is evicted, and the budget may say no;
- its node is gone, or the kernel of its node has no process of it left: it is deleted with grace 0;
- anything else: a plain deletion. A pod that was asked to go but whose processes live on is left to
  `restart_node_agent`.

Every deletion carries the pod's uid: a pod of the same name that came since is never hit.
"""

from __future__ import annotations

from collections.abc import Iterator

from probes.moments import ago
from probes.node_agents import agents
from probes.ownership import workload
from probes.pod_faults import Fault, FaultyPod, faulty_pods
from remediation._common import component_of, refuse
from remediation._pod_exit import Exit, exit_of
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Outcome, Target
from roadworthy.cluster import Cluster

#: What is changed.
RIGHTS: tuple[str, ...] = ("delete,patch pods", "create pods/eviction")

#: How long a storage pod's successor may take before the pods that wait for it are looked at again, seconds.
ROOT_SETTLES = 60.0


def remedy(case: Case) -> Changes:
    """Delete the stuck pods, one at a time, roots first."""
    cluster, reasons, acted = case.cluster, list[str](), False
    nodes = {each.name: each for each in agents(cluster)}
    found = faulty_pods(cluster)
    for pod in found:
        if not _still(cluster, pod) or (pod.fault is Fault.VOLUME and not pod.storage):
            continue
        way = exit_of(cluster, pod, nodes.get(pod.node))
        if way.action is None:
            reasons.append(f"{pod}: {way.words}")
            continue
        waiting = [each for each in found if pod.storage and each.fault is Fault.VOLUME and each.node == pod.node]
        outcome = yield _change(cluster, pod, way, waiting)
        acted = True
        if waiting:
            _settle(cluster, pod, outcome)
    if not acted:
        refuse("a stuck pod could be re-created", [*reasons, *_unexplained(found)])


def _change(cluster: Cluster, pod: FaultyPod, way: Exit, waiting: list[FaultyPod]) -> Change:
    owner = workload(cluster, pod.obj)
    cause = f"{pod} is stuck ({pod.fault}"
    cause += f" for {ago(cluster.now() - pod.since)})" if pod.since else ")"
    cause += f": {pod.detail}"
    if waiting:
        cause += f"; the root of {', '.join(str(each) for each in waiting)}, which waits for its volume"
    target = Target("Pod", pod.name, pod.namespace, pod.uid)
    return Change(
        verb=way.verb,
        target=target,
        action=way.action,  # type: ignore[arg-type]  # the caller has looked
        why=f"{cause}; {way.words}",
        before={"uid": pod.uid, "node": pod.node, "state": str(pod.fault), "finalizers": list(pod.finalizers)},
        after=way.after,
        blast_radius=(str(target), *(f"Pod {each.namespace}/{each.name}" for each in waiting)),
        component=component_of(owner),
    )


def _still(cluster: Cluster, pod: FaultyPod) -> bool:
    """Whether the pod is still there in the incarnation that was found: an earlier Change may have freed it."""
    now = cluster.get("Pod", pod.name, namespace=pod.namespace)
    return now is not None and now["metadata"]["uid"] == pod.uid


def _settle(cluster: Cluster, pod: FaultyPod, outcome: Outcome | None) -> None:
    """Wait until a root's successor is ready on the node, so that what only waited for it isn't touched."""
    if outcome is None or not outcome.done:
        return

    def successor() -> None:
        there = [each for each in faulty_pods(cluster) if each.storage and each.node == pod.node]
        if there:
            raise AssertionError(f"{there[0]} isn't well yet: {there[0].detail}")

    try:
        cluster.until(successor, within=ROOT_SETTLES, kinds=("Pod",), what=f"{pod}'s successor")
    except AssertionError:
        return  # the engine judges again, and says what is still wrong


def _unexplained(found: list[FaultyPod]) -> Iterator[str]:
    """Name the pods that wait for a volume although no storage pod on their node is to blame."""
    for pod in found:
        if pod.fault is Fault.VOLUME and not any(each.storage and each.node == pod.node for each in found):
            yield f"{pod} waits for a volume, and no storage pod there is stuck: {pod.detail}"
