from typing import Any

import pytest

from probes import alertmanager, loki, prometheus, usage
from roadworthy.errors import Denied, Turbulence
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import service

TARGETS = {
    "status": "success",
    "data": {
        "activeTargets": [
            {
                "discoveredLabels": {"__address__": "10.0.0.13:9100", "__meta_kubernetes_pod_node_name": "node-3"},
                "labels": {"instance": "10.0.0.13:9100", "job": "node-exporter"},
                "scrapePool": "pods",
                "scrapeUrl": "http://10.0.0.13:9100/metrics",
                "lastError": "",
                "health": "up",
            },
            {
                "discoveredLabels": {"__address__": "10.0.130.4:3100"},
                "labels": {"instance": "10.0.130.4:3100", "job": "loki"},
                "scrapePool": "pods",
                "scrapeUrl": "http://10.0.130.4:3100/metrics",
                "lastError": 'Get "http://10.0.130.4:3100/metrics": connection refused',
                "health": "down",
            },
        ]
    },
}


def watching(**answers: Any) -> Any:
    return cluster(http={"prometheus": {f"GET {path}": answer for path, answer in answers.items()}})


def test_a_target_that_is_down_says_why() -> None:
    down, up = prometheus.targets(watching(**{"/api/v1/targets": (200, TARGETS)}))
    assert (up.node, up.host, up.up) == ("node-3", "10.0.0.13", True)
    assert str(down) == 'loki http://10.0.130.4:3100/metrics: Get "http://10.0.130.4:3100/metrics": connection refused'


def test_a_rule_that_does_not_evaluate_says_why() -> None:
    group = {"name": "nodes", "rules": [{"name": "NodeDown", "health": "err", "lastError": "found duplicate series"}]}
    body = {"status": "success", "data": {"groups": [group]}}
    (rule,) = prometheus.rules(watching(**{"/api/v1/rules": (200, body)}))
    assert str(rule) == "nodes/NodeDown: found duplicate series"


def test_a_query_that_is_refused_is_the_service_s_word() -> None:
    body = {"status": "error", "errorType": "bad_data", "error": "parse error: unexpected end of input"}
    with pytest.raises(AssertionError, match="400 parse error"):
        prometheus.query(watching(**{"/api/v1/query": (400, body)}), "up{")


def test_no_sample_at_all_is_not_a_fresh_one() -> None:
    body = {"status": "success", "data": {"resultType": "vector", "result": []}}
    with pytest.raises(AssertionError, match="holds samples; seen: none"):
        prometheus.newest_sample_age(watching(**{"/api/v1/query": (200, body)}))


def test_the_age_of_the_newest_sample_is_prometheus_s_own() -> None:
    body = {"status": "success", "data": {"resultType": "vector", "result": [{"metric": {}, "value": [1, "7.5"]}]}}
    assert prometheus.newest_sample_age(watching(**{"/api/v1/query": (200, body)})) == 7.5


def test_alerts_of_a_name() -> None:
    alert = {"labels": {"alertname": "Watchdog"}, "status": {"state": "active"}, "startsAt": "2027-01-15T07:00:00Z"}
    there = cluster(http={"alertmanager": {"GET /api/v2/alerts": (200, [alert])}})
    assert [each.state for each in alertmanager.alerts(there, "Watchdog")] == ["active"]


def test_loki_holds_back_after_a_start() -> None:
    there = cluster(http={"loki": {"GET /ready": (503, "Ingester not ready: waiting for 15s after being ready")}})
    assert not loki.readiness(there).ready


def test_loki_s_lines_carry_their_labels() -> None:
    stream = {"stream": {"job": "roadworthy", "k8s_node_name": "node-3"}, "values": [["1800000000000000000", "hello"]]}
    body = {"status": "success", "data": {"resultType": "streams", "result": [stream]}}
    there = cluster(
        http={"loki": {"GET /loki/api/v1/query_range": (200, body)}},
        services=service("loki", "logging", settings={"tenant": "fake"}),
    )
    (line,) = loki.lines(there, '{job="roadworthy"}', "hello", since=1.0)
    assert (line.text, line.labels["k8s_node_name"]) == ("hello", "node-3")


POD = {
    "metadata": {"name": "postgres-0"},
    "timestamp": "2027-01-15T07:59:45Z",
    "containers": [{"usage": {"cpu": "2846107n", "memory": "24800Ki"}}, {"usage": {"cpu": "1m", "memory": "1Mi"}}],
}


def test_a_pod_s_use_is_the_sum_of_its_containers() -> None:
    there = cluster(raw={f"{usage.API}/namespaces/databases/pods": {"items": [POD]}})
    found = usage.pod_usage(there, "databases", "postgres-0")
    assert found is not None
    assert str(found) == "4m, 25Mi"
    assert usage.pod_usage(there, "databases", "other") is None


def test_a_cluster_without_metrics_api_fails() -> None:
    with pytest.raises(AssertionError, match="404, no such API"):
        usage.node_usage(cluster())


def test_a_metrics_api_that_is_down_fails_and_a_lacking_right_does_not() -> None:
    with pytest.raises(AssertionError, match="the metrics API answers"):
        usage.node_usage(cluster(raw={f"{usage.API}/nodes": Turbulence("503"), "/readyz": "ok"}))
    with pytest.raises(Denied):
        usage.node_usage(cluster(raw={f"{usage.API}/nodes": Denied("403")}))
