"""Velero's schedules: what each says, what the profile says that it should say, and how its last backup is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from probes import velero
from probes.cron import longest_pause
from probes.moments import ago, epoch
from probes.velero import Run
from probes.words import few, told
from roadworthy.backups import Schedule as Promise
from roadworthy.cluster import Cluster, Obj
from roadworthy.errors import NotApplicable
from roadworthy.units import seconds as go_duration
from roadworthy.units import told as told_duration

SCHEDULE = "velero.io/v1/Schedule"
EVERYTHING = "*"
#: What a backup may take from when it is due until it is complete, before it counts as missing: by then the roadmap's
#: alert for a daily one fires, too (26 hours). Seconds.
GRACE = 2 * 3600.0


@dataclass(frozen=True, slots=True)
class Schedule:
    """A schedule: ``keep`` in seconds, times since the epoch (0.0: never), ``template`` as its backups are made of."""

    name: str
    uid: str
    cron: str
    keep: float
    included: tuple[str, ...]
    excluded: tuple[str, ...]
    paused: bool
    phase: str
    created: float
    last: float
    template: Mapping[str, Any]

    def differs(self, promise: Promise) -> list[str]:
        """Return in what it isn't as it was promised."""
        found = [f"its times are {self.cron!r}, not {promise.cron!r}"] if self.cron != promise.cron else []
        if self.keep != promise.keep:
            found.append(f"its backups are kept for {ago(self.keep)}, not {ago(promise.keep)}")
        if set(self.included) - {EVERYTHING}:
            found.append(f"it takes only {few(self.included)}")
        if set(self.excluded) != set(promise.exclude):
            found.append(f"it leaves out {few(self.excluded)}, not {few(promise.exclude)}")
        narrow = [key for key in NARROWING if self.template.get(key)]
        return found + ([f"it is narrowed by {few(narrow)}"] if narrow else [])


#: What else of a template would leave things out of a backup that is promised to hold whole namespaces.
NARROWING = (
    *("includedResources", "excludedResources", "labelSelector", "orLabelSelectors", "resourcePolicy"),
    *("includedClusterScopedResources", "excludedClusterScopedResources"),
    *("includedNamespaceScopedResources", "excludedNamespaceScopedResources"),
)


def promised(cluster: Cluster, name: str) -> Promise:
    """Return what the profile says about a schedule; NotApplicable where it says nothing."""
    found = cluster.profile.backups.schedules.get(name)
    if found is None:
        raise NotApplicable(f"{cluster.profile.where} lists no schedule {name}")
    return found


def schedules(cluster: Cluster) -> tuple[Schedule, ...]:
    """Return every schedule, by name."""
    found = [_schedule(each) for each in cluster.list(SCHEDULE, namespace=velero.home(cluster))]
    return tuple(sorted(found, key=lambda each: each.name))


def called(cluster: Cluster, name: str) -> Schedule | None:
    """Return the schedule that a name of the profile means: of that name, or with a release's name before it."""
    found = {each.name: each for each in schedules(cluster)}
    with_prefix = [each for key, each in found.items() if key.endswith(f"-{name}")]
    return found.get(name) or (with_prefix[0] if len(with_prefix) == 1 else None)


def schedule(cluster: Cluster, name: str) -> Schedule:
    """Return the schedule of that name; AssertionError when there is none."""
    found = called(cluster, name)
    if found is None:
        seen, where = few(each.name for each in schedules(cluster)), f"Schedules in {velero.home(cluster)}"
        raise AssertionError(told(f"there is a schedule {name}", seen=seen, where=where, todo="install Velero again"))
    return found


def last_ended(cluster: Cluster, name: str) -> Run | None:
    """Return the newest backup of a schedule that has come to its end; None when there is none."""
    found = [each for each in velero.backups(cluster, schedule(cluster, name).name) if each.over]
    return found[-1] if found else None


def overdue(cluster: Cluster, name: str) -> str:
    """Return why a schedule's last complete backup isn't as young as its times allow; empty when it is.

    From the longest pause between its times, plus ``GRACE``. A schedule that is new is given that long from when it was
    made: it has not failed to do what was never due. One that says that it made a backup is given ``GRACE`` from then.
    """
    there, now = schedule(cluster, name), cluster.now()
    allowed = longest_pause(promised(cluster, name).cron) + GRACE
    complete = [each for each in velero.backups(cluster, there.name) if each.complete]
    if complete:
        age = now - complete[-1].started
        return f"{complete[-1].name} is {_long(age)} old, {_long(allowed)} are allowed" if age > allowed else ""
    if there.last:
        told_of = f"it has no complete backup, although it made one {ago(now - there.last)} ago"
        return told_of if now - there.last > GRACE else ""
    return f"it has made no backup in {_long(now - there.created)}" if now - there.created > allowed else ""


def _long(seconds: float) -> str:
    """Return an age in days, or in hours where a day more or less is what it is about."""
    return ago(seconds) if seconds >= 4 * 86400 else told_duration(seconds)


def age_told(cluster: Cluster, name: str) -> str:
    """Return what is known of a schedule's last complete backup, for a report."""
    complete = [each for each in velero.backups(cluster, schedule(cluster, name).name) if each.complete]
    if not complete:
        made = ago(cluster.now() - schedule(cluster, name).created)
        return f"{name} was made {made} ago, and was not due since: it has no backup yet"
    return f"{complete[-1].name}, {ago(cluster.now() - complete[-1].started)} old"


def included(cluster: Cluster, there: Schedule) -> set[str]:
    """Return the namespaces that a schedule's backup made now would hold: live ones, not on their way out."""
    return _held(cluster, there, going=False)


def going(cluster: Cluster, there: Schedule) -> set[str]:
    """Return the namespaces that it would hold if they weren't being deleted: what goes meanwhile is an error of it."""
    return _held(cluster, there, going=True)


def _held(cluster: Cluster, there: Schedule, *, going: bool) -> set[str]:
    found = [each["metadata"] for each in cluster.list("Namespace")]
    names = {each["name"] for each in found if bool(each.get("deletionTimestamp")) == going}
    wanted = set(there.included) - {EVERYTHING} or names
    return (wanted & names) - set(there.excluded)


def _schedule(obj: Obj) -> Schedule:
    spec, status, metadata = obj["spec"], obj.get("status") or {}, obj["metadata"]
    template = spec.get("template") or {}
    return Schedule(
        metadata["name"],
        metadata["uid"],
        str(spec.get("schedule", "")),
        go_duration(str(template.get("ttl") or "720h0m0s")),
        tuple(template.get("includedNamespaces") or ()),
        tuple(template.get("excludedNamespaces") or ()),
        bool(spec.get("paused")),
        str(status.get("phase", "")),
        epoch(metadata.get("creationTimestamp")),
        epoch(status.get("lastBackup")),
        template,
    )
