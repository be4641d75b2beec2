"""Storage classes and volumes: which class is the default, and from where a volume can be reached."""

from __future__ import annotations

from dataclasses import dataclass

from probes.words import told
from roadworthy.cluster import Cluster, Obj

DEFAULT = "storageclass.kubernetes.io/is-default-class"


@dataclass(frozen=True, slots=True)
class StorageClass:
    """One storage class; ``waits``: a volume is made only when its first pod is placed."""

    name: str
    provisioner: str
    default: bool
    waits: bool


@dataclass(frozen=True, slots=True)
class Claim:
    """A claim and its volume: ``nodes`` are the only ones that reach it (empty: all do)."""

    name: str
    namespace: str
    phase: str
    volume: str
    nodes: tuple[str, ...]


def classes(cluster: Cluster) -> tuple[StorageClass, ...]:
    """Return every storage class, by name."""
    return tuple(sorted(map(_class, cluster.list("StorageClass")), key=lambda each: each.name))


def storage_class(cluster: Cluster, name: str) -> StorageClass:
    """Return one storage class; AssertionError when the cluster doesn't have it."""
    found = cluster.get("StorageClass", name)
    if found is None:
        seen = ", ".join(each.name for each in classes(cluster)) or "no storage class at all"
        raise AssertionError(told(f"there is a storage class {name}", seen=seen, where=cluster.profile.where))
    return _class(found)


def claim(cluster: Cluster, namespace: str, name: str) -> Claim:
    """Return a claim as it is now, with the nodes that its volume is bound to."""
    found = cluster.fresh("PersistentVolumeClaim", name, namespace=namespace)
    if found is None:
        raise AssertionError(told(f"the claim {namespace}/{name} exists", seen="it is gone"))
    volume = found["spec"].get("volumeName", "")
    held = cluster.fresh("PersistentVolume", volume) if volume else None
    return Claim(name, namespace, found.get("status", {}).get("phase", ""), volume, _nodes(held) if held else ())


def _class(obj: Obj) -> StorageClass:
    notes = obj["metadata"].get("annotations") or {}
    waits = obj.get("volumeBindingMode") == "WaitForFirstConsumer"
    return StorageClass(obj["metadata"]["name"], obj["provisioner"], notes.get(DEFAULT) == "true", waits)


def _nodes(volume: Obj) -> tuple[str, ...]:
    terms = ((volume["spec"].get("nodeAffinity") or {}).get("required") or {}).get("nodeSelectorTerms") or ()
    rules = [rule for term in terms for key in ("matchExpressions", "matchFields") for rule in term.get(key) or ()]
    names = [rule["values"] for rule in rules if rule["key"] in {"kubernetes.io/hostname", "metadata.name"}]
    return tuple(sorted({name for several in names for name in several}))
