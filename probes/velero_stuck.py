"""What Velero began and will never end: its server is gone, or has been replaced."""

from __future__ import annotations

from probes.moments import ago, epoch
from probes.ownership import selects
from probes.services import described
from probes.velero import SERVICE, Run, backups, home, restores
from roadworthy.cluster import Cluster, Obj


def server_began(cluster: Cluster) -> float:
    """Return since when the server that runs now has run, seconds since the epoch; 0.0 when none does."""
    _, _, name = described(cluster, SERVICE).workload.partition("/")
    workload = cluster.get("Deployment", name, namespace=home(cluster))
    if workload is None:
        return 0.0
    pods = (pod for pod in cluster.list("Pod", namespace=home(cluster)) if selects(*_both(workload, pod)))
    return max(map(_running_since, pods), default=0.0)


def stuck(cluster: Cluster, longest: float) -> list[tuple[Run, str]]:
    """Return what is under way for longer than so many seconds, or with nobody at work on it; each with why."""
    now, began, found = cluster.now(), server_began(cluster), list[tuple[Run, str]]()
    for run in (*backups(cluster), *restores(cluster)):
        since = run.started or run.created
        if run.over:
            continue
        if not began:
            found.append((run, "Velero's server isn't running"))
        elif run.phase == "InProgress" and since < began:
            found.append((run, f"the server that began it is gone, the present one runs for {ago(now - began)}"))
        elif now - since > longest:
            found.append((run, f"begun {ago(now - since)} ago"))
    return found


def _both(workload: Obj, pod: Obj) -> tuple[Obj, Obj]:
    return workload["spec"]["selector"], pod["metadata"].get("labels") or {}


def _running_since(pod: Obj) -> float:
    states = [each.get("state", {}).get("running") for each in pod.get("status", {}).get("containerStatuses", ())]
    ready = any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))
    alive = ready and not pod["metadata"].get("deletionTimestamp")
    return max((epoch(each.get("startedAt")) for each in states if each), default=0.0) if alive else 0.0
