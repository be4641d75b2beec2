"""Times as the API writes them, as numbers."""

from __future__ import annotations

from datetime import UTC, datetime


def epoch(text: object) -> float:
    """Return seconds since the epoch of an RFC 3339 time (``2026-11-23T07:08:09.123456Z``); 0.0 for an absent one."""
    if not isinstance(text, str) or not text:
        return 0.0
    moment = datetime.fromisoformat(text)
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()


def ago(seconds: float) -> str:
    """Return an age for people: ``45 s``, ``7 min``, ``3 h``, ``2 d``."""
    for size, unit in ((86400, "d"), (3600, "h"), (120, "min")):
        if seconds >= size:
            return f"{seconds / (60 if unit == 'min' else size):.0f} {unit}"
    return f"{max(0.0, seconds):.0f} s"
