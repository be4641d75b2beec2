"""StatefulSets that an upgrade can't change in place: the API server refuses other claims, service names and the like.

The way round it is to delete the StatefulSet and leave its pods and volumes alone: the upgrade makes it anew, and it
takes its pods back. Only the workload chart's values can be read beforehand; an upstream chart's upgrade fails with the
API server's own words instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from installers.engine.component import Component
from probes.quantities import quantity
from roadworthy.change import Change, Delete, Target
from roadworthy.cluster import Cluster, Obj


def changes(cluster: Cluster, component: Component, values: Mapping[str, Any]) -> Iterator[Change]:
    """Yield the deletion, pods spared, of each StatefulSet that stands in the upgrade's way."""
    for name, work in (values.get("workloads") or {}).items():
        if work.get("kind") != "StatefulSet":
            continue
        live = cluster.fresh("StatefulSet", name, namespace=component.namespace)
        if live is None or not (wanted := _differences(work, live)):
            continue
        target = Target("StatefulSet", name, component.namespace, live["metadata"].get("uid", ""))
        yield Change(
            verb="replace",
            target=target,
            action=Delete(orphan=True),
            why=f"{component.name}: {', '.join(wanted)} of {target} can't be changed in place; its pods stay",
            before=wanted,
            blast_radius=(str(target),),
            component=component.name,
        )


def _differences(work: Mapping[str, Any], live: Obj) -> dict[str, Any]:
    """Return what can't be changed, by field: what it is now."""
    spec = live["spec"]
    found: dict[str, Any] = {}
    if spec.get("serviceName") != work.get("serviceName"):
        found["serviceName"] = spec.get("serviceName")
    if spec.get("podManagementPolicy", "OrderedReady") != work.get("podManagementPolicy", "Parallel"):
        found["podManagementPolicy"] = spec.get("podManagementPolicy", "OrderedReady")
    there = {claim["metadata"]["name"]: claim["spec"] for claim in spec.get("volumeClaimTemplates") or ()}
    wanted = work.get("claims") or {}
    if set(there) != set(wanted) or any(_claim_differs(wanted[name], there[name]) for name in wanted):
        found["volumeClaimTemplates"] = sorted(there)
    return found


def _claim_differs(wanted: Mapping[str, Any], live: Mapping[str, Any]) -> bool:
    size = live["resources"]["requests"]["storage"]
    modes = wanted.get("accessModes") or ["ReadWriteOnce"]
    other_class = "storageClass" in wanted and wanted["storageClass"] != live.get("storageClassName")
    return quantity(str(size)) != quantity(wanted["size"]) or live.get("accessModes") != modes or other_class
