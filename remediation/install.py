"""The component's installer, always the last rung: everything that is missing to it and to what it requires."""

from __future__ import annotations

from installers import engine
from roadworthy.case import Case, Changes


def remedy(case: Case) -> Changes:
    """Yield what ``@remedy:install.NAME`` has to change; nothing where it is installed and has not drifted."""
    yield from engine.plan(case.argument, case.cluster)
