"""A snapshot of etcd restored into an etcd of its own, beside the volume that it lies on; it ends with the look."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from probes import keepers
from probes.etcd_snapshots import SERVICE, Snapshot, of_k3s
from probes.marks import marked
from probes.words import short
from roadworthy.cluster import Cluster
from roadworthy.errors import NotApplicable


@dataclass(frozen=True, slots=True)
class Marker:
    """An object that was written before a snapshot: its key in etcd, and a text that it holds."""

    key: str
    text: str


@dataclass(frozen=True, slots=True)
class Restored:
    """What a restored snapshot holds. ``digest`` is over keys and values; ``live`` the same of the live etcd.

    ``live`` is of the same revision, or says why that can't be had (etcd forgets old revisions); ``refused``: why the
    snapshot could not be restored at all (empty: it was).
    """

    snapshot: str
    refused: str
    revision: int = 0
    keys: int = 0
    digest: str = ""
    live: str = ""
    marked: bool = False

    def __str__(self) -> str:
        """Return what was seen, for reports."""
        if self.refused:
            return f"{self.snapshot}: refused: {self.refused}"
        return f"{self.snapshot}: revision {self.revision}, {self.keys} keys"


def marker(cluster: Cluster) -> Marker:
    """Write an object of our own, to be looked for in a snapshot."""
    markers, text = cluster.markers(), secrets.token_hex(16)
    namespace, name = markers.namespace(), marked("etcd")
    metadata = {"name": name, "namespace": namespace}
    markers.create({"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"text": text}})
    return Marker(f"/registry/configmaps/{namespace}/{name}", text)


def own(cluster: Cluster) -> Marker:
    """Return what every snapshot of this cluster holds: its oldest namespace, with the UID that names the cluster."""
    system = cluster.get("Namespace", "kube-system") or {}
    return Marker("/registry/namespaces/kube-system", str(system["metadata"]["uid"]))


def restore(cluster: Cluster, snapshot: Snapshot, marker: Marker) -> Restored:
    """Restore a snapshot into an etcd of its own, look at it, and let it go; NotApplicable where K3s has it."""
    if of_k3s(cluster):
        raise NotApplicable(
            "K3s restores a snapshot only into a whole server (--cluster-reset), and seals it with the server's token: "
            "it isn't tried out beside a live one"
        )
    lines = keepers.said(
        cluster, SERVICE, ["/scripts/restore.sh", snapshot.name, marker.key, marker.text], timeout=120.0
    )
    told = dict(line.partition(" ")[::2] for line in lines)
    if "refused" in told:
        return Restored(snapshot.name, short(told["refused"]))
    found = (int(told["revision"]), int(told["keys"]), told["digest"], told["live"], told["mark"] == "yes")
    return Restored(snapshot.name, "", *found)
