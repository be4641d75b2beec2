"""What steps may ask for by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from roadworthy.samples import Samples
from roadworthy.session import RUN, Run

if TYPE_CHECKING:
    from roadworthy.cluster import Cluster
    from roadworthy.profile import Profile


@pytest.fixture(scope="session")
def cluster(pytestconfig: pytest.Config) -> Cluster:
    """The live cluster that is judged."""
    return pytestconfig.stash[RUN].cluster


@pytest.fixture(scope="session")
def profile(pytestconfig: pytest.Config) -> Profile:
    """The description of the cluster that is judged."""
    return pytestconfig.stash[RUN].profile


@pytest.fixture(scope="session")
def samples(pytestconfig: pytest.Config) -> Samples:
    """What was measured of this cluster, in this run and in earlier ones."""
    return _samples(pytestconfig.stash[RUN])


def given(run: Run) -> dict[str, object]:
    """Return these fixtures' values by name, for scenarios that are set up before pytest has set up any."""
    return {"pytestconfig": run.config, "cluster": run.cluster, "profile": run.profile, "samples": _samples(run)}


def _samples(run: Run) -> Samples:
    return Samples(run.reports / "samples", run.profile.kube_system_uid or run.profile.name, run.id)
