"""What scenarios make is labelled, undone at their end, and swept after a kill. Against the stand-in API server."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from roadworthy import markers, process, stopping
from roadworthy.cluster import Cluster, sweepers
from roadworthy.cluster.live import LiveCluster
from roadworthy.errors import Refused
from tests.unit.roadworthy.apiserver import Api
from tests.unit.roadworthy.apistate import Fault

MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "m", "namespace": "a"}}


@pytest.fixture(autouse=True)
def _sweepers() -> Iterator[None]:
    before = dict(sweepers.SWEEPERS)
    sweepers.SWEEPERS.clear()
    yield
    sweepers.SWEEPERS.clear()
    sweepers.SWEEPERS.update(before)


def test_only_tagged_scenarios_write(cluster: LiveCluster) -> None:
    with pytest.raises(Refused, match="tag the scenario"):
        cluster.markers()
    with cluster.scenario("phase1/x", ["slow"]), pytest.raises(Refused):
        cluster.markers()


def test_what_is_made_is_labelled_and_gone_at_the_end(cluster: LiveCluster, api: Api) -> None:
    order: list[str] = []
    with cluster.scenario("phase1/x", ["@writes"]):
        made = cluster.markers().create(MAP)
        cluster.markers().undo_later(lambda: order.append("row"), "a row")
        assert made["metadata"]["labels"][markers.LABEL] == markers.run_id()
        assert made["metadata"]["annotations"]["roadworthy.dev/criterion"] == "phase1/x"
        assert ("a", "m") in api.things["configmaps"]
    assert not api.things["configmaps"]
    assert order == ["row"]


def test_also_when_the_scenario_fails(cluster: LiveCluster, api: Api) -> None:
    def fail() -> None:
        with cluster.scenario("phase1/x", ["writes"]):
            cluster.markers().create(MAP)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert not api.things["configmaps"]


def test_what_others_made_is_not_deleted(cluster: LiveCluster, api: Api) -> None:
    api.put("configmaps", {"metadata": {"name": "theirs", "namespace": "a"}})
    with cluster.scenario("phase1/x", ["writes"]), pytest.raises(Refused, match="only what it made"):
        cluster.markers().delete("ConfigMap", "theirs", namespace="a")


def test_only_a_drill_restarts(cluster: LiveCluster) -> None:
    with cluster.scenario("phase1/x", ["writes"]), pytest.raises(Refused, match="@drill"):
        cluster.markers().restart("Deployment", "x", namespace="a")


@pytest.mark.parametrize(
    ("holder", "expires", "swept"),
    [
        (process.identity().replace(f"/{os.getpid()}/", "/1234567/"), "2999-01-01T00:00:00Z", True),  # a dead process
        (process.identity(), "2999-01-01T00:00:00Z", False),  # alive
        ("elsewhere/1-2/3/4", "2999-01-01T00:00:00Z", False),  # can't be told, not expired
        ("elsewhere/1-2/3/4", "2020-01-01T00:00:00Z", True),  # expired
    ],
    ids=["of a dead process", "of a living process", "of another host", "expired"],  # the same in each worker
)
def test_leftovers_are_swept(cluster: LiveCluster, api: Api, holder: str, expires: str, swept: bool) -> None:  # noqa: FBT001
    annotations = {markers.HOLDER: holder, markers.EXPIRES: expires}
    metadata = {"name": "m", "namespace": "a", "labels": {markers.LABEL: "other"}, "annotations": annotations}
    api.put("configmaps", {"metadata": metadata})
    assert bool(cluster.sweep(())) is swept
    assert bool(api.things["configmaps"]) is not swept


def test_the_sweepers_of_what_is_used_run_and_a_service_that_is_down_does_not_stop_them(cluster: LiveCluster) -> None:
    called: list[str] = []

    @sweepers.sweeper("one")
    def one(_: object) -> None:
        raise AssertionError("down")

    for name in ("two", "of no scenario here"):

        @sweepers.sweeper(name)
        def two(_: object, name: str = name) -> None:
            called.append(name)

    cluster.sweep(["one", "two"])
    assert called == ["two"]


def test_a_sweep_that_may_not_delete_or_meets_nonsense_is_no_end_of_the_run(cluster: LiveCluster, api: Api) -> None:
    called: list[str] = []
    over = {markers.HOLDER: "elsewhere/1-2/3/4", markers.EXPIRES: "2020-01-01T00:00:00Z"}
    metadata = {"name": "m", "namespace": "a", "labels": {markers.LABEL: "other"}, "annotations": over}
    api.put("configmaps", {"metadata": metadata})
    api.faults.append(Fault(lambda method, path: method == "DELETE" and "/configmaps/m" in path, 403))

    @sweepers.sweeper("one")
    def one(_: object) -> None:
        raise TypeError("string indices must be integers")  # an error page where a list was expected

    @sweepers.sweeper("two")
    def two(_: object) -> None:
        called.append("two")

    with pytest.warns(UserWarning, match="markers of earlier runs .ConfigMap. are left for the next one"):
        assert cluster.sweep(["one", "two"]) == []
    assert called == ["two"]


def test_a_name_tells_whether_its_run_is_over() -> None:
    assert markers.leftover("roadworthy-20200101t000000-abcd-x", 1_600_000_000)
    assert not markers.leftover(f"roadworthy-{markers.run_id()}-x", 0)
    assert not markers.leftover("somebody-else", 1e12)


def test_what_others_made_of_our_marker_may_go_and_so_may_a_dead_runs(cluster: LiveCluster, api: Api) -> None:
    ours, dead = f"roadworthy-{markers.run_id()}-x-repository", "roadworthy-20200101t000000-abcd-x"
    fresh = "roadworthy-29990101t000000-abcd-x"
    for name in (ours, dead, fresh):
        api.put("configmaps", {"metadata": {"name": name, "namespace": "a"}})
    with cluster.scenario("phase2/x", ["writes"]):
        cluster.markers().delete("ConfigMap", ours, namespace="a")
        cluster.markers().delete("ConfigMap", dead, namespace="a")
        with pytest.raises(Refused, match="only what it made"):
            cluster.markers().delete("ConfigMap", fresh, namespace="a")
    assert list(api.things["configmaps"]) == [("a", fresh)]


def test_a_sweeper_may_take_away_a_dead_runs_objects(cluster: LiveCluster, api: Api) -> None:
    api.put("configmaps", {"metadata": {"name": "roadworthy-20200101t000000-abcd-x", "namespace": "a"}})

    @sweepers.sweeper("objects")
    def objects(there: Cluster) -> None:
        there.markers().delete("ConfigMap", "roadworthy-20200101t000000-abcd-x", namespace="a")

    cluster.sweep(["objects"])
    assert not api.things["configmaps"]


def test_each_thread_has_a_door_of_its_own(cluster: LiveCluster) -> None:
    with cluster.scenario("phase1/x", ["writes"]), ThreadPoolExecutor(1) as other:
        mine = cluster.markers()
        with pytest.raises(Refused):
            other.submit(cluster.markers).result()
        assert cluster.markers() is mine


def test_what_is_abandoned_in_the_middle_of_a_wait_clears_up(cluster: LiveCluster, api: Api) -> None:
    waiting, stop = threading.Event(), threading.Event()

    def never() -> None:
        waiting.set()
        raise AssertionError("not yet")

    def judge() -> None:
        with stopping.by(stop), cluster.scenario("phase1/x", ["writes"]):
            cluster.markers().create(MAP)
            cluster.markers().undo_later(lambda: cluster.until(lambda: None, within=5), "a wait of the clearing up")
            cluster.until(never, within=60)

    with ThreadPoolExecutor(1) as other:
        judging = other.submit(judge)
        assert waiting.wait(10)
        assert ("a", "m") in api.things["configmaps"]
        stop.set()
        with pytest.raises(stopping.Abandoned):
            judging.result(20)
    assert not api.things["configmaps"]


def test_an_undoing_may_have_to_make_something(cluster: LiveCluster, api: Api) -> None:
    """Velero deletes a backup when it is asked to by an object."""

    def ask() -> None:
        cluster.markers().create(MAP)

    with cluster.scenario("phase2/x", ["writes"]):
        cluster.markers().undo_later(ask, "a backup")
    assert not api.things["configmaps"]
    with pytest.raises(Refused):
        cluster.markers()
