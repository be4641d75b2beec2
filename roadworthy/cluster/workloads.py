"""What all who wait need to know of pods and workloads: which pods are whose, and whether all is rolled out."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from roadworthy.cluster.facade import Cluster, Obj
    from roadworthy.profile import Service

ROLLED_OUT_KINDS = ("Deployment", "StatefulSet", "DaemonSet")


def ready(pod: Obj) -> bool:
    """Whether a pod is Ready and not on its way out."""
    conditions = pod.get("status", {}).get("conditions") or []
    alive = not pod["metadata"].get("deletionTimestamp")
    return alive and any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)


def controller(thing: Obj) -> tuple[str, str] | None:
    """Return kind and name of what makes an object anew when it goes; None where nothing does."""
    references = thing["metadata"].get("ownerReferences") or []
    return next(((str(each["kind"]), str(each["name"])) for each in references if each.get("controller")), None)


def selected(workload: Obj) -> Mapping[str, str]:
    """Return the labels by which a workload finds its pods."""
    labels: Mapping[str, str] = (workload.get("spec", {}).get("selector") or {}).get("matchLabels") or {}
    return labels


def pods_of(cluster: Cluster, workload: Obj) -> list[Obj]:
    """Return the pods of a workload, dying ones included."""
    labels = selected(workload)
    return cluster.list("Pod", namespace=workload["metadata"]["namespace"], labels=labels) if labels else []


def wanted(workload: Obj) -> int:
    """Return how many pods a workload should have."""
    if workload["kind"] == "DaemonSet":
        return int(workload.get("status", {}).get("desiredNumberScheduled", 0))
    return int(workload.get("spec", {}).get("replicas", 1))


def unfinished(workload: Obj) -> str:
    """Say in what a workload differs from what its spec asks for; empty when it is rolled out."""
    status: Mapping[str, Any] = workload.get("status", {})
    meta = workload["metadata"]
    name = f"{workload['kind']} {meta['namespace']}/{meta['name']}"
    if int(status.get("observedGeneration", 0)) < int(meta.get("generation", 0)):
        return f"{name}: its controller has not seen the latest change yet"
    need = wanted(workload)
    if workload["kind"] == "DaemonSet":
        updated, available = status.get("updatedNumberScheduled", 0), status.get("numberAvailable", 0)
        if (workload["spec"].get("updateStrategy") or {}).get("type") == "OnDelete":
            updated = need
    else:
        updated, available = status.get("updatedReplicas", 0), status.get("readyReplicas", 0)
        if workload["kind"] == "StatefulSet" and status.get("currentRevision") == status.get("updateRevision"):
            updated = status.get("replicas", 0)
        if int(status.get("replicas", 0)) > need:
            return f"{name}: {status['replicas']} pods, {need} wanted"
    if int(updated) < need:
        return f"{name}: {updated} of {need} pods are of the latest revision"
    if int(available) < need:
        return f"{name}: {available} of {need} pods are ready"
    return ""


def behind(cluster: Cluster, service: Service) -> tuple[str, int]:
    """Return the ``portforward`` path of a Ready pod behind a service of the profile, and the pod's port.

    Raises:
        AssertionError: there is no such Service, or no Ready pod behind it.

    """
    where = f"Service {service.namespace}/{service.service}"
    found = cluster.get("v1/Service", service.service, namespace=service.namespace)
    if not found:
        raise AssertionError(f"{where} is not there")
    selector = found["spec"].get("selector") or {}
    pods = cluster.list("v1/Pod", namespace=service.namespace, labels=selector) if selector else []
    pod = next((each for each in pods if ready(each)), None)
    if not pod:
        raise AssertionError(f"{where} has no Ready pod behind it ({len(pods)} pods in all)")
    ports = [each for each in found["spec"].get("ports", []) if each["port"] == service.port]
    if not ports:
        raise AssertionError(f"{where} has no port {service.port}")
    target = ports[0].get("targetPort", service.port)
    if isinstance(target, str):
        named = [
            port for each in pod["spec"]["containers"] for port in each.get("ports", []) if port.get("name") == target
        ]
        if not named:
            raise AssertionError(f"{where}: pod {pod['metadata']['name']} has no port named {target}")
        target = named[0]["containerPort"]
    return f"/api/v1/namespaces/{service.namespace}/pods/{pod['metadata']['name']}/portforward", int(target)
