"""A workload that the profile promises and that is missing or was scaled to nothing is put back.

A component's is put back by its installer, which knows its replicas. Anything else is scaled to what its
HorizontalPodAutoscaler or its last applied configuration says, and to one where neither says anything. Only workloads
that ``services`` of the profile names are touched: what is at zero elsewhere may be meant to be.
"""

from __future__ import annotations

import json
from contextlib import suppress

from probes.ownership import describe
from probes.runners import alive
from remediation._common import component_of, refuse, reinstall
from roadworthy import halfway
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Scale, Target
from roadworthy.cluster import Cluster, Obj
from roadworthy.profile import Service

#: What is changed, and looked at whatever its kind.
RIGHTS: tuple[str, ...] = (
    "patch deployments.apps/scale",
    "patch statefulsets.apps/scale",
    "list,watch deployments.apps",
    "list,watch statefulsets.apps",
    "list,watch daemonsets.apps",
)

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"


def remedy(case: Case) -> Changes:
    """Put back every promised workload that is at zero or missing; ``@remedy:restore_workload.<service>`` just one."""
    reasons, acted = list[str](), False
    for service in case.cluster.profile.services.values():
        if not service.workload or case.argument not in {"", service.name}:
            continue
        kind, _, name = service.workload.partition("/")
        live = case.cluster.get(kind, name, namespace=service.namespace)
        if live is None:
            reasons.append(
                f"{kind} {service.namespace}/{name} ({service.name}) is missing: its installer makes it, "
                "or, for an add-on of the sandbox, `roadworthy sandbox up`"
            )
        elif kind != "DaemonSet" and live["spec"].get("replicas", 1) == 0:
            if (left := halfway.scaled_down(live)) and alive(case.cluster, left[1]):
                reasons.append(f"{kind} {service.namespace}/{name} was scaled down by run {left[1]}, which is at work")
                continue
            yield from _back_up(case, kind, live, service)
            acted = True
    if not acted:
        refuse("a promised workload could be put back", reasons)


def _back_up(case: Case, kind: str, live: Obj, service: Service) -> Changes:
    workload = describe(kind, live)
    cause = f"{workload} ({service.name}) was scaled to zero"
    if component := component_of(workload):
        yield from reinstall(case, component, cause)
        return
    replicas, source = _wanted(case.cluster, kind, live)
    target = Target(kind, workload.name, workload.namespace, workload.uid)
    yield Change(
        verb="scale",
        target=target,
        action=Scale(replicas),
        why=f"{cause}; {source}",
        before={"replicas": 0},
        after={"replicas": replicas},
        reversible=True,
        blast_radius=(str(target),),
    )


def _wanted(cluster: Cluster, kind: str, live: Obj) -> tuple[int, str]:
    """Return how many replicas a workload should have, and who says so."""
    if left := halfway.scaled_down(live):
        return left[0], f"our run {left[1]} scaled it down for a while, and is dead"
    metadata = live["metadata"]
    for scaler in cluster.list("HorizontalPodAutoscaler", namespace=metadata["namespace"]):
        aim = scaler["spec"]["scaleTargetRef"]
        if (aim["kind"], aim["name"]) == (kind, metadata["name"]):
            return int(scaler["spec"].get("minReplicas", 1)), f"autoscaler {scaler['metadata']['name']} says the number"
    with suppress(ValueError, AttributeError, TypeError):
        applied = json.loads((metadata.get("annotations") or {}).get(LAST_APPLIED, ""))
        if (replicas := int(applied["spec"].get("replicas", 1))) > 0:
            return replicas, "its last applied configuration says the number"
    return 1, "nothing says how many there were, so the least that works"
