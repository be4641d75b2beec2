"""A stand-in API server, a cluster that may be repaired, and an engine with toy remedies."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Target
from roadworthy.cluster import connect
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Convergence, Judgement, Options, proof
from roadworthy.profile import Profile
from roadworthy.verdict import Verdict
from tests.unit.roadworthy.apiserver import UID, Api, StandIn

MAP = {
    "apiVersion": "v1",
    "kind": "ConfigMap",
    "metadata": {"name": "wanted", "namespace": "a"},
    "data": {"k": "right"},
}
CHANGE = Change(
    "apply", Target("ConfigMap", "wanted", "a"), Apply(MAP, force=True), why="it is missing", component="toy"
)


@pytest.fixture
def standin(tmp_path: Path) -> Iterator[StandIn]:
    running = StandIn(tmp_path)
    yield running
    running.close()


@pytest.fixture
def api(standin: StandIn) -> Api:
    return standin.api


@pytest.fixture
def profile(standin: StandIn) -> Profile:
    limits = {"confirm_after": 0.0, "settle": 1.0, "back_off": 0.0}
    known = Profile(name="toy", where="toy.yaml", kubeconfig=str(standin.kubeconfig), context="standin")
    return replace(known, kube_system_uid=UID, limits=limits)


@pytest.fixture
def cluster(profile: Profile) -> Iterator[LiveCluster]:
    found = connect(profile)
    yield found
    found.close()


def nothing(_: Case) -> Changes:
    yield from ()


def fix(_: Case) -> Changes:
    yield CHANGE


Build = Callable[..., Convergence]


@pytest.fixture
def engine(cluster: LiveCluster, profile: Profile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Build]:
    """Build an engine: more remedies by name, limits and options as given."""
    monkeypatch.setattr(proof, "SECOND_LOOK", 0.0)
    built: list[Convergence] = []

    def build(
        limits: dict[str, object] | None = None, remedies: dict[str, Any] | None = None, **options: Any
    ) -> Convergence:
        described = replace(profile, limits={**profile.limits, **(limits or {})})
        options = {"wait_for_lease": 0.0, **options}
        known = Options({"nothing": nothing, "fix": fix, **(remedies or {})}, **options)
        made = Convergence(cluster, described, known, tmp_path / "reports" / "journal")
        built.append(made)
        return made

    yield build
    for each in built:
        each.__exit__(None, None, None)


@pytest.fixture
def case(cluster: LiveCluster) -> Case:
    return Case(cluster, "phase1/wanted-is-there", "it is missing", "", {})


@pytest.fixture
def judge(cluster: LiveCluster) -> Callable[[], Judgement]:
    def look() -> Judgement:
        found = cluster.get("ConfigMap", "wanted", namespace="a")
        right = found is not None and found["data"] == MAP["data"]
        return Judgement(Verdict.PASSED) if right else Judgement(Verdict.FAILED, f"wanted is {found and found['data']}")

    return look
