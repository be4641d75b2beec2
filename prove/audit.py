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
#: What scenarios post to services as their own markers, through the API server's proxy; Changes go by other paths.
MARKERS = ("/api/v2/alerts", "/api/annotations", "/loki/api/v1/push")


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
        and not _own(entry)
        and "dryRun=All" not in entry["requestURI"]
    ]


def _own(entry: dict[str, Any]) -> bool:
    """Whether what was written is a scenario's own marker: by its name, its namespace's, or its path in a service."""
    reference = entry.get("objectRef", {})
    if (reference.get("resource"), reference.get("subresource")) == ("services", "proxy"):
        return entry["verb"] == "create" and str(entry["requestURI"]).partition("?")[0].endswith(MARKERS)
    return any(str(reference.get(key, "")).startswith("roadworthy-") for key in ("name", "namespace"))


def _entries(sandbox: Sandbox) -> Iterator[dict[str, Any]]:
    with sandbox.paths.audit_log.open(encoding="utf-8") as log:
        for line in log:
            entry = json.loads(line)
            if entry.get("stage", "ResponseComplete") == "ResponseComplete":
                yield entry
