"""A schedule's last backup is missing, too old or not complete: one is made now, as the schedule would have made it.

Nothing is deleted: what is too old Velero takes away itself when its time is over, and never before.
"""

from __future__ import annotations

from datetime import UTC, datetime

from probes import velero, velero_schedules
from probes.velero_schedules import Schedule
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Target

#: What is changed.
RIGHTS: tuple[str, ...] = ("apply backups.velero.io",)

#: How long a backup of everything may take before the criterion is judged again. Seconds.
ENDS = 1800.0


def remedy(case: Case) -> Changes:
    """Make a backup by every schedule (of an outline: the row's) whose last one isn't young and complete."""
    cluster = case.cluster
    for name in cluster.profile.backups.schedules:
        there = velero_schedules.called(cluster, name)
        if there is None or case.parameters.get("schedule", name) != name:
            continue
        last = velero_schedules.last_ended(cluster, name)
        cause = velero_schedules.overdue(cluster, name) or (str(last) if last and not last.complete else "")
        if not cause:
            continue
        if not any(each.default and each.phase == "Available" for each in velero.locations(cluster)):
            refuse("a backup can be stored", [f"{each}" for each in velero.locations(cluster)] or ["no location"])
        change = _change(case, there, f"schedule {there.name}: {cause}")
        outcome = yield change
        if outcome is not None and outcome.done:
            _settle(case, change.target.name)


def _change(case: Case, there: Schedule, why: str) -> Change:
    moment = datetime.fromtimestamp(case.cluster.now(), UTC)
    target = Target("Backup", f"{there.name}-{moment:%Y%m%d%H%M%S}", velero.home(case.cluster), "", "velero.io/v1")
    return Change(
        verb="make",
        target=target,
        action=Apply(
            {
                "apiVersion": "velero.io/v1",
                "kind": "Backup",
                "metadata": {
                    "name": target.name,
                    "namespace": target.namespace,
                    "labels": {velero.OF_SCHEDULE: there.name},
                },
                "spec": dict(there.template),
            }
        ),
        why=why,
        after={"schedule": there.name, "kept": f"{there.keep:.0f} s"},
        blast_radius=(str(target),),
        component="velero",
    )


def _settle(case: Case, name: str) -> None:
    """Wait until it has come to its end: only then can it be judged."""

    def over() -> None:
        found = velero.backup(case.cluster, name)
        if found is None or not found.over:
            raise AssertionError(f"backup {name} is under way: {found}")

    try:
        case.cluster.until(over, within=ENDS, kinds=(velero.BACKUP,), what=f"backup {name}")
    except AssertionError as error:
        refuse("a backup made now comes to its end", [str(error)])
