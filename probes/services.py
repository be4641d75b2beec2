"""The services that the profile names: how they are described, and whether their workloads run in full."""

from __future__ import annotations

from dataclasses import dataclass

from probes.ownership import selects
from probes.words import few, told
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import NotApplicable
from roadworthy.profile import Service

#: Whichever workload the profile names.
RIGHTS: tuple[str, ...] = ("list,watch deployments.apps", "list,watch statefulsets.apps", "list,watch daemonsets.apps")

#: What people call the services, where that is more than the name with capitals.
TITLES = {
    "PostgreSQL": "postgres",
    "the log shipper": "log-shipper",
    "the object store": "object-store",
    "the off-site store": "offsite-store",
    "the node agent": "node-agent",
}


@dataclass(frozen=True, slots=True)
class ServicePod:
    """One pod of a workload: ``image`` is its first container's, ``trouble`` why it isn't ready (empty: it is)."""

    name: str
    node: str
    uid: str
    address: str
    image: str
    ready: bool
    trouble: str


@dataclass(frozen=True, slots=True)
class Running:
    """A service's workload: how many pods it wants, how many are ready, and each of them."""

    service: str
    kind: str
    name: str
    namespace: str
    wanted: int
    ready: int
    current: bool
    pods: tuple[ServicePod, ...]

    @property
    def complete(self) -> bool:
        """Whether every wanted pod of the newest revision is ready, and at least one is wanted."""
        return self.current and 0 < self.wanted <= self.ready

    def __str__(self) -> str:
        """Return ``Kind namespace/name``."""
        return f"{self.kind} {self.namespace}/{self.name}"

    def shortfall(self) -> str:
        """Return what is missing, with each pod's own trouble."""
        if self.wanted == 0:
            return f"{self} is scaled to nothing"
        words = [f"{pod.name} on {pod.node or 'no node'}: {pod.trouble}" for pod in self.pods if not pod.ready]
        stale = "" if self.current else ", its newest specification not yet taken up"
        return f"{self.ready} of {self.wanted} pods ready{stale}; {few(words) if words else 'no pod was made'}"


def called(title: str) -> str:
    """Return a service's name in the profile for what a feature calls it (``Kube State Metrics``)."""
    return TITLES.get(title, title.lower().replace(" ", "-"))


def described(cluster: Cluster, service: str) -> Service:
    """Return what the profile says about a service; NotApplicable when it names none, or says that it can't be had."""
    found = cluster.profile.services.get(service)
    if found is None:
        raise NotApplicable(f"{cluster.profile.where} lists no service {service}")
    if reason := found.settings.get("unavailable"):
        raise NotApplicable(f"{service} can't be had here: {reason}")
    return found


def setting_list(cluster: Cluster, service: str, name: str) -> tuple[str, ...]:
    """Return a setting of a service that is a list of names; empty when the profile has none."""
    found = described(cluster, service).settings.get(name) or ()
    return tuple(map(str, found)) if isinstance(found, list | tuple) else (str(found),)


def running(cluster: Cluster, service: str) -> Running:
    """Return the state of a service's workload; AssertionError when there is none at all."""
    told_of = described(cluster, service)
    kind, _, name = told_of.workload.partition("/")
    obj = cluster.get(kind, name, namespace=told_of.namespace)
    if obj is None:
        known = cluster.get("Namespace", told_of.namespace) is not None
        raise AssertionError(
            told(
                f"{service} is deployed as {kind} {told_of.namespace}/{name}",
                seen="no such object" if known else f"no namespace {told_of.namespace}",
                where=cluster.profile.where,
                todo=f"install {service} (--remediate does), or correct the profile",
            )
        )
    return _running(cluster, service, kind, obj)


def pods_of(cluster: Cluster, service: str) -> tuple[ServicePod, ...]:
    """Return the pods of a service; AssertionError when its workload is missing or has none."""
    found = running(cluster, service)
    if not found.pods:
        raise AssertionError(
            told(f"{service} has pods", seen=found.shortfall(), where=str(found), todo="look at its events")
        )
    return found.pods


def waiting(pod: Obj) -> str:
    """Return why a pod isn't ready, in the words of its containers or conditions; empty when it is ready."""
    status = pod.get("status", {})
    if pod["metadata"].get("deletionTimestamp"):
        return "is going"
    if any(each["type"] == "Ready" and each["status"] == "True" for each in status.get("conditions", ())):
        return ""
    for state in (*status.get("initContainerStatuses", ()), *status.get("containerStatuses", ())):
        if words := _container(state):
            return f"{state['name']}: {words}"
    for each in status.get("conditions", ()):
        if each["status"] != "True" and each.get("message"):
            return f"{each.get('reason', each['type'])}: {each['message']}"
    return str(status.get("reason") or status.get("phase") or "no status")


def _container(state: Obj) -> str:
    now, last = state.get("state", {}), state.get("lastState", {}).get("terminated") or {}
    held = now.get("waiting")
    if held is not None:
        ended = f", last ended with exit code {last['exitCode']} ({last.get('reason', '')})" if last else ""
        message = f": {held['message']}" if held.get("message") else ""
        return f"{held.get('reason', 'waiting')}{message}{ended}"
    ended = now.get("terminated")
    if ended is not None and ended.get("exitCode"):
        return (
            f"ended with exit code {ended['exitCode']} ({ended.get('reason', '')}) {ended.get('message', '')}".strip()
        )
    return ""


def _running(cluster: Cluster, service: str, kind: str, obj: Obj) -> Running:
    spec, status, metadata = obj["spec"], obj.get("status", {}), obj["metadata"]
    if kind == "DaemonSet":
        wanted, ready = status.get("desiredNumberScheduled", 0), status.get("numberReady", 0)
        updated = status.get("updatedNumberScheduled", 0)
    else:
        wanted, ready, updated = (
            spec.get("replicas", 1),
            status.get("readyReplicas", 0),
            status.get("updatedReplicas", 0),
        )
    namespace = metadata["namespace"]
    pods = [
        _pod(pod)
        for pod in cluster.list("Pod", namespace=namespace)
        if selects(spec["selector"], pod["metadata"].get("labels") or {})
    ]
    return Running(
        service=service,
        kind=kind,
        name=metadata["name"],
        namespace=namespace,
        wanted=int(wanted),
        ready=int(ready),
        current=status.get("observedGeneration", 0) >= metadata.get("generation", 0) and int(updated) >= int(wanted),
        pods=tuple(sorted(pods, key=lambda pod: pod.name)),
    )


def _pod(pod: Obj) -> ServicePod:
    trouble = waiting(pod)
    return ServicePod(
        name=pod["metadata"]["name"],
        node=pod["spec"].get("nodeName", ""),
        uid=pod["metadata"]["uid"],
        address=pod.get("status", {}).get("podIP", ""),
        image=pod["spec"]["containers"][0]["image"],
        ready=not trouble,
        trouble=trouble,
    )
