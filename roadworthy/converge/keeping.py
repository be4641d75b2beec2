"""No repair takes a backup away: the one that looks old, broken or in the way may be the only good one there is."""

from __future__ import annotations

from roadworthy.change import Change, Delete, Patch
from roadworthy.errors import Refused
from roadworthy.s3_action import S3

#: What is a backup, what stands for one, and what asks for one's deletion.
BACKUPS = {"Backup", "ETCDSnapshotFile", "VolumeSnapshot", "VolumeSnapshotContent"}
REMOVALS = {"DeleteBackupRequest"}
_TODO = "make a newer one; whoever makes backups deletes those whose time is over"


def check(change: Change) -> None:
    """Raise Refused for a Change that would take a backup away, or shorten its time."""
    if change.target.kind in BACKUPS and isinstance(change.action, Delete):
        raise Refused("no repair deletes a backup", seen=str(change.target), todo=_TODO)
    if change.target.kind in REMOVALS:
        raise Refused("no repair asks for a backup's deletion", seen=str(change.target), todo=_TODO)
    if change.target.kind in BACKUPS and isinstance(change.action, Patch) and _ends(change):
        raise Refused("no repair changes how long a backup is kept", seen=str(change.target), todo=_TODO)
    if isinstance(change.action, S3) and not change.action.operation.startswith(("create_bucket", "put_bucket_")):
        raise Refused("no repair touches what is in a bucket", seen=change.action.operation, todo=_TODO)


def _ends(change: Change) -> bool:
    body = change.action.body if isinstance(change.action, Patch) else ()
    if not hasattr(body, "get"):
        return True  # a JSON patch: which part it means can't be told from here
    return "ttl" in (body.get("spec") or {}) or "expiration" in (body.get("status") or {})
