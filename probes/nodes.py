"""The nodes: which there are, how they are, how their clocks go."""

from __future__ import annotations

from dataclasses import dataclass

from probes.moments import epoch
from probes.words import told
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import NotApplicable, Unknown

PRESSURES = ("MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable")


@dataclass(frozen=True, slots=True)
class NodeState:
    """One live node.

    Attributes:
        ready: the Ready condition is True; ``reason`` and ``message`` are that condition's.
        pressures: the conditions of ``PRESSURES`` that hold, with their messages.
        cordoned: somebody has closed it to new pods.
        version: the kubelet's.
        address: its InternalIP.

    """

    name: str
    ready: bool
    reason: str
    message: str
    pressures: tuple[str, ...]
    cordoned: bool
    version: str
    runtime: str
    arch: str
    address: str


@dataclass(frozen=True, slots=True)
class Clock:
    """A node's clock: ``skew`` = its time minus the API server's, known to within ``doubt`` (both seconds)."""

    node: str
    skew: float
    doubt: float


def listed(cluster: Cluster, ordinal: str) -> str:
    """Return the profile's n-th node for ``node-<n>``; NotApplicable when it lists fewer."""
    number = int(ordinal.removeprefix("node-"))
    nodes = cluster.profile.nodes
    if number > len(nodes):
        raise NotApplicable(f"{cluster.profile.where} lists {len(nodes)} nodes: there is no {ordinal}")
    return nodes[number - 1].name


def live(cluster: Cluster) -> tuple[NodeState, ...]:
    """Return every node that there is, by name."""
    return tuple(sorted(map(_state, cluster.list("Node")), key=lambda node: node.name))


def node(cluster: Cluster, name: str) -> NodeState:
    """Return one node; AssertionError when it isn't there."""
    found = cluster.get("Node", name)
    if found is None:
        names = ", ".join(each.name for each in live(cluster)) or "none"
        where, todo = cluster.profile.where, f"start the node agent on {name}, or correct the profile"
        raise AssertionError(told(f"{name} is a node of the cluster", seen=f"nodes: {names}", where=where, todo=todo))
    return _state(found)


def heartbeat(cluster: Cluster, name: str) -> float:
    """Return how many seconds ago a node last renewed its lease, by a consistent read; AssertionError without a lease.

    The Ready condition stays True for up to 50 s after a kubelet has died: the lease tells earlier.
    """
    lease = cluster.fresh("Lease", name, namespace="kube-node-lease")
    if lease is None:
        where = f"Lease kube-node-lease/{name}"
        raise AssertionError(told(f"{name} reports to the API server", seen="it has no lease", where=where))
    return max(0.0, cluster.now() - epoch(lease["spec"].get("renewTime")))


def clock(cluster: Cluster, name: str) -> Clock:
    """Return a node's clock against the API server's, asked over SSH.

    Half of the way there and back is in doubt, and half a second of the API server's own clock (its Date header has
    whole seconds).
    """
    before = cluster.now()
    answer = cluster.ssh(name, "date +%s.%N")
    after = cluster.now()
    try:
        told_time = float(answer.stdout)
    except ValueError as error:
        where, seen = f"ssh {name} date", (answer.stderr or answer.stdout).strip()
        raise Unknown(f"{name} tells its time", seen=seen or f"exit code {answer.code}", where=where) from error
    return Clock(name, told_time - (before + after) / 2, (after - before) / 2 + 0.5)


def versions(cluster: Cluster) -> dict[str, tuple[str, ...]]:
    """Return which nodes run which version of the kubelet."""
    found: dict[str, tuple[str, ...]] = {}
    for each in live(cluster):
        found[each.version] = (*found.get(each.version, ()), each.name)
    return found


def _state(obj: Obj) -> NodeState:
    status = obj.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions", ())}
    ready, info = conditions.get("Ready", {}), status.get("nodeInfo", {})
    held = [conditions[kind] for kind in PRESSURES if conditions.get(kind, {}).get("status") == "True"]
    internal = (each["address"] for each in status.get("addresses", ()) if each["type"] == "InternalIP")
    return NodeState(
        name=obj["metadata"]["name"],
        ready=ready.get("status") == "True",
        reason=ready.get("reason", "no Ready condition"),
        message=ready.get("message", ""),
        cordoned=bool(obj.get("spec", {}).get("unschedulable")),
        pressures=tuple(f"{each['type']} ({each.get('message', '')})" for each in held),
        version=info.get("kubeletVersion", ""),
        runtime=info.get("containerRuntimeVersion", ""),
        arch=info.get("architecture", ""),
        address=next(internal, ""),
    )
