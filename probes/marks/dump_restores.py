"""A dump restored into a database of its own, which goes when the scenario ends; one of a killed run is swept."""

from __future__ import annotations

from dataclasses import dataclass

from probes import keepers
from probes.dumps import SERVICE, DumpSet
from probes.marks import marked
from probes.postgres import SERVICE as DATABASE
from probes.services import described, pods_of
from probes.words import short
from roadworthy.cluster import Cluster
from roadworthy.cluster.sweepers import sweeper
from roadworthy.markers import leftover


@dataclass(frozen=True, slots=True)
class Restored:
    """One database of a set, restored: its scratch database, tables and rows; ``trouble``: why it isn't the same."""

    set: str
    database: str
    scratch: str
    tables: int
    rows: int
    trouble: str

    def __str__(self) -> str:
        """Return what was seen, for reports."""
        words = self.trouble or f"{self.tables} tables, {self.rows} rows, all the same"
        return f"{self.database} of {self.set}: {words}"


def database(cluster: Cluster) -> str:
    """Return the database that the profile's user lands in: the one that scenarios write to."""
    return str(cluster.sql(DATABASE, "SELECT current_database()")[0][0])


def databases(cluster: Cluster) -> list[str]:
    """Return every database that is dumped."""
    query = (
        "SELECT datname::text FROM pg_database WHERE datallowconn AND NOT datistemplate AND datname !~ '^roadworthy-' "
        "ORDER BY datname"
    )
    return [str(name) for (name,) in cluster.sql(DATABASE, query)]


def restore(cluster: Cluster, dumps: DumpSet, name: str) -> Restored:
    """Restore a database of a set into an empty one, and compare its tables with what they were at the dump."""
    scratch = marked("restore")
    cluster.sql(DATABASE, f'CREATE DATABASE "{scratch}" TEMPLATE template0', timeout=60.0)
    cluster.markers().undo_later(lambda: _drop(cluster, scratch), f"database {scratch}")
    words = " ".join(keepers.said(cluster, SERVICE, ["/scripts/restore.sh", dumps.name, name, scratch]))
    verdict, _, rest = words.partition(" ")
    if verdict != "same":
        return Restored(dumps.name, name, scratch, 0, 0, short(f"it {verdict}: {rest}"))
    tables, rows = rest.split()
    return Restored(dumps.name, name, scratch, int(tables), int(rows), "")


def row(cluster: Cluster, restored: Restored, schema: str) -> str:
    """Return the text of a scenario's row in the restored database; empty when it isn't there."""
    query = f'SELECT text FROM "{schema}".mark'  # noqa: S608 - our own name
    namespace = described(cluster, SERVICE).namespace
    pod = next(each for each in pods_of(cluster, SERVICE) if each.ready)
    done = cluster.execute(namespace, pod.name, ["psql", "-XAtq", "-d", restored.scratch, "-c", query])
    return done.stdout.strip()


@sweeper("postgres-backup")
def sweep(cluster: Cluster) -> None:
    """Drop the scratch databases of runs that were killed."""
    if DATABASE not in cluster.profile.services:
        return
    for (name,) in cluster.sql(DATABASE, "SELECT datname::text FROM pg_database WHERE datname LIKE 'roadworthy-%%'"):
        if leftover(str(name), cluster.now()):
            _drop(cluster, str(name))


def _drop(cluster: Cluster, scratch: str) -> None:
    cluster.sql(DATABASE, f'DROP DATABASE IF EXISTS "{scratch}" WITH (FORCE)', timeout=60.0)
