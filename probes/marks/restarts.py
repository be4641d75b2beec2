"""The restart of a live service, for ``@drill`` scenarios."""

from __future__ import annotations

from probes.services import described
from roadworthy.cluster import Cluster


def restart(cluster: Cluster, service: str) -> list[str]:
    """Delete a service's pods, wait for as many new ones to be ready, and return their names."""
    found = described(cluster, service)
    kind, _, name = found.workload.partition("/")
    return cluster.markers().restart(kind, name, namespace=found.namespace, within=180.0)
