"""Whether a criterion may write to this cluster, or disturb it, at this moment."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from roadworthy.errors import NotApplicable

if TYPE_CHECKING:
    from roadworthy.criterion import Criterion
    from roadworthy.profile import Profile


def check(stated: Profile, criterion: Criterion) -> None:
    """Raise NotApplicable when a criterion would write or disturb where it may not at this moment."""
    if why := forbidden(stated, criterion):
        raise NotApplicable(why)


def forbidden(stated: Profile, criterion: Criterion) -> str:
    """Return why a criterion may not write or disturb at this moment; empty where it may, or does neither."""
    drill = criterion.has("drill")
    if drill and not stated.drills:
        if stated.drill_window is None:
            return f"a drill, and {stated.where} allows none"
        if not stated.drill_window.holds(datetime.now(UTC)):
            return f"a drill, and outside the maintenance window ({stated.drill_window})"
    if (drill or criterion.has("writes")) and not (stated.provider or stated.kube_system_uid):
        return f"it writes, and {stated.where} names no kube_system_uid: the cluster is only read"
    return ""


def writes(stated: Profile, criterion: Criterion) -> bool:
    """Whether a criterion writes its markers, or disturbs what it drills, and may do so at this moment."""
    return (criterion.has("drill") or criterion.has("writes")) and not forbidden(stated, criterion)
