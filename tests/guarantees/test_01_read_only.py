"""Promise 1: without ``--remediate`` nothing is written but markers, and what a drill may."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import Any

import pytest
import yaml

from roadworthy import keys
from tests.guarantees.field import Field
from tests.guarantees.ground import ROOT
from tests.guarantees.project import Project

pytestmark = pytest.mark.guarantee(1)
FEATURE = """
Feature: All sorts
  @remedy:put_map
  Scenario: wrong
    Then wanted says right in HOME
  @writes
  Scenario: marked
    Then a marker of its own can be made in HOME
  @drill
  Scenario: drilled
    When web is restarted in HOME
"""


def reader(field: Field, *, markers: bool = False) -> str:
    """Make a role that may read everything but Secrets, and where asked make the markers; return its name."""
    rules: list[dict[str, Any]] = []
    served = field.admin.ask("GET", "/api/v1")[1]["resources"]
    core = [each["name"] for each in served if "/" not in each["name"] and each["name"] != "secrets"]
    reading = ["get", "list", "watch"]
    rules.append({"apiGroups": [""], "resources": [*core, "pods/log"], "verbs": reading})
    groups = [each["name"] for each in field.admin.ask("GET", "/apis")[1]["groups"]]
    rules.append({"apiGroups": groups, "resources": ["*"], "verbs": reading})
    rules.append({"nonResourceURLs": ["/version", "/readyz", "/livez", "/metrics"], "verbs": ["get"]})
    if markers:
        rules.append({"apiGroups": [""], "resources": ["configmaps"], "verbs": ["create", "delete"]})
    path, name = "/apis/rbac.authorization.k8s.io/v1/clusterroles", f"{field.home}-reader"
    field.admin.make(path, {"metadata": {"name": name}, "rules": rules})
    field.defer(lambda: field.admin.delete(f"{path}/{name}"))
    return name


@pytest.mark.short
@pytest.mark.parametrize("words", [(), ("--plan",)], ids=["judge", "plan"])
def test_nothing_is_written_but_markers(field: Field, words: tuple[str, ...]) -> None:
    """A failing criterion with a remedy, a @writes and a @drill: with all rights, only the marker is made."""
    field.workload()
    field.wrong()
    project = Project(field)
    project.profile(field.kubeconfig)
    project.feature(FEATURE)
    ran = project.run(*words)
    assert ran.verdicts == {"wrong": "failed", "marked": "passed", "drilled": "not applicable"}, ran.said[-4000:]
    made = [(each.verb, each.resource, each.name) for each in field.audit.writes(lease=True)]
    assert made == [("create", "configmaps", "mark"), ("delete", "configmaps", "mark")]
    assert project.journal() == []


@pytest.mark.short
def test_a_drill_where_the_profile_allows_it(field: Field) -> None:
    """``drills: always``: the pods that it names are deleted, with their workload's key in hand, and nothing else."""
    field.workload()
    project = Project(field)
    project.profile(field.kubeconfig, drills="always")
    project.feature(FEATURE)
    names = [each["metadata"]["name"] for each in field.pods()]
    ran = project.run("-k", "drilled")
    assert ran.verdicts == {"drilled": "passed"}, ran.said[-4000:]
    key = ("patch", "deployments", "web")
    assert [(each.verb, each.resource, each.name) for each in field.audit.writes(lease=True)] == [
        key,
        *(("delete", "pods", name) for name in names),
        key,
    ]
    web = field.admin.get(f"/apis/apps/v1/namespaces/{field.home}/deployments/web")
    assert keys.KEY not in web["metadata"].get("annotations", {})


@pytest.mark.short
def test_without_a_uid_in_the_profile_not_even_markers(field: Field) -> None:
    """A cluster that its profile doesn't name for good is only read."""
    field.wrong()
    project = Project(field)
    project.profile(field.kubeconfig, drills="always")
    path = project.root / "clusters" / "guard.yaml"
    content = yaml.safe_load(path.read_text())
    del content["kube_system_uid"]
    path.write_text(yaml.safe_dump(content))
    project.feature(FEATURE)
    ran = project.run()
    assert ran.verdicts == {"wrong": "failed", "marked": "not applicable", "drilled": "not applicable"}
    assert field.audit.writes(lease=True) == []


@pytest.mark.short
@pytest.mark.ci
def test_under_the_reading_role(field: Field) -> None:
    """With no right to write anything, what only reads is judged as ever; the marker is broken, not failed."""
    field.wrong(value="right")
    token = field.identity("reader", reader(field))
    field.audit.user = f"system:serviceaccount:{field.home}:reader"
    project = Project(field)
    project.profile(field.config("reader", {"token": token}))
    project.feature(FEATURE)
    ran = project.run()
    assert ran.verdicts == {"wrong": "passed", "marked": "broken", "drilled": "not applicable"}, ran.said[-4000:]
    assert {each.code for each in field.audit.writes(lease=True)} <= {403}
    assert [each for each in field.audit.entries() if each.resource == "secrets"] == []


@pytest.mark.long
def test_every_feature_of_the_product(field: Field, request: pytest.FixtureRequest) -> None:
    """All of features/ on this sandbox, without --remediate, under a role that reads (no Secrets): no write is sent
    but the making of markers, which the role refuses."""
    token = field.identity("reader", reader(field))
    field.audit.user = f"system:serviceaccount:{field.home}:reader"
    folder = field.folder / "clusters"
    folder.mkdir()
    shutil.copy(ROOT / "clusters" / "profile.schema.json", folder)
    profile = yaml.safe_load((ROOT / "clusters" / "sandbox.yaml").read_text())
    del profile["provider"]
    nodes = [{"name": each["name"], "address": each["address"]} for each in field.facts["nodes"]]
    profile |= {
        "kubeconfig": str(field.config("reader", {"token": token})),
        "context": "guard",
        "kube_system_uid": field.facts["kube_system_uid"],
        "domain": field.facts["domain"],
        "ingress_address": field.facts["ingress_address"],
        "ca_bundle": field.facts["ca_bundle"],
        "nodes": nodes,
        "ssh": {"user": "root", "key": field.facts["ssh_key"]},
        "drills": "never",
    }
    (folder / "guard.yaml").write_text(yaml.safe_dump(profile))
    command = [sys.executable, "-m", "pytest", "features", "--cluster", "guard", "-p", "no:cacheprovider"]
    command += ["--profile-dir", str(folder), "--reports", str(field.folder / "reports")]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=1500, check=False)
    assert done.returncode == 1, done.stdout[-4000:]  # nothing is installed here
    asked = field.audit.entries()
    assert len(asked) >= 50
    sent = [each for each in field.audit.writes(lease=True) if not marker(each.resource, each.code)]
    assert sent == []


def marker(resource: str, code: int) -> bool:
    """Whether it is the making of a marker that this role refused."""
    return resource in {"namespaces", "persistentvolumeclaims", "pods"} and code == 403
