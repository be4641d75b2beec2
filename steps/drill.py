"""Steps about backups that are made now, and restored."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from probes import velero_content, velero_schedules
from probes.marks import databases, settings
from probes.marks import velero as marks
from probes.marks.databases import Database
from probes.marks.settings import Settings
from probes.velero import Run
from probes.words import few, told
from roadworthy.cluster import Cluster
from roadworthy.samples import Samples

#: What a drill's backup or restore is waited for; how long it may take is a promise of its own. Seconds.
PATIENCE = 600.0


@when(parsers.parse("a backup is made from the schedule {name}"), target_fixture="begun")
def backup_by_schedule(cluster: Cluster, name: str) -> tuple[str, str, set[str]]:
    """Make one of its template; return its name, the schedule's, and the namespaces that there were before."""
    inside = velero_schedules.included(cluster, velero_schedules.schedule(cluster, name))
    return marks.back_up_by(cluster, name), name, inside


@then(parsers.parse("that backup is complete within {minutes:d} minutes, without an error"), target_fixture="made")
def backup_complete(cluster: Cluster, begun: tuple[str, str, set[str]], minutes: int) -> Run:
    """Wait for it."""
    made = marks.ended(cluster, begun[0], within=minutes * 60.0)
    _whole(cluster, made)
    return made


@then("it holds every namespace that the schedule includes, and none that it excludes")
def backup_namespaces(cluster: Cluster, begun: tuple[str, str, set[str]]) -> None:
    """Compare with the list that it has in its bucket; a namespace that went meanwhile isn't asked for."""
    name, schedule, before = begun
    there = velero_schedules.schedule(cluster, schedule)
    found, after = velero_content.namespaces(cluster, name), velero_schedules.included(cluster, there)
    missing, strange = sorted((before & after) - found), sorted(found & set(there.excluded))
    seen, expected = f"missing: {few(missing)}; excluded, and there: {few(strange)}", f"it holds what {schedule} says"
    good = not missing and not strange
    assert good, told(expected, seen=seen, where=f"backup {name}", todo="look at its log")


@then("it holds every volume of their pods, whole")
def backup_volumes(cluster: Cluster, made: Run, begun: tuple[str, str, set[str]]) -> None:
    """Compare with the claims that running pods mount."""
    found = velero_content.volumes(cluster, made.name)
    held = {(each.namespace, each.pod, each.volume) for each in found if each.whole}
    missing = sorted(velero_content.expected_volumes(cluster, begun[2], made.started) - held)
    seen = f"not whole: {few(x for x in found if not x.whole)}; missing: {few('/'.join(each) for each in missing)}"
    good, todo = not missing and all(each.whole for each in found), "hostPath volumes can't be backed up; see its log"
    assert good, told(f"all {len(found)} volumes are whole", seen=seen, where=f"backup {made.name}", todo=todo)


@then("it will be kept for as long as the schedule says, had it been the schedule's own")
def backup_kept(cluster: Cluster, made: Run, begun: tuple[str, str, set[str]]) -> None:
    """Judge that Velero keeps to the time it is told: ours says an hour, the schedule's what the profile lists."""
    kept, there = made.expires - made.started, velero_schedules.schedule(cluster, begun[1])
    promise = velero_schedules.promised(cluster, begun[1])
    seen = f"an hour's backup ends after {kept:.0f} s, the schedule keeps for {there.keep:.0f} s"
    good, expected = abs(kept - 3600) < 60 and there.keep == promise.keep, f"{begun[1]} keeps for {promise.keep:.0f} s"
    assert good, told(expected, seen=seen, where=f"Schedule {there.name}")


@given(parsers.parse("a database of {size:d} MB in a namespace of its own"), target_fixture="database")
def own_database(cluster: Cluster, size: int) -> Database:
    """Start one and fill it."""
    return databases.make(cluster, size)


@given("two settings in a namespace of their own", target_fixture="pair")
def own_settings(cluster: Cluster) -> Settings:
    """Make them."""
    return settings.make(cluster)


@when("the namespace is backed up", target_fixture="backup")
def backed_up(cluster: Cluster) -> Run:
    """Back it up; it must be complete."""
    made = marks.ended(cluster, marks.back_up(cluster), within=PATIENCE)
    _whole(cluster, made)
    return made


@when("the namespace is deleted, and restored", target_fixture="restore")
def deleted_and_restored(cluster: Cluster, database: Database, backup: Run) -> Run:
    """Delete it, see that it is gone, restore it."""
    marks.destroy(cluster, database.namespace)
    made = marks.restored(cluster, marks.begin_restore(cluster, backup.name), within=PATIENCE)
    _whole(cluster, made)
    return made


@when("the backup is restored into another namespace", target_fixture="other")
def restored_elsewhere(cluster: Cluster, database: Database, backup: Run) -> str:
    """Return that namespace."""
    into = marks.target(cluster)
    name = marks.begin_restore(cluster, backup.name, namespaceMapping={database.namespace: into})
    _whole(cluster, marks.restored(cluster, name, within=PATIENCE))
    return into


@when("both settings are changed, and the one is deleted and restored", target_fixture="after")
def one_restored(cluster: Cluster, pair: Settings, backup: Run) -> Settings:
    """Restore the one, found by its label."""
    after = settings.lose(cluster, pair)
    more = {"labelSelector": {"matchLabels": {settings.ONE: pair.one}}, "includedResources": ["configmaps"]}
    _whole(cluster, marks.restored(cluster, marks.begin_restore(cluster, backup.name, **more), within=PATIENCE))
    return after


@then("the database has the same rows and checksums")
def same_rows(cluster: Cluster, database: Database) -> None:
    """Ask the restored one."""
    _same(cluster, database, database.namespace)


@then("both databases have the same rows and checksums")
def same_rows_twice(cluster: Cluster, database: Database, other: str) -> None:
    """Ask the restored one, and the one that must not have been touched."""
    _same(cluster, database, other)
    _same(cluster, database, database.namespace)


@then("the one setting is as it was")
def one_as_it_was(cluster: Cluster, after: Settings) -> None:
    """Read it."""
    found = settings.text(cluster, after, after.one)
    assert found == after.text, told("the restored setting is as it was backed up", seen=found, where=after.one)


@then("the other setting is as it was changed")
def other_as_changed(cluster: Cluster, after: Settings) -> None:
    """Read it: a restore of one object leaves the others alone."""
    found = settings.text(cluster, after, after.other)
    assert found == after.changed, told("the other setting is left alone", seen=found, where=after.other)


@then(parsers.parse("over the last runs the backup took at most {seconds:d} seconds"))
def backup_time(samples: Samples, backup: Run, seconds: int, record_property: Callable[[str, object], None]) -> None:
    """Judge it among the earlier ones."""
    found = samples.add("Backup of a database of 50 MB", backup.seconds, seconds)
    record_property("backup", found)
    todo = "look at the load of the node and of the object store"
    assert found.good, told(f"a backup takes at most {seconds} s", seen=str(found), where=backup.name, todo=todo)


@then(parsers.parse("over the last runs the restore took at most {seconds:d} seconds"))
def restore_time(samples: Samples, restore: Run, seconds: int, record_property: Callable[[str, object], None]) -> None:
    """Judge it among the earlier ones."""
    found = samples.add("Restore of a database of 50 MB", restore.seconds, seconds)
    record_property("restore", found)
    todo = "look at the load of the node and of the object store"
    assert found.good, told(f"a restore takes at most {seconds} s", seen=str(found), where=restore.name, todo=todo)


def _whole(cluster: Cluster, run: Run) -> None:
    if not run.complete:
        seen = "; ".join((str(run), *velero_content.errors(cluster, run)[:3]))
        todo = f"look at its log: velero {run.kind.lower()} logs {run.name}"
        raise AssertionError(told(f"{run.kind} {run.name} is complete", seen=seen, where="Velero", todo=todo))


def _same(cluster: Cluster, database: Database, namespace: str) -> None:
    found = databases.back(cluster, namespace)
    expected = f"the database in {namespace} has {database.rows} rows with the checksum {database.checksum}"
    good = (found.rows, found.checksum) == (database.rows, database.checksum)
    assert good, told(expected, seen=str(found), where=namespace, todo="don't rely on this backup")
