"""Which faults are in a sandbox now: written before each is injected, so that no crash loses the way back."""

from __future__ import annotations

import json
from typing import Any

from sandbox.layout import Sandbox
from sandbox.pki import write_private

OF_MACHINES = {"cut-network", "kill-runtime", "registry-down", "stop-kubelet", "stop-service", "unknown-pod"}
"""What `up` mends by itself: stopped services and pulled cables."""

Entry = dict[str, Any]
"""`id`, `fault`, `arguments`, `since` (seconds since 1970), and `memory`: what the undo needs."""


def read(sandbox: Sandbox) -> list[Entry]:
    """Return the faults injected at present, oldest first."""
    try:
        entries: list[Entry] = json.loads(sandbox.paths.faults.read_text())
    except FileNotFoundError:
        return []
    return entries


def write(sandbox: Sandbox, entries: list[Entry]) -> None:
    """Replace the list, whole or not at all; it may hold Secrets, so nobody else may read it."""
    write_private(sandbox.paths.faults, (json.dumps(entries, indent=2) + "\n").encode())


def forget(sandbox: Sandbox, names: set[str]) -> list[str]:
    """Strike faults that something else has mended; return them in words."""
    entries = read(sandbox)
    gone = [entry for entry in entries if entry["fault"] in names]
    if gone:
        write(sandbox, [entry for entry in entries if entry not in gone])
    return [" ".join([entry["fault"], *entry["arguments"]]) for entry in gone]
