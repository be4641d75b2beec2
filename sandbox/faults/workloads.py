"""Faults of workloads: an image that doesn't exist, no replicas, a pod that won't go."""

from __future__ import annotations

from collections.abc import Iterator

from roadworthy.errors import BadInput
from sandbox.api import path
from sandbox.faults.objects import containers, get, locate, remember, restore
from sandbox.faults.registry import Memory, Site, fault

FINALIZER = "roadworthy.dev/stuck"


@fault("bad-image")
def bad_image(site: Site, namespace: str, workload: str) -> Iterator[Memory]:
    """Give a workload (KIND/NAME) an image tag that doesn't exist: ImagePullBackOff."""
    where = locate(namespace, workload)
    item = get(site, where)
    yield remember(item, where)
    changed = []
    for container in containers(item):
        base = container["image"].split("@")[0]
        name = base.rsplit(":", 1)[0] if ":" in base.rsplit("/", 1)[-1] else base
        changed.append({"name": container["name"], "image": f"{name}:0.0.0-no-such-tag"})
    # By strategic merge, which knows containers by their names.
    site.api.call(
        "PATCH",
        where,
        {"spec": {"template": {"spec": {"containers": changed}}}},
        content_type="application/strategic-merge-patch+json",
        fieldManager="roadworthy-fault",
    )


@fault("scale-zero")
def scale_zero(site: Site, namespace: str, workload: str) -> Iterator[Memory]:
    """Scale a workload (KIND/NAME) to zero."""
    where = locate(namespace, workload)
    item = get(site, where)
    replicas = item["spec"].get("replicas", 0)
    if not replicas:
        raise BadInput("a workload with replicas", seen=f"{replicas}", where=where)
    yield {"where": where, "replicas": replicas}
    site.api.patch(where, {"spec": {"replicas": 0}})


@scale_zero.undo
def _scale_back(site: Site, memory: Memory) -> None:
    site.api.patch(memory["where"], {"spec": {"replicas": memory["replicas"]}})


@fault("stuck-terminating")
def stuck_terminating(site: Site, namespace: str, pod: str) -> Iterator[Memory]:
    """Delete a pod that holds a finalizer nobody takes away: Terminating for ever."""
    where = path("v1", "Pod", namespace, pod)
    item = get(site, where)
    former = item["metadata"].get("finalizers", [])
    yield {"where": where, "uid": item["metadata"]["uid"], "finalizers": former}
    site.api.patch(where, {"metadata": {"finalizers": [*former, FINALIZER]}})
    site.api.call("DELETE", where)


@stuck_terminating.undo
def _let_go(site: Site, memory: Memory) -> None:
    live = site.api.find(memory["where"])
    if live is not None and live["metadata"]["uid"] == memory["uid"]:
        site.api.patch(memory["where"], {"metadata": {"finalizers": memory["finalizers"] or None}})


bad_image.undo(restore)
