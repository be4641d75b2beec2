"""A Helm release left pending ("another operation is in progress"): unlocked when provably ours and its owner dead.

Ours: the release's Secret carries the component label that the engine writes. Dead: the run that wrote it doesn't hold
the lease any more, and the operation is older than any of ours may last. Anybody else's is refused with the reason.
"""

from __future__ import annotations

from probes.helm_releases import PENDING, Revision, deployed, releases
from probes.moments import ago
from probes.runners import alive
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, HelmRollback, Target
from roadworthy.cluster import Cluster

#: The lock; and whatever the component's own installer may, for a rollback puts back all of it.
RIGHTS: tuple[str, ...] = ("delete secrets", "install")

#: The longest a Helm operation of ours may take, seconds: a younger one may still be running where we can't see it.
LONGEST = 600.0


def remedy(case: Case) -> Changes:
    """Roll each left-over operation back to the last whole revision, or delete its lock when there never was one."""
    reasons, acted = list[str](), False
    for several in releases(case.cluster).values():
        newest = several[0]
        if newest.status not in PENDING:
            continue
        cause = _cause(case.cluster, newest)
        reason = _not_ours_to_clear(case.cluster, newest)
        if reason:
            reasons.append(f"{cause}: {reason}")
            continue
        yield _change(newest, deployed(several), cause)
        acted = True
    if not acted:
        refuse("a pending Helm release could be unlocked", reasons)


def _cause(cluster: Cluster, newest: Revision) -> str:
    age = ago(cluster.now() - newest.changed)
    return f"release {newest.namespace}/{newest.release} has been {newest.status} for {age} (revision {newest.version})"


def _not_ours_to_clear(cluster: Cluster, newest: Revision) -> str:
    if not newest.component:
        return f"it isn't ours (no label on Secret {newest.secret}): whoever started it must clear it"
    if newest.run and alive(cluster, newest.run):
        return f"run {newest.run}, which started it, is still at work"
    if not newest.run and cluster.now() - newest.changed < LONGEST:
        return f"it is younger than {LONGEST:.0f} s: its helm may still be at work"
    return ""


def _change(newest: Revision, good: Revision | None, cause: str) -> Change:
    if good is None:
        target = Target("Secret", newest.secret, newest.namespace, newest.uid)
        why = f"{cause}; its run is dead and no revision was ever whole: the lock goes, the installer starts anew"
        return Change("delete", target, Delete(), why, before={"status": newest.status}, component=newest.component)
    target = Target("Release", newest.release, newest.namespace)
    return Change(
        verb="roll back",
        target=target,
        action=HelmRollback(good.version),
        why=f"{cause}; its run is dead; back to revision {good.version}",
        before={"revision": newest.version, "status": newest.status},
        after={"revision": good.version, "status": "deployed"},
        blast_radius=(str(target),),
        component=newest.component,
    )
