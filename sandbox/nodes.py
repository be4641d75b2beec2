"""The nodes as the API server knows them: introduced with their names and ranges, and waited for."""

from __future__ import annotations

import time

from roadworthy.errors import TimedOut
from sandbox import machine, supervise
from sandbox.api import Api, ApiFailed, Object, path
from sandbox.layout import CONTROL_PLANE, Sandbox

NODES = path("v1", "Node")


def wait_for_api(sandbox: Sandbox, api: Api, seconds: float = 60) -> None:
    """Return once the API server is ready.

    Raises:
        TimedOut: with the state of what it needs.

    """
    deadline = time.monotonic() + seconds
    while not api.ready():
        if time.monotonic() > deadline:
            services = ("etcd", "kube-apiserver")
            seen = ", ".join(f"{name}: {supervise.state(sandbox, CONTROL_PLANE, name)}" for name in services)
            raise TimedOut(
                f"the API server to be ready within {seconds:g} s",
                seen=seen,
                where=str(sandbox.paths.logs(CONTROL_PLANE)),
                todo=f"roadworthy sandbox logs kube-apiserver --name {sandbox.name}",
            )
        time.sleep(0.05)


def introduce(sandbox: Sandbox, api: Api) -> None:
    """Give every node its object before its kubelet does: range of pods and role are not a kubelet's to choose."""
    for name in sandbox.node_names:
        labels = {"node-role.kubernetes.io/worker": ""}
        api.apply(
            {
                "apiVersion": "v1",
                "kind": "Node",
                "metadata": {"name": name, "labels": labels},
                "spec": {"podCIDR": sandbox.pod_range(name), "podCIDRs": [sandbox.pod_range(name)]},
            }
        )


def complaint(item: Object) -> str:
    """Return why a node is not Ready; empty when it is, and a pod could be put there."""
    taints = [taint["key"] for taint in item.get("spec", {}).get("taints", []) if taint["effect"] != "PreferNoSchedule"]
    for condition in item.get("status", {}).get("conditions", []):
        if condition["type"] == "Ready":
            if condition["status"] == "True":
                return f"tainted: {', '.join(taints)}" if taints else ""
            return str(condition.get("message") or condition.get("reason"))
    return "its kubelet has not reported yet"


def ready(api: Api) -> dict[str, str]:
    """Return every node with what keeps it from being Ready; empty text: nothing."""
    try:
        return {item["metadata"]["name"]: complaint(item) for item in api.get(NODES)["items"]}
    except ApiFailed:
        return {}


def wait_ready(sandbox: Sandbox, api: Api, seconds: float = 90) -> None:
    """Return once all nodes are Ready, by what their kubelets have said since their machines' present boot.

    Raises:
        TimedOut: with the reason of each that is not.

    """
    boots = {name: machine.boot_id(sandbox, name) for name in sandbox.node_names}

    def unwell(item: Object) -> str:
        told, boot = item.get("status", {}).get("nodeInfo", {}).get("bootID"), boots[item["metadata"]["name"]]
        return "its kubelet has not come back yet" if boot and told != boot else complaint(item)

    api.wait(NODES, unwell, set(sandbox.node_names), seconds)
