"""A pod that looks up a name."""

from __future__ import annotations

import re
from dataclasses import dataclass

from probes.marks.pods import output, start
from probes.words import told
from roadworthy.cluster import Cluster

NAME, NAMESPACE = "kubernetes", "default"
#: What the tools of small images have: getent, which completes a name as programs do, or nslookup, which may not.
SCRIPT = r"""getent hosts {name} 2>/dev/null || \
nslookup {name}.$(sed -n 's/^search [^ ]* \([^ ]*\).*/\1/p' /etc/resolv.conf)"""


@dataclass(frozen=True, slots=True)
class LookUp:
    """What a pod was told about a name, and what the API server says the service's addresses are."""

    name: str
    told: tuple[str, ...]
    service: tuple[str, ...]
    node: str

    @property
    def right(self) -> bool:
        """Whether the pod was told an address of the service's."""
        return bool(set(self.told) & set(self.service))


def look_up(cluster: Cluster) -> LookUp:
    """Let a pod look up the API server's own service by its short name, as every program in the cluster does."""
    service = cluster.get("Service", NAME, namespace=NAMESPACE)
    if service is None:
        raise AssertionError(told(f"the service {NAMESPACE}/{NAME} exists", seen="no such service"))
    name = f"{NAME}.{NAMESPACE}"
    namespace, pod = start(cluster, "lookup", SCRIPT.format(name=name))
    said, node = output(cluster, namespace, pod)
    spec = service["spec"]
    addresses = spec.get("clusterIPs") or [spec.get("clusterIP", "")]
    return LookUp(
        name, tuple(re.findall(r"\b\d+\.\d+\.\d+\.\d+\b|\b[0-9a-f:]*::[0-9a-f:]*\b", said)), tuple(addresses), node
    )
