"""A repository of volumes that Velero says isn't ready: its object is deleted, and Velero connects to it anew.

What is stored stays where it is: the object only says how the repository was found when it was last looked at. Velero
makes it again for the next backup or restore of that namespace. One that somebody is using is left alone.
"""

from __future__ import annotations

from probes.velero import backups, home, repositories, restores
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, Target

#: What is changed.
RIGHTS: tuple[str, ...] = ("delete backuprepositories.velero.io",)


def remedy(case: Case) -> Changes:
    """Delete each that isn't ready, unless a backup or restore is under way."""
    bad = [each for each in repositories(case.cluster) if each.phase != "Ready"]
    busy = [run.name for run in (*backups(case.cluster), *restores(case.cluster)) if not run.over]
    if bad and busy:
        refuse("no backup or restore uses a repository while it is connected anew", [f"{each} is" for each in busy])
    for each in bad:
        target = Target("BackupRepository", each.name, home(case.cluster), each.uid, "velero.io/v1")
        yield Change(
            verb="connect anew",
            target=target,
            action=Delete(),
            why=f"{each}; what is stored in it stays, Velero connects to it at the next backup",
            before={"phase": each.phase, "message": each.message},
            blast_radius=(str(target),),
            component="velero",
        )
