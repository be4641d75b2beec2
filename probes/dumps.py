"""The sets of dumps of PostgreSQL that lie on their volume: how old, how large, and whether they are whole."""

from __future__ import annotations

from dataclasses import dataclass

from probes import keepers
from probes.cronjobs import name_of
from probes.words import told
from roadworthy.cluster import Cluster

SERVICE = "postgres-backup"
#: So many of the newest are read in full: a set may be many gigabytes.
READ = 3


@dataclass(frozen=True, slots=True)
class DumpSet:
    """One run's dumps: when they were made (seconds since the epoch), their bytes, and whether they are whole.

    ``state`` is ``whole``, ``damaged`` or ``unread`` (it isn't one of the newest).
    """

    name: str
    made: float
    size: int
    state: str

    def __str__(self) -> str:
        """Return ``name: state``."""
        return f"{self.name}: {self.state}, {self.size / 1e6:.1f} MB"


def sets(cluster: Cluster) -> tuple[DumpSet, ...]:
    """Return every set, the newest first; AssertionError when they can't be looked at."""
    lines = keepers.said(cluster, SERVICE, ["/scripts/look.sh", str(READ)])
    return tuple(DumpSet(name, float(made), int(size), state) for name, size, made, state in map(str.split, lines))


def newest(cluster: Cluster) -> DumpSet:
    """Return the newest set; AssertionError when there is none."""
    found = sets(cluster)
    if not found:
        todo = "make one now: it is what the schedule's job does"
        raise AssertionError(told("PostgreSQL has been dumped", seen="no dump at all", where=where(cluster), todo=todo))
    return found[0]


def where(cluster: Cluster) -> str:
    """Return where dumps are, for messages."""
    return "CronJob {}/{}, and the volume beside it".format(*name_of(cluster, SERVICE))
