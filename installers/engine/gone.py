"""Waiting for the end of what is being deleted: it can't be made anew before."""

from __future__ import annotations

from roadworthy.cluster import Cluster
from roadworthy.errors import Refused

#: The kinds that it is called with: its callers have them.
RIGHTS: tuple[str, ...] = ()

#: How long it may take, seconds.
GONE = 120.0


def wait(cluster: Cluster, kind: str, name: str) -> None:
    """Wait until a cluster-wide object that is being deleted is gone; what holds it is never removed from here.

    Raises:
        Refused: it is still there; with the reasons that it gives.

    """

    def gone() -> None:
        live = cluster.fresh(kind, name)
        conditions = (live or {}).get("status", {}).get("conditions") or ()
        state = [c.get("message", "") for c in conditions if c["status"] == "True"]
        if live is not None and live["metadata"].get("deletionTimestamp"):
            raise AssertionError(f"{kind} {name} is still being deleted: {'; '.join(state) or 'no reason given'}")

    try:
        cluster.until(gone, within=GONE, what=f"the end of {kind} {name}")
    except AssertionError as error:
        todo = "remove what holds it (finalizers, a dead APIService), then run again"
        raise Refused(f"{kind} {name} gone or there", seen=str(error), where=f"{kind} {name}", todo=todo) from error
