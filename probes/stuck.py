"""Pods that have been too long in a state that they should leave: why, on which node, and what they wait for.

The graces come from the feature; here is what counts as a state, since when a pod is in it, and what the root is:
the node that doesn't report, or else the storage pod of that node that others' volumes wait for.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.image_pulls import PULLING, cause_of
from probes.moments import ago
from probes.node_agents import NodeAgent, agent
from probes.ownership import workload
from probes.pod_faults import STORAGE, VOLUME, last_seen
from probes.pod_states import state_of
from probes.services import waiting
from probes.words import short
from roadworthy.cluster import Cluster, Obj
from roadworthy.markers import LABEL


@dataclass(frozen=True, slots=True)
class StuckPod:
    """One pod in a state that it should leave.

    Attributes:
        state: one of the five.
        seconds: for how long.
        cause: why, in the words of its containers' states and its events.
        root: what it waits for when that isn't itself: ``node node-3, which …`` or ``pod namespace/name``; else empty.
        owner: ``Kind namespace/name`` of the workload that it belongs to.

    """

    state: str
    namespace: str
    name: str
    node: str
    seconds: float
    cause: str
    root: str
    owner: str
    storage: bool

    def __str__(self) -> str:
        """Return one line for people."""
        where = f"on {self.node}" if self.node else "on no node"
        waits = f"; it waits for {self.root}" if self.root else ""
        return f"{self.namespace}/{self.name} {where} for {ago(self.seconds)}: {self.cause}{waits}"


def stuck_pods(cluster: Cluster, state: str) -> tuple[StuckPod, ...]:
    """Return every pod that is in a state now, however long: roots first (storage pods), then by node and name."""
    events = _events(cluster)
    agents = {obj["metadata"]["name"]: agent(obj["metadata"]["name"], obj) for obj in cluster.list("Node")}
    pods = [pod for pod in cluster.list("Pod") if LABEL not in (pod["metadata"].get("labels") or {})]
    sick = {_key(pod): pod for pod in pods if STORAGE.match(pod["metadata"]["name"]) and waiting(pod)}
    found = []
    for pod in pods:
        told = events.get(pod["metadata"]["uid"], [])
        seen = state_of(cluster, pod, told, agents)
        if seen is not None and seen[0] == state:
            found.append(_stuck(cluster, pod, seen, _cause(pod, told), _root(pod, told, agents, sick)))
    return tuple(
        sorted(found, key=lambda each: (not each.storage, bool(each.root), each.node, each.namespace, each.name))
    )


def left(cluster: Cluster, state: str, grace: float) -> tuple[StuckPod, ...]:
    """Return the pods that stay in a state for longer than ``grace`` seconds (times the time factor).

    A pod within its grace is waited for, so that nothing is left undecided.
    """
    allowed = grace * cluster.profile.time_factor

    def decided() -> tuple[StuckPod, ...]:
        found = stuck_pods(cluster, state)
        over = tuple(each for each in found if each.seconds > allowed)
        if found and not over:
            raise AssertionError(f"{len(found)} pods are {state}, within their grace: {found[0]}")
        return over

    try:
        return cluster.until(decided, within=grace + 15, kinds=("Pod", "Event"), what=f"pods leave {state}")
    except AssertionError:  # one after the other came and went: none of them stayed
        return ()


def _events(cluster: Cluster) -> dict[str, list[Obj]]:
    """Return the events about pods by the pod's uid, oldest first."""
    found: dict[str, list[Obj]] = {}
    for event in cluster.list("Event"):
        if event["involvedObject"].get("kind") == "Pod":
            found.setdefault(event["involvedObject"].get("uid", ""), []).append(event)
    for several in found.values():
        several.sort(key=last_seen)
    return found


def _key(pod: Obj) -> str:
    return f"{pod['metadata']['namespace']}/{pod['metadata']['name']}"


def _cause(pod: Obj, told: list[Obj]) -> str:
    """Return why a pod is where it is."""
    warnings = [event for event in told if event.get("type") == "Warning"]
    own = waiting(pod)
    if pod["metadata"].get("deletionTimestamp"):
        held = pod["metadata"].get("finalizers")
        own = f"held by finalizers {', '.join(held)}" if held else "its node has not confirmed that it is gone"
    if any(reason in own for reason in PULLING):
        pulls = [event["message"] for event in warnings if "pull" in event.get("message", "").lower()]
        words = next((each for each in reversed(pulls) if cause_of(each).value != "can't be pulled"), own)
        return short(f"{cause_of(words)}: {words}")
    last = f"{warnings[-1].get('reason', '')}: {warnings[-1].get('message', '')}" if warnings else ""
    return short(" | ".join(filter(None, (own, last))) or "no reason given")


def _root(pod: Obj, told: list[Obj], agents: dict[str, NodeAgent], sick: dict[str, Obj]) -> str:
    """Return what a pod waits for, when that is something else than itself."""
    name = pod["spec"].get("nodeName", "")
    if not name:
        return ""
    node = agents.get(name)
    if node is None:
        return f"node {name}, which is no longer there"
    if not node.ready:
        return f"node {name}, which is not ready ({node.reason}: {short(node.message, 120)})"
    if STORAGE.match(pod["metadata"]["name"]) or not any(VOLUME.match(event.get("reason", "")) for event in told):
        return ""
    there = [key for key, each in sick.items() if each["spec"].get("nodeName") == name]
    return f"storage pod {there[0]} on the same node" if there else ""


def _stuck(cluster: Cluster, pod: Obj, seen: tuple[str, float], cause: str, root: str) -> StuckPod:
    return StuckPod(
        state=seen[0],
        namespace=pod["metadata"]["namespace"],
        name=pod["metadata"]["name"],
        node=pod["spec"].get("nodeName", ""),
        seconds=seen[1],
        cause=cause,
        root=root,
        owner=str(workload(cluster, pod)),
        storage=bool(STORAGE.match(pod["metadata"]["name"])),
    )
