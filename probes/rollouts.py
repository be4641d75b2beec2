"""Workloads that don't get where they want to be: missing pods, scaled to nothing, or stalled half-way."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probes.moments import epoch
from probes.ownership import Workload, describe
from roadworthy.cluster import Cluster, Obj

KINDS = ("Deployment", "StatefulSet", "DaemonSet")

#: How long a rollout may be short of pods before it counts as stalled, seconds; times the profile's time factor.
STALLS = 60.0

#: Conditions that say that something is wrong: their type, and whether they are true then.
_BAD = {("Progressing", False), ("Available", False), ("ReplicaFailure", True)}


@dataclass(frozen=True, slots=True)
class Rollout:
    """One workload: how many pods it wants and has ready, and why it isn't further.

    ``stuck``: its controller has given the rollout up, or can't make the pods.
    ``short``: a wanted pod of the newest revision isn't ready, or one of an older revision is still kept for it.
    """

    workload: Workload
    wanted: int
    ready: int
    updated: int
    short: bool
    detail: str = ""
    since: float = 0.0
    stuck: bool = False


def rollouts(cluster: Cluster) -> Iterator[Rollout]:
    """Yield every Deployment, StatefulSet and DaemonSet."""
    for kind in KINDS:
        for obj in cluster.list(kind):
            yield _rollout(kind, obj)


def stalled(cluster: Cluster) -> list[Rollout]:
    """Return the workloads that have been short of ready pods for too long."""
    oldest = cluster.now() - STALLS * cluster.profile.time_factor
    return [each for each in rollouts(cluster) if each.short and each.since < oldest]


def _rollout(kind: str, obj: Obj) -> Rollout:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    if kind == "DaemonSet":
        wanted, ready = int(status.get("desiredNumberScheduled", 0)), int(status.get("numberReady", 0))
        updated, there = int(status.get("updatedNumberScheduled", 0)), wanted
    else:
        wanted, ready = int(spec.get("replicas", 1)), int(status.get("readyReplicas", 0))
        updated, there = int(status.get("updatedReplicas", 0)), int(status.get("replicas", 0))
    bad = [each for each in status.get("conditions", ()) if (each["type"], each["status"] == "True") in _BAD]
    words = [f"{each.get('reason', each['type'])}: {each.get('message', '')}" for each in bad]
    stuck = any(each["type"] != "Available" for each in bad)
    times = [
        epoch(each.get("lastUpdateTime") or each.get("lastTransitionTime")) for each in status.get("conditions", ())
    ]
    since = max(times) if times else epoch(obj["metadata"].get("creationTimestamp"))
    detail = "; ".join(words) or "its rollout has stalled"
    short = ready < wanted or updated < wanted or there > wanted
    return Rollout(describe(kind, obj), wanted, ready, updated, short, detail, since, stuck)
