"""Which faults are in a sandbox now: written before each is injected, so that no crash loses the way back."""

from __future__ import annotations

import json
from typing import Any

from sandbox.layout import Sandbox
from sandbox.pki import write_private

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
