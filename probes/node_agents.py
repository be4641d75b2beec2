"""The kubelet and the container runtime of each node: well or not, since when, and whether we can get there."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from probes.moments import epoch
from roadworthy import halfway
from roadworthy.cluster import Cluster, ExecResult, Obj
from roadworthy.errors import Unknown

#: OpenSSH's own exit code: it couldn't connect.
NO_CONNECTION = 255


@dataclass(frozen=True, slots=True)
class NodeAgent:
    """One node as the API server sees it.

    Attributes:
        exists: whether there is a Node object.
        ready: the ``Ready`` condition is ``True``.
        reason: of the ``Ready`` condition, e.g. ``NodeStatusUnknown`` (no kubelet), ``KubeletNotReady`` (no runtime).
        message: of the ``Ready`` condition.
        since: when it last changed, seconds since the epoch.
        control_plane: the node carries the control plane.
        cordoned_by: the run of ours that cordoned it; empty when it isn't cordoned, or not by us.

    """

    name: str
    exists: bool
    ready: bool
    reason: str = ""
    message: str = ""
    since: float = 0.0
    control_plane: bool = False
    cordoned: bool = False
    cordoned_by: str = ""


@dataclass(frozen=True, slots=True)
class Reach:
    """What SSH came to: ``answer`` is what the command printed; ``problem`` why there is none."""

    reachable: bool
    answer: str = ""
    problem: str = ""


def agent(name: str, node: Obj | None) -> NodeAgent:
    """Return the state of one node from its Node object."""
    if node is None:
        return NodeAgent(name, exists=False, ready=False, reason="NoSuchNode", message="there is no Node object")
    conditions = node.get("status", {}).get("conditions", ())
    ready: Obj = next((each for each in conditions if each["type"] == "Ready"), {})
    labels = node["metadata"].get("labels") or {}
    cordoned = bool(node.get("spec", {}).get("unschedulable"))
    return NodeAgent(
        name,
        exists=True,
        ready=ready.get("status") == "True",
        reason=ready.get("reason", "NoReadyCondition"),
        message=ready.get("message", ""),
        since=epoch(ready.get("lastTransitionTime")),
        control_plane="node-role.kubernetes.io/control-plane" in labels,
        cordoned=cordoned,
        cordoned_by=halfway.cordoned_by(node),
    )


def agents(cluster: Cluster) -> list[NodeAgent]:
    """Return the nodes that the profile promises or that are there, by name."""
    live = {node["metadata"]["name"]: node for node in cluster.list("Node")}
    names = {node.name for node in cluster.profile.nodes} | set(live)
    return [agent(name, live.get(name)) for name in sorted(names)]


def reach(cluster: Cluster, node: str, command: str = "true") -> Reach:
    """Run a read-only command on a node; a node that can't be reached is an answer here, not an error."""
    try:
        result: ExecResult = cluster.ssh(node, command)
    except Unknown as error:
        return Reach(reachable=False, problem=str(error))
    if result.code == NO_CONNECTION:
        return Reach(reachable=False, problem=result.stderr.strip() or "ssh could not connect")
    return Reach(reachable=True, answer=result.stdout)


Containers = Literal["gone", "running", "unknown"]


def containers(cluster: Cluster, node: str, pod_uid: str) -> Containers:
    """Say whether processes of a pod still run on a node, whatever its kubelet and runtime may think.

    The kernel is asked, over SSH: a process of a pod sits in a control group that carries the pod's uid
    (``…/pod<uid>/…`` with cgroupfs, ``…-pod<uid with _ for ->.slice`` with systemd).
    """
    if not re.fullmatch(r"[0-9a-f-]{8,64}", pod_uid):
        return "unknown"
    pattern = f"{pod_uid}|{pod_uid.replace('-', '_')}"
    seen = reach(cluster, node, f"cat /proc/[0-9]*/cgroup 2>/dev/null | grep -cE '{pattern}'")
    if not seen.reachable or not seen.answer.strip().isdigit():
        return "unknown"
    return "gone" if int(seen.answer) == 0 else "running"
