"""Whether the add-ons are complete, by what the kubelets have said since their machines' present boots."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from roadworthy.errors import TimedOut
from sandbox.api import Api, ApiFailed, Object, path

DEPLOYMENTS = {
    "kube-system": {"coredns", "metrics-server"},
    "local-path-storage": {"local-path-provisioner"},
    "ingress": {"traefik"},
}
"""Namespace -> the Deployments that make a sandbox complete."""


def complaint(item: Object) -> str:
    """Return why a Deployment is not complete; empty when it is."""
    status: dict[str, Any] = item.get("status", {})
    wanted, there = item["spec"]["replicas"], status.get("readyReplicas", 0)
    if status.get("observedGeneration", 0) < item["metadata"]["generation"]:
        return "not looked at yet"
    if status.get("updatedReplicas", 0) < wanted or there < wanted or status.get("replicas", 0) > wanted:
        return f"{there} of {wanted} pods ready"
    return ""


def outdated(pods: list[Object], boots: Mapping[str, float]) -> dict[str, str]:
    """Return the pods whose readiness is from before their node's present boot: `namespace/name` -> complaint.

    A kubelet that comes back is soon believed about its node, and only then gets to its pods: until it does, the API
    server repeats what was true before.

    Args:
        pods: as the API server has them.
        boots: node -> when it booted (Unix time).

    """
    found = {}
    for pod in pods:
        metadata, boot = pod["metadata"], boots.get(pod["spec"].get("nodeName", ""))
        if boot is None or "deletionTimestamp" in metadata:
            continue
        for container in pod.get("status", {}).get("containerStatuses", []):
            started = container.get("state", {}).get("running", {}).get("startedAt")
            # The API's times are whole seconds.
            if started and datetime.fromisoformat(started).timestamp() < int(boot):
                found[f"{metadata['namespace']}/{metadata['name']}"] = "its node has booted since it was last heard of"
    return found


def missing(api: Api, boots: Mapping[str, float]) -> dict[str, str]:
    """Return what is wrong with each add-on that is not complete, and each of its pods: `namespace/name` -> complaint.

    Args:
        api: of the sandbox.
        boots: node -> when it booted (Unix time).

    """
    found = {}
    for namespace, names in DEPLOYMENTS.items():
        found.update(outdated(api.get(path("v1", "Pod", namespace))["items"], boots))
        there = {item["metadata"]["name"]: item for item in api.get(path("apps/v1", "Deployment", namespace))["items"]}
        for name in sorted(names):
            text = complaint(there[name]) if name in there else "not installed"
            if text:
                found[f"{namespace}/{name}"] = text
    return found


def _outdated(api: Api, namespace: str, boots: Mapping[str, float]) -> dict[str, str]:
    try:
        return outdated(api.get(path("v1", "Pod", namespace))["items"], boots)
    except ApiFailed as error:  # it may answer the next time
        return {namespace: str(error)}


def wait(api: Api, boots: Mapping[str, float], seconds: float = 120) -> None:
    """Return once all add-ons are complete, by what was said since the nodes' boots, and the metrics API answers.

    Args:
        api: of the sandbox.
        boots: node -> when it booted (Unix time).
        seconds: for each of them.

    Raises:
        TimedOut: with what is missing.

    """
    deadline = time.monotonic() + seconds
    for namespace in DEPLOYMENTS:
        while left := _outdated(api, namespace, boots):
            if time.monotonic() > deadline:
                seen = "; ".join(f"{name}: {text}" for name, text in sorted(left.items()))
                raise TimedOut(f"the kubelets to tell of their pods within {seconds:g} s", seen=seen)
            time.sleep(0.1)
    for namespace, names in DEPLOYMENTS.items():
        api.wait(path("apps/v1", "Deployment", namespace), complaint, set(names), seconds)

    def available(item: Object) -> str:
        conditions = {each["type"]: each for each in item.get("status", {}).get("conditions", [])}
        told = conditions.get("Available", {})
        return "" if told.get("status") == "True" else str(told.get("message", "not looked at yet"))

    api.wait(path("apiregistration.k8s.io/v1", "APIService"), available, {"v1beta1.metrics.k8s.io"}, seconds)
