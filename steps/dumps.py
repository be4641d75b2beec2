"""Steps about the dumps of PostgreSQL, and about the CronJobs that make backups."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import parsers, then, when

from probes import cronjobs, dumps, services
from probes.cron import longest_pause
from probes.dumps import SERVICE
from probes.marks import dump_restores, runs
from probes.marks.dump_restores import Restored
from probes.marks.rows import Row
from probes.moments import ago
from probes.words import few, told
from roadworthy.cluster import Cluster

JOBS = {"the dump of PostgreSQL": SERVICE, "the copy off site": "offsite-copy"}


@then(parsers.parse("{title} is scheduled at least every {hours:d} hours, and not suspended"))
def scheduled(cluster: Cluster, title: str, hours: int) -> None:
    """Judge the CronJob as it is."""
    found = cronjobs.scheduled(cluster, JOBS.get(title, services.called(title)))
    seen = "it is suspended" if found.suspended else f"by the schedule {found.schedule}"
    good = not found.suspended and longest_pause(found.schedule) <= hours * 3600
    expected, todo = f"{title} is made every {hours} hours", "put the CronJob back as it was installed"
    assert good, told(expected, seen=seen, where=str(found), todo=todo)


@then(parsers.parse("{title} last succeeded less than {hours:d} hours ago"))
def succeeded(cluster: Cluster, title: str, hours: int) -> None:
    """Judge the CronJob's own word."""
    found, now = cronjobs.scheduled(cluster, JOBS.get(title, services.called(title))), cluster.now()
    expected, todo = f"{title} succeeded within {hours} hours", "see why its last job failed, and run it now"
    assert now - found.last_succeeded < hours * 3600, told(
        expected, seen=found.history(now), where=str(found), todo=todo
    )


@then(parsers.parse("the newest dump of PostgreSQL is younger than {hours:d} hours"))
def young(cluster: Cluster, hours: int) -> None:
    """Judge what lies there, not what a job said."""
    newest = dumps.newest(cluster)
    age, where, todo = cluster.now() - newest.made, dumps.where(cluster), "see why the last job failed, and run it now"
    expected, seen = f"a dump is younger than {hours} hours", f"{newest.name} is {ago(age)} old"
    assert age < hours * 3600, told(expected, seen=seen, where=where, todo=todo)


@then("the newest dumps of PostgreSQL are whole")
def whole(cluster: Cluster, record_property: Callable[[str, object], None]) -> None:
    """Judge their checksums, and whether pg_restore can list them."""
    found, where = dumps.sets(cluster), dumps.where(cluster)
    record_property("dumps", f"{len(found)} sets, {sum(each.size for each in found) / 1e6:.1f} MB in all")
    bad, todo = [each for each in found if each.state == "damaged"], "make one now: a damaged one is then set aside"
    assert found, told("PostgreSQL has been dumped", seen="no dump at all", where=where)
    assert not bad, told("the newest dumps are whole", seen=few(bad), where=where, todo=todo)


@when("PostgreSQL is dumped now")
def dumped_now(cluster: Cluster) -> None:
    """Run the schedule's own job."""
    runs.run(cluster, SERVICE, within=300.0)


@when("every database of the newest dump is restored into one of its own", target_fixture="restored_dumps")
def restored_all(cluster: Cluster, record_property: Callable[[str, object], None]) -> tuple[Restored, ...]:
    """Restore each beside the live ones; those aren't touched."""
    newest = dumps.newest(cluster)
    names = dump_restores.databases(cluster)
    found = tuple(dump_restores.restore(cluster, newest, name) for name in names)
    record_property("restored", few(found))
    return found


@then("each has the tables, rows and contents that it had when it was dumped")
def same_tables(restored_dumps: tuple[Restored, ...]) -> None:
    """Compare digests that were taken in the dump's own transaction."""
    bad = [each for each in restored_dumps if each.trouble]
    expected, todo = "every dumped database can be restored, and is the same", "make a new dump, and restore that"
    assert not bad, told(expected, seen=few(bad), where="the newest dump", todo=todo)


@then("the row is in the restored database")
def row_there(cluster: Cluster, restored_dumps: tuple[Restored, ...], row: Row) -> None:
    """Read it in the restored database of the one that it was written to."""
    name = dump_restores.database(cluster)
    restored = next(each for each in restored_dumps if each.database == name)
    text = dump_restores.row(cluster, restored, row.schema)
    assert text == row.text, told("the row was dumped", seen=text or "no such row", where=str(restored))
