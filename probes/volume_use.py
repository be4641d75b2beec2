"""How full each claim's volume is, by its node's kubelet, and whether its class lets it grow."""

from __future__ import annotations

import re
from dataclasses import dataclass

from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import Unknown

UNITS = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


@dataclass(frozen=True, slots=True)
class VolumeUse:
    """One claim's volume, sizes in bytes. ``expandable``: its class has ``allowVolumeExpansion``."""

    namespace: str
    claim: str
    uid: str
    node: str
    pod: str
    capacity: int
    available: int
    requested: int
    storage_class: str
    expandable: bool

    @property
    def used_share(self) -> float:
        """Return the used share, 0.0 to 1.0."""
        return 1 - self.available / self.capacity if self.capacity else 0.0

    def __str__(self) -> str:
        """Return ``namespace/claim``."""
        return f"{self.namespace}/{self.claim}"


def size(quantity: object) -> int:
    """Return the bytes of a Kubernetes quantity (``10Gi``, ``500M``, ``1024``)."""
    match = re.fullmatch(r"(\d+(?:\.\d+)?)([kMGT]i?|Ki)?", str(quantity))
    return int(float(match[1]) * UNITS[match[2] or ""]) if match else 0


def text(size_in_bytes: int) -> str:
    """Return a size as a Kubernetes quantity, in whole Mi, rounded up."""
    return f"{-(-size_in_bytes // 2**20)}Mi"


def volume_uses(cluster: Cluster) -> list[VolumeUse]:
    """Return the use of every claim that is mounted now; a node whose kubelet doesn't answer has none."""
    found: dict[tuple[str, str], VolumeUse] = {}
    for node in cluster.list("Node"):
        name = node["metadata"]["name"]
        try:
            summary = cluster.raw(f"/api/v1/nodes/{name}/proxy/stats/summary")
        except Unknown:  # what a dead kubelet can't tell is the node criteria's business
            continue
        for pod in (summary or {}).get("pods", ()):
            for volume in pod.get("volume", ()):
                use = _use(cluster, name, pod["podRef"]["name"], volume)
                if use is not None:
                    found[use.namespace, use.claim] = use
    return [found[key] for key in sorted(found)]


def _use(cluster: Cluster, node: str, pod: str, volume: Obj) -> VolumeUse | None:
    reference = volume.get("pvcRef")
    if not reference:
        return None
    claim = cluster.get("PersistentVolumeClaim", reference["name"], namespace=reference["namespace"])
    if claim is None:
        return None
    storage_class = str(claim["spec"].get("storageClassName") or "")
    definition = cluster.get("StorageClass", storage_class) or {}
    return VolumeUse(
        namespace=reference["namespace"],
        claim=reference["name"],
        uid=claim["metadata"]["uid"],
        node=node,
        pod=pod,
        capacity=int(volume.get("capacityBytes", 0)),
        available=int(volume.get("availableBytes", 0)),
        requested=size(claim["spec"]["resources"]["requests"].get("storage", 0)),
        storage_class=storage_class,
        expandable=bool(definition.get("allowVolumeExpansion")),
    )
