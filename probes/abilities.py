"""Which storage the cluster can have at all: promised by the profile, there by itself, or beyond its kernels."""

from __future__ import annotations

from probes import longhorn, storage
from probes.machines import kernel_can
from probes.nodes import live
from roadworthy.cluster import Cluster
from roadworthy.errors import NotApplicable


def longhorn_wanted(cluster: Cluster) -> None:
    """Raise NotApplicable where Longhorn is neither promised nor there; with what the nodes' kernels say to that."""
    if longhorn.promised(cluster) or longhorn.present(cluster):
        return
    where = cluster.profile.where
    raise NotApplicable(f"{where} lists no Longhorn, the API server has no kind of it; {why(cluster, 'longhorn')}")


def class_for(cluster: Cluster, role: str) -> str:
    """Return the class of a role; where the profile gives none, one that is there; else NotApplicable, and why."""
    named = cluster.profile.storage_classes.get(role, "")
    if named:
        return named
    there = storage.classes(cluster)
    if role == "default":
        return next((each.name for each in there if each.default), "(default)")
    word = {"replicated": "longhorn"}.get(role, role)
    found = next((each.name for each in there if word in each.provisioner), "")
    if found:
        return found
    raise NotApplicable(
        f"{cluster.profile.where} lists no {role} storage class, the cluster has none; {why(cluster, word)}"
    )


def why(cluster: Cluster, kind: str) -> str:
    """Return what the nodes' kernels say to NFS (``nfs``) or Longhorn (``longhorn``): asked over SSH, not assumed."""
    can = {
        node.name: kernel_can(cluster, node.name, filesystem="nfs", module="nfs4")
        if kind == "nfs"
        else kernel_can(cluster, node.name, module="iscsi_tcp")
        for node in live(cluster)
        if node.ready
    }
    what = "mount NFS" if kind == "nfs" else "attach Longhorn's volumes (iSCSI)"
    able = [name for name, able in can.items() if able]
    if able:
        return f"the kernels of {', '.join(able)} could {what}"
    return f"no kernel of the {len(can)} nodes that were asked can {what}"
