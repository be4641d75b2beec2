"""The live cluster as probes, steps and remedies see it: one read-only facade.

Probes ask this object and nothing else. Reads of API objects come from local memory that one LIST and one WATCH per
resource type keep current; HTTP, SQL, exec and SSH go out with a time-out on every socket.
"""

from __future__ import annotations

from roadworthy.cluster.facade import Cluster, ExecResult, Obj
from roadworthy.cluster.http import HttpReply, ServiceClient

__all__ = ["Cluster", "ExecResult", "HttpReply", "Obj", "ServiceClient"]
