"""A Helm operation that was begun and never ended ("another operation is in progress"): it bars every other one.

It is unlocked when it is provably ours and its owner dead. Ours: the release's Secret carries the component label that
the engine writes. Dead: the run that wrote it doesn't hold the Lease any more, or, where it isn't known which run that
was, the operation is older than any of ours may last. Anybody else's is refused with the reason.
"""

from __future__ import annotations

from collections.abc import Sequence

from probes.helm_releases import Revision, deployed
from probes.moments import ago
from probes.runners import alive
from roadworthy.change import Action, Change, Delete, HelmRollback, Target
from roadworthy.cluster import Cluster
from roadworthy.errors import Refused

#: The longest that a Helm operation of ours may take, seconds: a younger one may still run where we can't see it.
LONGEST = 600.0


def clear(cluster: Cluster, several: Sequence[Revision]) -> Change:
    """Return what unlocks a release (its revisions, the newest first): back to the last whole one, or the lock goes.

    Raises:
        Refused: it isn't ours, or the run that began it may still be at work.

    """
    newest = several[0]
    name = f"{newest.namespace}/{newest.release}"
    cause = f"release {name} has been {newest.status} for {ago(cluster.now() - newest.changed)}"
    if reason := _hands_off(cluster, newest):
        where = f"Secret {newest.namespace}/{newest.secret}"
        todo = f"end or undo that operation (`helm history {newest.release} -n {newest.namespace}`), then run again"
        raise Refused(f"release {name} is free to be upgraded", seen=f"{cause}: {reason}", where=where, todo=todo)
    cause += f" (revision {newest.version}); its run is dead"
    # What is half uninstalled has lost objects already: no rollback takes that back whole, an install does.
    good = None if newest.status == "uninstalling" else deployed(list(several))
    verb, target, action, why = _way(newest, good)
    return Change(
        verb=verb,
        target=target,
        action=action,
        why=f"{cause}; {why}",
        before={"revision": newest.version, "status": newest.status},
        after={"revision": good.version, "status": "deployed"} if good else None,
        blast_radius=(str(target),),
        component=newest.component,
    )


def _way(newest: Revision, good: Revision | None) -> tuple[str, Target, Action, str]:
    """Return verb, target, action and the words for it."""
    if good is None:
        target = Target("Secret", newest.secret, newest.namespace, newest.uid)
        return "unlock", target, Delete(), "no revision is whole: the lock goes, the installer starts anew"
    target = Target("Release", newest.release, newest.namespace)
    return "roll back", target, HelmRollback(good.version), f"back to revision {good.version}"


def _hands_off(cluster: Cluster, newest: Revision) -> str:
    if not newest.component:
        return "it isn't ours (not by Roadworthy): whoever began it must clear it"
    if newest.run and alive(cluster, newest.run):
        return f"run {newest.run}, which began it, is still at work"
    if not newest.run and cluster.now() - newest.changed < LONGEST:
        return f"it is younger than {LONGEST:.0f} s: its helm may still be at work"
    return ""
