"""Velero by its own objects: where it stores, what it made by which schedule, what it restored, and what is stuck."""

from __future__ import annotations

from dataclasses import dataclass

from probes.moments import epoch
from probes.services import described
from roadworthy.cluster import Cluster, Obj
from roadworthy.units import told as duration

SERVICE, AGENT = "velero", "node-agent"
LOCATION = "velero.io/v1/BackupStorageLocation"
BACKUP = "velero.io/v1/Backup"
RESTORE = "velero.io/v1/Restore"
REPOSITORY = "velero.io/v1/BackupRepository"
#: The label by which a backup belongs to a schedule.
OF_SCHEDULE = "velero.io/schedule-name"
#: Phases of Backup and Restore after which nothing more comes; ``New`` and the others lead on.
ENDED = {"Completed", "PartiallyFailed", "Failed", "FailedValidation", "Deleting"}


@dataclass(frozen=True, slots=True)
class Location:
    """A storage location; ``validated``: seconds since the epoch, 0.0: never."""

    name: str
    uid: str
    phase: str
    message: str
    validated: float
    bucket: str
    default: bool

    def __str__(self) -> str:
        """Return its state in words."""
        return f"{self.name} is {self.phase or 'not yet validated'}{f': {self.message}' if self.message else ''}"


@dataclass(frozen=True, slots=True)
class Run:
    """A Backup or a Restore: times in seconds since the epoch, 0.0 for not yet; ``said`` is why it isn't complete."""

    kind: str
    name: str
    uid: str
    phase: str
    schedule: str
    created: float
    started: float
    ended: float
    expires: float
    errors: int
    warnings: int
    said: str

    @property
    def over(self) -> bool:
        """Whether nothing more comes of it."""
        return self.phase in ENDED

    @property
    def complete(self) -> bool:
        """Whether it has done all that it was to do."""
        return self.phase == "Completed" and not self.errors

    @property
    def seconds(self) -> float:
        """How long it took by its own time stamps, which are whole seconds; 0.0 while it isn't over."""
        return self.ended - self.started if self.ended and self.started else 0.0

    def __str__(self) -> str:
        """Return its state in words."""
        words = f"{self.kind} {self.name} is {self.phase or 'New'}"
        words += f" after {duration(self.seconds)}" if self.over and self.seconds else ""
        return words + (f", {self.errors} errors" if self.errors else "") + (f": {self.said}" if self.said else "")


@dataclass(frozen=True, slots=True)
class Repository:
    """The repository that a namespace's volumes are stored in."""

    name: str
    uid: str
    of: str
    phase: str
    message: str

    def __str__(self) -> str:
        """Return its state in words."""
        words = f"{self.name} (of namespace {self.of}) is {self.phase or 'New'}"
        return words + (f": {self.message}" if self.message else "")


def home(cluster: Cluster) -> str:
    """Return the namespace that Velero lives in."""
    return described(cluster, SERVICE).namespace


def locations(cluster: Cluster) -> tuple[Location, ...]:
    """Return every storage location, the default one first."""
    found = [_location(each) for each in cluster.list(LOCATION, namespace=home(cluster))]
    return tuple(sorted(found, key=lambda each: (not each.default, each.name)))


def backups(cluster: Cluster, schedule: str = "") -> tuple[Run, ...]:
    """Return the backups (of a schedule, where one is named), the oldest first."""
    found = [_run(each) for each in cluster.list(BACKUP, namespace=home(cluster))]
    return tuple(sorted((x for x in found if schedule in {"", x.schedule}), key=lambda each: each.created))


def restores(cluster: Cluster) -> tuple[Run, ...]:
    """Return the restores, the oldest first."""
    found = [_run(each) for each in cluster.list(RESTORE, namespace=home(cluster))]
    return tuple(sorted(found, key=lambda each: each.created))


def backup(cluster: Cluster, name: str) -> Run | None:
    """Return one backup."""
    found = cluster.get(BACKUP, name, namespace=home(cluster))
    return _run(found) if found else None


def restore(cluster: Cluster, name: str) -> Run | None:
    """Return one restore."""
    found = cluster.get(RESTORE, name, namespace=home(cluster))
    return _run(found) if found else None


def repositories(cluster: Cluster) -> tuple[Repository, ...]:
    """Return every repository of volumes."""
    return tuple(_repository(each) for each in cluster.list(REPOSITORY, namespace=home(cluster)))


def _location(obj: Obj) -> Location:
    spec, status, metadata = obj["spec"], obj.get("status") or {}, obj["metadata"]
    return Location(
        metadata["name"],
        metadata["uid"],
        str(status.get("phase", "")),
        str(status.get("message", "")),
        epoch(status.get("lastValidationTime")),
        str((spec.get("objectStorage") or {}).get("bucket", "")),
        bool(spec.get("default")),
    )


def _run(obj: Obj) -> Run:
    status, metadata = obj.get("status") or {}, obj["metadata"]
    said = [str(each) for each in (*(status.get("validationErrors") or ()), status.get("failureReason") or "") if each]
    return Run(
        str(obj.get("kind", "")),
        metadata["name"],
        metadata["uid"],
        str(status.get("phase", "")),
        str((metadata.get("labels") or {}).get(OF_SCHEDULE, "")),
        epoch(metadata.get("creationTimestamp")),
        epoch(status.get("startTimestamp")),
        epoch(status.get("completionTimestamp")),
        epoch(status.get("expiration")),
        int(status.get("errors", 0)),
        int(status.get("warnings", 0)),
        "; ".join(said),
    )


def _repository(obj: Obj) -> Repository:
    status, metadata = obj.get("status") or {}, obj["metadata"]
    of, phase, message = obj["spec"].get("volumeNamespace", ""), status.get("phase", ""), status.get("message", "")
    return Repository(metadata["name"], metadata["uid"], str(of), str(phase), str(message))
