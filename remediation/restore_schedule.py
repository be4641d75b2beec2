"""A schedule of Velero's that was edited or paused is put back to what the profile lists.

A missing one is its installer's. Only what the profile speaks of is patched: what else the template says (hooks,
labels) stays.
"""

from __future__ import annotations

from typing import Any

from probes.velero import home
from probes.velero_schedules import EVERYTHING, NARROWING, Schedule, called
from roadworthy.backups import Schedule as Promise
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target

#: What is changed.
RIGHTS: tuple[str, ...] = ("patch schedules.velero.io",)


def remedy(case: Case) -> Changes:
    """Patch every listed schedule (of an outline: the row's) that differs."""
    for name, promise in case.cluster.profile.backups.schedules.items():
        there = called(case.cluster, name)
        if there is None or case.parameters.get("schedule", name) != name:
            continue
        wrong = there.differs(promise) + (["it is paused"] if there.paused else [])
        if wrong:
            yield _change(there, promise, home(case.cluster), f"schedule {there.name}: {'; '.join(wrong)}")


def _change(there: Schedule, promise: Promise, namespace: str, why: str) -> Change:
    target = Target("Schedule", there.name, namespace, there.uid, "velero.io/v1")
    after = _spec(there, promise)
    before: dict[str, Any] = {
        "schedule": there.cron,
        "paused": there.paused,
        "template": {key: there.template.get(key) for key in after["template"]},
    }
    return Change(
        verb="put back",
        target=target,
        action=Patch({"spec": after}),
        why=why,
        before=before,
        after=after,
        reversible=True,
        blast_radius=(str(target),),
        component="velero",
    )


def _spec(there: Schedule, promise: Promise) -> dict[str, Any]:
    """Return the patch: merged, so that null takes a key away."""
    template: dict[str, Any] = {
        "ttl": f"{promise.keep / 3600:.0f}h0m0s",
        "includedNamespaces": [EVERYTHING],
        "excludedNamespaces": list(promise.exclude) or None,
    }
    template |= dict.fromkeys(key for key in NARROWING if there.template.get(key))
    return {"schedule": promise.cron, "paused": False, "template": template}
