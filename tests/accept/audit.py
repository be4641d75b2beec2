"""What the API server's audit log says that we did, from a moment on."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

from sandbox.layout import Sandbox

#: How long the log may lag behind. Seconds.
_LAG = 1.5
_WRITES = {"create", "update", "patch", "delete", "deletecollection"}
#: What a run that only reads may write, too: its Lease, and questions about its rights.
_ASKING = {"selfsubjectaccessreviews", "leases"}


class Audit:
    """The entries since it was made, by our programs (``roadworthy``, ``helm``) or by one user."""

    def __init__(self, sandbox: Sandbox, user: str = "") -> None:
        self._path, self._user = sandbox.paths.audit_log, user
        time.sleep(_LAG)
        self._from = self._path.stat().st_size

    def entries(self) -> Iterator[dict[str, Any]]:
        """Yield the entries of ours that are complete."""
        time.sleep(_LAG)
        with self._path.open("rb") as file:
            file.seek(self._from)
            for line in file:
                entry = json.loads(line) if line.endswith(b"\n") else {"stage": ""}
                if entry["stage"] == "ResponseComplete" and self._ours(entry):
                    yield entry

    def written(self) -> list[str]:
        """Return what was changed, or tried to be: ``patch deployments/scale coredns``; sorted."""
        return sorted(words(entry) for entry in self.entries() if _writes(entry) and not _dry(entry))

    def rehearsed(self) -> list[str]:
        """Return what was only rehearsed."""
        return sorted(words(entry) for entry in self.entries() if _writes(entry) and _dry(entry))

    def denied(self) -> list[str]:
        """Return what was answered with 403."""
        return sorted(words(entry) for entry in self.entries() if entry["responseStatus"].get("code") == 403)

    def _ours(self, entry: dict[str, Any]) -> bool:
        if self._user:
            return bool(entry["user"]["username"] == self._user)
        return str(entry.get("userAgent", "")).startswith(("roadworthy", "Helm", "helm"))


def words(entry: dict[str, Any]) -> str:
    """Return an entry in words: verb, resource, name."""
    what = entry.get("objectRef") or {}
    sub = f"/{what['subresource']}" if what.get("subresource") else ""
    return f"{entry['verb']} {what.get('resource', entry['requestURI'])}{sub} {what.get('name', '')}".rstrip()


def _writes(entry: dict[str, Any]) -> bool:
    return entry["verb"] in _WRITES and (entry.get("objectRef") or {}).get("resource") not in _ASKING


def _dry(entry: dict[str, Any]) -> bool:
    return parse_qs(urlsplit(entry["requestURI"]).query).get("dryRun") == ["All"]
