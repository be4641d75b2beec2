"""One remediator at a time, whatever happens to it. Against the stand-in API server."""

from __future__ import annotations

import threading
import time

import pytest

from roadworthy import process
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import lease as module
from roadworthy.converge.lease import Lease
from roadworthy.errors import Refused, Unknown
from tests.unit.roadworthy.apiserver import Api

ELSEWHERE = "run-2@elsewhere/1-2/3/4"


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "SLACK", 0.2)


def held(api: Api) -> str:
    return str(api.things["leases"]["kube-system", "roadworthy"]["spec"]["holderIdentity"])


def test_it_is_taken_renewed_and_let_go(cluster: LiveCluster, api: Api) -> None:
    lease = Lease(cluster.access, "run-1", seconds=1)
    lease.acquire()
    first = api.things["leases"]["kube-system", "roadworthy"]["spec"]["renewTime"]
    time.sleep(1.5)
    lease.check()
    assert held(api).startswith("run-1@")
    assert api.things["leases"]["kube-system", "roadworthy"]["spec"]["renewTime"] != first
    lease.release()
    assert held(api) == ""
    with pytest.raises(Refused):
        lease.check()


def test_a_second_one_is_refused_by_name(cluster: LiveCluster) -> None:
    first, second = Lease(cluster.access, "run-1"), Lease(cluster.access, "run-2")
    first.acquire()
    second.holder = ELSEWHERE
    with pytest.raises(Refused, match="run-1@"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_who_waits_gets_it(cluster: LiveCluster) -> None:
    first, second = Lease(cluster.access, "run-1"), Lease(cluster.access, "run-2")
    first.acquire()
    second.holder = ELSEWHERE
    threading.Timer(0.5, first.release).start()
    second.acquire(wait=10)
    second.check()
    second.release()


def test_a_holder_elsewhere_is_taken_over_only_after_it_has_expired(cluster: LiveCluster) -> None:
    first = Lease(cluster.access, "run-1", seconds=2)
    first.holder = ELSEWHERE
    assert first._try()  # held, and never renewed: its host is gone
    taken_at = time.monotonic()
    valid = first._valid_until
    second = Lease(cluster.access, "run-2", seconds=2)
    with pytest.raises(Refused):
        second.acquire()
    second.acquire(wait=10)
    assert time.monotonic() - taken_at >= 2
    assert module._uptime() > valid  # the first had stopped by then
    second.release()


def test_a_holder_that_is_provably_dead_is_not_waited_for(cluster: LiveCluster) -> None:
    first = Lease(cluster.access, "run-1")
    host, pid, start = process.identity().rsplit("/", 2)
    first.holder = f"run-1@{host}/{int(pid) + 1_000_000}/{start}"
    assert first._try()
    second = Lease(cluster.access, "run-2")
    second.acquire()
    second.release()


@pytest.mark.parametrize("status", [0, 403, 500])
def test_it_is_lost_before_it_can_expire(cluster: LiveCluster, api: Api, status: int) -> None:
    lost = threading.Event()
    lease = Lease(cluster.access, "run-1", seconds=1, lost=lost.set)
    began = time.monotonic()
    lease.acquire()
    api.fail(status, lambda _, path: "/leases" in path)
    assert lost.wait(5)
    assert time.monotonic() - began < 1.9
    with pytest.raises(Refused):
        lease.check()
    lease.release()


def test_it_is_lost_when_somebody_else_took_it(cluster: LiveCluster, api: Api) -> None:
    lost = threading.Event()
    lease = Lease(cluster.access, "run-1", seconds=1, lost=lost.set)
    lease.acquire()
    thing = api.things["leases"]["kube-system", "roadworthy"]
    api.put(
        "leases", {**thing, "metadata": dict(thing["metadata"]), "spec": {**thing["spec"], "holderIdentity": ELSEWHERE}}
    )
    assert lost.wait(5)
    lease.release()
    assert held(api) == ELSEWHERE


def test_two_race_and_one_wins(cluster: LiveCluster) -> None:
    for _ in range(10):
        several = [Lease(cluster.access, f"run-{n}") for n in range(4)]
        for number, each in enumerate(several):
            each.holder = f"run-{number}@elsewhere/1-2/{number}/4"
        won: list[Lease] = []

        def race(each: Lease, won: list[Lease] = won) -> None:
            try:
                each.acquire()
                won.append(each)
            except Refused:
                pass

        threads = [threading.Thread(target=race, args=(each,)) for each in several]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(won) == 1
        won[0].release()


def test_an_api_that_can_not_be_asked_is_unknown(cluster: LiveCluster, api: Api) -> None:
    api.fail(503, lambda _, path: "/leases" in path)
    with pytest.raises(Unknown):
        Lease(cluster.access, "run-1").acquire()
