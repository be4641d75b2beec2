"""The exception to "a probe only reads": what ``@writes`` and ``@drill`` scenarios put into a system, and its undoing.

Objects of the API go through ``cluster.markers()``, which labels and sweeps them. What lives elsewhere (an annotation,
a row, a user) carries this run's id in its name, is undone when the scenario ends, and has a sweeper for a run that was
killed, registered for the component that those ``@writes`` scenarios have in their tags. A log line, a sample and a
resolved alert can't be taken back: they say whose they are and age out.
"""

from __future__ import annotations

import secrets

from roadworthy.markers import run_id


def marked(purpose: str) -> str:
    """Return a name for a marker that is its own: ``roadworthy-<run id>-<purpose>-5f3a``."""
    return f"roadworthy-{run_id()}-{purpose}-{secrets.token_hex(2)}"
