"""Hooks of our own: how a run gets its cluster and its convergence engine. A conftest.py may answer before we do.

And how what stands below reaches what stands above it: a run its engine, an item its judge.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from roadworthy.cluster import Cluster
    from roadworthy.converge import Convergence
    from roadworthy.item import CriterionItem
    from roadworthy.profile import Profile


@pytest.hookspec
def pytest_roadworthy_before_start(config: pytest.Config) -> None:
    """Have ready what is going to be wanted; called before a cluster is started, if one is."""


@pytest.hookspec(firstresult=True)
def pytest_roadworthy_connect(profile: Profile) -> Cluster | None:
    """Return the live cluster that the profile describes."""


@pytest.hookspec(firstresult=True)
def pytest_roadworthy_convergence(
    cluster: Cluster, profile: Profile, config: pytest.Config, journal_dir: Path
) -> Convergence | None:
    """Return what carries a failed criterion's remedies out, or only plans them."""


@pytest.hookspec(firstresult=True)
def pytest_roadworthy_judge(item: CriterionItem) -> bool | None:
    """Bring a criterion to its verdict; raises that as pytest's outcome, or returns True when it is good."""
