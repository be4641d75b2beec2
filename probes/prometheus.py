"""Prometheus: its targets, its rules, its samples, and whom it sends alerts to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes.words import short, told
from roadworthy.cluster import Cluster, HttpReply

SERVICE = "prometheus"


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that is scraped; ``host`` is the address without its port, ``error`` that of the last scrape."""

    job: str
    url: str
    host: str
    node: str
    up: bool
    error: str

    def __str__(self) -> str:
        """Return ``job url: error``."""
        return f"{self.job} {self.url}: {self.error or 'not yet scraped'}"


@dataclass(frozen=True, slots=True)
class Rule:
    """One recording or alerting rule; ``health`` is ``ok``, ``err`` or ``unknown`` (not yet evaluated)."""

    group: str
    name: str
    health: str
    error: str

    def __str__(self) -> str:
        """Return ``group/name: error``."""
        return f"{self.group}/{self.name}: {self.error or self.health}"


@dataclass(frozen=True, slots=True)
class Sample:
    """One value of a series at a time (seconds since the epoch)."""

    labels: Mapping[str, str]
    time: float
    value: float


def ready(cluster: Cluster) -> tuple[bool, str]:
    """Return whether Prometheus says that it is ready, and its words."""
    reply = cluster.http(SERVICE).get("/-/ready")
    return reply.status == 200, f"{reply.status} {short(reply.text, 160)}"


def targets(cluster: Cluster) -> tuple[Target, ...]:
    """Return every active target."""
    found = [_target(each) for each in _data(cluster, "/api/v1/targets", {"state": "active"})["activeTargets"]]
    return tuple(sorted(found, key=lambda target: (target.job, target.url)))


def rules(cluster: Cluster) -> tuple[Rule, ...]:
    """Return every rule."""
    return tuple(
        Rule(group["name"], rule["name"], rule["health"], short(rule.get("lastError", "")))
        for group in _data(cluster, "/api/v1/rules")["groups"]
        for rule in group["rules"]
    )


def query(cluster: Cluster, expression: str, *, at: float | None = None) -> tuple[Sample, ...]:
    """Evaluate an expression, now or at a time (seconds since the epoch)."""
    asked = {"query": expression} | ({"time": f"{at:.3f}"} if at is not None else {})
    data = _data(cluster, "/api/v1/query", asked)
    if data["resultType"] == "scalar":
        return (Sample({}, float(data["result"][0]), float(data["result"][1])),)
    return tuple(Sample(each["metric"], float(each["value"][0]), float(each["value"][1])) for each in data["result"])


def newest_sample_age(cluster: Cluster) -> float:
    """Return how many seconds ago, by its own clock, Prometheus last took a sample; AssertionError when it has none."""
    found = query(cluster, "time() - max(timestamp(up))")
    if not found:
        where, todo = "query max(timestamp(up))", "look at its targets and its log"
        raise AssertionError(
            told("Prometheus holds samples", seen="none in the last 5 minutes", where=where, todo=todo)
        )
    return found[0].value


def held(cluster: Cluster) -> Sample:
    """Return a sample of ``up``; AssertionError when there is none."""
    found = query(cluster, "up")
    if not found:
        raise AssertionError(told("Prometheus holds a sample of `up`", seen="none", todo="look at its targets"))
    return found[0]


def alertmanagers(cluster: Cluster) -> tuple[str, ...]:
    """Return the addresses of the Alertmanagers that Prometheus sends to."""
    return tuple(each["url"] for each in _data(cluster, "/api/v1/alertmanagers")["activeAlertmanagers"])


def _target(target: Mapping[str, Any]) -> Target:
    labels, found = target["labels"], target.get("discoveredLabels", {})
    host = str(found.get("__address__", labels.get("instance", ""))).rpartition(":")[0].strip("[]")
    node = next(
        (found[key] for key in ("__meta_kubernetes_pod_node_name", "__meta_kubernetes_node_name") if key in found), ""
    )
    return Target(
        job=labels.get("job", target.get("scrapePool", "")),
        url=target["scrapeUrl"],
        host=host,
        node=node
        or found.get("__meta_kubernetes_endpointslice_endpoint_topology_kubernetes_io_hostname", "")
        or found.get("__meta_kubernetes_endpoint_node_name", "")
        or labels.get("node", ""),
        up=target["health"] == "up",
        error=short(target.get("lastError", "")),
    )


def _data(cluster: Cluster, path: str, params: Mapping[str, str] | None = None) -> Any:
    reply: HttpReply = cluster.http(SERVICE).get(path, params=params, timeout=20.0)
    body = reply.json() if reply.text.lstrip().startswith("{") else {}
    if reply.status != 200 or body.get("status") != "success":
        seen = f"{reply.status} {short(str(body.get('error') or reply.text), 200)}"
        raise AssertionError(told(f"Prometheus answers {path}", seen=seen, where=reply.url, todo="look at its log"))
    return body["data"]
