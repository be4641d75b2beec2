"""A backup or restore that Velero's last server left InProgress is marked as failed: nobody will complete it.

A server does that itself when it starts; what is left here is what it missed. Only the phase is written: nothing is
deleted, and what is complete is never touched.
"""

from __future__ import annotations

from probes.velero import home
from probes.velero_stuck import server_began, stuck
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target

#: What is changed.
RIGHTS: tuple[str, ...] = ("patch backups.velero.io", "patch restores.velero.io")

#: What a server that has just started is given to see to it by itself, seconds.
GRACE = 30.0
NOBODY = float("inf")


def remedy(case: Case) -> Changes:
    """Mark each; with no server running nothing is, for the next one may know better."""
    cluster, began = case.cluster, server_began(case.cluster)
    if not began or cluster.now() - began < GRACE * cluster.profile.time_factor:
        return
    for run, why in stuck(cluster, NOBODY):
        if run.phase != "InProgress":
            continue
        after = {"phase": "Failed", "failureReason": "its server was gone before it was done (marked by Roadworthy)"}
        target = Target(run.kind, run.name, home(cluster), run.uid, "velero.io/v1")
        yield Change(
            verb="mark as failed",
            target=target,
            action=Patch({"status": after}),
            why=f"{run.kind} {run.name} is InProgress: {why}",
            before={"phase": run.phase},
            after=after,
            blast_radius=(str(target),),
            component="velero",
        )
