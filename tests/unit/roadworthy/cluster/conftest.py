"""A stand-in API server, and a cluster that reads from it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from roadworthy.cluster import connect
from roadworthy.cluster.live import LiveCluster
from roadworthy.profile import Profile
from tests.unit.roadworthy.apiserver import Api, StandIn


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    running = StandIn(tmp_path)
    yield running
    running.close()


@pytest.fixture
def api(standin: StandIn) -> Api:
    return standin.api


@pytest.fixture
def cluster(standin: StandIn) -> Iterator[LiveCluster]:
    found = connect(Profile(name="toy", where="toy.yaml", kubeconfig=str(standin.kubeconfig), context="standin"))
    yield found
    found.close()
