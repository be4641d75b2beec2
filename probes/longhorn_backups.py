"""Longhorn's own backups: the target that they go to, and each volume's newest one."""

from __future__ import annotations

from dataclasses import dataclass

from probes.moments import epoch
from probes.words import short
from roadworthy.cluster import Cluster, Obj

RIGHTS: tuple[str, ...] = (
    "list,watch backuptargets.longhorn.io",
    "list,watch backups.longhorn.io",
    "list,watch backupvolumes.longhorn.io",
    "list,watch volumes.longhorn.io",
)

TARGET, BACKUP = "longhorn.io/v1beta2/BackupTarget", "longhorn.io/v1beta2/Backup"
BACKED_UP, VOLUME = "longhorn.io/v1beta2/BackupVolume", "longhorn.io/v1beta2/Volume"
#: How the namespaces of scenarios' own markers begin: nobody backs up what goes in a minute.
OURS = "roadworthy-"
#: A Backup's label: the volume that it is of.
OF_VOLUME = "backup-volume"


@dataclass(frozen=True, slots=True)
class Target:
    """Where backups go: ``trouble`` is why it can't be used (empty: it can); ``synced`` seconds since the epoch."""

    name: str
    url: str
    trouble: str
    synced: float


@dataclass(frozen=True, slots=True)
class LastBackup:
    """A volume, its claim, and when it was last backed up and made (seconds since the epoch, 0.0: never, not known)."""

    volume: str
    claim: str
    when: float
    made: float = 0.0


def targets(cluster: Cluster) -> tuple[Target, ...]:
    """Return every backup target, ``default`` first."""
    found = [_target(each) for each in cluster.list(TARGET)]
    return tuple(sorted(found, key=lambda each: (each.name != "default", each.name)))


def last_backups(cluster: Cluster) -> tuple[LastBackup, ...]:
    """Return each live volume with its last backup, the oldest first; those of scenarios' own claims are left out."""
    when: dict[str, float] = {}
    for each in cluster.list(BACKED_UP):
        # Its own name carries the target's since 1.8; before that it is the volume's.
        name = str((each.get("spec") or {}).get("volumeName") or each["metadata"]["name"])
        when[name] = max(when.get(name, 0.0), epoch((each.get("status") or {}).get("lastBackupAt")))
    found = []
    for each in cluster.list(VOLUME):
        name, claim = str(each["metadata"]["name"]), (each.get("status") or {}).get("kubernetesStatus") or {}
        words = f"{claim.get('namespace', '')}/{claim['pvcName']}" if claim.get("pvcName") else "no claim"
        if not str(claim.get("namespace", "")).startswith(OURS):
            made = epoch(each["metadata"].get("creationTimestamp"))
            found.append(LastBackup(name, words, when.get(name, 0.0), made))
    return tuple(sorted(found, key=lambda each: each.when))


def failures(cluster: Cluster) -> tuple[str, ...]:
    """Return the backups that ended in an error and were followed by none that is complete, with Longhorn's words."""
    newest: dict[str, tuple[float, Obj]] = {}
    for each in cluster.list(BACKUP):
        labels, status = each["metadata"].get("labels") or {}, each.get("status") or {}
        volume = str(labels.get(OF_VOLUME) or status.get("volumeName"))
        made = epoch(each["metadata"].get("creationTimestamp"))
        if made >= newest.get(volume, (0.0, {}))[0]:
            newest[volume] = (made, status)
    bad = [(volume, status) for volume, (_, status) in sorted(newest.items()) if status.get("state") == "Error"]
    return tuple(f"{volume}: {short(str(status.get('error') or 'no reason given'))}" for volume, status in bad)


def _target(obj: Obj) -> Target:
    spec, status = obj.get("spec") or {}, obj.get("status") or {}
    url, conditions = str(spec.get("backupTargetURL") or ""), status.get("conditions") or ()
    said = [each for each in conditions if each["type"] == "Unavailable" and each["status"] == "True"]
    words = "; ".join(f"{each.get('reason', '')}: {each.get('message', '')}" for each in said)
    trouble = "" if status.get("available") else short(words) or "Longhorn says that it isn't available"
    name, synced = str(obj["metadata"]["name"]), epoch(status.get("lastSyncedAt"))
    return Target(name, url, trouble if url else "no target is set", synced)
