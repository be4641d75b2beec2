"""Node Exporter and Kube State Metrics: what they themselves tell, not only that they run."""

from __future__ import annotations

from dataclasses import dataclass

from probes.exposition import exposition, samples
from probes.machines import MACHINES
from probes.services import described, pods_of
from probes.words import short, told
from roadworthy.cluster import Cluster

NODE_EXPORTER, STATE_METRICS = "node-exporter", "kube-state-metrics"


@dataclass(frozen=True, slots=True)
class Measured:
    """What Node Exporter on a node tells of its machine: its own name for it, memory in bytes, seconds of CPU used."""

    node: str
    nodename: str
    arch: str
    memory: float
    cpu_seconds: float


def measured(cluster: Cluster, node: str) -> Measured:
    """Return what Node Exporter on a node tells; AssertionError when it doesn't run there or tells nothing."""
    service = described(cluster, NODE_EXPORTER)
    pod = next((each for each in pods_of(cluster, NODE_EXPORTER) if each.node == node), None)
    if pod is None:
        raise AssertionError(told(f"Node Exporter runs on {node}", seen="no pod of it there", where=service.workload))
    text = exposition(cluster, service.namespace, pod.name, service.port or 9100)
    uname = next(iter(samples(text, "node_uname_info")), None)
    memory = next((each.value for each in samples(text, "node_memory_MemTotal_bytes")), 0.0)
    used = sum(each.value for each in samples(text, "node_cpu_seconds") if each.labels.get("mode") != "idle")
    labels = uname.labels if uname else {}
    machine = labels.get("machine", "")
    return Measured(node, labels.get("nodename", ""), MACHINES.get(machine, machine), memory, used)


def nodes_ready(cluster: Cluster) -> dict[str, bool]:
    """Return what Kube State Metrics tells: for each node that it knows, whether it is ready."""
    reply = cluster.http(STATE_METRICS).get("/metrics", timeout=20.0)
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 160)}"
        raise AssertionError(told("Kube State Metrics tells its metrics", seen=seen, where=reply.url))
    found: dict[str, bool] = {}
    for sample in samples(reply.text, "kube_node_status_condition"):
        if sample.labels.get("condition") == "Ready" and sample.labels.get("status") == "true":
            found[sample.labels["node"]] = sample.value == 1.0
    return found
