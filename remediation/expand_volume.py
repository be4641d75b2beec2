"""A full volume grows by half, where its storage class allows it; where it doesn't, that is said.

A claim can only grow, never shrink: the Change can't be undone, and it is made once per claim and run.
"""

from __future__ import annotations

from probes.volume_use import VolumeUse, text, volume_uses
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target

#: What is changed.
RIGHTS: tuple[str, ...] = ("patch persistentvolumeclaims",)

FULL = 0.9
GROWTH = 1.5


def remedy(case: Case) -> Changes:
    """Ask for half as much again for every claim whose volume is nearly full."""
    reasons, acted = list[str](), False
    for volume in volume_uses(case.cluster):
        if volume.used_share < FULL:
            continue
        reason = _in_the_way(volume)
        if reason:
            reasons.append(f"{volume} is {volume.used_share:.0%} full on {volume.node}: {reason}")
            continue
        yield _change(volume)
        acted = True
    if not acted:
        refuse("a full volume could be expanded", reasons)


def _in_the_way(volume: VolumeUse) -> str:
    """Return why a volume can't be expanded now; empty when it can."""
    if not volume.expandable:
        return f"its storage class {volume.storage_class or '(none)'} doesn't allow expansion: make room, or move it"
    if volume.requested > volume.capacity * 1.1:
        return f"its expansion to {text(volume.requested)} has been asked for and isn't done"
    return ""


def _change(volume: VolumeUse) -> Change:
    before, after = text(volume.requested), text(int(volume.requested * GROWTH))
    target = Target("PersistentVolumeClaim", volume.claim, volume.namespace, volume.uid)
    return Change(
        verb="expand",
        target=target,
        action=Patch({"spec": {"resources": {"requests": {"storage": after}}}}),
        why=f"the volume of {volume} is {volume.used_share:.0%} full, {text(volume.available)} left; "
        f"pod {volume.pod} on {volume.node} writes to it",
        before={"storage": before},
        after={"storage": after},
        blast_radius=(str(target), f"Pod {volume.namespace}/{volume.pod}"),
    )
