"""How backups of our own go again, with all that Velero keeps because of them.

Deleting a Backup leaves what it stored, and Velero makes the object anew from there: so Velero is asked to delete it.
It refuses while the backup is being made, and would store it to the end: that is waited for. What a namespace of ours
left in a repository of volumes goes as well. A killed run's backups and repositories are swept by the next run; without
one they end by themselves after an hour, for that is how long they are kept.
"""

from __future__ import annotations

from collections.abc import Collection

from probes.marks import marked
from probes.object_store import SERVICE as STORE
from probes.velero import BACKUP, backup, home, repositories
from probes.velero_content import prefix
from probes.words import few, told
from roadworthy.cluster import Cluster
from roadworthy.cluster.sweepers import sweeper
from roadworthy.errors import Refused
from roadworthy.markers import LABEL, leftover, over, run_id

REQUEST = "velero.io/v1/DeleteBackupRequest"
#: How long a backup that nobody waits for any more may still be under way, behind others in the queue. Seconds.
ENDS = 300.0
#: How long Velero may take to delete backups. Seconds.
DELETES = 90.0


def remove(cluster: Cluster, name: str) -> None:
    """Let Velero delete a backup of ours, with what it stored, and wait for it.

    Raises:
        AssertionError: it is still there; the next run sweeps it.

    """
    cluster.until(lambda: _at_its_end(cluster, name), within=ENDS, kinds=(BACKUP,), what=name)
    _delete(cluster, (name,))


@sweeper("velero")
def sweep(cluster: Cluster) -> None:
    """Remove what killed runs made: backups, and the repositories of namespaces that only the bucket may know."""
    if "velero" not in cluster.profile.services:
        return
    now, found = cluster.now(), [each["metadata"] for each in cluster.list(BACKUP, namespace=home(cluster))]
    marked_ones = [each for each in found if (each.get("labels") or {}).get(LABEL, run_id()) != run_id()]
    _delete(cluster, [each["name"] for each in marked_ones if over(each.get("annotations") or {}, now)])
    bucket, where = cluster.profile.backups.bucket, f"{prefix(cluster)}kopia/"
    stored = cluster.s3(STORE).call("list_objects_v2", Bucket=bucket, Prefix=where, Delimiter="/")
    folders = {str(each["Prefix"]).removeprefix(where).strip("/") for each in stored.get("CommonPrefixes") or ()}
    for namespace in sorted(folders | {each.of for each in repositories(cluster)}):
        if leftover(namespace, now) and cluster.fresh("Namespace", namespace) is None:
            forget_volumes(cluster, namespace)


def forget_volumes(cluster: Cluster, namespace: str) -> None:
    """Remove the repository that a namespace of ours got, and what is stored in it.

    Raises:
        Refused: the namespace is none of ours: its backups are somebody's.

    """
    if run_id() not in namespace and not leftover(namespace, cluster.now()):
        todo = "report it: nothing of it was touched"
        raise Refused("only what a namespace of ours stored is taken away", seen=namespace, where="kopia/", todo=todo)
    for each in repositories(cluster):
        if each.of == namespace:
            cluster.markers().delete("velero.io/v1/BackupRepository", each.name, namespace=home(cluster))
    store, bucket = cluster.s3(STORE), cluster.profile.backups.bucket
    where = f"{prefix(cluster)}kopia/{namespace}/"
    while found := store.call("list_objects_v2", Bucket=bucket, Prefix=where, MaxKeys=500).get("Contents"):
        keys = [{"Key": str(each["Key"])} for each in found]
        store.call("delete_objects", Bucket=bucket, Delete={"Objects": keys, "Quiet": True})


def _delete(cluster: Cluster, names: Collection[str]) -> None:
    requests = {name: marked("removal") for name in names}
    for name, request in requests.items():
        cluster.markers().create(
            {
                "apiVersion": "velero.io/v1",
                "kind": "DeleteBackupRequest",
                "metadata": {"name": request, "namespace": home(cluster)},
                "spec": {"backupName": name},
            }
        )
    if requests:
        cluster.until(lambda: _gone(cluster, requests), within=DELETES, kinds=(BACKUP,), what="Velero's deletions")


def _gone(cluster: Cluster, requests: dict[str, str]) -> None:
    left = [name for name in requests if cluster.fresh(BACKUP, name, namespace=home(cluster)) is not None]
    asked = [cluster.fresh(REQUEST, requests[name], namespace=home(cluster)) or {} for name in left]
    said = [str(word) for each in asked for word in (each.get("status") or {}).get("errors") or ()]
    if left:
        seen = "; ".join(said) or "they are still there"
        raise AssertionError(told(f"Velero deletes the backups {few(left)}", seen=seen, where=home(cluster)))


def _at_its_end(cluster: Cluster, name: str) -> None:
    found = backup(cluster, name)
    if found is not None and not found.over:
        todo = "look at Velero's log"
        raise AssertionError(told("our own backup comes to its end", seen=str(found), where=home(cluster), todo=todo))
