"""Pods that still run with what their configuration said before it was changed.

A ConfigMap or Secret that is changed reaches a running program late (the kubelet syncs files within a minute or two)
or never (environment variables, programs that read their file once). A pod made after the change has it for sure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from probes.moments import epoch
from roadworthy.cluster import Cluster, Obj

#: What a pod takes its configuration from.
RIGHTS: tuple[str, ...] = ("get configmaps", "get secrets")

#: How long the kubelet may take to bring a changed file into a running pod, seconds.
SYNC = 120.0

#: How a container's environment refers to its sources.
REFERENCES = {
    "configMapRef": "ConfigMap",
    "configMapKeyRef": "ConfigMap",
    "secretRef": "Secret",
    "secretKeyRef": "Secret",
}


@dataclass(frozen=True, slots=True)
class StalePod:
    """A pod older than its configuration: ``changed`` is in seconds since the epoch."""

    namespace: str
    name: str
    uid: str
    node: str
    source: str
    changed: float


def stale(cluster: Cluster, pods: list[Obj]) -> list[StalePod]:
    """Return those of the pods that began before their configuration last changed, by name."""
    known: dict[tuple[str, str, str], float] = {}

    def changed(kind: str, namespace: str, name: str) -> float:
        key = (kind, namespace, name)
        if key not in known:
            known[key] = last_change(cluster.fresh(kind, name, namespace=namespace))
        return known[key]

    found = []
    for pod in pods:
        metadata = pod["metadata"]
        if metadata.get("deletionTimestamp") or pod.get("status", {}).get("phase") in {"Succeeded", "Failed"}:
            continue
        times = [
            (changed(kind, metadata["namespace"], name), f"{kind} {metadata['namespace']}/{name}")
            for kind, name in sorted(set(sources(pod)))
        ]
        newest = max(times, default=(0.0, ""))
        if epoch(metadata.get("creationTimestamp")) < newest[0] and _began(pod) < newest[0] + SYNC:
            node = pod["spec"].get("nodeName", "")
            found.append(StalePod(metadata["namespace"], metadata["name"], metadata["uid"], node, newest[1], newest[0]))
    return sorted(found, key=lambda each: (each.namespace, each.name))


def sources(pod: Obj) -> Iterator[tuple[str, str]]:
    """Yield the ConfigMaps and Secrets that a pod mounts or takes its environment from: (kind, name)."""
    spec = pod["spec"]
    for volume in spec.get("volumes", ()):
        parts = [volume, *(volume.get("projected") or {}).get("sources", ())]
        for part in parts:
            if "configMap" in part and part["configMap"].get("name") != "kube-root-ca.crt":
                yield "ConfigMap", part["configMap"]["name"]
            if "secret" in part:
                yield "Secret", part["secret"].get("secretName") or part["secret"]["name"]
    for container in (*spec.get("initContainers", ()), *spec.get("containers", ())):
        references = [*container.get("envFrom", ()), *(each.get("valueFrom", {}) for each in container.get("env", ()))]
        for each in references:
            for key, kind in REFERENCES.items():
                if key in each:
                    yield kind, each[key]["name"]


def last_change(obj: Obj | None) -> float:
    """Return when an object was last written, in seconds since the epoch; 0.0 when it isn't there."""
    if obj is None:
        return 0.0
    metadata = obj["metadata"]
    times = [epoch(each.get("time")) for each in metadata.get("managedFields", ())]
    return max([*times, epoch(metadata.get("creationTimestamp"))])


def _began(pod: Obj) -> float:
    """Return when the container that was started first this time around began; 0.0 when one never began."""
    began = []
    for state in pod.get("status", {}).get("containerStatuses", ()):
        phases = [
            state.get("state", {}).get("running"),
            state.get("state", {}).get("terminated"),
            state.get("lastState", {}).get("terminated"),
        ]
        began.append(max((epoch(each.get("startedAt")) for each in phases if each), default=0.0))
    return min(began, default=0.0)
