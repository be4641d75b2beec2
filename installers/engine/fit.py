"""Whether the nodes can run a component: architecture, and memory left. Asked before it is installed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from installers.engine.component import Component, Edition
from probes.quantities import quantity
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Refused


@dataclass(frozen=True, slots=True)
class Room:
    """A node that takes pods. ``free`` is allocatable memory minus what pods have requested, in bytes."""

    name: str
    arch: str
    free: int


def check(cluster: Cluster, component: Component, edition: Edition) -> None:
    """Refuse a component that the nodes can't run.

    Raises:
        Refused: an image isn't made for a node's architecture, or there isn't memory enough.

    """
    rooms = rooms_of(cluster, component)
    if not rooms:
        raise Refused(f"a node that takes pods, for {component.name}", seen="none is Ready and schedulable")
    _architecture(component, edition, rooms)
    _memory(component, edition, rooms)


def _architecture(component: Component, edition: Edition, rooms: list[Room]) -> None:
    for image in edition.images:
        made_for = {platform.split("/")[1] for platform in image.platforms}
        wrong = [room for room in rooms if made_for and room.arch not in made_for]
        if wrong:
            raise Refused(
                f"{image.name} made for {wrong[0].arch}, the architecture of {_names(wrong)}",
                seen=f"it is made for {', '.join(image.platforms)} only",
                where=_where(component, edition),
                todo="name an image that has the nodes' architecture",
            )


def _memory(component: Component, edition: Edition, rooms: list[Room]) -> None:
    need = edition.memory
    short = [room for room in rooms if room.free < need]
    if short and (edition.per_node or len(short) == len(rooms)):
        most = max(short, key=lambda room: room.free)
        raise Refused(
            f"{_mebi(need)} of memory for {component.name} on {'every node' if edition.per_node else 'a node'}",
            seen=f"{_names(short)} can't give it (most: {_mebi(most.free)} on {most.name})",
            where=_where(component, edition),
            todo="free memory on the nodes, or lower the component's limits and what it says it may use",
        )


def rooms_of(cluster: Cluster, component: Component) -> list[Room]:
    """Return the nodes that take pods; what the component's own pods have requested counts as free."""
    used: dict[str, int] = {}
    for pod in cluster.list("Pod"):
        node = pod["spec"].get("nodeName")
        if node and pod.get("status", {}).get("phase") not in {"Succeeded", "Failed"} and not _own(pod, component):
            used[node] = used.get(node, 0) + requested(pod)
    rooms = []
    for node in cluster.list("Node"):
        status, name = node.get("status", {}), node["metadata"]["name"]
        ready = any(c["type"] == "Ready" and c["status"] == "True" for c in status.get("conditions", ()))
        if ready and not node.get("spec", {}).get("unschedulable"):
            free = _memory_of(status.get("allocatable", {})) - used.get(name, 0)
            rooms.append(Room(name, status.get("nodeInfo", {}).get("architecture", ""), free))
    return rooms


def requested(pod: Obj) -> int:
    """Return the memory that a pod requests, in bytes; init containers run before and count when they want more."""
    spec = pod["spec"]
    wants = [_memory_of(c.get("resources", {}).get("requests", {})) for c in spec.get("containers", ())]
    before = [_memory_of(c.get("resources", {}).get("requests", {})) for c in spec.get("initContainers", ())]
    return max(sum(wants), *before, 0)


def _own(pod: Obj, component: Component) -> bool:
    labels = pod["metadata"].get("labels") or {}
    same_place = pod["metadata"].get("namespace") == component.namespace
    return same_place and labels.get("app.kubernetes.io/instance") == component.name


def _memory_of(resources: Mapping[str, str]) -> int:
    return int(quantity(str(resources.get("memory", "0"))))


def _where(component: Component, edition: Edition) -> str:
    return component.where["sandbox" if edition is component.sandbox else "upstream"]


def _names(rooms: list[Room]) -> str:
    return ", ".join(room.name for room in rooms)


def _mebi(size: int) -> str:
    return f"{size / 1024**2:.0f}Mi"
