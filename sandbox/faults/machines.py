"""Faults of machines: stopped services, cut cables, a wrong clock."""

from __future__ import annotations

import time
from collections.abc import Iterator

from roadworthy.errors import BadInput, TimedOut
from sandbox import network, supervise
from sandbox.api import Object, path
from sandbox.faults.registry import Memory, Site, fault
from sandbox.layout import CONTROL_PLANE
from sandbox.nodes import complaint


def _stopping(site: Site, machine: str, service: str) -> Memory:
    seen = supervise.state(site.sandbox, machine, service)
    if seen != "run":
        raise BadInput(
            f"{service} to run on {machine}", seen=seen, todo=f"roadworthy sandbox up --name {site.sandbox.name}"
        )
    return {"machine": machine, "service": service}


def _start(site: Site, memory: Memory) -> None:
    supervise.start(site.sandbox, memory["machine"], memory["service"])


def _plug(site: Site, memory: Memory) -> None:
    network.plug(site.sandbox, memory["node"], connected=True)


@fault("stop-kubelet")
def stop_kubelet(site: Site, node: str) -> Iterator[Memory]:
    """Stop a node's kubelet: the node is NotReady after 30 s, its pods run on."""
    site.sandbox.number(node)
    yield _stopping(site, node, "kubelet")
    supervise.stop(site.sandbox, node, "kubelet")


@fault("kill-runtime")
def kill_runtime(site: Site, node: str) -> Iterator[Memory]:
    """Stop a node's containerd: no pod starts or ends there."""
    site.sandbox.number(node)
    yield _stopping(site, node, "containerd")
    supervise.stop(site.sandbox, node, "containerd")


@fault("registry-down")
def registry_down(site: Site) -> Iterator[Memory]:
    """Stop the image registry: no node can pull an image that it doesn't have."""
    yield _stopping(site, CONTROL_PLANE, "registry")
    supervise.stop(site.sandbox, CONTROL_PLANE, "registry")


@fault("stop-service")
def stop_service(site: Site, machine: str, service: str) -> Iterator[Memory]:
    """Stop any service of any machine (kube-scheduler on control-plane, sshd on node-2 ...)."""
    yield _stopping(site, machine, service)
    supervise.stop(site.sandbox, machine, service)


@fault("cut-network")
def cut_network(site: Site, node: str) -> Iterator[Memory]:
    """Pull a node's network cable."""
    site.sandbox.number(node)
    if not network.plugged(site.sandbox, node):
        raise BadInput(f"{node} to be connected", seen="its cable is out already")
    yield {"node": node}
    network.plug(site.sandbox, node, connected=False)


@fault("unknown-pod")
def unknown_pod(site: Site, node: str, seconds: str = "90") -> Iterator[Memory]:
    """Lose a node and delete its pods: they hang in Terminating on a node that is Unknown. Waits for that."""
    site.sandbox.number(node)
    if not network.plugged(site.sandbox, node):
        raise BadInput(f"{node} to be connected", seen="its cable is out already")
    yield {"node": node}
    network.plug(site.sandbox, node, connected=False)
    deadline = time.monotonic() + float(seconds)
    while not complaint(site.api.get(path("v1", "Node", name=node))):
        if time.monotonic() > deadline:
            raise TimedOut(f"{node} to be lost within {seconds} s", seen="it is Ready still")
        time.sleep(0.5)
    for pod in site.api.get(path("v1", "Pod"), fieldSelector=f"spec.nodeName={node}")["items"]:
        if not _of_a_daemon(pod):
            meta = pod["metadata"]
            site.api.call("DELETE", path("v1", "Pod", meta["namespace"], meta["name"]))


def _of_a_daemon(pod: Object) -> bool:
    return any(owner["kind"] == "DaemonSet" for owner in pod["metadata"].get("ownerReferences", []))


for _each in (stop_kubelet, kill_runtime, registry_down, stop_service):
    _each.undo(_start)
for _each in (cut_network, unknown_pod):
    _each.undo(_plug)
