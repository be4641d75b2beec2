"""Waiting: a deadline, the last mismatch, and what stood in the way."""

from __future__ import annotations

import time
from itertools import count

import pytest

from roadworthy.cluster.live import LiveCluster
from roadworthy.errors import Denied, Turbulence
from tests.unit.roadworthy.apiserver import Api


def test_the_last_mismatch_is_told_with_what_and_how_long(cluster: LiveCluster) -> None:
    numbers = count(1)

    def never() -> None:
        raise AssertionError(f"look {next(numbers)}")

    with pytest.raises(AssertionError, match=r"the line: still not so after 0\.[5-9] s: look [2-9]"):
        cluster.until(never, within=0.5, what="the line")


def test_turbulence_is_waited_out_and_rights_are_not(cluster: LiveCluster) -> None:
    numbers = count()

    def third_time() -> str:
        if next(numbers) < 2:
            raise Turbulence("the API server answers")
        return "well"

    def denied() -> None:
        raise Denied("may look")

    assert cluster.until(third_time, within=5) == "well"
    began = time.monotonic()
    with pytest.raises(Denied):
        cluster.until(denied, within=5)
    assert time.monotonic() - began < 0.5


def test_what_ended_in_turbulence_is_broken_not_failed(cluster: LiveCluster) -> None:
    def down() -> None:
        raise Turbulence("the API server answers")

    with pytest.raises(Turbulence):
        cluster.until(down, within=0.3)


def test_a_wait_on_kinds_sees_the_change_that_came_before_it_slept(cluster: LiveCluster, api: Api) -> None:
    def check() -> None:
        found = cluster.list("ConfigMap")
        if not found:
            api.put("configmaps", {"metadata": {"name": "x", "namespace": "a"}})
        assert found, "none"

    began = time.monotonic()
    cluster.until(check, within=5, kinds=["ConfigMap"])
    assert time.monotonic() - began < 0.9
