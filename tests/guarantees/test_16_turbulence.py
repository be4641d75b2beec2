"""Promise 16: storms are ridden out: Retry-After is honoured, requests are bounded, a write is never sent twice."""

from __future__ import annotations

import itertools
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import Apply, Change, Target
from roadworthy.cluster.pool import IN_FLIGHT
from roadworthy.errors import TimedOut, Turbulence, Unknown
from roadworthy.verdict import Verdict
from tests.guarantees import toys
from tests.guarantees.field import Field
from tests.guarantees.ground import eventually
from tests.guarantees.proxy import Seen

pytestmark = pytest.mark.guarantee(16)


def of_map(seen: Seen) -> bool:
    return seen.path.partition("?")[0].endswith("/configmaps/wanted")


@pytest.mark.short
def test_retry_after_is_honoured(field: Field) -> None:
    """429 with Retry-After: 2, twice: three requests, each at least 2 s after the one before."""
    field.wrong()
    cluster = field.connect(field.profile(field.proxied))
    field.proxy.fail(of_map, status=429, headers={"Retry-After": "2"}, times=2)
    assert cluster.fresh("ConfigMap", "wanted", namespace=field.home)
    at = [each.at for each in field.proxy.seen if of_map(each)]
    assert len(at) == 3
    assert all(b - a >= 2.0 for a, b in itertools.pairwise(at))


@pytest.mark.short
def test_a_429_storm_is_not_answered_by_one_of_ours(field: Field) -> None:
    """All is 429 for as long as it lasts: at most three tries of a read, then it is broken; memory goes on after it."""
    field.wrong()
    cluster = field.connect(field.profile(field.proxied))
    cluster.list("ConfigMap")
    storm = field.proxy.fail(lambda _: True, status=429, headers={"Retry-After": "1"})
    before = len([each for each in field.proxy.seen if of_map(each)])
    with pytest.raises(Turbulence):
        cluster.fresh("ConfigMap", "wanted", namespace=field.home)
    assert len([each for each in field.proxy.seen if of_map(each)]) - before == 3
    storm.times = 0
    field.wrong(value="after the storm")

    def seen() -> None:
        toys.says(cluster, field.home, value="after the storm")

    cluster.until(seen, within=30, kinds=["ConfigMap"])


@pytest.mark.short
@pytest.mark.parametrize("fault", ["500", "503", "429", "lost before", "lost after"])
@pytest.mark.parametrize("act", ["apply", "create"])
def test_no_write_is_sent_twice(field: Field, fault: str, act: str) -> None:
    """Its fate unknown, a PATCH or POST is not replayed: one request at the proxy, ``unknown`` in the journal."""
    if act == "apply":
        field.wrong()
    cluster = field.connect(field.profile(field.proxied))
    what = {"lost": fault.split()[1]} if fault.startswith("lost") else {"status": int(fault)}
    field.proxy.fail(lambda seen: seen.writes and "leases" not in seen.path, **what)
    judge = toys.map_judge(cluster, field.home)
    done = field.engine(cluster).converge(field.case(cluster), [("put_map", ""), ("put_map", "")], judge)
    assert done.verdict is Verdict.BROKEN
    sent = [each for each in field.proxy.seen if each.writes and "leases" not in each.path]
    assert len(sent) == 1
    assert len(field.audit.writes()) == (1 if fault == "lost after" else 0)
    assert [entry.get("became") for entry in field.entries()] == [None, "unknown"]


@pytest.mark.short
def test_requests_in_flight_are_bounded(field: Field) -> None:
    """Sixty threads ask at once, the API server is slow: never more than the bound, and all are answered."""
    field.wrong()
    cluster = field.connect(field.profile(field.proxied))
    cluster.fresh("ConfigMap", "wanted", namespace=field.home)
    field.proxy.fail(of_map, delay=0.2)
    with ThreadPoolExecutor(60) as pool:
        found = list(pool.map(lambda _: cluster.fresh("ConfigMap", "wanted", namespace=field.home), range(60)))
    assert all(found)
    assert field.proxy.most_in_flight <= IN_FLIGHT


@pytest.mark.short
@pytest.mark.ci
def test_410_is_a_new_list(field: Field) -> None:
    """The watch is told that its version is too old: listed again once, and current."""
    field.wrong()
    cluster = field.connect(field.profile(field.proxied))
    cluster.list("ConfigMap")
    gone = field.proxy.fail(lambda seen: "watch=" in seen.path and "configmaps" in seen.path, status=410, times=1)
    for reflector in cluster.store._reflectors.values():
        if response := reflector._response:
            response.shutdown()
    eventually(lambda: gone.hits, 30)
    field.wrong(value="after the 410")
    cluster.until(lambda: toys.says(cluster, field.home, value="after the 410"), within=30, kinds=["ConfigMap"])
    assert cluster.counts["LIST ConfigMap"] == 2


@pytest.mark.short
def test_half_open_connections_end_in_time(field: Field) -> None:
    """The peer is there and says nothing: TimedOut after the time-out of the request, and no slot stays taken."""
    field.wrong()
    cluster = field.connect(field.profile(field.proxied))
    held = field.proxy.fail(of_map, until=threading.Event(), times=IN_FLIGHT)
    path = f"/api/v1/namespaces/{field.home}/configmaps/wanted"
    began = time.monotonic()

    def ask(_: int) -> str:
        try:
            cluster.raw(path, timeout=2.0)
        except Unknown as error:
            return type(error).__name__
        return "answered"

    with ThreadPoolExecutor(IN_FLIGHT) as pool:
        said = list(pool.map(ask, range(IN_FLIGHT)))
    assert set(said) == {TimedOut.__name__}
    assert time.monotonic() - began < 15
    assert held.hits == IN_FLIGHT
    assert cluster.fresh("ConfigMap", "wanted", namespace=field.home)


@pytest.mark.long
@pytest.mark.parametrize("service", ["kube-apiserver", "etcd"])
def test_the_api_servers_restart(field: Field, service: str) -> None:
    """It is killed in the middle of ten Changes and comes back: what was sent was sent once; all ends well."""
    from sandbox import layout, supervise

    sandbox = layout.load(field.facts["name"])
    assert sandbox
    for number in range(10):
        field.wrong(f"m-{number}")
    cluster = field.connect()
    cluster.list("ConfigMap")

    def remedy(_: Case) -> Changes:
        for number in range(10):
            if number == 4:
                supervise.tell(sandbox, "control-plane", service, "k")  # asked kindly, it drains for minutes
            found = cluster.fresh("ConfigMap", f"m-{number}", namespace=field.home)
            if not found or found["data"] != {"k": "right"}:
                manifest = Apply(toys.manifest(field.home, f"m-{number}"), force=True)
                yield Change("apply", Target("ConfigMap", f"m-{number}", field.home), manifest, why="a toy")

    def check() -> None:
        for number in range(10):
            toys.says(cluster, field.home, f"m-{number}")

    engine = field.engine(cluster, {"remedy": remedy})

    def settled() -> bool:
        judged = toys.looks(check)()
        if judged.verdict is Verdict.FAILED:
            engine.converge(field.case(cluster), [("remedy", "")], toys.looks(check))
        return judged.verdict is Verdict.PASSED

    eventually(settled, 180, 1.0)
    intents = [entry for entry in field.entries() if entry["kind"] == "intent"]
    made = [each for each in field.audit.writes() if each.code < 300]
    assert 10 <= len(made) <= len(intents)
