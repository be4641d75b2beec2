"""Objects that drifted from what they were last applied as are applied again. ``@remedy:resync.coredns``.

For what no component's Helm release made: add-ons of the cluster (K3s' own, the sandbox's) and manifests that were
applied by hand. What they should be is what their own annotation says (`probes.applied`). An object that is gone took
that with it: it can't be put back from here. Pods older than a configuration that was put back are made anew.
"""

from __future__ import annotations

from installers.engine import drift, foreign
from probes.applied import applied_for
from probes.ownership import RELEASE
from remediation.refresh_config import renew
from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Target
from roadworthy.cluster import Cluster, Obj, workloads
from roadworthy.profile import Service

#: What is changed: the kinds of probes.applied.
RIGHTS: tuple[str, ...] = (
    "apply configmaps",
    "apply services",
    "apply serviceaccounts",
    "apply deployments.apps",
    "apply statefulsets.apps",
    "apply daemonsets.apps",
    "apply ingresses.networking.k8s.io",
)

#: How many differences a Change shows.
SHOWN = 5


def remedy(case: Case) -> Changes:
    """Apply again what drifted of one service of the profile."""
    cluster, service = case.cluster, case.cluster.profile.services.get(case.argument)
    if service is None:
        return
    configured = False
    for live, wanted in applied_for(cluster, service):
        if RELEASE in (live["metadata"].get("annotations") or {}):
            continue  # Helm's: its installer knows better
        yield from foreign.changes(cluster, case.argument, service.namespace, [wanted])
        differences = [str(each) for each in drift.of(cluster, service.namespace, [wanted])]
        if not differences:
            continue
        metadata = live["metadata"]
        target = Target(wanted["kind"], metadata["name"], service.namespace, metadata["uid"], wanted["apiVersion"])
        yield Change(
            verb="re-apply",
            target=target,
            action=Apply(wanted, force=True),
            why=f"{target} isn't what it was applied as: {'; '.join(differences[:SHOWN])}",
            before={"drift": differences},
            after={"drift": []},
            reversible=True,
            blast_radius=(str(target),),
        )
        configured = configured or target.kind == "ConfigMap"
    if configured:
        yield from renew(cluster, lambda: _pods(cluster, service))


def _pods(cluster: Cluster, service: Service) -> list[Obj]:
    kind, _, name = service.workload.partition("/")
    live = cluster.get(kind, name, namespace=service.namespace) if name else None
    return workloads.pods_of(cluster, live) if live else []
