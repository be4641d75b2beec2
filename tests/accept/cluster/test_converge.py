"""From failed to converged on the real sandbox; killed runners, and two at once."""

from __future__ import annotations

import signal
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from roadworthy.case import Case, Changes
from roadworthy.change import (
    Change,
    Patch,
    Target,
)
from roadworthy.cluster import connect, workloads
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Convergence, Judgement, Options
from roadworthy.verdict import Verdict
from tests.accept.cluster.conftest import ROOT, TOOLBOX

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]


def broken(cluster: LiveCluster, home: str) -> None:
    """Give ``web`` an image that doesn't exist."""
    container = {"name": "web", "image": "sandbox.local/no-such-image:1"}
    body = {"spec": {"template": {"spec": {"containers": [container]}}}}
    media = "application/strategic-merge-patch+json"
    cluster.access.request("PATCH", f"/apis/apps/v1/namespaces/{home}/deployments/web", body=body, content_type=media)


def judge_of(cluster: LiveCluster, home: str) -> Callable[[], Judgement]:
    def judge() -> Judgement:
        found = cluster.get("Deployment", "web", namespace=home)
        words = workloads.unfinished(found) if found else "web is not there"
        return Judgement(Verdict.FAILED if words else Verdict.PASSED, words)

    return judge


def mend(home: str) -> Callable[[Case], Changes]:
    def remedy(_: Case) -> Changes:
        body = [{"op": "replace", "path": "/spec/template/spec/containers/0/image", "value": TOOLBOX}]
        yield Change(
            "set image", Target("Deployment", "web", home), Patch(body, "json"), why="no such image", component="web"
        )

    return remedy


class TestConverge:
    @pytest.mark.usefixtures("web")
    def test_from_failed_to_converged_and_then_nothing(self, cluster: LiveCluster, home: str, tmp_path: Path) -> None:
        broken(cluster, home)
        judge = judge_of(cluster, home)
        cluster.until(lambda: _is(judge, Verdict.FAILED), within=10, kinds=["Deployment"])
        options = Options({"mend": mend(home)})
        with Convergence(cluster, cluster.profile, options, tmp_path / "journal") as engine:
            case = Case(cluster, "accept/web", "web is not rolled out", "", {})
            done = engine.converge(case, [("mend", "")], judge)
            assert done.verdict is Verdict.CONVERGED, done.reason
            assert engine.converge(case, [("mend", "")], judge).verdict is Verdict.PASSED
            assert [entry["kind"] for entry in engine.journal.entries()] == ["intent", "result", "pass"]

    def test_a_runner_that_was_killed_between_intent_and_result_is_followed_by_one_that_converges(
        self, cluster: LiveCluster, home: str, web: str, tmp_path: Path
    ) -> None:
        broken(cluster, home)
        judge = judge_of(cluster, home)
        cluster.until(lambda: _is(judge, Verdict.FAILED), within=10, kinds=["Deployment"])
        uid, known = cluster.profile.kube_system_uid, cluster.profile
        script = f"""
            import os, signal
            from pathlib import Path
            from roadworthy.case import Case
            from roadworthy.change import Change, Delete, Target
            from roadworthy.cluster import connect
            from roadworthy.converge import Convergence, Judgement, Options, rung
            from roadworthy.profile import Profile
            from roadworthy.verdict import Verdict
            profile = Profile({known.name!r}, "x", kubeconfig={known.kubeconfig!r}, context={known.context!r},
                              kube_system_uid={uid!r}, limits={{"confirm_after": 0.0}})
            def mend(case):
                yield Change("delete", Target("Pod", {web!r}, {home!r}), Delete(), why="killed before it")
            rung.act = lambda tools, change: os.kill(os.getpid(), signal.SIGKILL)
            cluster = connect(profile)
            engine = Convergence(cluster, profile, Options({{"mend": mend}}), Path({str(tmp_path / "journal")!r}))
            case = Case(cluster, "accept/web", "", "", {{}})
            engine.converge(case, [("mend", "")], lambda: Judgement(Verdict.FAILED))
        """
        ended = subprocess.run(
            [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, check=False, cwd=ROOT
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr
        began = time.monotonic()
        with Convergence(cluster, cluster.profile, Options({"mend": mend(home)}), tmp_path / "journal") as engine:
            assert engine.unfinished == [f"delete Pod {home}/{web} (run {next(engine.journal.entries())['run']})"]
            case = Case(cluster, "accept/web", "web is not rolled out", "", {})
            done = engine.converge(case, [("mend", "")], judge)
            assert done.verdict is Verdict.CONVERGED, done.reason
        assert time.monotonic() - began < 30  # the dead holder of the lease was not waited for
        kinds = [entry["kind"] for entry in engine.journal.entries()]
        assert kinds == ["intent", "abandoned", "intent", "result", "pass"]

    def test_two_runners_do_not_repair_at_once(self, cluster: LiveCluster, tmp_path: Path) -> None:
        other = connect(cluster.profile)
        inside, go = threading.Event(), threading.Event()

        def slow(_: Case) -> Changes:
            inside.set()
            go.wait(20)
            yield from ()

        failed = lambda: Judgement(Verdict.FAILED, "no")  # noqa: E731
        first = Convergence(cluster, cluster.profile, Options({"slow": slow}), tmp_path / "one")
        second = Convergence(other, cluster.profile, Options({"slow": slow}, wait_for_lease=0.5), tmp_path / "two")
        second._lease.holder = "run-2@elsewhere/1-2/3/4"  # as if on another host
        thread = threading.Thread(
            target=first.converge, args=(Case(cluster, "accept/a", "", "", {}), [("slow", "")], failed)
        )
        thread.start()
        assert inside.wait(10)
        done = second.converge(Case(other, "accept/b", "", "", {}), [("slow", "")], failed)
        go.set()
        thread.join()
        other.close()
        assert "one remediator at a time" in done.reason


def _is(judge: Callable[[], Judgement], verdict: Verdict) -> None:
    assert judge().verdict is verdict
