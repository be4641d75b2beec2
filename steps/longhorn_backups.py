"""Steps about Longhorn's own backups."""

from __future__ import annotations

from pytest_bdd import parsers, then

from probes import longhorn_backups
from probes.moments import ago
from probes.words import few, told
from roadworthy.cluster import Cluster


@then("the backup target of Longhorn is set and available")
def target_available(cluster: Cluster) -> None:
    """Judge every target there is; Longhorn makes the default one itself, empty."""
    found = [each for each in longhorn_backups.targets(cluster) if each.url or each.name == "default"]
    bad = [f"{each.name} ({each.url or 'no URL'}): {each.trouble}" for each in found if each.trouble]
    where, todo = "backuptargets.longhorn.io", "set its URL and Secret, and see that every node can reach it"
    assert found, told("Longhorn has a backup target", seen="none", where=where, todo=todo)
    assert not bad, told("the backup target is available", seen=few(bad), where=where, todo=todo)


@then(parsers.parse("every volume of Longhorn was backed up less than {hours:d} hours ago"))
def backed_up(cluster: Cluster, hours: int) -> None:
    """Judge each volume's newest backup; one that has none yet counts from when it was made."""
    now, found = cluster.now(), longhorn_backups.last_backups(cluster)
    old = [each for each in found if now - (each.when or each.made) > hours * 3600]
    words = [f"{each.claim}: {f'{ago(now - each.when)} ago' if each.when else 'never'}" for each in old]
    where, todo = "backupvolumes.longhorn.io", "put the volumes into a group of a RecurringJob that backs up"
    assert not old, told(f"every volume was backed up within {hours} hours", seen=few(words), where=where, todo=todo)


@then("no backup of Longhorn's has failed since")
def none_failed(cluster: Cluster) -> None:
    """Judge the newest backup of each volume."""
    bad, todo = longhorn_backups.failures(cluster), "look at the error, and at the target"
    assert not bad, told("the newest backups succeeded", seen=few(bad), where="backups.longhorn.io", todo=todo)
