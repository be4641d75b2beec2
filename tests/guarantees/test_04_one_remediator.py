"""Promise 4: one remediator per cluster, whoever is stopped, cut off or told another time; and a key per target."""

from __future__ import annotations

import itertools
import signal
import threading
import time

import pytest

from roadworthy import keys
from roadworthy.errors import Refused, Unknown
from roadworthy.verdict import Verdict
from tests.guarantees import simulation, toys
from tests.guarantees.field import Field
from tests.guarantees.ground import MERGE, Audit, eventually
from tests.guarantees.project import Project

pytestmark = pytest.mark.guarantee(4)
LEASE = 12.0


def simulated(seeds: range) -> None:
    acts = takeovers = 0
    for seed in seeds:
        world = simulation.simulate(seed)
        assert not world.overlaps, f"seed {seed}: {world.overlaps[:3]}"
        acts, takeovers = acts + world.acts, takeovers + world.takeovers
    assert acts > 20 * len(seeds)
    assert takeovers > 5 * len(seeds)


@pytest.mark.short
def test_a_thousand_seeds() -> None:
    """Virtual time, 1,000 seeds of delays, losses, freezes, kills and clock jumps: no overlapping interval."""
    simulated(range(1000))


def second(field: Field) -> tuple[Audit, list[str]]:
    """Return another identity's audit trail, and the order of a runner of it that doesn't come through the proxy."""
    token = field.identity("second", "cluster-admin")
    other = field.config("second", {"token": token})
    audit = Audit(field.audit.path, field.admin, f"system:serviceaccount:{field.home}:second")
    return audit, field.order(other, limits={"lease": LEASE}, journal=str(field.folder / "second"))


@pytest.mark.long
@pytest.mark.parametrize("after", range(1, 7))
def test_a_stopped_runner_does_nothing_once_it_goes_on(field: Field, after: int) -> None:
    """SIGSTOP after journal line N; another takes over after the expiry; SIGCONT: not one write more of the first."""
    field.workload()
    field.wrong()
    field.defer(lambda: field.admin.ask("PATCH", f"/api/v1/nodes/{toys.NODE}", {"spec": {"unschedulable": None}},
                                        "application/merge-patch+json"))  # fmt: skip
    field.proxy.fail(lambda seen: seen.writes and "leases" not in seen.path, delay=0.5)
    audit, order = second(field)
    first = field.start(field.order(work=[["guard/way", "way", ["long_way"]]], limits={"lease": LEASE}))
    eventually(lambda: len(field.entries()) >= after, 60, 0.002)
    first.send_signal(signal.SIGSTOP)
    stopped = time.monotonic()
    field.wrong()
    assert "converged" in field.run(order)
    assert time.monotonic() - stopped >= LEASE * 2 / 3  # renewed every third of it
    before = len(field.audit.writes())
    first.send_signal(signal.SIGCONT)
    first.communicate(timeout=60)
    late = field.audit.writes()[before:]
    # What was on its way when it was stopped may arrive; it must not do anything.
    assert all(each.code == 409 for each in late), late
    taken = next(each for each in audit.writes(lease=True) if each.lease and each.code == 200)
    assert all(each.at < taken.at for each in field.audit.writes() if each.code < 300)
    assert field.right()


@pytest.mark.short
def test_a_runner_that_is_cut_off_stops_before_its_lease_expires(field: Field) -> None:
    """The API server is out of its reach: it lets no Change begin, in time; nobody had to tell it."""
    cluster = field.connect(field.profile(field.proxied, lease=LEASE))
    engine = field.engine(cluster)
    lease = engine._lease
    lease.acquire()
    began = time.monotonic()
    field.proxy.fail(lambda _: True, lost="before")
    assert engine._tools.lost.wait(LEASE + 1)
    assert time.monotonic() - began < LEASE
    with pytest.raises(Refused, match="the lease is held"):
        lease.check()


@pytest.mark.short
def test_two_at_once_one_waits_its_turn(field: Field) -> None:
    """Two runners, one broken map each: their writes don't interleave in the audit log."""
    clusters = [field.connect(field.profile(field.proxied)) for _ in range(2)]
    engines = [field.engine(each, wait_for_lease=60.0) for each in clusters]
    for number, engine in enumerate(engines):
        engine._lease.holder = f"run-{number}@elsewhere/1-2/{number}/4"
    field.proxy.fail(lambda seen: seen.writes and "configmaps" in seen.path, delay=0.5)
    field.wrong()
    done = []

    def one(number: int) -> None:
        judge = toys.map_judge(clusters[number], field.home)
        done.append(engines[number].converge(field.case(clusters[number]), [("put_map", "")], judge).verdict)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(2)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    # The second found it repaired when its turn came, or repaired what needed no repair any more: never both at once.
    assert Verdict.CONVERGED in done
    held = [seen for seen in field.proxy.seen if seen.writes and "configmaps" in seen.path]
    assert all(a.ended <= b.at for a, b in itertools.pairwise(held))


@pytest.mark.short
@pytest.mark.parametrize("status", [403, 500, 409])
def test_a_lease_that_can_not_be_had_is_no_licence(field: Field, status: int) -> None:
    """The Lease can't be created or written: no Change, whatever the reason."""
    cluster = field.connect(field.profile(field.proxied))
    field.wrong()
    field.proxy.fail(lambda seen: seen.writes and "leases" in seen.path, status=status)
    judge = toys.map_judge(cluster, field.home)
    done = field.engine(cluster, wait_for_lease=1.0).converge(field.case(cluster), [("put_map", "")], judge)
    assert done.verdict in {Verdict.BROKEN, Verdict.FAILED}
    assert field.audit.writes() == []
    assert not field.right()


def annotate(field: Field, path: str, said: str | None) -> None:
    """Put a key on an object, or take it away, as an administrator does."""
    assert field.admin.ask("PATCH", path, {"metadata": {"annotations": {keys.KEY: said}}}, MERGE)[0] == 200


@pytest.mark.short
@pytest.mark.parametrize("where", ["the object", "its namespace"])
@pytest.mark.ci
def test_what_somebody_has_in_hand_is_left_alone(field: Field, where: str) -> None:
    """A key on the object or its namespace: no write, and who has it is told; once its time is over it is repaired."""
    field.wrong()
    home = f"/api/v1/namespaces/{field.home}"
    path = f"{home}/configmaps/wanted" if where == "the object" else home
    cluster = field.connect()
    judge = toys.map_judge(cluster, field.home)
    for said in ("anna, looking into it", keys.text("anna, looking into it", time.time() + 600)):
        annotate(field, path, said)
        done = field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge)
        assert (done.verdict, f"held by {said}" in done.reason) == (Verdict.FAILED, True), done.reason
        assert field.audit.writes() == []
    annotate(field, path, keys.text("anna, looking into it", time.time() - 5))
    done = field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge)
    assert done.verdict is Verdict.CONVERGED, done.reason


@pytest.mark.short
def test_a_key_that_comes_between_look_and_write_is_heeded(field: Field) -> None:
    """It is put on the object while our write is on its way: the API server itself refuses that (409 in its log)."""
    field.wrong()
    path = f"/api/v1/namespaces/{field.home}/configmaps/wanted"
    cluster = field.connect(field.profile(field.proxied))
    ours = field.proxy.fail(
        lambda seen: seen.writes and "configmaps" in seen.path, then=lambda: annotate(field, path, "anna"), delay=0.1
    )
    judge = toys.map_judge(cluster, field.home)
    done = field.engine(cluster).converge(field.case(cluster), [("put_map", "")], judge)
    assert (done.verdict, ours.hits) == (Verdict.FAILED, 1)
    assert [each.code for each in field.audit.writes()] == [409]
    assert not field.right()


@pytest.mark.short
def test_no_drill_while_somebody_repairs_or_has_it_in_hand(field: Field) -> None:
    """The Lease is another run's, or the workload has a key: the drill is broken, and deletes nothing."""
    field.workload()
    project = Project(field)
    project.profile(field.kubeconfig, drills="always")
    project.feature("Feature: A drill\n  @drill\n  Scenario: drilled\n    When web is restarted in HOME\n")
    web = f"/apis/apps/v1/namespaces/{field.home}/deployments/web"
    annotate(field, web, "anna")
    ran = project.run()
    assert (ran.verdicts, "held by anna" in ran.said) == ({"drilled": "broken"}, True), ran.said[-4000:]
    assert field.audit.writes() == []
    annotate(field, web, None)
    engine = field.engine(field.connect())
    engine._lease.acquire()
    ran = project.run()
    assert (ran.verdicts, "no repair is under way" in ran.said) == ({"drilled": "broken"}, True), ran.said[-4000:]
    assert [each for each in field.audit.writes() if each.verb.startswith("delete")] == []
    engine._lease.release()
    assert project.run().verdicts == {"drilled": "passed"}


@pytest.mark.short
def test_a_drill_and_a_repair_never_have_one_workload_at_once(field: Field) -> None:
    """A run drills again and again while another repairs the same workload: no write of the one between the others'."""
    field.workload()
    drilling = f"system:serviceaccount:{field.home}:driller"
    kubeconfig = field.config("driller", {"token": field.identity("driller", "cluster-admin")})
    audit = Audit(field.audit.path, field.admin, drilling)
    cluster, stop, drills = field.connect(field.profile(kubeconfig)), threading.Event(), [0, 0]
    field.defer(
        lambda: field.admin.ask("PATCH", f"/api/v1/nodes/{toys.NODE}", {"spec": {"unschedulable": None}}, MERGE)
    )

    def drill() -> None:
        while not stop.wait(0.5):
            try:
                with cluster.scenario("guard/drill", ["drill"]):
                    cluster.markers().restart("Deployment", "web", namespace=field.home, within=30.0)
                drills[0] += 1
            except (AssertionError, Unknown):
                drills[1] += 1

    thread = threading.Thread(target=drill)
    thread.start()
    order = field.order(work=[["guard/way", "way", ["long_way"]]])
    converged = 0
    for _ in range(4):
        field.wrong()
        converged += "guard/way: converged" in field.run(order)
    stop.set()
    thread.join()
    assert drills[0]
    assert drills[1], "they never met"
    assert converged
    spans, opened = list[tuple[str, str]](), ""
    for each in audit.writes():
        if each.resource == "pods" and each.code < 300:
            opened = opened or each.at
        elif opened:  # the key that goes again
            spans, opened = [*spans, (opened, each.at)], ""
    repairs = [each.at for each in field.audit.writes() if each.name == "web" and each.code < 300]
    assert repairs
    assert [at for at in repairs for begin, end in spans if begin <= at <= end] == []
