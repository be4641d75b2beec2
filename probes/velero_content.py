"""What a backup holds: the objects that it lists in its bucket, and the volumes that were read for it."""

from __future__ import annotations

import gzip
import json
from dataclasses import dataclass
from typing import Any

from probes.moments import epoch
from probes.object_store import SERVICE as STORE
from probes.velero import LOCATION, Run, home
from probes.words import told
from roadworthy.cluster import Cluster, Obj

VOLUME = "velero.io/v1/PodVolumeBackup"
OF_BACKUP = "velero.io/backup-name"
#: By which a pod says which of its volumes aren't to be backed up, with commas between.
LEFT_OUT = "backup.velero.io/backup-volumes-excludes"


@dataclass(frozen=True, slots=True)
class Volume:
    """A volume of a pod that was stored; ``done`` of ``total`` bytes."""

    namespace: str
    pod: str
    volume: str
    phase: str
    message: str
    done: int
    total: int

    @property
    def whole(self) -> bool:
        """Whether all of it is stored."""
        return self.phase == "Completed" and self.done == self.total

    def __str__(self) -> str:
        """Return its state in words."""
        words = (
            f"{self.volume} of {self.namespace}/{self.pod}: {self.phase or 'New'}, {self.done} of {self.total} bytes"
        )
        return words + (f" ({self.message})" if self.message else "")


def namespaces(cluster: Cluster, backup: str) -> set[str]:
    """Return the namespaces of which a backup holds anything, by its own list in the bucket."""
    listed: dict[str, list[str]] = json.loads(
        gzip.decompress(_file(cluster, backup, f"{backup}-resource-list.json.gz"))
    )
    return {name.partition("/")[0] for names in listed.values() for name in names if "/" in name}


def volumes(cluster: Cluster, backup: str) -> tuple[Volume, ...]:
    """Return the volumes that were read for a backup."""
    labels = {OF_BACKUP: backup}
    return tuple(_volume(each) for each in cluster.list(VOLUME, namespace=home(cluster), labels=labels))


def errors(cluster: Cluster, run: Run) -> tuple[str, ...]:
    """Return what Velero wrote down as errors of a backup or restore; nothing when it didn't, or it can't be read."""
    name = f"{run.name}-results.gz" if run.kind == "Backup" else f"restore-{run.name}-results.gz"
    try:
        body = _file(cluster, run.name, name, folder=f"{run.kind.lower()}s")
        found: dict[str, Any] = json.loads(gzip.decompress(body)).get("errors") or {}
    except (AssertionError, OSError, ValueError):
        return ()
    several = (found.get("namespaces") or {}).items()
    where = {"": [*(found.get("velero") or ()), *(found.get("cluster") or ())], **{f"{k}: ": v for k, v in several}}
    return tuple(f"{place}{each}" for place, told_there in where.items() for each in told_there)


def expected_volumes(cluster: Cluster, inside: set[str], began: float) -> set[tuple[str, str, str]]:
    """Return (namespace, pod, volume) of each claim that a running pod, older than the backup, mounts there.

    But for those that the pod's own annotation leaves out: the store of the backups would otherwise hold itself.
    """
    return {
        (pod["metadata"]["namespace"], pod["metadata"]["name"], volume["name"])
        for pod in cluster.list("Pod")
        if pod["metadata"]["namespace"] in inside and not pod["metadata"].get("deletionTimestamp")
        if pod.get("status", {}).get("phase") == "Running" and epoch(pod["status"].get("startTime")) < began
        for volume in pod["spec"].get("volumes", ())
        if "persistentVolumeClaim" in volume and volume["name"] not in _left_out(pod)
    }


def _left_out(pod: Obj) -> set[str]:
    said = (pod["metadata"].get("annotations") or {}).get(LEFT_OUT, "")
    return {each.strip() for each in str(said).split(",")}


def prefix(cluster: Cluster) -> str:
    """Return what stands before everything that Velero's default location stores; empty for nothing."""
    found = [each for each in cluster.list(LOCATION, namespace=home(cluster)) if each["spec"].get("default")]
    name = str((found[0]["spec"].get("objectStorage") or {}).get("prefix") or "") if found else ""
    return f"{name.strip('/')}/" if name else ""


def _file(cluster: Cluster, run: str, name: str, *, folder: str = "backups") -> bytes:
    bucket, key = cluster.profile.backups.bucket, f"{prefix(cluster)}{folder}/{run}/{name}"
    try:
        body: bytes = cluster.s3(STORE).call("get_object", Bucket=bucket, Key=key)["Body"]
    except AssertionError as error:
        raise AssertionError(told(f"{folder}/{run} has its file {name}", seen=str(error), where=bucket)) from error
    return body


def _volume(obj: Obj) -> Volume:
    spec, status = obj["spec"], obj.get("status") or {}
    progress, pod = status.get("progress") or {}, spec.get("pod") or {}
    return Volume(
        str(pod.get("namespace", "")),
        str(pod.get("name", "")),
        str(spec.get("volume", "")),
        str(status.get("phase", "")),
        str(status.get("message", "")),
        int(progress.get("bytesDone", 0)),
        int(progress.get("totalBytes", 0)),
    )
