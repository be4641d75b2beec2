"""The log shipper: which one it is, where it runs, and by its own counters whether it ships."""

from __future__ import annotations

from dataclasses import dataclass

from probes.exposition import exposition, total
from probes.nodes import live
from probes.services import described, pods_of, running
from roadworthy.cluster import Cluster

SERVICE = "log-shipper"


@dataclass(frozen=True, slots=True)
class Kind:
    """A program that ships logs.

    Attributes:
        name: as people call it.
        port: where it exposes its counters, unless the profile says.
        sent: its counters of what it sent.
        dropped: its counters of what it gave up.
        end_of_life: since when nobody maintains it; empty when it is alive.

    """

    name: str
    port: int
    sent: tuple[str, ...]
    dropped: tuple[str, ...]
    path: str = "/metrics"
    end_of_life: str = ""


#: By a word of the image's name, first match wins.
KINDS = {
    "promtail": Kind(
        "Promtail", 3101, ("promtail_sent_entries",), ("promtail_dropped_entries",), end_of_life="2 March 2026"
    ),
    "alloy": Kind("Grafana Alloy", 12345, ("loki_write_sent_entries",), ("loki_write_dropped_entries",)),
    "fluent-bit": Kind(
        "Fluent Bit",
        2020,
        ("fluentbit_output_proc_records",),
        ("fluentbit_output_dropped_records",),
        path="/api/v1/metrics/prometheus",
    ),
    "vector": Kind("Vector", 9598, ("vector_component_sent_events",), ("vector_component_discarded_events",)),
}
#: Whatever else it is called: the OpenTelemetry Collector has many distributions.
OTEL = Kind(
    "OpenTelemetry Collector",
    8888,
    ("otelcol_exporter_sent_log_records",),
    ("otelcol_exporter_send_failed_log_records", "otelcol_exporter_enqueue_failed_log_records"),
)


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where the shipper runs: ``missing`` are the nodes without a ready pod of it, each with the reason."""

    workload: str
    wanted: int
    ready: int
    nodes: int
    missing: tuple[str, ...]

    @property
    def complete(self) -> bool:
        """Whether each node has its own."""
        return not self.missing and self.wanted == self.ready == self.nodes


@dataclass(frozen=True, slots=True)
class Counters:
    """What the shipper on one node has sent and given up since it started, in lines."""

    node: str
    pod: str
    sent: float
    dropped: float


def kind(cluster: Cluster) -> Kind:
    """Return which program it is, by its image."""
    image = pods_of(cluster, SERVICE)[0].image.rpartition("/")[2].lower()
    return next((each for word, each in KINDS.items() if word in image), OTEL)


def coverage(cluster: Cluster) -> Coverage:
    """Return on which nodes it runs, and where not."""
    return node_coverage(cluster, SERVICE)


def node_coverage(cluster: Cluster, service: str) -> Coverage:
    """Return on which nodes a service that belongs on every node runs, and where not."""
    found, nodes = running(cluster, service), [node.name for node in live(cluster)]
    by_node = {pod.node: pod for pod in found.pods if pod.ready}
    words = {pod.node: f"{pod.name}: {pod.trouble}" for pod in found.pods if not pod.ready}
    missing = tuple(f"{node} ({words.get(node, 'no pod')})" for node in nodes if node not in by_node)
    return Coverage(str(found), found.wanted, found.ready, len(nodes), missing)


def counters(cluster: Cluster) -> dict[str, Counters]:
    """Return the counters of the shipper on each node where a pod of it is ready."""
    program, service = kind(cluster), described(cluster, SERVICE)
    found = {}
    for pod in pods_of(cluster, SERVICE):
        if not pod.ready:
            continue
        text = exposition(cluster, service.namespace, pod.name, service.port or program.port, program.path)
        sent = total(text, *program.sent)
        found[pod.node] = Counters(pod.node, pod.name, sent or 0.0, total(text, *program.dropped) or 0.0)
    return found
