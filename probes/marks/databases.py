"""A PostgreSQL of a scenario's own, on a volume, with rows that are known: what a backup of it must bring back."""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass

from probes import postgres, services
from probes.abilities import class_for
from probes.words import short, told
from roadworthy import redact
from roadworthy.cluster import Cluster, Obj

NAME = "database"
POD = f"{NAME}-0"
#: A row's text is so many MD5 sums of 32 letters; with its head a row then takes a seventh of a page of 8 KiB.
SUMS, ROW_BYTES = 32, 8192 / 7
MB = 10**6
FILL = (
    "CREATE TABLE mark AS SELECT n, (SELECT string_agg(md5('{seed}/' || n || '/' || i), '' ORDER BY i) "
    "FROM generate_series(1, {sums}) i) AS text FROM generate_series(1, {rows}) n"
)
#: What is measured is the database, not another 60 MB of a log that nobody replicates from. With checksums the first
#: look at the rows writes every page to that log once more; the hook's checkpoint gives up what is beyond the least.
SETTINGS = ("listen_addresses=", "wal_level=minimal", "max_wal_senders=0", "min_wal_size=2MB", "max_wal_size=4MB")
LOOK = (
    "SELECT json_build_object('rows', count(*), 'checksum', md5(string_agg(md5(text), '' ORDER BY n)), "
    "'bytes', pg_database_size(current_database())) FROM mark"
)


@dataclass(frozen=True, slots=True)
class Database:
    """Where it is, and what must be in it: ``checksum`` is the MD5 of the rows' MD5 sums, reckoned here."""

    namespace: str
    rows: int
    checksum: str


@dataclass(frozen=True, slots=True)
class Content:
    """What is in it; ``bytes`` is the size that PostgreSQL says the database has."""

    rows: int
    checksum: str
    bytes: int

    def __str__(self) -> str:
        """Return it in words."""
        return f"{self.rows} rows with the checksum {self.checksum}, {self.bytes / MB:.0f} MB"


def make(cluster: Cluster, size: int) -> Database:
    """Start a PostgreSQL in a namespace of its own, and fill it with so many MB of rows."""
    namespace, seed, rows = cluster.markers().namespace(), secrets.token_hex(8), int(size * MB / ROW_BYTES) + 1
    _start(cluster, namespace)
    cluster.until(lambda: _sql(cluster, namespace, "SELECT 1"), within=180.0, kinds=("Pod",), what="our own PostgreSQL")
    _sql(cluster, namespace, FILL.format(seed=seed, sums=SUMS, rows=rows))
    made, found = Database(namespace, rows, _reckoned(seed, rows)), content(cluster, namespace)
    if (found.rows, found.checksum) != (made.rows, made.checksum) or found.bytes < size * MB:
        expected = f"{made.rows} rows with the checksum {made.checksum} are written, {size} MB"
        raise AssertionError(told(expected, seen=str(found), where=f"PostgreSQL in {namespace}"))
    return made


def content(cluster: Cluster, namespace: str) -> Content:
    """Return what the database in a namespace holds now."""
    return Content(**json.loads(_sql(cluster, namespace, LOOK)))


def back(cluster: Cluster, namespace: str) -> Content:
    """Wait until a restored database answers, and return what it holds."""
    return cluster.until(
        lambda: content(cluster, namespace), within=120.0, kinds=("Pod",), what="the restored database"
    )


def _sql(cluster: Cluster, namespace: str, query: str) -> str:
    argv = ["psql", "-v", "ON_ERROR_STOP=1", "-U", "postgres", "-d", "postgres", "-Atqc", query]
    pod = cluster.get("Pod", POD, namespace=namespace)
    trouble = services.waiting(pod) if pod is not None else "it isn't there"
    if trouble:
        raise AssertionError(told(f"the pod {namespace}/{POD} is ready", seen=trouble))
    said = cluster.execute(namespace, POD, argv, container=NAME, timeout=90.0)
    if said.code:
        where = f"{namespace}/{POD}"
        raise AssertionError(told("our own PostgreSQL answers", seen=short(said.stderr or said.stdout), where=where))
    return said.stdout.strip()


def _reckoned(seed: str, rows: int) -> str:
    """Return the checksum that these rows have, without asking PostgreSQL. MD5: both sides have it in the same form."""
    total = _md5(b"")
    for number in range(1, rows + 1):
        sums = (_md5(f"{seed}/{number}/{each}".encode()).hexdigest() for each in range(1, SUMS + 1))
        total.update(_md5("".join(sums).encode()).hexdigest().encode())
    return total.hexdigest()


def _md5(content: bytes) -> hashlib._Hash:
    return hashlib.md5(content, usedforsecurity=False)


def _start(cluster: Cluster, namespace: str) -> None:
    """Start it as the cluster's own PostgreSQL is: from its image, as its user, on the default storage class."""
    labels, password = {"app.kubernetes.io/name": NAME}, secrets.token_urlsafe(18)
    redact.register(password)
    model = _model(cluster)
    image = model["spec"]["containers"][0]["image"]
    data = "/var/lib/postgresql/data"
    checkpoint = json.dumps(["psql", "-U", "postgres", "-c", "CHECKPOINT"])
    notes = {"pre.hook.backup.velero.io/container": NAME, "pre.hook.backup.velero.io/command": checkpoint}
    container = {
        "name": NAME,
        "image": image,
        "args": ["postgres", *(word for each in SETTINGS for word in ("-c", each))],
        "env": [
            {"name": "POSTGRES_PASSWORD", "value": password},
            {"name": "PGDATA", "value": f"{data}/pgdata"},
            {"name": "POSTGRES_INITDB_ARGS", "value": "--data-checksums --wal-segsize=1"},
        ],
        "readinessProbe": {"exec": {"command": ["pg_isready", "-q", "-U", "postgres"]}, "periodSeconds": 1},
        "resources": {"requests": {"cpu": "10m", "memory": "64Mi"}, "limits": {"memory": "512Mi"}},
        "securityContext": {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}},
        "volumeMounts": [{"name": "data", "mountPath": data}],
    }
    cluster.markers().create(
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": NAME, "namespace": namespace},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "storageClassName": class_for(cluster, "default"),
                "resources": {"requests": {"storage": "512Mi"}},
            },
        }
    )
    cluster.markers().create(
        {
            "apiVersion": "apps/v1",
            "kind": "StatefulSet",
            "metadata": {"name": NAME, "namespace": namespace},
            "spec": {
                "replicas": 1,
                "serviceName": NAME,
                "selector": {"matchLabels": labels},
                "template": {
                    "metadata": {"labels": labels, "annotations": notes},
                    "spec": {
                        "automountServiceAccountToken": False,
                        "enableServiceLinks": False,
                        "terminationGracePeriodSeconds": 10,
                        "securityContext": model["spec"].get("securityContext") or {},
                        "containers": [container],
                        "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": NAME}}],
                    },
                },
            },
        }
    )


def _model(cluster: Cluster) -> Obj:
    """Return a pod of the cluster's own PostgreSQL."""
    name, namespace = services.pods_of(cluster, postgres.SERVICE)[0].name, "databases"
    namespace = services.described(cluster, postgres.SERVICE).namespace
    found = cluster.get("Pod", name, namespace=namespace)
    if found is None:
        raise AssertionError(told("the cluster's PostgreSQL has a pod", seen="it has just gone", where=namespace))
    return found
