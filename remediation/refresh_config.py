"""A component whose configuration was changed: put back by its installer, and the pods that still run with the old one
are made anew, one at a time. ``@remedy:refresh_config.prometheus``.
"""  # noqa: D205  # the first sentence is longer than a line

from __future__ import annotations

from collections.abc import Callable

from probes.config_age import StalePod, stale
from probes.moments import ago
from probes.ownership import protected, workload
from remediation._common import component_of, installed, reinstall
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, Evict, Outcome, Target
from roadworthy.cluster import Cluster, Obj

#: What is changed.
RIGHTS: tuple[str, ...] = ("delete pods", "create pods/eviction")

#: How long a pod's successor may take to be ready before the next pod is made anew, seconds.
READY = 90.0


def remedy(case: Case) -> Changes:
    """Put a component's configuration back, then re-create the pods that are older than it."""
    if not installed(case.cluster, case.argument):
        return  # what isn't there has no configuration to put back: its installer is the remedy
    yield from reinstall(case, case.argument, f"{case.argument} isn't all as it was installed")
    yield from renew(case.cluster, lambda: _pods(case.cluster, case.argument), case.argument)


def renew(cluster: Cluster, pods: Callable[[], list[Obj]], component: str = "") -> Changes:
    """Re-create those of the pods that began before their configuration last changed."""
    for pod in stale(cluster, pods()):
        outcome = yield _change(cluster, pod, component)
        _settle(cluster, pods, pod, outcome)


def _pods(cluster: Cluster, component: str) -> list[Obj]:
    return [each for each in cluster.list("Pod") if component_of(workload(cluster, each)) == component]


def _change(cluster: Cluster, pod: StalePod, component: str) -> Change:
    live = cluster.get("Pod", pod.name, namespace=pod.namespace)
    budget = protected(cluster, live) if live else ""
    target = Target("Pod", pod.name, pod.namespace, pod.uid)
    age = ago(cluster.now() - pod.changed)
    return Change(
        verb="evict" if budget else "re-create",
        target=target,
        action=Evict() if budget else Delete(),
        why=f"{pod.namespace}/{pod.name} on {pod.node} began before {pod.source} was changed {age} ago: "
        "it runs with the old one",
        before={"uid": pod.uid, "node": pod.node},
        blast_radius=(str(target),),
        component=component,
    )


def _settle(cluster: Cluster, pods: Callable[[], list[Obj]], pod: StalePod, outcome: Outcome | None) -> None:
    """One at a time: wait until the pods are ready again."""
    if outcome is None or not outcome.done:
        return

    def ready() -> None:
        waiting = [each["metadata"]["name"] for each in pods() if not _ready(each)]
        still = cluster.get("Pod", pod.name, namespace=pod.namespace)
        gone = still is None or still["metadata"]["uid"] != pod.uid
        if waiting or not gone:
            raise AssertionError(f"not ready yet: {', '.join(waiting) or pod.name}")

    try:
        cluster.until(ready, within=READY, kinds=("Pod",), what=f"{pod.name}'s successor ready")
    except AssertionError:
        return  # the engine judges again, and says what is still wrong


def _ready(pod: Obj) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))
