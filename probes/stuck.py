"""Pods that have been too long in a state that they should leave: why, on which node, and what they wait for.

The graces come from the feature; here is what counts as a state, since when a pod is in it, and what the root is:
the node that doesn't report, or else the storage pod of that node that others' volumes wait for.
"""

from __future__ import annotations

from dataclasses import dataclass

from probes.image_pulls import PULLING, cause_of
from probes.moments import ago, epoch
from probes.node_agents import NodeAgent, agent
from probes.ownership import workload
from probes.pod_faults import STORAGE, VOLUME, last_seen
from probes.services import waiting
from probes.words import short
from roadworthy.cluster import Cluster, Obj
from roadworthy.markers import LABEL

TERMINATING, UNKNOWN, PENDING = "Terminating", "Unknown", "Pending"
IMAGE, CRASH = "ImagePullBackOff", "CrashLoopBackOff"
CRASHES = frozenset({CRASH, "RunContainerError", "CreateContainerError", "StartError"})

#: A pull that goes on is no fault: big images take their time on a slow line. Seconds, times the time factor.
PULL_TIME = 600.0


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
        seen = _state(cluster, pod, told, agents)
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


def _state(cluster: Cluster, pod: Obj, told: list[Obj], agents: dict[str, NodeAgent]) -> tuple[str, float] | None:
    """Return which state a pod is in and for how many seconds; None when it is fine or finished."""
    status, now = pod.get("status", {}), cluster.now()
    if deleted := pod["metadata"].get("deletionTimestamp"):  # the time of the request plus the grace period
        return TERMINATING, now - epoch(deleted)
    if status.get("phase") in {"Succeeded", "Failed"} or not waiting(pod):
        return None
    since = now - _unready_since(pod)
    if _lost(pod, agents):
        return UNKNOWN, since
    states = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    reasons = {((each.get("state") or {}).get("waiting") or {}).get("reason") for each in states}
    if reasons & PULLING:
        return IMAGE, since
    if reasons & CRASHES:
        return CRASH, max(since, now - _first_backoff(told, now))
    pending = status.get("phase") == PENDING and not _pulling(told, now, cluster.profile.time_factor)
    return (PENDING, since) if pending else None


def _lost(pod: Obj, agents: dict[str, NodeAgent]) -> bool:
    """Whether nobody knows how a pod is: its node doesn't report, or its containers ended unseen."""
    status, node = pod.get("status", {}), agents.get(pod["spec"].get("nodeName", ""))
    if status.get("phase") == "Unknown" or status.get("reason") == "NodeLost" or (node is not None and not node.ready):
        return True
    states = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    ends = [((each.get("state") or {}).get("terminated") or {}).get("reason", "") for each in states]
    return any(reason in {"Unknown", "ContainerStatusUnknown"} for reason in ends)


def _unready_since(pod: Obj) -> float:
    """Return since when a pod isn't ready (seconds since the epoch): its Ready condition's change, else its birth."""
    for each in pod.get("status", {}).get("conditions", ()):
        if each["type"] == "Ready" and each.get("lastTransitionTime"):
            return epoch(each["lastTransitionTime"])
    return epoch(pod["metadata"].get("creationTimestamp"))


def _first_backoff(told: list[Obj], now: float) -> float:
    """Return when a pod's restarts were first backed off, if they still are: being ready in between doesn't count."""
    backed = [each for each in told if each.get("reason") == "BackOff" and last_seen(each) > now - 400]
    return min((epoch(each.get("firstTimestamp")) or last_seen(each) for each in backed), default=now)


def _pulling(told: list[Obj], now: float, factor: float) -> bool:
    """Whether the last that was heard of a pod is that an image of it is being pulled, and not too long ago."""
    return bool(told) and told[-1].get("reason") == "Pulling" and now - last_seen(told[-1]) < PULL_TIME * factor


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
