"""A Helm operation that was begun and never ended: it bars every other one until it is cleared."""

from __future__ import annotations

from installers.engine.component import Component
from installers.engine.release import Release
from probes.runners import alive
from roadworthy.change import Change, Delete, HelmRollback, Target
from roadworthy.cluster import Cluster
from roadworthy.errors import Refused

#: The longest that a Helm operation of ours may take, seconds.
LONGEST = 600.0


def clear(cluster: Cluster, component: Component, release: Release) -> Change:
    """Return what unlocks a pending release of ours: back to the last whole revision, or away with the lock.

    Raises:
        Refused: it isn't ours, or the run that began it may still be at work.

    """
    if reason := _hands_off(cluster, release):
        where = f"Secret {release.namespace}/{release.secret}"
        todo = f"end or undo that operation (`helm history {release.name} -n {release.namespace}`), then run again"
        raise Refused(f"release {release.name} is free to be upgraded", seen=reason, where=where, todo=todo)
    cause = f"revision {release.revision} of {release.namespace}/{release.name} was left {release.status}"
    if release.deployed and release.status != "uninstalling":
        target = Target("Release", release.name, release.namespace)
        return Change(
            verb="roll back",
            target=target,
            action=HelmRollback(release.deployed),
            why=f"{cause}; revision {release.deployed} was the last whole one",
            before={"revision": release.revision, "status": release.status},
            after={"revision": release.deployed, "status": "deployed"},
            blast_radius=(str(target),),
            component=component.name,
        )
    target = Target("Secret", release.secret, release.namespace, release.uid)
    return Change(
        verb="unlock",
        target=target,
        action=Delete(),
        why=f"{cause}, and no revision was ever whole: the record goes, the install starts anew",
        before={"revision": release.revision, "status": release.status},
        blast_radius=(str(target),),
        component=component.name,
    )


def _hands_off(cluster: Cluster, release: Release) -> str:
    if not release.component:
        return f"it is {release.status}, and not by Roadworthy"
    if release.run and alive(cluster, release.run):
        return f"it is {release.status} by run {release.run}, which is at work"
    if not release.run and cluster.now() - release.changed < LONGEST:
        return f"it is {release.status} since less than {LONGEST:.0f} s: its helm may be at work"
    return ""
