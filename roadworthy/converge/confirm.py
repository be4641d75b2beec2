"""The second look: a criterion that failed is judged again, on what the API server knows now, after a minimum age."""

from __future__ import annotations

import time

from roadworthy.cluster.live import LiveCluster
from roadworthy.converge.records import Judge, Judgement
from roadworthy.errors import Unknown
from roadworthy.verdict import Verdict


def confirm(cluster: LiveCluster, judge: Judge, *, after: float) -> Judgement:
    """Wait ``after`` seconds, bring local memory to what is true now, and judge again.

    Only a criterion that fails both times may be repaired. What can't be known at the second look is ``broken``.
    """
    time.sleep(after)
    try:
        cluster.renew()
    except Unknown as error:
        return Judgement(Verdict.BROKEN, error.render())
    return judge()
