"""Hooks of our own: how a run gets its cluster and its convergence engine. A conftest.py may answer before we do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from roadworthy.cluster import Cluster
    from roadworthy.converge import Convergence
    from roadworthy.profile import Profile


@pytest.hookspec(firstresult=True)
def pytest_roadworthy_connect(profile: Profile) -> Cluster | None:
    """Return the live cluster that the profile describes."""


@pytest.hookspec(firstresult=True)
def pytest_roadworthy_convergence(
    cluster: Cluster, profile: Profile, config: pytest.Config, journal_dir: Path
) -> Convergence | None:
    """Return what carries a failed criterion's remedies out, or only plans them."""
