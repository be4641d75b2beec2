"""Names of what ``@writes`` scenarios leave for a moment, by which a later run knows what a killed one left for good.

A marker outside the API (a Grafana annotation, a database row) is named ``roadworthy-<run id>-…``. The run id starts
with the time at which the run began, so that any later run can tell a leftover by its name alone.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from datetime import UTC, datetime

from roadworthy import process

#: Label of every object that a scenario makes; its value is the run id.
LABEL = "roadworthy.dev/marker"
#: Annotation: when the object may be swept whoever made it, RFC 3339.
EXPIRES = "roadworthy.dev/expires"
#: Annotation: the identity of the process that made it (``roadworthy.process``): a dead one needs no waiting for.
HOLDER = "roadworthy.dev/holder"
#: Seconds after which a marker is a leftover.
LIFETIME = 1800.0

_RUN = re.compile(r"roadworthy-(\d{8}t\d{6})-[0-9a-f]{4}")
_started = f"{datetime.now(UTC):%Y%m%dt%H%M%S}-{secrets.token_hex(2)}"


def run_id() -> str:
    """Return this run's id, e.g. ``20261123t215114-3fa9``: fit for a label, a name and a database row."""
    return _started


def leftover(name: str, now: float) -> bool:
    """Whether a marker's name says that its run began over ``LIFETIME`` seconds before ``now`` (since the epoch)."""
    found = _RUN.search(name)
    if found is None:
        return False
    began = datetime.strptime(found[1], "%Y%m%dt%H%M%S").replace(tzinfo=UTC).timestamp()
    return now - began > LIFETIME


def over(annotations: Mapping[str, str], now: float) -> bool:
    """Whether a marker with these annotations belongs to a run that is over."""
    if process.dead(annotations.get(HOLDER, "")):
        return True
    try:
        return datetime.fromisoformat(annotations[EXPIRES]).timestamp() < now
    except (KeyError, ValueError):
        return False
