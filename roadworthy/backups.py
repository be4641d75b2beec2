"""What a cluster's owner promises about its backups: the profile's section ``backups``.

What the profile doesn't say is the roadmap's: daily at 02:00 kept 30 days without kube-system, weekly on Sunday at
03:00 kept 90 days, etcd every six hours, 48 snapshots kept, dumps at 01:30 kept 30 days, the copy off-site at 05:00.
Times are UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from roadworthy import units


@dataclass(frozen=True, slots=True)
class Schedule:
    """Backups of the cluster made at fixed times.

    Attributes:
        cron: when, five fields.
        keep: for how long, seconds.
        exclude: namespaces left out.

    """

    cron: str
    keep: float
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Snapshots:
    """Snapshots of etcd: when (five fields), and how many are kept."""

    cron: str = "0 */6 * * *"
    keep: int = 48


@dataclass(frozen=True, slots=True)
class Dumps:
    """Dumps of the databases: when (five fields), and for how many days they are kept."""

    cron: str = "30 1 * * *"
    keep_days: int = 30


@dataclass(frozen=True, slots=True)
class Offsite:
    """The copy elsewhere.

    Attributes:
        cron: when, five fields.
        bucket: where it goes.
        age: how old the last good copy may be, seconds.

    """

    cron: str = "0 5 * * *"
    bucket: str = "velero-offsite"
    age: float = 26 * 3600.0


def _schedules() -> dict[str, Schedule]:
    day = 86400.0
    return {
        "daily": Schedule("0 2 * * *", 30 * day, ("kube-system",)),
        "weekly": Schedule("0 3 * * 0", 90 * day),
    }


@dataclass(frozen=True, slots=True)
class Backups:
    """All of it.

    Attributes:
        bucket: where Velero stores what it makes.
        quota: how large the bucket may grow (``500Gi``).
        incomplete_uploads: seconds after which the bucket drops what was begun and never completed.
        schedules: name -> schedule; ``daily`` and ``weekly``.

    """

    bucket: str = "velero-backups"
    quota: str = "500Gi"
    incomplete_uploads: float = 7 * 86400.0
    schedules: Mapping[str, Schedule] = field(default_factory=_schedules)
    etcd: Snapshots = field(default_factory=Snapshots)
    dumps: Dumps = field(default_factory=Dumps)
    offsite: Offsite = field(default_factory=Offsite)


def load(said: Mapping[str, Any]) -> Backups:
    """Return the section as its schema lets it be written, completed with what it doesn't say."""
    schedules = _schedules()
    for name, schedule in said.get("schedules", {}).items():
        exclude = tuple(schedule.get("exclude", ()))
        schedules[name] = Schedule(schedule["cron"], units.seconds(schedule["keep"]), exclude)
    offsite = {**said.get("offsite", {})}
    if "age" in offsite:
        offsite["age"] = units.seconds(offsite["age"])
    plain = {key: said[key] for key in ("bucket", "quota") if key in said}
    if "lifecycle" in said:
        plain["incomplete_uploads"] = units.seconds(said["lifecycle"]["incomplete_uploads"])
    return Backups(
        **plain,
        schedules=schedules,
        etcd=Snapshots(**said.get("etcd", {})),
        dumps=Dumps(**said.get("dumps", {})),
        offsite=Offsite(**offsite),
    )


def words(backups: Backups) -> dict[str, str]:
    """Return what a component's values may name: ``backups.schedules.daily.keep`` (``720h0m0s``) and so on."""
    found = {
        "backups.bucket": backups.bucket,
        "backups.quota": backups.quota,
        "backups.quota_mib": str(round(units.size(backups.quota) / 1024**2)),
        "backups.incomplete_uploads_hours": str(max(1, round(backups.incomplete_uploads / 3600))),
    }
    for name, schedule in backups.schedules.items():
        place = f"backups.schedules.{name}"
        found |= {f"{place}.cron": schedule.cron, f"{place}.keep": _go(schedule.keep)}
    for name in ("etcd", "dumps", "offsite"):
        part = getattr(backups, name)
        found |= {f"backups.{name}.{one.name}": str(getattr(part, one.name)) for one in fields(part)}
    return found


def lists(backups: Backups) -> dict[str, list[str]]:
    """Return the lists that a component's values may name: ``backups.schedules.daily.exclude``."""
    return {f"backups.schedules.{name}.exclude": list(each.exclude) for name, each in backups.schedules.items()}


def _go(duration: float) -> str:
    """Return seconds as Kubernetes' API writes a duration back: ``720h0m0s``."""
    minutes, rest = divmod(round(duration), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s"
