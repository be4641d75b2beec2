"""Alertmanager: whether it is ready, and which alerts it holds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from probes.words import short, told
from roadworthy.cluster import Cluster

SERVICE = "alertmanager"


@dataclass(frozen=True, slots=True)
class Alert:
    """One alert that has not been resolved; ``state`` is ``active``, ``suppressed`` or ``unprocessed``."""

    labels: Mapping[str, str]
    state: str
    starts: str


def ready(cluster: Cluster) -> tuple[bool, str]:
    """Return whether Alertmanager says that it is ready, and its words."""
    reply = cluster.http(SERVICE).get("/-/ready")
    return reply.status == 200, f"{reply.status} {short(reply.text, 160)}"


def alerts(cluster: Cluster, name: str) -> tuple[Alert, ...]:
    """Return the alerts of a name that are not resolved."""
    reply = cluster.http(SERVICE).get("/api/v2/alerts", params={"filter": f'alertname="{name}"'})
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 200)}"
        raise AssertionError(told("Alertmanager lists its alerts", seen=seen, where=reply.url, todo="look at its log"))
    return tuple(Alert(each["labels"], each["status"]["state"], each["startsAt"]) for each in reply.json())
