"""A file on a volume: written by one pod, read by another."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from probes import storage
from probes.abilities import class_for
from probes.marks import marked
from probes.marks.pods import output, ready_nodes, start
from probes.words import told
from roadworthy.cluster import Cluster


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

    @property
    def reach(self) -> str:
        """What a reading of it can prove."""
        name = self.volume.storage_class
        if self.bound:
            return f"{name} binds it to {', '.join(self.bound)}: it has outlived its pod; whether its node, isn't shown"
        return f"{name} lets every node reach it"


def volume(cluster: Cluster, role: str) -> Volume:
    """Claim a volume of the storage class that the profile gives a role; NotApplicable where there can't be one."""
    name = class_for(cluster, role)
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
