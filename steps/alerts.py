"""Steps about Alertmanager."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from probes import alertmanager, prometheus
from probes.marks import alerts
from probes.words import told
from roadworthy.cluster import Cluster

WATCHDOG = "Watchdog"


@then(parsers.parse("Alertmanager says that it is ready within {seconds:d} seconds"))
def ready(cluster: Cluster, seconds: int) -> None:
    """Wait for its own word."""
    cluster.until(lambda: _ready(cluster), within=seconds, what="Alertmanager")


@given("an alert is sent to Alertmanager", target_fixture="alert")
def sent(cluster: Cluster) -> str:
    """Send one of our own."""
    return alerts.fire(cluster)


@then(parsers.parse("Alertmanager lists the alert as active within {seconds:d} seconds"))
def active(cluster: Cluster, alert: str, seconds: int) -> None:
    """Wait for it."""
    cluster.until(lambda: _active(cluster, alert), within=seconds, what=f"alert {alert}")


@when("the alert is sent as resolved")
def resolved(cluster: Cluster, alert: str) -> None:
    """Send its end."""
    alerts.resolve(cluster, alert)


@then(parsers.parse("Alertmanager no longer lists the alert within {seconds:d} seconds"))
def gone(cluster: Cluster, alert: str, seconds: int) -> None:
    """Wait for it to go."""
    cluster.until(lambda: _gone(cluster, alert), within=seconds, what=f"alert {alert}")


@then(parsers.parse("Prometheus knows Alertmanager within {seconds:d} seconds"))
def known(cluster: Cluster, seconds: int) -> None:
    """Wait for its discovery."""
    cluster.until(lambda: _known(cluster), within=seconds, what="Prometheus's Alertmanagers")


@then(parsers.parse("the watchdog alert of Prometheus is active in Alertmanager within {seconds:d} seconds"))
def watchdog(cluster: Cluster, seconds: int) -> None:
    """The alert that always fires: without it, silence means nothing."""
    cluster.until(lambda: _active(cluster, WATCHDOG), within=seconds, what=f"alert {WATCHDOG}")


def _ready(cluster: Cluster) -> None:
    good, said = alertmanager.ready(cluster)
    assert good, told("Alertmanager is ready", seen=said, where="/-/ready", todo="look at its log")


def _active(cluster: Cluster, name: str) -> None:
    states = [each.state for each in alertmanager.alerts(cluster, name)]
    seen, todo = (
        ", ".join(states) or "no such alert",
        "look at the logs of Alertmanager and Prometheus, and at silences",
    )
    assert "active" in states, told(f"the alert {name} is active", seen=seen, where="Alertmanager", todo=todo)


def _gone(cluster: Cluster, name: str) -> None:
    found = alertmanager.alerts(cluster, name)
    assert not found, told(f"the alert {name} is resolved", seen=f"it is {found[0].state}", where="Alertmanager")


def _known(cluster: Cluster) -> None:
    todo = "look at `alerting` in Prometheus's configuration"
    assert prometheus.alertmanagers(cluster), told("Prometheus knows an Alertmanager", seen="none", todo=todo)
