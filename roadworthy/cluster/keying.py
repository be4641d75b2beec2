"""A drill's key: it has one workload in hand while it disturbs it, and begins nothing while another run repairs.

First the key is put on the workload, then the Lease is looked at; a repair takes the Lease first, and then looks for
the key. So, whichever way their requests fall, at least one of the two sees the other.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from roadworthy import keys, markers, notices, process
from roadworthy.errors import Unknown

if TYPE_CHECKING:
    from roadworthy.cluster.facade import Obj
    from roadworthy.cluster.inner import Inner

_CONFLICT, _NOT_FOUND = 409, 404
_LEASE = "/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/roadworthy"
#: Added to what a drill may take before its key counts for nothing, seconds.
SLACK = 60.0
#: Added to a Lease's life before its holder counts as dead, seconds.
SKEW = 5.0
_TRIES = 5


@contextmanager
def held(cluster: Inner, kind: str, name: str, namespace: str, within: float) -> Iterator[None]:
    """Have a workload in hand for at most ``within`` seconds.

    Raises:
        Unknown: somebody else has it in hand, or a repair is under way: the drill can't be made now.

    """
    path = cluster.discovery.need(kind).path(name, namespace=namespace)
    what = f"{kind} {namespace}/{name}"
    _take(cluster, path, what, within)
    try:
        if who := _repairing(cluster):
            raise Unknown(
                "no repair is under way while a drill is made", seen=who, where="Lease kube-system/roadworthy"
            )
        yield
    finally:
        if not (reply := _annotate(cluster, path, None)).ok and reply.status != _NOT_FOUND:
            notices.warn(f"the key of {what} stays until its time is over: {reply.message}")


def _take(cluster: Inner, path: str, what: str, within: float) -> None:
    """Put the key on exactly the version that was seen to have none."""
    for _ in range(_TRIES):
        found: Obj | None = cluster.access.get(path)
        if found is None:
            raise AssertionError(f"{what} is there")
        now = cluster.now()
        if who := keys.holder(found, now):
            todo = f"wait, or take the annotation {keys.KEY} away"
            raise Unknown(f"{what} is in nobody's hands", seen=f"held by {who}", todo=todo)
        said = keys.text(f"{markers.run_id()}@{process.identity()}", now + within + SLACK)
        reply = _annotate(cluster, path, said, found["metadata"])
        if reply.ok:
            return
        if reply.status != _CONFLICT:
            raise Unknown(f"{what} can be taken in hand for a drill", seen=f"{reply.status}: {reply.message}")
    raise Unknown(f"{what} rests for a moment", seen=f"it changed {_TRIES} times")


def _annotate(cluster: Inner, path: str, said: str | None, seen: Obj | None = None) -> Any:
    meta: dict[str, Any] = {"annotations": {keys.KEY: said}}
    if seen is not None:
        meta |= {"uid": seen["uid"], "resourceVersion": seen["resourceVersion"]}
    query = {"fieldManager": "roadworthy"}
    return cluster.access.request(
        "PATCH", path, query=query, body={"metadata": meta}, content_type="application/merge-patch+json"
    )


def _repairing(cluster: Inner) -> str:
    """Return who holds the Lease and lives, if it isn't this process; told by the API server's clock."""
    found = cluster.access.get(_LEASE, count="LEASE") or {}
    spec: dict[str, Any] = found.get("spec") or {}
    who = str(spec.get("holderIdentity") or "")
    if not who or not spec.get("renewTime"):
        return ""
    renewed = datetime.fromisoformat(str(spec["renewTime"])).timestamp()
    as_key = keys.text(who, renewed + float(spec.get("leaseDurationSeconds") or 0) + SKEW)
    return keys.holder({"metadata": {"annotations": {keys.KEY: as_key}}}, cluster.now())
