"""Steps about what watches over the backups: what Prometheus measures of them, and its alerts."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from probes import prometheus
from probes.marks import backup_alerts
from probes.marks.backup_alerts import FAILED, TOO_OLD, UNAVAILABLE
from probes.services import described
from probes.words import few, told
from roadworthy.cluster import Cluster

#: What a rule and a panel need of each sort of backup.
SERIES = {
    "velero": ("velero_backup_location_status_gauge", "velero_backup_last_status", "velero_backup_total"),
    **{
        name: (f'kube_cronjob_labels{{cronjob="{name}"}}', f'backup:age:seconds{{cronjob="{name}"}}')
        for name in ("etcd-snapshots", "postgres-backup", "offsite-copy")
    },
}


@then(parsers.parse("Prometheus measures the backups of {service} within {seconds:d} seconds"))
def measured(cluster: Cluster, service: str, seconds: int) -> None:
    """Ask for each series that a rule or a panel reads; not applicable where there is no such service."""
    described(cluster, service)
    cluster.until(lambda: _measured(cluster, service), within=seconds, what=f"measurements of {service}")


@given("a backup of our own that failed", target_fixture="alarm")
def failed(cluster: Cluster) -> tuple[str, str]:
    """Let one fail."""
    return FAILED, backup_alerts.fail(cluster)


@given("a daily backup of our own whose last success is three days ago", target_fixture="alarm")
def too_old(cluster: Cluster) -> tuple[str, str]:
    """Have one that nobody ran."""
    return TOO_OLD, backup_alerts.forget(cluster)


@given("a storage location of our own that can't be reached", target_fixture="alarm")
def unavailable(cluster: Cluster) -> tuple[str, str]:
    """Have one without its bucket."""
    return UNAVAILABLE, backup_alerts.lose(cluster)


@then(parsers.parse("the alert about it is active in Alertmanager within {seconds:d} seconds"))
def fires(cluster: Cluster, alarm: tuple[str, str], seconds: int) -> None:
    """Wait for it."""
    cluster.until(lambda: backup_alerts.firing(cluster, *alarm), within=seconds, what=f"alert {alarm[0]}")


@when("that is mended")
def mended(cluster: Cluster, alarm: tuple[str, str]) -> None:
    """Take the cause away."""
    {FAILED: backup_alerts.succeed, TOO_OLD: backup_alerts.remember, UNAVAILABLE: backup_alerts.find}[alarm[0]](
        cluster, alarm[1]
    )


@then(parsers.parse("the alert about it is resolved within {seconds:d} seconds"))
def resolves(cluster: Cluster, alarm: tuple[str, str], seconds: int) -> None:
    """Wait for its end."""
    cluster.until(lambda: backup_alerts.over(cluster, *alarm), within=seconds, what=f"alert {alarm[0]}")


def _measured(cluster: Cluster, service: str) -> None:
    missing = [each for each in SERIES[service] if not prometheus.query(cluster, each)]
    todo = "look at Prometheus's targets, and at what Kube State Metrics is told to tell"
    assert not missing, told(f"Prometheus measures {service}", seen=f"no series {few(missing)}", todo=todo)
