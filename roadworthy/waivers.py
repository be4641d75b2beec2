"""Waivers: a failure that somebody answers for, until a day. After that day it is a failure again."""

from __future__ import annotations

from datetime import date

from roadworthy.criterion import Criterion
from roadworthy.profile import Profile


def of(profile: Profile, criterion: Criterion, today: date) -> tuple[bool, str]:
    """Return whether a failure of the criterion is waived on this cluster, and what to tell; empty: no waiver of it."""
    named = criterion.values("waiver")
    for waiver in profile.waivers:
        if waiver["id"] in named:
            until = date.fromisoformat(str(waiver["expires"]))
            told = f"waiver {waiver['id']} ({waiver['owner']}: {waiver['reason']})"
            return (True, f"{told} until {until}") if until >= today else (False, f"{told} expired on {until}")
    return False, ""
