"""Runs of Roadworthy on this cluster: which one holds the lease, and whether it is still at work."""

from __future__ import annotations

from probes.moments import epoch
from roadworthy.cluster import Cluster

#: One remediator per cluster: the engine's Lease. Its holder is the run's id.
LEASE_NAMESPACE, LEASE = "kube-system", "roadworthy"

#: Added to the lease's own duration before its holder counts as dead: clocks differ, seconds.
SLACK = 5.0


def alive(cluster: Cluster, run: str) -> bool:
    """Whether a run is at work: it holds the Lease, and renewed it in time. Read afresh."""
    lease = cluster.fresh("Lease", LEASE, namespace=LEASE_NAMESPACE)
    if lease is None:
        return False
    spec = lease.get("spec", {})
    if run not in str(spec.get("holderIdentity") or ""):
        return False
    expires = epoch(spec.get("renewTime")) + float(spec.get("leaseDurationSeconds") or 0) + SLACK
    return expires > cluster.now()
