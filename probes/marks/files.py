"""A file on a volume: written by one pod, read by another."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from probes import storage
from probes.machines import kernel_can
from probes.marks import marked
from probes.marks.pods import output, ready_nodes, start
from probes.nodes import live
from probes.words import told
from roadworthy.cluster import Cluster
from roadworthy.errors import NotApplicable


@dataclass(frozen=True, slots=True)
class Volume:
    """A claim of a scenario's own; ``shared``: several nodes may mount it at once."""

    namespace: str
    claim: str
    storage_class: str
    shared: bool


@dataclass(frozen=True, slots=True)
class Written:
    """What was written where; ``bound`` are the only nodes that reach the volume (empty: all do)."""

    volume: Volume
    text: str
    node: str
    bound: tuple[str, ...]


def volume(cluster: Cluster, role: str) -> Volume:
    """Claim a volume of the storage class that the profile gives a role; NotApplicable where there can't be one."""
    name = _class_for(cluster, role)
    storage.storage_class(cluster, name)
    markers, shared = cluster.markers(), role == "nfs"
    namespace, claim = markers.namespace(), marked("file")
    markers.create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": claim, "namespace": namespace},
            "spec": {
                "storageClassName": name,
                "accessModes": ["ReadWriteMany" if shared else "ReadWriteOnce"],
                "resources": {"requests": {"storage": "64Mi"}},
            },
        }
    )
    return Volume(namespace, claim, name, shared)


def write(cluster: Cluster, volume: Volume) -> Written:
    """Let a pod on the first ready node write a file; return when it has, and has gone."""
    text, node = secrets.token_hex(32), ready_nodes(cluster)[0]
    script = f"echo {text} > /data/roadworthy && sync && cat /data/roadworthy"
    namespace, pod = start(cluster, "writer", script, node=node, claim=volume.claim)
    said, ran_on = output(cluster, namespace, pod, within=120.0)
    if said.strip() != text:
        raise AssertionError(told("a pod reads what it has just written", seen=said, where=f"node {ran_on}"))
    cluster.markers().delete("Pod", pod, namespace=namespace)
    return Written(volume, text, ran_on, storage.claim(cluster, namespace, volume.claim).nodes)


def read(cluster: Cluster, written: Written, *, elsewhere: bool) -> tuple[str, str]:
    """Let another pod read the file, on another node than the writer's or where the volume is; return text and node."""
    if elsewhere and written.bound:
        seen, where = f"it is bound to {', '.join(written.bound)}", f"storage class {written.volume.storage_class}"
        raise AssertionError(told("the volume can be reached from every node", seen=seen, where=where))
    others = [name for name in ready_nodes(cluster, 2 if not written.bound else 1) if name != written.node]
    node = written.bound[0] if written.bound else others[0]
    namespace, pod = start(cluster, "reader", "cat /data/roadworthy", node=node, claim=written.volume.claim)
    said, ran_on = output(cluster, namespace, pod, within=120.0)
    return said.strip(), ran_on


def _class_for(cluster: Cluster, role: str) -> str:
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
        node.name: kernel_can(cluster, node.name, filesystem="nfs") or kernel_can(cluster, node.name, filesystem="nfs4")
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
