"""The five states in which no pod may stay, and since when a pod is in one of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from probes.image_pulls import PULLING
from probes.moments import epoch
from probes.node_agents import NodeAgent
from probes.pod_faults import last_seen
from probes.services import waiting
from roadworthy.cluster import Cluster, Obj

State = tuple[str, float]

TERMINATING, UNKNOWN, PENDING = "Terminating", "Unknown", "Pending"
IMAGE, CRASH = "ImagePullBackOff", "CrashLoopBackOff"
CRASHES = frozenset({CRASH, "RunContainerError", "CreateContainerError", "StartError"})

#: A pull that goes on is no fault: big images take their time on a slow line. Seconds, times the time factor.
PULL_TIME = 600.0
#: How long a program that has crashed must run before it counts as recovered. Seconds.
STEADY = 45.0


def state_of(cluster: Cluster, pod: Obj, told: Sequence[Obj], agents: Mapping[str, NodeAgent]) -> State | None:
    """Return which state a pod is in and for how many seconds; None when it is fine or finished.

    ``told``: the events about it, oldest first; ``agents``: the nodes by name.
    """
    status, now = pod.get("status", {}), cluster.now()
    if deleted := pod["metadata"].get("deletionTimestamp"):  # the time of the request plus the grace period
        return TERMINATING, now - epoch(deleted)
    if status.get("phase") in {"Succeeded", "Failed"}:
        return None
    since = now - _unready_since(pod)
    if waiting(pod) and _lost(pod, agents):
        return UNKNOWN, since
    if _between_crashes(pod, now):
        return CRASH, 0.0  # not yet well, and not yet held against it
    return _not_started(pod, told, now, since, cluster.profile.time_factor) if waiting(pod) else None


def _not_started(pod: Obj, told: Sequence[Obj], now: float, since: float, factor: float) -> State | None:
    """Return the state of a pod whose containers wait."""
    status = pod.get("status", {})
    states = [*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())]
    reasons = {((each.get("state") or {}).get("waiting") or {}).get("reason") for each in states}
    if reasons & PULLING:
        return IMAGE, since
    if reasons & CRASHES:
        return CRASH, max(since, now - _first_backoff(told, now))
    pending = status.get("phase") == PENDING and not _pulling(told, now, factor)
    return (PENDING, since) if pending else None


def _between_crashes(pod: Obj, now: float) -> bool:
    """Whether a container has just crashed, or has crashed more than once and runs for less than ``STEADY`` seconds."""
    for each in pod.get("status", {}).get("containerStatuses", ()):
        last, state = (each.get("lastState") or {}).get("terminated") or {}, each.get("state") or {}
        if (state.get("terminated") or {}).get("exitCode"):
            return True
        running = state.get("running") or {}
        again = each.get("restartCount", 0) >= 2 and last.get("exitCode")
        if again and now - epoch(running.get("startedAt")) < STEADY:
            return True
    return False


def _lost(pod: Obj, agents: Mapping[str, NodeAgent]) -> bool:
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


def _first_backoff(told: Sequence[Obj], now: float) -> float:
    """Return when a pod's restarts were first backed off, if they still are: being ready in between doesn't count."""
    backed = [each for each in told if each.get("reason") == "BackOff" and last_seen(each) > now - 400]
    return min((_first_seen(each) for each in backed), default=now)


def _first_seen(event: Obj) -> float:
    """Return when an event was first seen (seconds since the epoch), whichever field its writer filled."""
    times = (event.get("firstTimestamp"), event.get("eventTime"), event["metadata"].get("creationTimestamp"))
    return next(filter(None, map(epoch, times)), last_seen(event))


def _pulling(told: Sequence[Obj], now: float, factor: float) -> bool:
    """Whether the last that was heard of a pod is that an image of it is being pulled, and not too long ago."""
    return bool(told) and told[-1].get("reason") == "Pulling" and now - last_seen(told[-1]) < PULL_TIME * factor
