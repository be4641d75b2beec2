"""The maintenance window of a cluster: when drills (and, where the owner says so, repairs) may disturb it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True, slots=True)
class Window:
    """From ``start`` to ``end`` in ``zone`` on each of ``days``; over midnight where the end is not later."""

    days: tuple[str, ...]
    start: time
    end: time
    zone: str

    @classmethod
    def of(cls, said: Mapping[str, Any]) -> Window:
        """Build from a profile; ValueError or ZoneInfoNotFoundError (a KeyError) when it makes no sense."""
        ZoneInfo(said["timezone"])
        return cls(
            tuple(said["days"]), time.fromisoformat(said["from"]), time.fromisoformat(said["to"]), said["timezone"]
        )

    def holds(self, now: datetime) -> bool:
        """Whether the window is open at a moment (with its time zone)."""
        local = now.astimezone(ZoneInfo(self.zone))
        for back in (0, 1):  # today's window, and yesterday's that reaches over midnight
            day = local.date() - timedelta(days=back)
            if DAYS[day.weekday()] in self.days:
                opens = datetime.combine(day, self.start, local.tzinfo)
                closes = datetime.combine(day + timedelta(days=self.end <= self.start), self.end, local.tzinfo)
                if opens <= local < closes:
                    return True
        return False

    def __str__(self) -> str:
        """Return it as people say it."""
        return f"{', '.join(self.days)} {self.start:%H:%M} to {self.end:%H:%M} {self.zone}"
