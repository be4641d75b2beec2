"""Images that don't start: which pod, which image, and which of the three causes it is."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from probes.moments import epoch
from probes.ownership import Workload, workload
from probes.pod_faults import last_seen
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Unknown

PULLING = frozenset({"ErrImagePull", "ImagePullBackOff", "InvalidImageName", "ErrImageNeverPull", "ImageInspectError"})


class Cause(StrEnum):
    """What is wrong with an image; the value is the word for people."""

    TAG_GONE = "tag gone"
    REFUSED = "registry refused"
    PLATFORM = "no such platform"
    INVALID = "invalid name"
    OTHER = "can't be pulled"


def _any(*words: str) -> re.Pattern[str]:
    return re.compile("|".join(words), re.IGNORECASE)


#: First match wins: a registry that says "denied" may also say "not found" for what it hides, so refusals come first.
SIGNATURES: tuple[tuple[Cause, re.Pattern[str]], ...] = (
    (
        Cause.PLATFORM,
        _any(
            "no match for platform",
            "exec format error",
            "no matching manifest",
            "wrong architecture",
            "does not match the (detected|specified) .*platform",
        ),
    ),
    (Cause.INVALID, _any("InvalidImageName", "invalid reference format", "couldn't parse image")),
    (
        Cause.REFUSED,
        _any(
            r"\b(401|403|429|50[0-4])\b",
            "unauthorized|denied",
            "toomanyrequests|too many requests",
            "connection refused|connection reset|no such host|server misbehaving",
            "i/o timeout|no route to host|network is unreachable",
            "x509|TLS handshake",
        ),
    ),
    (Cause.TAG_GONE, _any("manifest.unknown", "not found", "name.unknown", "repository does not exist")),
)


@dataclass(frozen=True, slots=True)
class BadImage:
    """One container whose image doesn't start.

    Attributes:
        init: it is an init container.
        cause: which of the causes.
        detail: the runtime's or registry's own words.
        since: when the pod was made, seconds since the epoch.
        workload: the controller that owns the pod.

    """

    namespace: str
    pod: str
    uid: str
    node: str
    container: str
    init: bool
    image: str
    cause: Cause
    detail: str
    since: float
    workload: Workload


def cause_of(words: str) -> Cause:
    """Return the cause that a runtime's words tell."""
    return next((cause for cause, pattern in SIGNATURES if pattern.search(words)), Cause.OTHER)


def bad_images(cluster: Cluster) -> list[BadImage]:
    """Return every container that can't start for its image's sake, by namespace and pod."""
    told = _told(cluster)
    found = [bad for pod in cluster.list("Pod") for bad in _of_pod(cluster, pod, told)]
    return sorted(found, key=lambda each: (each.namespace, each.pod, each.container))


def _told(cluster: Cluster) -> dict[str, list[str]]:
    """Return what kubelets said about failed pulls, newest first, by the pod's uid."""
    events = [event for event in cluster.list("Event") if event.get("reason") in {"Failed", "InspectFailed"}]
    told: dict[str, list[str]] = {}
    for event in sorted(events, key=last_seen, reverse=True):
        told.setdefault(event["involvedObject"].get("uid", ""), []).append(event.get("message", ""))
    return told


def _of_pod(cluster: Cluster, pod: Obj, told: dict[str, list[str]]) -> Iterator[BadImage]:
    metadata, status = pod["metadata"], pod.get("status", {})
    if metadata.get("deletionTimestamp"):
        return
    for init, key in ((True, "initContainerStatuses"), (False, "containerStatuses")):
        for state in status.get(key, ()):
            words = _words(state, told.get(metadata["uid"], [])) or _last_words(cluster, pod, state)
            if not words:
                continue
            yield BadImage(
                namespace=metadata["namespace"],
                pod=metadata["name"],
                uid=metadata["uid"],
                node=pod["spec"].get("nodeName", ""),
                container=state["name"],
                init=init,
                image=_image(pod, state, init=init),
                cause=cause_of(words),
                detail=words,
                since=epoch(metadata.get("creationTimestamp")),
                workload=workload(cluster, pod),
            )


def _words(state: Obj, told: list[str]) -> str:
    """Return the words about a container whose image is the matter; empty when it isn't."""
    waiting = state.get("state", {}).get("waiting") or {}
    ended = [(state.get(key) or {}).get("terminated") or {} for key in ("state", "lastState")]
    if waiting.get("reason") in PULLING:
        # While it backs off, the status only says "Back-off pulling image": the registry's words are in an event.
        full = [each for each in told if "pull" in each and cause_of(each) is not Cause.OTHER]
        own = f"{waiting['reason']}: {waiting.get('message', '')}"
        return own if cause_of(own) is not Cause.OTHER or not full else full[0]
    for words in (waiting.get("message", ""), *(each.get("message", "") for each in ended)):
        if cause_of(words) is Cause.PLATFORM:
            return str(words)
    return ""


def _last_words(cluster: Cluster, pod: Obj, state: Obj) -> str:
    """Return what a crashing container logged when its program is of another architecture: runc says so there only."""
    if (state.get("state", {}).get("waiting") or {}).get("reason") != "CrashLoopBackOff":
        return ""
    where = pod["metadata"]
    try:
        lines = cluster.logs(where["namespace"], where["name"], container=state["name"], tail=3)
    except Unknown:  # no log to be had: then this isn't known to be the image's fault
        return ""
    return next((line for line in lines.splitlines() if "exec format error" in line), "")


def _image(pod: Obj, state: Obj, *, init: bool) -> str:
    """Return the image as the pod asks for it (the status shows the runtime's own name for it)."""
    for container in pod["spec"].get("initContainers" if init else "containers", ()):
        if container["name"] == state["name"]:
            return str(container["image"])
    return str(state.get("image", ""))
