from typing import Any

import pytest

from probes import exporters, exposition
from roadworthy.errors import Denied, Turbulence
from tests.unit.probes.doubles import cluster
from tests.unit.probes.shapes import node, pod, service, workload

WHERE = "/api/v1/namespaces/monitoring/pods/x:9100/proxy/metrics"


def test_labels_with_commas_braces_and_escapes_are_read() -> None:
    text = 'a_total{path="/x,{y}",said="he said \\"no\\""} 1.5e3 1800000000000\na_total 2\nb 3\n'
    found = list(exposition.samples(text, "a"))
    assert [(each.labels, each.value) for each in found] == [
        ({"path": "/x,{y}", "said": 'he said \\"no\\"'}, 1500.0),
        ({}, 2.0),
    ]


def test_a_total_of_nothing_is_none_not_zero() -> None:
    assert exposition.total("b 3\n", "a") is None
    assert exposition.total("a 0\n", "a") == 0


def test_a_silent_pod_fails_when_the_api_server_is_well() -> None:
    there = cluster(raw={WHERE: Turbulence("error trying to reach service"), "/readyz": "ok"})
    with pytest.raises(AssertionError, match="monitoring/x exposes /metrics"):
        exposition.exposition(there, "monitoring", "x", 9100)


def test_a_silent_pod_is_unknown_when_the_api_server_is_not() -> None:
    there = cluster(raw={WHERE: Turbulence("503"), "/readyz": Turbulence("etcd failed")})
    with pytest.raises(Turbulence, match="etcd failed"):
        exposition.exposition(there, "monitoring", "x", 9100)


def test_a_right_that_is_lacking_is_no_fault_of_the_pod() -> None:
    with pytest.raises(Denied):
        exposition.exposition(cluster(raw={WHERE: Denied("403")}), "monitoring", "x", 9100)


NODE = """\
node_uname_info{domainname="(none)",machine="aarch64",nodename="pi-3",release="6.12",sysname="Linux"} 1
node_memory_MemTotal_bytes 8.452571136e+09
node_cpu_seconds_total{cpu="0",mode="idle"} 100
node_cpu_seconds_total{cpu="0",mode="user"} 20
node_cpu_seconds_total{cpu="0",mode="system"} 5
"""


def measuring(text: Any) -> Any:
    path = "/api/v1/namespaces/monitoring/pods/node-exporter-1:9100/proxy/metrics"
    return cluster(
        node("pi-3"),
        workload("DaemonSet", "node-exporter", "monitoring"),
        pod("node-exporter-1", "monitoring", node="pi-3"),
        services=service("node-exporter", "monitoring", "DaemonSet/node-exporter", port=9100),
        raw={path: text},
    )


def test_node_exporter_tells_of_its_machine() -> None:
    found = exporters.measured(measuring(NODE), "pi-3")
    assert (found.nodename, found.arch, found.memory, found.cpu_seconds) == ("pi-3", "arm64", 8452571136.0, 25.0)


def test_a_node_without_node_exporter_fails() -> None:
    with pytest.raises(AssertionError, match="Node Exporter runs on pi-4; seen: no pod of it there"):
        exporters.measured(measuring(NODE), "pi-4")


def test_kube_state_metrics_tells_how_nodes_are() -> None:
    text = "".join(
        f'kube_node_status_condition{{node="{name}",condition="Ready",status="{status}"}} {value}\n'
        for name, ready in (("a", 1), ("b", 0))
        for status, value in (("true", ready), ("false", 1 - ready))
    )
    there = cluster(http={"kube-state-metrics": {"GET /metrics": (200, text)}})
    assert exporters.nodes_ready(there) == {"a": True, "b": False}
