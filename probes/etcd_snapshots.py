"""etcd's snapshots, whoever takes them: K3s itself, told by its own objects, or a CronJob, told by what lies there."""

from __future__ import annotations

from dataclasses import dataclass

from probes import cronjobs, k3s_snapshots, keepers
from probes.words import told
from roadworthy.cluster import Cluster

SERVICE = "etcd-snapshots"


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One snapshot: when it was taken (seconds since the epoch), its bytes, and why it is of no use (empty: it is)."""

    name: str
    node: str
    taken: float
    size: int
    trouble: str

    def __str__(self) -> str:
        """Return ``name on node: trouble``."""
        where = f" on {self.node}" if self.node else ""
        return f"{self.name}{where}: {self.trouble or 'whole'}"


@dataclass(frozen=True, slots=True)
class Plan:
    """Who takes snapshots, by which schedule (a cron expression; empty: none), how many are kept, and what stops it."""

    by: str
    schedule: str
    kept: int
    stopped: str


def of_k3s(cluster: Cluster) -> bool:
    """Whether K3s takes the snapshots."""
    return cluster.profile.distribution == "k3s" or cluster.serves(k3s_snapshots.KIND)


def plans(cluster: Cluster) -> tuple[Plan, ...]:
    """Return who takes snapshots, and how: one of each K3s server, or the one CronJob."""
    if of_k3s(cluster):
        return tuple(
            Plan(f"K3s on {each.node}", each.schedule, each.kept, each.stopped)
            for each in k3s_snapshots.running(cluster)
        )
    found = cronjobs.scheduled(cluster, SERVICE)
    cronjob = cluster.get("CronJob", found.name, namespace=found.namespace) or {}
    spec = cronjob["spec"]["jobTemplate"]["spec"]["template"]["spec"]
    env = {each["name"]: each.get("value", "") for box in spec["containers"] for each in box.get("env") or ()}
    kept = int(env["KEEP"]) if str(env.get("KEEP", "")).isdigit() else 0
    return (Plan(str(found), found.schedule, kept, "it is suspended" if found.suspended else ""),)


def snapshots(cluster: Cluster) -> tuple[Snapshot, ...]:
    """Return every scheduled snapshot there is, the newest first; AssertionError when they can't be looked at."""
    if of_k3s(cluster):
        found = [Snapshot(*each) for each in k3s_snapshots.files(cluster)]
    else:
        found = [_read(line) for line in keepers.said(cluster, SERVICE, ["/scripts/look.sh"])]
    return tuple(sorted(found, key=lambda each: each.taken, reverse=True))


def newest(cluster: Cluster) -> Snapshot:
    """Return the newest snapshot; AssertionError when there is none."""
    found = snapshots(cluster)
    if not found:
        todo = "take one now: it is what the schedule's job does"
        raise AssertionError(
            told("etcd has been snapshotted", seen="no snapshot at all", where=where(cluster), todo=todo)
        )
    return found[0]


def where(cluster: Cluster) -> str:
    """Return where snapshots are, for messages."""
    if of_k3s(cluster):
        return "etcdsnapshotfiles.k3s.cattle.io"
    return "CronJob {}/{}, and the volume beside it".format(*cronjobs.name_of(cluster, SERVICE))


def _read(line: str) -> Snapshot:
    name, size, taken, state = line.split()
    trouble = "" if state == "whole" else "it is damaged: the checksum at its end isn't that of what stands before it"
    return Snapshot(name, "", float(taken), int(size), trouble)
