"""Backups and restores of a scenario's own, and all that Velero keeps because of them.

Deleting a Backup leaves what it stored, and Velero makes the object anew from there: so Velero is asked to delete it.
What a namespace of ours left in a repository of volumes goes as well. A killed run's backups end by themselves after an
hour, for that is how long they are kept; its repositories are swept.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from probes.marks import marked
from probes.object_store import SERVICE as STORE
from probes.velero import BACKUP, LOCATION, RESTORE, Run, backup, home, locations, repositories, restore
from probes.velero_content import prefix
from probes.velero_schedules import schedule
from probes.words import told
from roadworthy.cluster import Cluster
from roadworthy.markers import leftover, sweeper

#: How long Velero keeps what nobody took away.
KEPT = "1h0m0s"
#: How long Velero may take to delete a backup. Seconds.
DELETES = 90.0


def back_up(cluster: Cluster) -> str:
    """Begin a backup of the scenario's own namespace, its volumes included; return the backup's name."""
    namespace = cluster.markers().namespace()
    return _begin(cluster, {"includedNamespaces": [namespace], "defaultVolumesToFsBackup": True})


def back_up_by(cluster: Cluster, name: str) -> str:
    """Begin a backup as a schedule would make it, kept for an hour only; return its name.

    It isn't labelled as the schedule's: that one is judged by what it made itself.
    """
    return _begin(cluster, schedule(cluster, name).template)


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


@sweeper("velero")
def sweep(cluster: Cluster) -> None:
    """Remove the repositories of namespaces that killed runs made, also those of which only the bucket knows."""
    if "velero" not in cluster.profile.services:
        return
    bucket, where = cluster.profile.backups.bucket, f"{prefix(cluster)}kopia/"
    stored = cluster.s3(STORE).call("list_objects_v2", Bucket=bucket, Prefix=where, Delimiter="/")
    folders = {str(each["Prefix"]).removeprefix(where).strip("/") for each in stored.get("CommonPrefixes") or ()}
    for namespace in sorted(folders | {each.of for each in repositories(cluster)}):
        if leftover(namespace, cluster.now()) and cluster.fresh("Namespace", namespace) is None:
            forget_volumes(cluster, namespace)


def forget_volumes(cluster: Cluster, namespace: str) -> None:
    """Remove the repository that a namespace of ours got, and what is stored in it."""
    for each in repositories(cluster):
        if each.of == namespace:
            cluster.markers().delete("velero.io/v1/BackupRepository", each.name, namespace=home(cluster))
    store, bucket = cluster.s3(STORE), cluster.profile.backups.bucket
    where = f"{prefix(cluster)}kopia/{namespace}/"
    while found := store.call("list_objects_v2", Bucket=bucket, Prefix=where, MaxKeys=500).get("Contents"):
        keys = [{"Key": str(each["Key"])} for each in found]
        store.call("delete_objects", Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


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
    for each in {*(spec.get("includedNamespaces") or ())} - {"*"}:
        cluster.markers().undo_later(partial(forget_volumes, cluster, each), f"repository of {each}")
    cluster.markers().undo_later(lambda: _remove(cluster, name), f"backup {name}")
    return name


def _remove(cluster: Cluster, name: str) -> None:
    """Let Velero delete a backup of ours, with what it stored, and wait for it."""
    request = marked("removal")
    cluster.markers().create(
        {
            "apiVersion": "velero.io/v1",
            "kind": "DeleteBackupRequest",
            "metadata": {"name": request, "namespace": home(cluster)},
            "spec": {"backupName": name},
        }
    )

    def gone() -> None:
        if cluster.fresh(BACKUP, name, namespace=home(cluster)) is None:
            return
        asked = cluster.fresh("velero.io/v1/DeleteBackupRequest", request, namespace=home(cluster)) or {}
        said = "; ".join((asked.get("status") or {}).get("errors") or ())
        raise AssertionError(told(f"Velero deletes the backup {name}", seen=said or "it is still there"))

    cluster.until(gone, within=DELETES, kinds=(BACKUP,), what=name)


def _over(cluster: Cluster, run: Run | None) -> Run:
    if run is not None and run.over:
        return run
    seen, where = str(run or "nothing yet"), f"namespace {home(cluster)}"
    raise AssertionError(told("Velero comes to its end", seen=seen, where=where, todo="look at Velero's log"))
