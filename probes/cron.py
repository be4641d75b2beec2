"""Cron expressions, as far as the question goes how often they are due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

_RANGES = ((0, 59), (0, 23), (1, 31), (1, 12), (0, 7))


def longest_pause(expression: str) -> float:
    """Return the longest time between two runs of a schedule, in seconds, over a year that has 366 days.

    Raises:
        ValueError: it isn't a cron expression of five fields.

    """
    fields = expression.split()
    if len(fields) != len(_RANGES):
        raise ValueError(f"five fields, not {expression!r}")
    minutes, hours, days, months, weekdays = (_values(*each) for each in zip(fields, _RANGES, strict=True))
    weekdays = {day % 7 for day in weekdays}
    times = [60 * hour + minute for hour in sorted(hours) for minute in sorted(minutes)]
    begin, due = datetime(2028, 1, 1, tzinfo=UTC), list[int]()
    for number in range(366 + 31):
        date = begin + timedelta(days=number)
        by_day, by_weekday = date.day in days, (date.weekday() + 1) % 7 in weekdays
        # Where both are said, either counts: that is how cron has it.
        either = fields[2] != "*" and fields[4] != "*"
        if date.month in months and ((by_day or by_weekday) if either else (by_day and by_weekday)):
            due += [1440 * number + each for each in times]
    if len(due) < 2:
        raise ValueError(f"a schedule that is due more than once a year, not {expression!r}")
    return 60.0 * max(later - earlier for earlier, later in pairwise(due))


def _values(field: str, bounds: tuple[int, int]) -> set[int]:
    found: set[int] = set()
    for part in field.split(","):
        span, _, step = part.partition("/")
        low, _, high = span.partition("-")
        first, last = bounds if span == "*" else (int(low), int(high or (bounds[1] if step else low)))
        if not bounds[0] <= first <= last <= bounds[1]:
            raise ValueError(f"numbers from {bounds[0]} to {bounds[1]}, not {part!r}")
        found |= set(range(first, last + 1, int(step or 1)))
    return found
