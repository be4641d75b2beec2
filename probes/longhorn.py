"""Longhorn: whether its nodes take volumes, and how its volumes are."""

from __future__ import annotations

from dataclasses import dataclass

from probes.words import short
from roadworthy.cluster import Cluster, Obj

#: The kinds below.
RIGHTS: tuple[str, ...] = ("list,watch nodes.longhorn.io", "list,watch volumes.longhorn.io")

NODE, VOLUME = "longhorn.io/v1beta2/Node", "longhorn.io/v1beta2/Volume"

#: Conditions of Longhorn 1.12's nodes that must be True; older ones lack some, which is no fault.
CONDITIONS = (
    *("Ready", "Schedulable", "MountPropagation", "RequiredPackages"),
    *("KernelModulesLoaded", "NFSClientInstalled", "Multipathd"),
)
#: What must hold for a node to take volumes; the rest are warnings that Longhorn itself doesn't act upon.
MUST = ("Ready", "Schedulable", "MountPropagation")


@dataclass(frozen=True, slots=True)
class LonghornNode:
    """One node as Longhorn sees it: ``troubles`` are the reasons why it takes no volume, ``warnings`` the rest."""

    name: str
    troubles: tuple[str, ...]
    warnings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LonghornVolume:
    """One volume: ``robustness`` is ``healthy``, ``degraded``, ``faulted`` or ``unknown`` (it is detached)."""

    name: str
    state: str
    robustness: str
    claim: str
    node: str

    @property
    def sound(self) -> bool:
        """Whether nothing is known to be wrong with it."""
        return self.robustness not in {"degraded", "faulted"}

    def __str__(self) -> str:
        """Return ``volume (claim) is robustness, state on node``."""
        where = f" on {self.node}" if self.node else ""
        return f"{self.name} ({self.claim or 'no claim'}) is {self.robustness}, {self.state}{where}"


def promised(cluster: Cluster) -> bool:
    """Whether the profile lists Longhorn: as a service, or as its replicated storage class."""
    profile = cluster.profile
    return "longhorn" in profile.services or "longhorn" in profile.storage_classes.get("replicated", "")


def present(cluster: Cluster) -> bool:
    """Whether the API server has Longhorn's kinds."""
    return cluster.serves(NODE)


def nodes(cluster: Cluster) -> tuple[LonghornNode, ...]:
    """Return every node that Longhorn knows, by name."""
    return tuple(sorted(map(_node, cluster.list(NODE)), key=lambda node: node.name))


def unfit_nodes(cluster: Cluster) -> tuple[str, ...]:
    """Return why listed nodes take no volumes, ``"node-3: …"`` each, in the profile's order."""
    known = {node.name: node for node in nodes(cluster)}
    listed = [node.name for node in cluster.profile.nodes]
    why = {name: known[name].troubles if name in known else ("Longhorn does not know it",) for name in listed}
    return tuple(f"{name}: {'; '.join(troubles)}" for name, troubles in why.items() if troubles)


def volumes(cluster: Cluster) -> tuple[LonghornVolume, ...]:
    """Return every volume, by name."""
    return tuple(sorted(map(_volume, cluster.list(VOLUME)), key=lambda volume: volume.name))


def _node(obj: Obj) -> LonghornNode:
    spec, status = obj.get("spec", {}), obj.get("status", {})
    conditions = {each["type"]: each for each in status.get("conditions") or ()}
    bad = {kind: _words(each) for kind, each in conditions.items() if kind in CONDITIONS and each["status"] != "True"}
    troubles = [bad[kind] for kind in MUST if kind in bad]
    troubles += [f"{kind}: no such condition" for kind in ("Ready", "Schedulable") if kind not in conditions]
    if not spec.get("allowScheduling", True):
        troubles.append("scheduling is switched off (allowScheduling: false)")
    disks = status.get("diskStatus") or {}
    worn = [f"disk {name}: {words}" for name, disk in disks.items() for words in _disk(disk)]
    if not disks or len({each.partition(":")[0] for each in worn}) == len(disks):
        troubles += worn or ["it has no disk"]
        worn = []
    warnings = [words for kind, words in bad.items() if kind not in MUST]
    return LonghornNode(obj["metadata"]["name"], tuple(troubles), (*warnings, *worn))


def _disk(disk: Obj) -> list[str]:
    return [_words(each) for each in disk.get("conditions") or () if each["status"] != "True"]


def _words(condition: Obj) -> str:
    said = " ".join(filter(None, (condition.get("reason"), condition.get("message"))))
    return short(f"{condition['type']} is {condition['status']} ({said or 'no reason given'})")


def _volume(obj: Obj) -> LonghornVolume:
    status = obj.get("status", {})
    claim = status.get("kubernetesStatus") or {}
    name = f"{claim.get('namespace', '')}/{claim['pvcName']}" if claim.get("pvcName") else ""
    robustness, state = str(status.get("robustness") or "unknown"), str(status.get("state") or "unknown")
    return LonghornVolume(obj["metadata"]["name"], state, robustness, name, str(status.get("currentNodeID", "")))
