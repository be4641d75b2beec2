"""The key of one target: an annotation that says who has it in hand, and until when; it is left alone meanwhile.

    kubectl -n logging annotate statefulset loki "roadworthy.dev/held-by=anna, new disk until 2026-11-24T18:00:00Z"
    kubectl -n logging annotate statefulset loki roadworthy.dev/held-by-

Without ``until`` it holds for good. The Lease keeps two repairs apart; this keeps apart what the Lease knows nothing
of: people, other tools, and drills (decision 0007).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from roadworthy import process

KEY = "roadworthy.dev/held-by"
_TEXT = re.compile(r"(?P<who>.+?),? until (?P<until>\S+)", re.DOTALL)


def text(who: str, until: float) -> str:
    """Return what a key says; ``until`` is in seconds since the epoch."""
    return f"{who} until {datetime.fromtimestamp(until, UTC):%Y-%m-%dT%H:%M:%SZ}"


def holder(thing: Mapping[str, Any], now: float) -> str:
    """Return who has an object in hand, and until when; empty when nobody has, or only this process itself.

    A key whose time is over (``now`` is the API server's, seconds since the epoch), or whose process is provably dead,
    is nobody's.
    """
    said = str((thing["metadata"].get("annotations") or {}).get(KEY, ""))
    found = _TEXT.fullmatch(said)
    who = (found["who"] if found else said).rpartition("@")[2]
    if not said or who == process.identity() or process.dead(who):
        return ""
    try:
        over = found is not None and datetime.fromisoformat(found["until"]).timestamp() < now
    except (ValueError, OverflowError):
        over = False
    return "" if over else said
