"""A plan on a real API server: its audit log says that nothing was changed, and then that exactly that was."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox.layout import Sandbox
from tests.accept.audit import Audit
from tests.accept.sandboxes import ROOT, SPARE, eventually, kubectl

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
CLASS = "phase1/there-is-one-default-storage-class-the-listed-one"
NAMES = "phase1/the-clusters-name-service-is-there"
SELECTED = "one_default_storage_class or name_service_is_there"
DEFAULT = "storageclass.kubernetes.io/is-default-class"
CLEARED = {"metadata": {"annotations": {DEFAULT: "false"}}}


@pytest.fixture
def sandbox(spare: Sandbox) -> Sandbox:
    return spare


@pytest.fixture
def profiles(tmp_path: Path) -> Path:
    said = yaml.safe_load((ROOT / "clusters" / "sandbox.yaml").read_text(encoding="utf-8"))
    said |= {"options": {"name": SPARE, "nodes": 2}, "limits": {"confirm_after": "1s", "settle": "60s"}}
    (tmp_path / f"{SPARE}.yaml").write_text(yaml.safe_dump(said))
    return tmp_path


@pytest.fixture
def broken(sandbox: Sandbox) -> Iterator[None]:
    """No default storage class, and CoreDNS scaled to nothing."""
    kubectl(sandbox, "patch", "storageclass", "local-path", "--type=merge", "-p", json.dumps(CLEARED))
    kubectl(sandbox, "-n", "kube-system", "scale", "deployment/coredns", "--replicas=0")
    eventually(
        lambda: '"readyReplicas"' not in kubectl(sandbox, "-n", "kube-system", "get", "deploy/coredns", "-ojson")
    )
    yield
    right = {"metadata": {"annotations": {DEFAULT: "true"}}}
    kubectl(sandbox, "patch", "storageclass", "local-path", "--type=merge", "-p", json.dumps(right))
    kubectl(sandbox, "-n", "kube-system", "scale", "deployment/coredns", "--replicas=2")


def run(profiles: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:hypothesispytest",
        "features/phase1.feature",
        "-k",
        SELECTED,
        "--cluster",
        SPARE,
    ]
    command += ["--profile-dir", str(profiles), "--reports", str(profiles / "reports"), *words]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=300, check=False)


def verdicts(profiles: Path) -> dict[str, str]:
    found = json.loads((profiles / "reports" / "verdicts.json").read_text())
    return {one["id"]: one["verdict"] for one in found["criteria"]}


def planned(profiles: Path) -> dict[str, list[dict[str, Any]]]:
    found = json.loads((profiles / "reports" / "plan.json").read_text())
    return {one["id"]: one["changes"] for one in found["criteria"]}


def test_a_plan_changes_nothing_and_is_then_done_to_the_letter(sandbox: Sandbox, profiles: Path, broken: None) -> None:
    audit = Audit(sandbox)
    done = run(profiles, "--plan")
    assert done.returncode == 1, done.stdout + done.stderr
    assert audit.written() == []
    rehearsed = ["patch deployments coredns", "patch deployments/scale coredns", "patch storageclasses local-path"]
    assert audit.rehearsed() == rehearsed
    changes = planned(profiles)
    assert [change["remedy"] for change in changes[CLASS]] == ["restore_default_class"]
    assert [change["remedy"] for change in changes[NAMES]] == ["restore_workload.coredns", "resync.coredns"]
    assert f"+    {DEFAULT}: 'true'" in changes[CLASS][0]["diff"]
    assert changes[CLASS][0]["fingerprint"].keys() == {"StorageClass local-path"}
    assert "would mark StorageClass local-path" in done.stdout
    assert "none would stop it" in done.stdout

    plan = profiles / "reports" / "plan.json"
    content = json.loads(plan.read_text())
    content["criteria"] = [one for one in content["criteria"] if one["id"] == CLASS]
    plan.write_text(json.dumps(content, indent=2))
    audit = Audit(sandbox)
    done = run(profiles, "--remediate", "--from-plan", str(plan))
    assert verdicts(profiles) == {CLASS: "converged", NAMES: "failed"}, done.stdout + done.stderr
    assert audit.written() == ["patch storageclasses local-path"]
    assert "it isn't in the plan" in done.stdout

    audit = Audit(sandbox)
    again = run(profiles, "--remediate", "--from-plan", str(plan))
    assert again.returncode == 4
    (line,) = [line for line in again.stderr.splitlines() if line]
    assert "StorageClass local-path is no longer as it was" in line
    assert audit.written() == []


def test_a_plan_of_another_cluster_is_refused(sandbox: Sandbox, profiles: Path, broken: None) -> None:
    assert run(profiles, "--plan").returncode == 1
    plan = profiles / "reports" / "plan.json"
    content = json.loads(plan.read_text())
    content["cluster"]["kube_system_uid"] = "00000000-0000-4000-8000-000000000000"
    plan.write_text(json.dumps(content))
    audit = Audit(sandbox)
    done = run(profiles, "--remediate", "--from-plan", str(plan))
    assert done.returncode == 4
    assert "kube_system_uid" in done.stderr
    assert audit.written() == []


def test_a_deletion_is_only_rehearsed(sandbox: Sandbox, profiles: Path) -> None:
    """The worst case: a DELETE whose dryRun were ignored would delete for real."""
    from roadworthy import profile_loader
    from roadworthy.case import Case, Changes
    from roadworthy.change import Change, Delete, Evict, Target
    from roadworthy.cluster import connect
    from roadworthy.converge import Convergence, Options

    profile = profile_loader.provided(profile_loader.load(profiles, SPARE))
    cluster = connect(profile)

    def remedy(case: Case) -> Changes:
        for pod in case.cluster.list("Pod", namespace="kube-system"):
            meta = pod["metadata"]
            target = Target("Pod", meta["name"], meta["namespace"], meta["uid"])
            yield Change("delete", target, Delete(grace_seconds=0), why="to see")
            yield Change("evict", target, Evict(), why="to see")

    try:
        audit = Audit(sandbox)
        before = {pod["metadata"]["uid"] for pod in cluster.list("Pod", namespace="kube-system")}
        engine = Convergence(cluster, profile, Options({"all": remedy}), profiles / "reports" / "journal")
        (rung,) = engine.plan(Case(cluster, "x/y", "", "", {}), [("all", "")])
        assert len(rung.changes) == 2 * len(before) > 0
        cluster.renew()
        assert {pod["metadata"]["uid"] for pod in cluster.list("Pod", namespace="kube-system")} == before
        assert audit.written() == []
        assert len(audit.rehearsed()) == 2 * len(before)
    finally:
        cluster.close()
