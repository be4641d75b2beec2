"""Whether a workload that is short of pods is so because of its newest revision, or because of where its pods were.

A node that lost its power leaves every DaemonSet a pod short, and Deployments until they have moved: going back to an
earlier revision would change nothing about that, and downgrade what is healthy.
"""

from __future__ import annotations

from probes.node_agents import agents
from probes.ownership import workload
from probes.rollouts import Rollout
from roadworthy.cluster import Cluster, Obj

#: Why a container waits when what it was told to run is wrong.
WRONG = frozenset(
    {
        *("ImagePullBackOff", "ErrImagePull", "ErrImageNeverPull", "InvalidImageName", "CrashLoopBackOff"),
        *("CreateContainerConfigError", "CreateContainerError", "RunContainerError", "StartError"),
    }
)


def newest_is_to_blame(cluster: Cluster, rollout: Rollout) -> bool:
    """Whether the newest revision shows that it doesn't work: its rollout is stuck, or a pod of it can't run."""
    if rollout.stuck or rollout.updated < rollout.wanted:
        return True
    down = {each.name for each in agents(cluster) if not each.ready}
    return any(_wrong(pod, down) for pod in _pods(cluster, rollout))


def _pods(cluster: Cluster, rollout: Rollout) -> list[Obj]:
    there = cluster.list("Pod", namespace=rollout.workload.namespace)
    return [pod for pod in there if workload(cluster, pod).uid == rollout.workload.uid]


def _wrong(pod: Obj, down: set[str]) -> bool:
    """Whether a pod can't run for its own sake; one that finds no room while a node is down may only lack that node."""
    status, node = pod.get("status", {}), pod.get("spec", {}).get("nodeName", "")
    if node in down or pod["metadata"].get("deletionTimestamp"):
        return False
    if not node:
        said = [each.get("reason") for each in status.get("conditions", ()) if each["type"] == "PodScheduled"]
        return not down and "Unschedulable" in said
    states = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    return any(_stopped(each) for each in states if not each.get("ready"))


def _stopped(container: Obj) -> bool:
    waiting = (container.get("state") or {}).get("waiting") or {}
    ended = [(container.get(key) or {}).get("terminated") or {} for key in ("state", "lastState")]
    return waiting.get("reason") in WRONG or any(each.get("exitCode") for each in ended)
