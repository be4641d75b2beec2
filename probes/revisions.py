"""Earlier revisions of a workload: what its pods were made from before the last change."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from probes.ownership import controller
from roadworthy.cluster import Cluster, Obj

#: Whichever workload is asked for.
RIGHTS: tuple[str, ...] = ("list,watch deployments.apps", "list,watch statefulsets.apps", "list,watch daemonsets.apps")

REVISION = "deployment.kubernetes.io/revision"
HASH = "pod-template-hash"


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision: ``template`` is its pod template, ``ready`` how many pods of it are ready now."""

    number: int
    name: str
    template: Obj
    ready: int = 0

    @property
    def images(self) -> tuple[str, ...]:
        """The images of its containers, init containers first."""
        spec = self.template.get("spec", {})
        return tuple(each["image"] for key in ("initContainers", "containers") for each in spec.get(key, ()))


def revisions(cluster: Cluster, kind: str, name: str, namespace: str) -> list[Revision]:
    """Return a Deployment's, StatefulSet's or DaemonSet's revisions, the newest first; empty when it has none."""
    owner = cluster.get(kind, name, namespace=namespace)
    if owner is None:
        return []
    uid = owner["metadata"]["uid"]
    if kind == "Deployment":
        owned = [each for each in cluster.list("ReplicaSet", namespace=namespace) if _owned(each, uid)]
        found = [_of_replica_set(each) for each in owned]
    else:
        owned = [each for each in cluster.list("ControllerRevision", namespace=namespace) if _owned(each, uid)]
        found = [_of_controller_revision(each) for each in owned]
    return sorted(found, key=lambda each: each.number, reverse=True)


def last_good(several: list[Revision], bad: set[str]) -> Revision | None:
    """Return the revision to go back to: without a bad image, with ready pods if there is one."""
    earlier = [each for each in several[1:] if not bad & set(each.images)]
    return next((each for each in earlier if each.ready), earlier[0] if earlier else None)


def _owned(obj: Obj, uid: str) -> bool:
    owner = controller(obj)
    return owner is not None and owner.get("uid") == uid


def _of_replica_set(obj: Obj) -> Revision:
    number = int((obj["metadata"].get("annotations") or {}).get(REVISION, 0))
    ready = int(obj.get("status", {}).get("readyReplicas", 0))
    return Revision(number, obj["metadata"]["name"], _without_hash(obj["spec"]["template"]), ready)


def _of_controller_revision(obj: Obj) -> Revision:
    template = {key: value for key, value in obj["data"]["spec"]["template"].items() if key != "$patch"}
    return Revision(int(obj["revision"]), obj["metadata"]["name"], template)


def _without_hash(template: Obj) -> dict[str, Any]:
    metadata = dict(template.get("metadata") or {})
    metadata["labels"] = {key: value for key, value in (metadata.get("labels") or {}).items() if key != HASH}
    return {**template, "metadata": metadata}
