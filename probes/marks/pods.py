"""Pods that a scenario makes for itself: a shell script on a node of its choice."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from probes.marks import marked
from probes.nodes import NodeState, live, node
from probes.services import waiting
from probes.words import few, short, told
from roadworthy.cluster import Cluster
from roadworthy.errors import BadInput, Blocked


def ready_nodes(cluster: Cluster, wanted: int = 1) -> list[str]:
    """Return the names of the listed nodes that are ready, in the profile's order; Blocked when they are fewer."""
    states = {state.name: state for state in live(cluster)}
    names = [each.name for each in cluster.profile.nodes if each.name in states and states[each.name].ready]
    if len(names) < wanted:
        seen = f"{len(names)} of {len(cluster.profile.nodes)} ready: {few(names)}"
        raise Blocked(f"{wanted} nodes are ready to run a pod", seen=seen, where="the nodes' own criteria")
    return names


def usable(cluster: Cluster, name: str) -> NodeState:
    """Return a node that can run a pod; Blocked when it isn't ready: its own criterion says why."""
    state = node(cluster, name)
    if not state.ready:
        seen = f"{state.reason}: {state.message}"
        raise Blocked(f"{name} is ready to run a pod", seen=seen, where=f"the criterion of {name} itself")
    return state


def image(cluster: Cluster) -> str:
    """Return the image with a shell that the profile names for such pods."""
    found = cluster.profile.images.get("tools")
    if not found:
        raise BadInput(
            "the profile names an image with a shell for the pods that scenarios make",
            seen="images has no entry tools",
            where=cluster.profile.where,
            todo="add `images: {tools: …}`",
        )
    return found


def start(
    cluster: Cluster, purpose: str, script: str, *, node: str = "", claim: str = "", user: int = 65534
) -> tuple[str, str]:
    """Start a pod that runs a shell script (``claim``: a volume claim of its namespace at ``/data``).

    Returns its namespace and name. It is placed by the scheduler, so that volumes bind as they do for everybody.
    """
    markers = cluster.markers()
    namespace = markers.namespace()
    container: dict[str, Any] = {
        "name": purpose,
        "image": image(cluster),
        "command": ["/bin/sh", "-c", script],
        "resources": {"requests": {"cpu": "10m", "memory": "16Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    spec: dict[str, Any] = {
        "containers": [container],
        "restartPolicy": "Never",
        "automountServiceAccountToken": False,
        "enableServiceLinks": False,
        "terminationGracePeriodSeconds": 1,
        "securityContext": {"runAsNonRoot": True, "runAsUser": user, "runAsGroup": user, "fsGroup": user},
    }
    if claim:
        container["volumeMounts"] = [{"name": "data", "mountPath": "/data"}]
        spec["volumes"] = [{"name": "data", "persistentVolumeClaim": {"claimName": claim}}]
    if node:
        spec |= _only_on(node)
    name = marked(purpose)
    markers.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": name, "namespace": namespace},
            "spec": spec,
        }
    )
    return namespace, name


def output(cluster: Cluster, namespace: str, name: str, *, within: float = 60.0) -> tuple[str, str]:
    """Wait until a pod's script has ended well; return what it printed and the node that it ran on."""

    def ended() -> Mapping[str, Any]:
        pod = cluster.get("Pod", name, namespace=namespace)
        phase = (pod or {}).get("status", {}).get("phase", "no pod")
        if pod is None or phase not in {"Succeeded", "Failed"}:
            trouble = waiting(pod) if pod is not None else "not yet seen"
            raise AssertionError(told(f"the pod {name} runs its script to the end", seen=f"{phase}: {trouble}"))
        return pod

    pod = cluster.until(ended, within=within, kinds=("Pod",), what=f"pod {name}")
    said, node = cluster.logs(namespace, name), str(pod["spec"].get("nodeName", ""))
    if pod["status"]["phase"] == "Failed":
        expected, seen = f"the script of pod {name} ends well", f"{waiting(pod)}; it said: {short(said)}"
        raise AssertionError(told(expected, seen=seen, where=node))
    return said, node


def _only_on(node: str) -> dict[str, Any]:
    field = {"key": "metadata.name", "operator": "In", "values": [node]}
    terms = {"nodeSelectorTerms": [{"matchFields": [field]}]}
    return {
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": terms}},
        # A node that takes only certain pods (a control plane) still has to log, mount and resolve.
        "tolerations": [{"operator": "Exists", "effect": "NoSchedule"}],
    }
