"""The live cluster as probes, steps and remedies see it: one read-only facade.

Probes ask this object and nothing else. Reads of API objects come from local memory that one LIST and one WATCH per
resource type keep current; HTTP, SQL, exec and SSH go out with a time-out on every socket.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from roadworthy.cluster.facade import Cluster, ExecResult, Markers, Obj
from roadworthy.cluster.http import HttpReply, ServiceClient
from roadworthy.cluster.object_store import ObjectStore, S3Refused

if TYPE_CHECKING:
    from roadworthy.cluster.live import LiveCluster
    from roadworthy.profile import Profile

__all__ = [
    "Cluster",
    "ExecResult",
    "HttpReply",
    "Markers",
    "Obj",
    "ObjectStore",
    "S3Refused",
    "ServiceClient",
    "connect",
]


def connect(profile: Profile) -> LiveCluster:
    """Open the cluster that a profile describes; see ``roadworthy.cluster.connecting.connect``."""
    from roadworthy.cluster import connecting

    return connecting.connect(profile)
