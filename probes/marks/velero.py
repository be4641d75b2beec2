"""Backups and restores of a scenario's own; how they go again, with all that Velero keeps, is in ``velero_removal``."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from probes.marks import marked
from probes.marks.velero_removal import forget_volumes, remove
from probes.velero import BACKUP, LOCATION, RESTORE, Run, backup, home, locations, restore
from probes.velero_schedules import Schedule, going, schedule
from probes.words import few, told
from roadworthy.cluster import Cluster

#: How long Velero keeps what nobody took away.
KEPT = "1h0m0s"


def back_up(cluster: Cluster) -> str:
    """Begin a backup of the scenario's own namespace, its volumes included; return the backup's name."""
    namespace = cluster.markers().namespace()
    cluster.markers().undo_later(partial(forget_volumes, cluster, namespace), f"repository of {namespace}")
    return _begin(cluster, {"includedNamespaces": [namespace], "defaultVolumesToFsBackup": True})


def back_up_by(cluster: Cluster, name: str) -> str:
    """Begin a backup as a schedule would make it, kept for an hour only; return its name.

    It isn't labelled as the schedule's: that one is judged by what it made itself.
    """
    there = schedule(cluster, name)
    # What another scenario has just left is still being deleted: what goes during a backup is an error of the backup.
    cluster.until(lambda: _at_rest(cluster, there), within=90.0, kinds=("Namespace",), what=name)
    return _begin(cluster, there.template)


def ended(cluster: Cluster, name: str, *, within: float) -> Run:
    """Wait until a backup has come to its end, and return it, complete or not."""
    return cluster.until(lambda: _over(cluster, backup(cluster, name)), within=within, kinds=(BACKUP,), what=name)


def restored(cluster: Cluster, name: str, *, within: float) -> Run:
    """Wait until a restore has come to its end, and return it, complete or not."""
    return cluster.until(lambda: _over(cluster, restore(cluster, name)), within=within, kinds=(RESTORE,), what=name)


def begin_restore(cluster: Cluster, of: str, **more: Any) -> str:
    """Begin to restore from a backup (``more``: further fields of the Restore); return the restore's name."""
    name = marked("restore")
    cluster.markers().create(
        {
            "apiVersion": "velero.io/v1",
            "kind": "Restore",
            "metadata": {"name": name, "namespace": home(cluster)},
            "spec": {"backupName": of, **more},
        }
    )
    return name


def target(cluster: Cluster) -> str:
    """Make another namespace to restore into; return its name."""
    name = marked("into")
    cluster.markers().create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}})
    return name


def destroy(cluster: Cluster, namespace: str) -> None:
    """Delete a namespace of ours, and wait until it is gone."""
    cluster.markers().delete("Namespace", namespace)

    def gone() -> None:
        if cluster.fresh("Namespace", namespace) is not None:
            raise AssertionError(told(f"the namespace {namespace} is gone", seen="it is going"))

    cluster.until(gone, within=120.0, kinds=("Namespace",), what=namespace)


def _at_rest(cluster: Cluster, there: Schedule) -> None:
    if names := sorted(going(cluster, there)):
        expected, todo = "no namespace is being deleted while it is backed up", "see what its deletion waits for"
        raise AssertionError(told(expected, seen=few(names), where="its status", todo=todo))


def _in_reach(cluster: Cluster) -> None:
    found = locations(cluster)
    if not found or found[0].phase != "Available":
        seen, where = str(found[0] if found else "none"), f"namespace {home(cluster)}"
        raise AssertionError(told("a backup has a storage location that is available", seen=seen, where=where))


def _begin(cluster: Cluster, spec: Mapping[str, Any]) -> str:
    # One that was out of reach a moment ago is looked at again every half minute, or minute.
    cluster.until(lambda: _in_reach(cluster), within=90.0, kinds=(LOCATION,), what="the storage location")
    name = marked("backup")
    cluster.markers().create(
        {
            "apiVersion": "velero.io/v1",
            "kind": "Backup",
            "metadata": {"name": name, "namespace": home(cluster)},
            "spec": {**spec, "ttl": KEPT},
        }
    )
    cluster.markers().undo_later(lambda: remove(cluster, name), f"backup {name}")
    return name


def _over(cluster: Cluster, run: Run | None) -> Run:
    if run is not None and run.over:
        return run
    seen, where = str(run or "nothing yet"), f"namespace {home(cluster)}"
    raise AssertionError(told("Velero comes to its end", seen=seen, where=where, todo="look at Velero's log"))
