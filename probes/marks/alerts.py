"""An alert of a scenario's own in Alertmanager: sent, then sent as resolved. Unresolved, it ends by itself."""

from __future__ import annotations

from datetime import UTC, datetime

from probes.alertmanager import SERVICE
from probes.marks import marked
from probes.words import short, told
from roadworthy.cluster import Cluster

#: How long an alert holds that nobody resolves, e.g. after a kill. Seconds.
HOLDS = 300.0


def fire(cluster: Cluster) -> str:
    """Send an alert, and return its name."""
    name = marked("alert")
    _send(cluster, name, ends=cluster.now() + HOLDS)
    cluster.markers().undo_later(lambda: resolve(cluster, name), f"alert {name}")
    return name


def resolve(cluster: Cluster, name: str) -> None:
    """Send the alert as over."""
    _send(cluster, name, ends=cluster.now() - 1)


def _send(cluster: Cluster, name: str, *, ends: float) -> None:
    alert = {
        "labels": {"alertname": name, "severity": "none", "source": "roadworthy"},
        "annotations": {"summary": "Roadworthy tries whether alerts arrive. Nothing is wrong."},
        "startsAt": _moment(cluster.now() - 60),
        "endsAt": _moment(ends),
    }
    reply = cluster.http(SERVICE).post("/api/v2/alerts", json=[alert])
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 160)}"
        raise AssertionError(told("Alertmanager takes an alert", seen=seen, where=reply.url, todo="look at its log"))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")
