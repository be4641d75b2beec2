"""Steps about Velero: where it stores, its schedules, and what is stuck."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import parsers, then

from probes import object_store, velero, velero_schedules, velero_stuck
from probes.moments import ago
from probes.velero import BACKUP, LOCATION, REPOSITORY, RESTORE
from probes.velero_schedules import SCHEDULE
from probes.words import few, told
from roadworthy import units
from roadworthy.cluster import Cluster

#: Velero looks after its locations, repositories and half-done runs once a minute, or when it starts. Seconds.
LOOKS = 90.0


@then("the bucket of the backups is there")
def bucket_there(cluster: Cluster) -> None:
    """Look for it among the buckets."""
    name, found = cluster.profile.backups.bucket, object_store.buckets(cluster)
    todo = "make it again (--remediate does); what was in it is in the copy off-site, if anywhere"
    assert name in found, told(f"there is a bucket {name}", seen=few(found), where="the object store", todo=todo)


@then("the bucket of the backups has the quota that the profile lists")
def bucket_quota(cluster: Cluster) -> None:
    """Compare with the store's own word, to the MiB."""
    backups = cluster.profile.backups
    found, wanted = object_store.quota(cluster, backups.bucket), units.size(backups.quota)
    seen, good = f"{found / 2**20:.0f} MiB" if found else "no quota", abs(found - wanted) < 2**20
    expected, where = f"the bucket {backups.bucket} may hold {backups.quota}", "the object store"
    assert good, told(expected, seen=seen, where=where, todo="set it: a full volume stops more than backups")


@then("the bucket of the backups has the lifecycle that the profile lists")
def bucket_lifecycle(cluster: Cluster) -> None:
    """Judge the rules in force."""
    backups = cluster.profile.backups
    rules, days = object_store.lifecycle(cluster, backups.bucket), max(1, round(backups.incomplete_uploads / 86400))
    good = any(not rule.prefix and rule.incomplete_uploads == days for rule in rules)
    expected = f"the bucket {backups.bucket} gives up uploads that were not completed for {days} days"
    assert good, told(expected, seen=few(rules), where="get_bucket_lifecycle_configuration", todo="set its lifecycle")


@then("no rule of the bucket of the backups expires what Velero still counts on")
def bucket_keeps(cluster: Cluster) -> None:
    """Velero deletes by itself what is too old; a rule that does so takes pieces out of younger backups."""
    bad = [rule for rule in object_store.lifecycle(cluster, cluster.profile.backups.bucket) if rule.expires]
    todo = "take that rule away: a repository's pieces belong to backups of every age"
    assert not bad, told("no object of the backups expires by itself", seen=few(bad), where="its lifecycle", todo=todo)


@then(
    parsers.parse("the storage location of the backups is available, validated within the last {minutes:d} minutes"),
)
def location_available(cluster: Cluster, minutes: int) -> None:
    """Wait for a look of Velero's that has only just become due."""
    cluster.until(lambda: _available(cluster, minutes), within=LOOKS, kinds=(LOCATION,), what="its location")


@then("the storage location is the bucket of the backups")
def location_is_bucket(cluster: Cluster) -> None:
    """Compare with the profile."""
    found, wanted = velero.locations(cluster)[0], cluster.profile.backups.bucket
    where = f"BackupStorageLocation {found.name}"
    assert found.bucket == wanted, told(f"Velero stores in the bucket {wanted}", seen=found.bucket, where=where)


@then("every repository of volumes is ready")
def repositories_ready(cluster: Cluster) -> None:
    """Wait for those that have only just come."""
    cluster.until(lambda: _repositories(cluster), within=LOOKS, kinds=(REPOSITORY,), what="repositories")


@then(
    parsers.parse("no backup and no restore is under way for longer than {hours:d} hours, or with nobody at work on it")
)
def none_stuck(cluster: Cluster, hours: int) -> None:
    """Give a server that has just started the time to see to what the last one left."""
    cluster.until(lambda: _none_stuck(cluster, hours * 3600.0), within=30.0, kinds=(BACKUP, RESTORE), what="backups")


@then("the schedules of the backups are exactly those that the profile lists")
def schedules_listed(cluster: Cluster) -> None:
    """Compare both ways."""
    listed, there = cluster.profile.backups.schedules, velero_schedules.schedules(cluster)
    known = {name: velero_schedules.called(cluster, name) for name in listed}
    missing = [name for name, found in known.items() if found is None]
    strange = sorted({each.name for each in there} - {found.name for found in known.values() if found})
    seen, todo = f"missing: {few(missing)}; not listed: {few(strange)}", "make them as listed, or list them"
    where, good = f"{cluster.profile.where}: backups.schedules", not missing and not strange
    assert good, told(f"the schedules are {few(listed)}", seen=seen, where=where, todo=todo)


@then(
    parsers.parse("the schedule {name} is at the times, for as long, and of the namespaces that the profile says"),
)
def schedule_as_promised(cluster: Cluster, name: str) -> None:
    """Judge its definition."""
    found = velero_schedules.schedule(cluster, name)
    wrong, where = found.differs(velero_schedules.promised(cluster, name)), f"Schedule {found.name}"
    assert not wrong, told(f"the schedule {name} is as listed", seen="; ".join(wrong), where=where, todo="put it back")


@then(parsers.parse("the schedule {name} is enabled"))
def schedule_enabled(cluster: Cluster, name: str) -> None:
    """Give Velero the time to take up a new one."""
    cluster.until(lambda: _enabled(cluster, name), within=30.0, kinds=(SCHEDULE,), what=f"schedule {name}")


@then(parsers.parse("the last backup of the schedule {name} is as young as its times allow"))
def last_young(cluster: Cluster, name: str, record_property: Callable[[str, object], None]) -> None:
    """Judge its age; a schedule that is too new to have made one is told as such."""
    late = velero_schedules.overdue(cluster, name)
    record_property("last backup", velero_schedules.age_told(cluster, name))
    expected, where = f"the schedule {name} made a backup when it was due", f"Schedule {name}"
    assert not late, told(
        expected, seen=late, where=where, todo="look at Velero's log; make one now (--remediate does)"
    )


@then(parsers.parse("the last backup of the schedule {name} is complete, without an error"))
def last_complete(cluster: Cluster, name: str) -> None:
    """Judge the newest that has come to its end, if there is any."""
    found = velero_schedules.last_ended(cluster, name)
    good, todo = found is None or found.complete, "look at its log: velero backup logs"
    assert good, told(f"the last backup of {name} is complete", seen=str(found), where="Velero", todo=todo)


def _available(cluster: Cluster, minutes: int) -> None:
    found, todo = velero.locations(cluster), "look at its message, at the store, and at Velero's credentials"
    assert found, told(
        "Velero has a storage location", seen="none", where=f"namespace {velero.home(cluster)}", todo=todo
    )
    age, where = cluster.now() - found[0].validated, f"BackupStorageLocation {found[0].name}"
    good = found[0].phase == "Available" and age <= minutes * 60 * cluster.profile.time_factor
    seen = f"{found[0]}, validated {ago(age) + ' ago' if found[0].validated else 'never'}"
    assert good, told("the storage location is available", seen=seen, where=where, todo=todo)


def _repositories(cluster: Cluster) -> None:
    bad = [each for each in velero.repositories(cluster) if each.phase != "Ready"]
    todo = "compare the password in velero-repo-credentials with the one they were made with"
    assert not bad, told("every repository can be opened", seen=few(bad), where="BackupRepositories", todo=todo)


def _none_stuck(cluster: Cluster, longest: float) -> None:
    found = [
        f"{run.kind} {run.name} is {run.phase or 'New'}: {why}" for run, why in velero_stuck.stuck(cluster, longest)
    ]
    todo = "see that Velero runs; it marks as failed what its last server began"
    assert not found, told("somebody is at work on every backup", seen=few(found), where="Velero", todo=todo)


def _enabled(cluster: Cluster, name: str) -> None:
    found = velero_schedules.schedule(cluster, name)
    good, seen = found.phase == "Enabled" and not found.paused, "it is paused" if found.paused else found.phase or "New"
    assert good, told(f"the schedule {name} is enabled", seen=seen, where=f"Schedule {found.name}", todo="unpause it")
