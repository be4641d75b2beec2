"""Backups of our own that go wrong on purpose, so that the alerts about backups can be seen to fire, and to end.

What goes wrong is made beside the real backups, in a namespace of ours: a CronJob that says that it makes backups, and
a storage location of another name. No real backup is touched, and none is missed.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from probes.alertmanager import Alert, alerts
from probes.marks import marked
from probes.marks.pods import image
from probes.velero import LOCATION, home, locations
from probes.words import told
from roadworthy.cluster import Cluster
from roadworthy.errors import Blocked

RIGHTS: tuple[str, ...] = ("patch cronjobs.batch/status",)

FAILED, TOO_OLD, UNAVAILABLE = "BackupFailed", "BackupTooOld", "BackupLocationUnavailable"
#: By it a CronJob says that it makes backups, and how often (installers/prometheus/rules/backups.yml).
LABEL = "roadworthy.dev/backup"
DAYS = 3 * 86400.0


def fail(cluster: Cluster) -> str:
    """Have a CronJob's job fail; return the CronJob's name."""
    name = _cronjob(cluster, {})
    namespace = cluster.markers().namespace()
    made = cluster.fresh("CronJob", name, namespace=namespace) or {}
    owner = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "name": name,
        "uid": made["metadata"]["uid"],
        "controller": True,
    }
    cluster.markers().create(
        {
            "apiVersion": "batch/v1",
            "kind": "Job",
            "metadata": {"name": name, "namespace": namespace, "ownerReferences": [owner]},
            "spec": {"backoffLimit": 0, "template": _pod(cluster)},
        }
    )
    return name


def succeed(cluster: Cluster, name: str) -> None:
    """Take the failed job away, as whoever mends it does."""
    cluster.markers().delete("Job", name, namespace=cluster.markers().namespace())


def forget(cluster: Cluster) -> str:
    """Have a daily CronJob whose last success is three days ago; return its name."""
    moment = datetime.fromtimestamp(cluster.now() - DAYS, UTC).isoformat().replace("+00:00", "Z")
    return _cronjob(cluster, {"lastScheduleTime": moment, "lastSuccessfulTime": moment})


def remember(cluster: Cluster, name: str) -> None:
    """Take that CronJob away: nobody expects backups of it any longer."""
    cluster.markers().delete("CronJob", name, namespace=cluster.markers().namespace())


def lose(cluster: Cluster) -> str:
    """Have a storage location whose bucket there isn't; return its name."""
    return _location(cluster, marked("location"), marked("no-bucket"))


def find(cluster: Cluster, name: str) -> None:
    """Have the location again, with a bucket that there is, until Velero has said so.

    Velero forgets a location, but not what it last measured of it: this is also how a lost one is taken back for good.
    """
    cluster.markers().delete(LOCATION, name, namespace=home(cluster))
    cluster.until(lambda: _gone(cluster, name), within=60.0, kinds=(LOCATION,), what=name)
    _location(cluster, name, "")
    cluster.until(lambda: _available(cluster, name), within=120.0, kinds=(LOCATION,), what=name)


def firing(cluster: Cluster, alert: str, name: str) -> Alert:
    """Return the alert about one of ours; AssertionError while Alertmanager holds none."""
    found = [each for each in alerts(cluster, alert) if name in each.labels.values()]
    if not found:
        todo = "look at the rule in Prometheus, and at what it measures"
        raise AssertionError(told(f"{alert} fires about {name}", seen="no such alert", where="Alertmanager", todo=todo))
    return found[0]


def over(cluster: Cluster, alert: str, name: str) -> None:
    """AssertionError while Alertmanager holds the alert about one of ours."""
    found = [each for each in alerts(cluster, alert) if name in each.labels.values()]
    if found:
        seen = f"it is {found[0].state} since {found[0].starts}"
        raise AssertionError(told(f"{alert} about {name} is resolved", seen=seen, where="Alertmanager"))


def _cronjob(cluster: Cluster, status: dict[str, str]) -> str:
    name = marked("backup")[:52]
    spec = {"schedule": "0 0 1 1 *", "suspend": True, "jobTemplate": {"spec": {"template": _pod(cluster)}}}
    manifest: dict[str, Any] = {
        "apiVersion": "batch/v1",
        "kind": "CronJob",
        "metadata": {"name": name, "namespace": cluster.markers().namespace(), "labels": {LABEL: "daily"}},
        "spec": spec,
    }
    cluster.markers().create(manifest | ({"status": status} if status else {}))
    return name


def _pod(cluster: Cluster) -> dict[str, Any]:
    box = {
        "name": "fail",
        "image": image(cluster),
        "command": ["sh", "-c", "echo Roadworthy lets this one fail; exit 1"],
        "resources": {"requests": {"cpu": "1m", "memory": "4Mi"}, "limits": {"memory": "16Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
    }
    user = {"runAsNonRoot": True, "runAsUser": 65534, "runAsGroup": 65534}
    spec = {"restartPolicy": "Never", "automountServiceAccountToken": False, "securityContext": user}
    return {"spec": {**spec, "containers": [box]}}


def _location(cluster: Cluster, name: str, bucket: str) -> str:
    """Make a location like the default one (``bucket``: another one)."""
    default = next((each for each in locations(cluster) if each.default), None)
    live = cluster.get(LOCATION, default.name, namespace=home(cluster)) if default else None
    if live is None:
        raise Blocked("Velero has a default storage location", seen="none", where="its own criterion")
    storage = dict(live["spec"]["objectStorage"])
    storage = {**storage, "bucket": bucket} if bucket else storage
    kept = {key: live["spec"][key] for key in ("provider", "config", "credential") if key in live["spec"]}
    cluster.markers().create(
        {
            "apiVersion": "velero.io/v1",
            "kind": "BackupStorageLocation",
            "metadata": {"name": name, "namespace": home(cluster)},
            # It is looked at soon, and never written to.
            "spec": {**kept, "objectStorage": storage, "accessMode": "ReadOnly", "validationFrequency": "10s"},
        }
    )
    return name


def _gone(cluster: Cluster, name: str) -> None:
    if cluster.fresh(LOCATION, name, namespace=home(cluster)) is not None:
        raise AssertionError(f"location {name} is still there")


def _available(cluster: Cluster, name: str) -> None:
    found = next((each for each in locations(cluster) if each.name == name), None)
    if found is None or found.phase != "Available":
        raise AssertionError(told("Velero reaches the location", seen=str(found or "no such location"), where=name))
