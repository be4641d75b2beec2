"""Each guard says no when it should, before anything is written. Against the stand-in API server."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import time as clock
from pathlib import Path
from types import SimpleNamespace

import pytest

from roadworthy import process
from roadworthy.case import Case
from roadworthy.change import Change, HelmUpgrade, Play, Target
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Convergence, Judgement, Options, deadline
from roadworthy.converge.tools import Tools, run
from roadworthy.errors import TimedOut, Unknown
from roadworthy.maintenance import Window
from roadworthy.profile import Node
from roadworthy.verdict import Verdict
from tests.unit.roadworthy.apiserver import Api, StandIn
from tests.unit.roadworthy.converge.conftest import CHANGE

Judge = Callable[[], Judgement]
Build = Callable[..., Convergence]


def refused(engine: Convergence, case: Case, judge: Judge, api: Api) -> str:
    """Converge, and return why nothing was written."""
    done = engine.converge(case, [("fix", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert not api.things["configmaps"]
    return done.reason


def node(name: str, *, ready: bool) -> dict[str, object]:
    return {"metadata": {"name": name}, "status": {"conditions": [{"type": "Ready", "status": str(ready)}]}}


def test_pause_by_annotation(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    api.things["namespaces"]["", "kube-system"]["metadata"]["annotations"] = {"roadworthy.dev/pause": "holiday"}
    assert "not paused; seen: holiday" in refused(engine(), case, judge, api)


def test_pause_by_file(engine: Build, case: Case, judge: Judge, api: Api, tmp_path: Path) -> None:
    made = engine()
    (tmp_path / "reports" / "pause").touch()
    assert "the pause file" in refused(made, case, judge, api)


def test_another_holder_of_the_lease(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    spec = {"holderIdentity": "run@elsewhere/1/2/3", "renewTime": "2999-01-01T00:00:00Z", "leaseDurationSeconds": 30}
    api.put("leases", {"metadata": {"name": "roadworthy", "namespace": "kube-system"}, "spec": spec})
    assert "one remediator at a time; seen: run@elsewhere" in refused(engine(), case, judge, api)


@pytest.mark.parametrize(("down", "repaired"), [(0, True), (1, True), (3, True), (4, False), (5, False)])
def test_too_many_nodes_down(
    engine: Build,
    case: Case,
    judge: Judge,
    api: Api,
    down: int,
    repaired: bool,  # noqa: FBT001
) -> None:
    for number in range(8):
        api.put("nodes", node(f"node-{number + 1}", ready=number >= down))
    if repaired:
        assert engine().converge(case, [("fix", "")], judge).verdict is Verdict.CONVERGED
    else:
        assert f"{down} of 8: node-1" in refused(engine(), case, judge, api)


def test_a_cluster_that_was_swapped_meanwhile(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    made = engine()
    api.things["namespaces"]["", "kube-system"]["metadata"]["uid"] = "another-cluster"
    assert "another-cluster" in refused(made, case, judge, api)


def test_changes_in_a_run(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    assert "at most 0 Changes" in refused(engine({"changes": 0}), case, judge, api)


def test_the_deadline(engine: Build, case: Case, judge: Judge, api: Api) -> None:
    made = engine({"deadline": 0.05, "confirm_after": 0.1})
    made._guard.deadline.start()
    assert "repairs end within 0 s" in refused(made, case, judge, api)


def test_the_workers_of_a_run_share_its_limits(
    engine: Build, case: Case, judge: Judge, api: Api, tmp_path: Path
) -> None:
    shared = tmp_path / "spent.json"
    one, other = (engine({"changes": 1, "cool_down": 0}, spent=shared) for _ in range(2))
    assert one.converge(case, [("fix", "")], judge).verdict is Verdict.CONVERGED
    one.__exit__(None, None, None)
    api.things["configmaps"].clear()
    assert "at most 1 Changes in a run; seen: all made" in refused(other, case, judge, api)
    late = engine({"deadline": 0.05, "confirm_after": 0.0}, spent=shared)
    time.sleep(0.1)
    assert "repairs end within 0 s" in refused(late, case, judge, api), "the time began with the first worker's"
    alone = engine({"changes": 1, "cool_down": 0}, spent=tmp_path / "of another run")
    assert alone.converge(case, [("fix", "")], judge).verdict is Verdict.CONVERGED


def test_an_image_that_is_made_first_takes_no_time_of_the_repairs(
    engine: Build, case: Case, judge: Judge, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = HelmUpgrade("./chart", "", (), "", images=("sandbox.local/toy:1",))
    change = Change("install", Target("Release", "toy", "a"), release, why="it isn't installed")
    wanted: list[str] = []
    ahead = [0.0]
    shifted = SimpleNamespace(monotonic=lambda: time.monotonic() + ahead[0], sleep=time.sleep)
    monkeypatch.setattr(deadline, "time", shifted)

    def make(images: Sequence[str]) -> None:
        assert "intent" not in [each["kind"] for each in made.journal.entries()], "nothing is begun meanwhile"
        wanted.extend(images)
        ahead[0] = 3600.0

    made = engine({"deadline": 60}, {"toy": lambda _: (yield change)}, images=make, helm="/bin/false")
    done = made.converge(case, [("toy", "")], judge)
    assert wanted == ["sandbox.local/toy:1"]
    assert "the state of Release a/toy can be read" in done.reason, "helm was run"


def test_the_maintenance_window(engine: Build, case: Case, judge: Judge, api: Api, cluster: LiveCluster) -> None:
    never = Window((), clock(0), clock(1), "UTC")
    cluster.profile = replace(cluster.profile, maintenance=never)
    assert "maintenance window" in refused(engine({"in_window": True}), case, judge, api)
    assert engine({"in_window": False}).converge(case, [("fix", "")], judge).verdict is Verdict.CONVERGED


def test_attempts_back_off_and_give_up_over_restarts(engine: Build, case: Case, api: Api) -> None:
    never: Judge = lambda: Judgement(Verdict.FAILED, "still wrong")  # noqa: E731
    limits = {"attempts": 3, "back_off": 0.4}
    began = time.monotonic()
    spent = []
    for _ in range(3):
        done = engine(limits).converge(case, [("fix", "")], never)  # each is a new run that reads the journal
        assert done.remedies[0].done
        spent.append(time.monotonic() - began)
    assert spent[1] - spent[0] >= 0.3
    assert spent[2] - spent[1] >= 0.6
    done = engine(limits).converge(case, [("fix", "")], never)
    assert not done.remedies[0].done
    assert "3 attempts within 3600 s: gave up" in done.reason
    engine(limits).passed(case.criterion)
    assert engine(limits).converge(case, [("fix", "")], never).remedies[0].done


def test_one_control_plane_node_at_a_time(
    engine: Build, case: Case, judge: Judge, api: Api, cluster: LiveCluster
) -> None:
    planes = tuple(Node(f"cp-{n}", role="control-plane") for n in range(3))
    cluster.profile = replace(cluster.profile, nodes=planes)
    for number in range(10):
        api.put("nodes", node(f"cp-{number}", ready=number not in {0, 1}))
    restart = Change("restart", Target("Host", "cp-0"), Play("x.yml", "cp-0"), why="dead")
    made = engine()
    assert "cp-1 is not Ready either" in made._guard.preview("restart", restart)
    api.put("nodes", node("cp-1", ready=True))
    cluster.renew()
    assert "not Ready" not in made._guard.preview("restart", restart)


def test_a_lost_lease_ends_the_child_and_all_it_started(cluster: LiveCluster, tmp_path: Path) -> None:
    lost = threading.Event()
    tools = Tools(cluster, Options({}), "run-1", lost)
    script = f"sleep 30 & echo $! > {tmp_path}/pid; wait"
    threading.Timer(0.5, lost.set).start()
    with pytest.raises(Unknown, match="lease was lost"):
        run(tools, ["/bin/sh", "-c", script], env={"PATH": "/usr/bin:/bin"}, timeout=20, what="a child")
    pid = int((tmp_path / "pid").read_text())
    time.sleep(0.2)
    status = Path(f"/proc/{pid}/stat")
    assert not status.exists() or " Z " in status.read_text()


def test_a_child_out_of_time_is_ended(cluster: LiveCluster) -> None:
    tools = Tools(cluster, Options({}), "run-1", threading.Event())
    with pytest.raises(TimedOut):
        run(tools, [sys.executable, "-c", "import time; time.sleep(30)"], env={}, timeout=0.5, what="a child")


def test_no_change_without_context_in_the_profile(
    engine: Build, case: Case, judge: Judge, api: Api, cluster: LiveCluster
) -> None:
    cluster.profile = replace(cluster.profile, context="")
    assert "the profile says context" in refused(engine(), case, judge, api)


def test_the_stand_in_is_the_cluster_of_the_profile(standin: StandIn, engine: Build) -> None:
    assert engine()._guard.preview("fix", CHANGE) == ""


def test_what_another_worker_has_tried_meanwhile_counts(
    engine: Build, case: Case, judge: Judge, api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With ``-n`` several processes share a cluster and a journal: three attempts are three, whoever makes them."""
    ours, theirs = engine({"attempts": 1}), engine({"attempts": 1})
    with monkeypatch.context() as other:
        other.setattr(process, "identity", lambda: "host/boot/1/1")
        assert theirs.converge(case, [("fix", "")], judge).verdict is Verdict.CONVERGED
        theirs.journal.write("intent", remedy="fix", criterion=case.criterion, target=str(CHANGE.target), verb="apply")
    api.things["configmaps"].clear()
    done = ours.converge(case, [("fix", "")], judge)
    assert done.verdict is Verdict.FAILED
    assert "at most 1 times; seen: 1 attempts" in done.reason
    assert [each["kind"] for each in ours.journal.entries()][-1] != "intent"
    assert "abandoned" in [each["kind"] for each in ours.journal.entries()]
