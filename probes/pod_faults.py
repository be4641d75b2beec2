"""Pods that will not get well on their own, and what each of them waits for."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum

from probes.moments import epoch
from roadworthy.cluster import Cluster, Obj

#: How long a pod may stay in a state before it counts as stuck, seconds; multiplied by the profile's time factor.
GRACE = {"terminating": 30.0, "unknown": 10.0, "sandbox": 45.0, "volume": 60.0, "failed": 0.0, "unready": 45.0}

SANDBOX = re.compile(r"sandbox|FailedKillPod|KillPodSandboxError|CreatePodSandboxError", re.IGNORECASE)
VOLUME = re.compile(r"^(FailedMount|FailedAttachVolume|FailedMapVolume)$")
#: A pod in phase Failed for one of these reasons was given up by its node; its controller made another one long ago.
GIVEN_UP = frozenset(
    {
        *("Evicted", "NodeLost", "NodeShutdown", "Shutdown", "Terminated", "NodeAffinity"),
        *("UnexpectedAdmissionError", "OutOfcpu", "OutOfmemory", "OutOfpods"),
    }
)

#: Pods that other pods' volumes hang on, as name patterns: Longhorn, CSI node plug-ins, NFS, local-path.
STORAGE = re.compile(
    r"^(longhorn-manager|longhorn-csi-plugin|engine-image-ei|instance-manager|share-manager|csi-.+|.+-csi-.+"
    r"|local-path-provisioner|nfs-(client|subdir|server).*|openebs-.+|rook-ceph-.+)"
)


class Fault(StrEnum):
    """Why a pod is on the list."""

    TERMINATING = "terminating"  # asked to go, grace long over, still listed
    UNKNOWN = "unknown"  # its node stopped telling
    SANDBOX = "sandbox"  # the runtime can't make or remove its sandbox
    VOLUME = "volume"  # a volume is not mounted or attached
    FAILED = "failed"  # given up by its node, left lying
    UNREADY = "unready"  # runs, but one of its containers isn't ready (of interest for storage pods only)


@dataclass(frozen=True, slots=True)
class FaultyPod:
    """One pod that won't get well: what, where, since when (seconds since the epoch), and the words that say so."""

    fault: Fault
    namespace: str
    name: str
    uid: str
    node: str
    since: float
    detail: str
    storage: bool
    finalizers: tuple[str, ...] = ()
    obj: Obj = field(repr=False, compare=False, default_factory=dict)

    def __str__(self) -> str:
        """Return ``namespace/name on node``."""
        return f"{self.namespace}/{self.name}" + (f" on {self.node}" if self.node else "")


def faulty_pods(cluster: Cluster) -> list[FaultyPod]:
    """Return the faulty pods, storage pods first, then by node and name."""
    now, factor = cluster.now(), cluster.profile.time_factor
    complaints = _complaints(cluster)
    found = [_fault(pod, complaints.get(pod["metadata"]["uid"], [])) for pod in cluster.list("Pod")]
    late = [each for each in found if each is not None and now - each.since > GRACE[each.fault] * factor]
    return sorted(late, key=lambda each: (not each.storage, each.node, each.namespace, each.name))


def _complaints(cluster: Cluster) -> dict[str, list[Obj]]:
    """Return the warning events about pods, by the pod's uid, oldest first."""
    events: dict[str, list[Obj]] = {}
    for event in cluster.list("Event"):
        if event.get("type") == "Warning" and event["involvedObject"].get("kind") == "Pod":
            events.setdefault(event["involvedObject"].get("uid", ""), []).append(event)
    for several in events.values():
        several.sort(key=last_seen)
    return events


def last_seen(event: Obj) -> float:
    """Return when an event was last seen, in seconds since the epoch, whichever field its writer filled."""
    series = event.get("series") or {}
    times = (series.get("lastObservedTime"), event.get("lastTimestamp"), event.get("eventTime"))
    return max(epoch(each) for each in (*times, event["metadata"].get("creationTimestamp")))


def _fault(pod: Obj, complaints: list[Obj]) -> FaultyPod | None:
    """Return what is wrong with one pod, or None."""
    metadata = pod["metadata"]
    storage = bool(STORAGE.match(metadata["name"]))
    found = _gone_wrong(pod, complaints) or _not_getting_there(pod, complaints, storage=storage)
    if found is None:
        return None
    fault, since, detail = found
    return FaultyPod(
        fault=fault,
        namespace=metadata["namespace"],
        name=metadata["name"],
        uid=metadata["uid"],
        node=pod.get("spec", {}).get("nodeName", ""),
        since=since,
        detail=detail,
        storage=storage,
        finalizers=tuple(metadata.get("finalizers", ())),
        obj=pod,
    )


Finding = tuple[Fault, float, str]


def _gone_wrong(pod: Obj, complaints: list[Obj]) -> Finding | None:
    """Return the fault of a pod that is on its way out, lost or given up: (fault, since, words)."""
    status = pod.get("status", {})
    if deleted := pod["metadata"].get("deletionTimestamp"):  # holds the time of the request plus the grace period
        return Fault.TERMINATING, epoch(deleted), _words(complaints) or "still listed"
    if status.get("phase") == "Unknown" or status.get("reason") == "NodeLost":
        return Fault.UNKNOWN, _since(pod), status.get("message") or status.get("reason") or "phase Unknown"
    if lost := [c["name"] for c in status.get("containerStatuses", ()) if _lost(c)]:
        return Fault.UNKNOWN, _since(pod), f"the runtime lost container {', '.join(lost)} (reason Unknown)"
    if status.get("phase") == "Failed" and status.get("reason") in GIVEN_UP:
        return Fault.FAILED, 0.0, f"{status['reason']}: {status.get('message', '')}".strip(": ")
    return None


def _not_getting_there(pod: Obj, complaints: list[Obj], *, storage: bool) -> Finding | None:
    """Return the fault of a pod that doesn't start for its sandbox's or a volume's sake: (fault, since, words)."""
    if pod.get("status", {}).get("phase") in {"Succeeded", "Failed"} or _ready(pod):
        return None
    for event in reversed(complaints):
        words = f"{event.get('reason', '')}: {event.get('message', '')}"
        if VOLUME.match(event.get("reason", "")):
            return Fault.VOLUME, _since(pod), words
        if SANDBOX.search(event.get("reason", "")):
            return Fault.SANDBOX, _since(pod), words
    return (Fault.UNREADY, _since(pod), _words(complaints) or _waiting(pod)) if storage else None


def _lost(container: Obj) -> bool:
    """Whether a container ended unseen (power cut, corrupt runtime state): what ``kubectl`` shows as ``Unknown``."""
    ended = (container.get("state") or {}).get("terminated") or {}
    return ended.get("reason") in {"Unknown", "ContainerStatusUnknown"}


def _ready(pod: Obj) -> bool:
    return any(c["type"] == "Ready" and c["status"] == "True" for c in pod.get("status", {}).get("conditions", ()))


def _since(pod: Obj) -> float:
    """Return since when a pod isn't ready: the change of its Ready condition, else its birth."""
    for condition in pod.get("status", {}).get("conditions", ()):
        if condition["type"] == "Ready" and condition["status"] != "True":
            return epoch(condition.get("lastTransitionTime")) or epoch(pod["metadata"]["creationTimestamp"])
    return epoch(pod["metadata"].get("creationTimestamp"))


def _words(complaints: list[Obj]) -> str:
    return f"{complaints[-1].get('reason', '')}: {complaints[-1].get('message', '')}" if complaints else ""


def _waiting(pod: Obj) -> str:
    states = pod.get("status", {}).get("containerStatuses", ())
    reasons = [state["state"]["waiting"].get("reason", "") for state in states if "waiting" in state.get("state", {})]
    return ", ".join(filter(None, reasons)) or "not ready"
