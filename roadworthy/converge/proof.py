"""After the act: what was touched comes to rest, the criterion is judged again, and what had passed must still pass."""

from __future__ import annotations

import time
from collections.abc import Sequence

from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import settle
from roadworthy.converge.records import Executed, Judge, Judgement, Options
from roadworthy.converge.rung import Climber
from roadworthy.verdict import Verdict

#: After a Change that came to rest a criterion gets this long before a second look, seconds.
SECOND_LOOK = 5.0


class Proof:
    """Looks at what the Changes of one rung came to.

    Args:
        cluster: the live cluster.
        options: whom to ask for regressions.
        climber: takes back what did harm.
        within: how long what was touched may take to come to rest, seconds.

    """

    def __init__(self, cluster: LiveCluster, options: Options, climber: Climber, within: float) -> None:
        self._cluster, self._options, self._climber, self._within = cluster, options, climber, within

    def look(self, judge: Judge, executed: Sequence[Executed]) -> Judgement:
        """Wait until what was touched has come to rest, and judge; once more a little later, if it still fails.

        Raises:
            Unknown: the cluster can't be read.

        """
        self._cluster.renew()  # what was changed is seen, or settling would look at how it was before
        what = {each for done in executed for each in settle.touched(self._cluster, done.change, done.found)}
        restless = settle.settle(self._cluster, what, within=self._within)
        judged = judge()
        if judged.verdict is not Verdict.FAILED:
            return judged
        if restless:
            return Judgement(judged.verdict, f"{judged.message}; {restless}")
        time.sleep(SECOND_LOOK)
        return judge()

    def harm(self, criterion: str, executed: Sequence[Executed]) -> str:
        """Judge again what had passed on what was touched, and take the Changes back when some of it fails.

        Returns:
            What broke, and what came of taking back; empty when nothing broke.

        """
        regressions = self._options.regressions
        components = sorted({done.change.component for done in executed if done.change.component})
        broken = regressions(criterion, components) if regressions else []
        if not broken:
            return ""
        undone = "; ".join(self._climber.take_back(each) for each in reversed(executed))
        return f"then failed: {', '.join(broken)}; taken back: {undone}"
