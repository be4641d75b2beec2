from typing import Any

import pytest

from probes import services, shipper
from roadworthy.errors import NotApplicable
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import node, pod, service, waiting, workload


def test_a_service_that_the_profile_lacks_is_not_applicable() -> None:
    with pytest.raises(NotApplicable, match="lists no service loki"):
        services.running(cluster(), "loki")


def test_a_service_that_can_not_be_had_is_not_applicable_with_the_reason() -> None:
    there = cluster(services=service("code-server", "dev-tools", settings={"unavailable": "it wants Node 24"}))
    with pytest.raises(NotApplicable, match="it wants Node 24"):
        services.running(there, "code-server")


def test_a_service_that_is_not_deployed_says_what_is_missing() -> None:
    there = cluster(services=service("loki", "logging", "StatefulSet/loki"))
    with pytest.raises(
        AssertionError, match=r"StatefulSet logging/loki; seen: no namespace logging.*to do: install loki"
    ):
        services.running(there, "loki")


def test_a_workload_that_is_short_of_pods_says_why() -> None:
    bad = pod("loki-0", "logging", node="node-3", ready=False, states=[waiting("CrashLoopBackOff", "back-off 40s")])
    there = cluster(
        workload("StatefulSet", "loki", "logging", ready=0),
        bad,
        services=service("loki", "logging", "StatefulSet/loki"),
    )
    found = services.running(there, "loki")
    assert not found.complete
    assert found.shortfall() == "0 of 1 pods ready; loki-0 on node-3: main: CrashLoopBackOff: back-off 40s"


def test_a_workload_at_zero_is_not_complete() -> None:
    there = cluster(
        workload("StatefulSet", "loki", "logging", wanted=0, ready=0),
        services=service("loki", "logging", "StatefulSet/loki"),
    )
    found = services.running(there, "loki")
    assert not found.complete
    assert found.shortfall() == "StatefulSet logging/loki is scaled to nothing"


def test_a_workload_in_full_is_complete() -> None:
    there = cluster(
        workload("Deployment", "grafana", "monitoring"),
        pod("grafana-1", "monitoring"),
        services=service("grafana", "monitoring", "Deployment/grafana"),
    )
    found = services.running(there, "grafana")
    assert found.complete
    assert [each.name for each in found.pods] == ["grafana-1"]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("PostgreSQL", "postgres"),
        ("Kube State Metrics", "kube-state-metrics"),
        ("the log shipper", "log-shipper"),
        ("CoreDNS", "coredns"),
        ("Loki", "loki"),
    ],
)
def test_what_features_call_a_service(title: Any, name: Any) -> None:
    assert services.called(title) == name


SHIPPER = service("log-shipper", "logging", "DaemonSet/log-shipper", port=8888)
METRICS = """\
# HELP otelcol_exporter_sent_log_records_total Number of log record successfully sent to destination.
# TYPE otelcol_exporter_sent_log_records_total counter
otelcol_exporter_sent_log_records_total{exporter="otlphttp/loki",service_name="otelcol"} 1204
otelcol_exporter_send_failed_log_records_total{exporter="otlphttp/loki"} 3
otelcol_exporter_sent_spans_total{exporter="otlphttp/loki"} 9
"""


def fleet(
    *, image: str = "registry.test/otelcol:0.165.0", nodes: Any = ("a", "b"), on: Any = ("a", "b"), **more: Any
) -> Any:
    pods = [pod(f"log-shipper-{each}", "logging", node=each, image=image) for each in on]
    daemons = workload("DaemonSet", "log-shipper", "logging", wanted=len(nodes), ready=len(on))
    return cluster(daemons, *pods, *(node(each) for each in nodes), services=SHIPPER, **more)


def test_a_shipper_on_every_node_is_complete() -> None:
    assert shipper.coverage(fleet()).complete


def test_a_node_without_shipper_is_named() -> None:
    found = shipper.coverage(fleet(on=("a",)))
    assert not found.complete
    assert found.missing == ("b (no pod)",)


def test_the_collector_s_counters_are_read_per_node() -> None:
    where = "/api/v1/namespaces/logging/pods/log-shipper-{0}:8888/proxy/metrics"
    found = shipper.counters(fleet(raw={where.format("a"): METRICS, where.format("b"): "# nothing yet\n"}))
    assert (found["a"].sent, found["a"].dropped) == (1204, 3)
    assert (found["b"].sent, found["b"].dropped) == (0, 0)


@pytest.mark.parametrize(
    ("image", "name", "dead"),
    [
        ("docker.io/grafana/promtail:3.5.1", "Promtail", True),
        ("docker.io/grafana/alloy:v1.18.1", "Grafana Alloy", False),
        ("docker.io/otel/opentelemetry-collector-contrib:0.158.0", "OpenTelemetry Collector", False),
    ],
)
def test_the_shipper_is_known_by_its_image(image: Any, name: Any, dead: Any) -> None:
    kind = shipper.kind(fleet(image=image))
    assert (kind.name, bool(kind.end_of_life)) == (name, dead)
