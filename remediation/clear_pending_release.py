"""A Helm release left pending ("another operation is in progress"): unlocked when provably ours and its owner dead.

What that means, and how it is done, is the installers' to know: they meet it too (`installers.engine.pending`).
"""

from __future__ import annotations

from installers.engine import pending
from probes.helm_releases import releases
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.errors import Refused

#: The lock; and whatever the component's own installer may, for a rollback puts back all of it.
RIGHTS: tuple[str, ...] = ("delete secrets", "install")


def remedy(case: Case) -> Changes:
    """Roll each left-over operation back to the last whole revision, or delete its lock when there is none."""
    reasons, acted = list[str](), False
    for several in releases(case.cluster).values():
        if not several[0].pending:
            continue
        try:
            change = pending.clear(case.cluster, several)
        except Refused as refusal:
            reasons.append(refusal.seen)
            continue
        yield change
        acted = True
    if not acted:
        refuse("a pending Helm release could be unlocked", reasons)
