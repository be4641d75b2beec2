"""The restart of a live workload by a drill, with the workload's key in hand, and the deletion of one incarnation."""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadworthy.cluster import keying, workloads
from roadworthy.errors import Unknown

if TYPE_CHECKING:
    from roadworthy.cluster.inner import Inner

_NOT_FOUND, _CONFLICT = 404, 409


def restart(cluster: Inner, kind: str, name: str, namespace: str, *, within: float) -> list[str]:
    """Delete a workload's pods and wait until as many new ones are Ready; return their names.

    Raises:
        AssertionError: it isn't there, or its pods don't come back. Unknown: it is in somebody's hands.

    """
    workload = cluster.get(kind, name, namespace=namespace)
    if not workload:
        raise AssertionError(f"{kind} {namespace}/{name} is there")
    with keying.held(cluster, kind, name, namespace, within):
        old = {str(pod["metadata"]["uid"]) for pod in workloads.pods_of(cluster, workload)}
        resource = cluster.discovery.need("v1/Pod")
        for pod in workloads.pods_of(cluster, workload):
            delete(cluster, resource.path(pod["metadata"]["name"], namespace=namespace), str(pod["metadata"]["uid"]))

        def renewed() -> list[str]:
            pods = workloads.pods_of(cluster, workload)
            new = [
                str(pod["metadata"]["name"])
                for pod in pods
                if pod["metadata"]["uid"] not in old and workloads.ready(pod)
            ]
            left = [str(pod["metadata"]["name"]) for pod in pods if pod["metadata"]["uid"] in old]
            if left:
                raise AssertionError(f"still there: {', '.join(left)}")
            if len(new) < workloads.wanted(workload):
                raise AssertionError(f"{len(new)} of {workloads.wanted(workload)} new pods are Ready")
            return new

        return cluster.until(renewed, within=within, kinds=["Pod"], what=f"restart of {kind} {namespace}/{name}")


def delete(cluster: Inner, path: str, uid: str = "") -> None:
    """Delete what is at a path (exactly this incarnation, when ``uid`` is given); gone already is fine."""
    body = {"kind": "DeleteOptions", "apiVersion": "v1", "propagationPolicy": "Background"}
    reply = cluster.access.request("DELETE", path, body={**body, **({"preconditions": {"uid": uid}} if uid else {})})
    if not reply.ok and reply.status not in {_NOT_FOUND, _CONFLICT}:
        raise Unknown(f"{path} can be deleted", seen=reply.message)
