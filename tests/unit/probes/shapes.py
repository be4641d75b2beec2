"""Objects of the API in the shape that real API servers give them, for unit tests of probes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from roadworthy.profile import Node, SecretRef, Service


def service(name: str, namespace: str, workload: str = "", **more: Any) -> dict[str, Service]:
    """Return a profile's ``services`` with one entry."""
    return {name: Service(name=name, namespace=namespace, workload=workload, **more)}


def names(*nodes: str) -> tuple[Node, ...]:
    """Return a profile's ``nodes``."""
    return tuple(Node(name=name) for name in nodes)


def secret_ref(namespace: str, name: str, key: str) -> SecretRef:
    """Return a reference to a Secret's key."""
    return SecretRef(namespace=namespace, name=name, key=key)


def node(name: str, *, ready: str = "True", arch: str = "arm64", reason: str = "KubeletReady", **more: Any) -> Any:
    """Return a Node as the API server has it."""
    conditions = [
        {"type": kind, "status": more.get(kind, "False"), "message": f"about {kind}"}
        for kind in ("MemoryPressure", "DiskPressure", "PIDPressure")
    ]
    conditions.append(
        {
            "type": "Ready",
            "status": ready,
            "reason": reason,
            "message": "word of the kubelet",
            "lastTransitionTime": "2027-01-15T07:00:00Z",
        }
    )
    return {
        "kind": "Node",
        "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"unschedulable": True} if more.get("cordoned") else {},
        "status": {
            "conditions": conditions,
            "addresses": [{"type": "InternalIP", "address": more.get("address", "10.0.0.9")}],
            "nodeInfo": {
                "kubeletVersion": more.get("version", "v1.37.2"),
                "containerRuntimeVersion": "containerd://2.4.2",
                "architecture": arch,
            },
        },
    }


def pod(
    name: str,
    namespace: str = "apps",
    *,
    node: str = "node-1",
    ready: bool = True,
    phase: str = "Running",
    since: str = "2027-01-15T07:00:00Z",
    states: Sequence[Any] = (),
    image: str = "registry.test/app:1",
    **metadata: Any,
) -> Any:
    """Return a Pod as the API server has it; ``states`` are its container statuses."""
    return {
        "kind": "Pod",
        "metadata": {
            "name": name,
            "namespace": namespace,
            "uid": f"uid-{name}",
            "creationTimestamp": since,
            "labels": {"app": name.rpartition("-")[0] or name},
            **metadata,
        },
        "spec": {"nodeName": node, "containers": [{"name": "main", "image": image}]},
        "status": {
            "phase": phase,
            "podIP": "10.0.128.7",
            "conditions": [{"type": "Ready", "status": str(ready), "lastTransitionTime": since}],
            "containerStatuses": list(states),
        },
    }


def event(about: str, reason: str, message: str, *, kind: str = "Warning", at: str = "2027-01-15T07:59:00Z") -> Any:
    """Return an Event about a pod, as a kubelet writes it."""
    return {
        "kind": "Event",
        "metadata": {"name": f"{about}.{reason}", "namespace": "apps", "creationTimestamp": at},
        "involvedObject": {"kind": "Pod", "name": about, "uid": f"uid-{about}"},
        "type": kind,
        "reason": reason,
        "message": message,
        "firstTimestamp": at,
        "lastTimestamp": at,
    }


def waiting(reason: str, message: str = "", *, exit_code: int | None = None, container: str = "main") -> Any:
    """Return a container's status while it waits."""
    last = {"terminated": {"exitCode": exit_code, "reason": "Error"}} if exit_code is not None else {}
    state = {"waiting": {"reason": reason, "message": message}}
    return {"name": container, "image": "registry.test/app:1", "imageID": "", "state": state, "lastState": last}


def workload(kind: str, name: str, namespace: str, *, wanted: int = 1, ready: int = 1) -> Any:
    """Return a Deployment, StatefulSet or DaemonSet that selects the pods of the label ``app: name``."""
    status = {"observedGeneration": 1, "readyReplicas": ready, "updatedReplicas": wanted}
    if kind == "DaemonSet":
        status = {
            "observedGeneration": 1,
            "desiredNumberScheduled": wanted,
            "numberReady": ready,
            "updatedNumberScheduled": wanted,
        }
    return {
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "generation": 1, "uid": f"uid-{name}"},
        "spec": {"replicas": wanted, "selector": {"matchLabels": {"app": name}}},
        "status": status,
    }
