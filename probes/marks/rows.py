"""A row in a schema of a scenario's own in PostgreSQL."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from probes.marks import marked
from probes.postgres import SERVICE
from probes.words import told
from roadworthy.cluster import Cluster
from roadworthy.cluster.sweepers import sweeper
from roadworthy.markers import leftover


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the schema that holds it, and its text."""

    schema: str
    text: str


def write(cluster: Cluster) -> Row:
    """Make a schema with one table and write one row."""
    row = Row(marked("row"), secrets.token_hex(16))
    cluster.sql(SERVICE, f'CREATE SCHEMA "{row.schema}"')
    cluster.markers().undo_later(lambda: _drop(cluster, row.schema), f"schema {row.schema}")
    cluster.sql(SERVICE, f'CREATE TABLE "{row.schema}".mark (text text NOT NULL)')
    cluster.sql(SERVICE, f'INSERT INTO "{row.schema}".mark VALUES (%s)', (row.text,))  # noqa: S608 - our own name
    return row


def read(cluster: Cluster, row: Row) -> str:
    """Return the row's text as the database has it now; AssertionError when it is gone."""
    found = cluster.sql(SERVICE, f'SELECT text FROM "{row.schema}".mark')  # noqa: S608 - our own name
    if len(found) != 1:
        raise AssertionError(told("PostgreSQL has kept the row", seen=f"{len(found)} rows", where=row.schema))
    return str(found[0][0])


@sweeper("postgres")
def sweep(cluster: Cluster) -> None:
    """Drop the schemas of runs that were killed."""
    if SERVICE not in cluster.profile.services:
        return
    for (name,) in cluster.sql(SERVICE, "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'roadworthy-%%'"):
        if leftover(str(name), cluster.now()):
            _drop(cluster, str(name))


def _drop(cluster: Cluster, schema: str) -> None:
    cluster.sql(SERVICE, f'DROP SCHEMA IF EXISTS "{schema}" CASCADE')
