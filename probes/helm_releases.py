"""Helm releases, from the labels of their Secrets alone: nothing of a release's content is read."""

from __future__ import annotations

from dataclasses import dataclass

from probes.moments import epoch
from roadworthy.cluster import Cluster, Obj

#: Where Helm keeps its releases.
RIGHTS: tuple[str, ...] = ("list secrets",)

PENDING = frozenset({"pending-install", "pending-upgrade", "pending-rollback", "uninstalling"})

PATH = "/api/v1/secrets?labelSelector=owner%3Dhelm"

#: Written by the engine with ``helm --labels``.
COMPONENT, RUN = "roadworthy.dev/component", "roadworthy.dev/run"
#: Of revisions that were whole once.
_WHOLE = {"deployed", "superseded"}


@dataclass(frozen=True, slots=True)
class Revision:
    """One revision of a release, counted from 1. ``component`` and ``run`` are empty when we didn't make it.

    ``status`` is Helm's word; ``changed`` is when its Secret was last written, in seconds since the epoch.
    """

    release: str
    namespace: str
    version: int
    status: str
    secret: str
    uid: str
    changed: float
    component: str = ""
    run: str = ""

    @property
    def pending(self) -> bool:
        """Whether an operation was begun and not ended."""
        return self.status in PENDING


def releases(cluster: Cluster) -> dict[tuple[str, str], list[Revision]]:
    """Return the revisions of every release by (namespace, release), the newest first."""
    found: dict[tuple[str, str], list[Revision]] = {}
    for secret in cluster.raw(PATH)["items"]:  # asked for, not watched: nobody wants every Secret in memory
        one = revision(secret)
        found.setdefault((one.namespace, one.release), []).append(one)
    for several in found.values():
        several.sort(key=lambda each: each.version, reverse=True)
    return dict(sorted(found.items()))


def deployed(several: list[Revision]) -> Revision | None:
    """Return the newest revision that was deployed whole."""
    return next((each for each in several if each.status in _WHOLE), None)


def revision(secret: Obj) -> Revision:
    """Return what the labels of a Secret say."""
    metadata = secret["metadata"]
    labels = metadata.get("labels") or {}
    version = labels.get("version", "0")
    return Revision(
        release=labels.get("name", ""),
        namespace=metadata["namespace"],
        version=int(version) if version.isdigit() else 0,
        status=labels.get("status", ""),
        secret=metadata["name"],
        uid=metadata["uid"],
        changed=float(labels.get("modifiedAt") or labels.get("createdAt") or epoch(metadata.get("creationTimestamp"))),
        component=labels.get(COMPONENT, ""),
        run=labels.get(RUN, ""),
    )
