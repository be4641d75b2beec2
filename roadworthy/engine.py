"""The engine of a run: what converges the cluster, given what the run has to give."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from roadworthy import images, programs
from roadworthy.converge import Convergence, Options

if TYPE_CHECKING:
    from roadworthy.cluster.live import LiveCluster
    from roadworthy.judge import Judge
    from roadworthy.profile import Profile

_HELM = "helm"


def before_start(judge: Judge) -> None:
    """Have ready, before a cluster is started, what repairs are going to want: compilers get the whole machine."""
    run = judge.run
    if run.remediate:
        programs.find(_HELM)
        images.early(run.stated, judge.mandate.images(run.stated), run.tell)


def convergence(cluster: LiveCluster, profile: Profile, judge: Judge, journal_dir: Path) -> Convergence:
    """Make it; what it holds on to is let go when pytest ends."""
    run, mandate = judge.run, judge.mandate
    supply = images.Supply(profile, partial(mandate.images, profile), run.tell)
    run.config.add_cleanup(supply.close)
    options = Options(
        remedies=mandate.remedy,
        root=run.rooms.root,
        helm=programs.find(_HELM),
        images=supply,
        regressions=judge.regressions,
        recover=mandate.plan is None,
        held=mandate.held,
        progress=run.tell,
        spent=run.board.folder / "spent.json",
    )
    return Convergence(cluster, profile, options, journal_dir)
