"""What a dead run left half-done is put right before anything else: its cordons are lifted, its scale-downs undone.

Called by who holds the Lease: no other run is at work then, so a mark of any other run is a dead one's.
"""

from __future__ import annotations

from roadworthy import halfway
from roadworthy.case import Changes
from roadworthy.change import Change, Patch, Scale, Target
from roadworthy.cluster.facade import Cluster, Obj

NAME = "recovery"
#: What it needs, as a remedy would declare it.
RIGHTS = tuple(f"get,patch,update {kind}" for kind in ("nodes", "deployments.apps", "statefulsets.apps"))


def left(cluster: Cluster, run: str) -> Changes:
    """Yield what finishes what other runs than ours left half-done."""
    for node in cluster.list("v1/Node"):
        if (by := halfway.cordoned_by(node)) and by != run:
            yield _uncordon(node["metadata"], by)
    workloads = {"Deployment": cluster.list("apps/v1/Deployment"), "StatefulSet": cluster.list("apps/v1/StatefulSet")}
    for kind, several in workloads.items():
        for workload in several:
            if (found := halfway.scaled_down(workload)) and found[1] != run:
                yield _scale_back(kind, workload, *found)


def _uncordon(metadata: Obj, by: str) -> Change:
    target = Target("Node", metadata["name"], uid=metadata["uid"])
    return Change(
        verb="uncordon",
        target=target,
        action=Patch({"spec": {"unschedulable": None}}),
        why=f"our run {by} cordoned it, and died before it was done",
        before={"unschedulable": True, "cordoned_by": by},
        after={"unschedulable": False},
        reversible=True,
        blast_radius=(str(target),),
    )


def _scale_back(kind: str, workload: Obj, replicas: int, by: str) -> Change:
    metadata = workload["metadata"]
    target = Target(kind, metadata["name"], metadata["namespace"], metadata["uid"])
    return Change(
        verb="scale back",
        target=target,
        action=Scale(replicas),
        why=f"our run {by} scaled it down for a while, and died before it was done",
        before={"replicas": workload["spec"].get("replicas")},
        after={"replicas": replicas},
        reversible=True,
        blast_radius=(str(target),),
    )
