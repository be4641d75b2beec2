"""Which kinds of a group the API server serves now: what custom resource definitions come to."""

from __future__ import annotations

from dataclasses import dataclass

from roadworthy.cluster import Cluster

#: Discovery is everybody's to read.
RIGHTS: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Served:
    """``kinds`` are those that one version of a group has; ``versions`` are all that the group has, newest first."""

    kinds: frozenset[str]
    versions: tuple[str, ...]


def served(cluster: Cluster, group: str, version: str) -> Served:
    """Return what a group has; read afresh, for a definition may have gone a moment ago."""
    whole = cluster.raw(f"/apis/{group}") or {}
    part = cluster.raw(f"/apis/{group}/{version}") or {}
    kinds = (str(each["kind"]) for each in part.get("resources", ()) if "/" not in each["name"])
    return Served(frozenset(kinds), tuple(str(each["version"]) for each in whole.get("versions", ())))
