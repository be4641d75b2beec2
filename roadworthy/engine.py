"""The engine of a run: what converges the cluster, given what the run has to give."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from roadworthy import images, programs
from roadworthy.converge import Convergence, Options
from roadworthy.item import RUN
from roadworthy.judging import regressions

if TYPE_CHECKING:
    import pytest

    from roadworthy.cluster.live import LiveCluster
    from roadworthy.profile import Profile


def convergence(cluster: LiveCluster, profile: Profile, config: pytest.Config, journal_dir: Path) -> Convergence:
    """Make it; what it holds on to is let go when pytest ends."""
    run = config.stash[RUN]
    supply = images.Supply(profile, partial(run.mandate.images, profile), run.tell)
    config.add_cleanup(supply.close)
    options = Options(
        remedies=run.mandate.remedy,
        root=run.rooms.root,
        helm=programs.find("helm"),
        images=supply,
        regressions=partial(regressions, run),
        recover=run.mandate.plan is None,
        held=run.mandate.held,
        progress=run.tell,
        spent=run.board.folder / "spent.json",
    )
    return Convergence(cluster, profile, options, journal_dir)
