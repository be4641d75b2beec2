"""What the API server's own audit log says was changed, and by whom: the judge that is not ourselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from sandbox.layout import Sandbox

MUTATING = {"create", "update", "patch", "delete", "deletecollection"}
#: Questions and locks: no change of anybody's system.
HARMLESS = {"selfsubjectaccessreviews", "selfsubjectrulesreviews", "tokenreviews", "subjectaccessreviews", "leases"}


def now() -> str:
    """Return the present as the log writes it."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def changes(sandbox: Sandbox, since: str, until: str, agents: tuple[str, ...] = ("roadworthy", "Helm")) -> list[str]:
    """Return what our clients (by user agent) changed between two times, without scenarios' own markers."""
    return [
        f"{entry['verb']} {entry['requestURI']}"
        for entry in _entries(sandbox)
        if since <= entry["requestReceivedTimestamp"] <= until
        and entry["verb"] in MUTATING
        and str(entry.get("userAgent", "")).startswith(agents)
        and entry.get("objectRef", {}).get("resource") not in HARMLESS
        and not _own(entry.get("objectRef", {}))
        and "dryRun=All" not in entry["requestURI"]
    ]


def _own(reference: dict[str, Any]) -> bool:
    """Whether an object is a scenario's own marker, by its name or its namespace's."""
    return any(str(reference.get(key, "")).startswith("roadworthy-") for key in ("name", "namespace"))


def _entries(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    with sandbox.paths.audit_log.open(encoding="utf-8") as log:
        for line in log:
            entry = json.loads(line)
            if entry.get("stage", "ResponseComplete") == "ResponseComplete":
                yield entry
