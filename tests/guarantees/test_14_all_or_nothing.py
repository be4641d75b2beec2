"""Promise 14: every verb that a remedy needs is asked for first; with one missing nothing is half-done."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import Any

import pytest
import yaml

from tests.guarantees.field import Field
from tests.guarantees.project import Project

pytestmark = pytest.mark.guarantee(14)
ROLES = "/apis/rbac.authorization.k8s.io/v1/clusterroles"
STEPS = """
from pytest_bdd import parsers, then

@then(parsers.parse("wanted says right in {home}"))
def _(cluster, home):
    found = cluster.get("v1/ConfigMap", "wanted", namespace=home)
    assert found and found["data"] == {"k": "right"}, "wanted is wrong"
"""
REMEDY = """
from roadworthy.change import Apply, Change, Scale, Target
RIGHTS = ("apply configmaps", "patch deployments.apps/scale")

def remedy(case):
    home = case.parameters["home"]
    yield Change("scale", Target("Deployment", "web", home), Scale(2), why="a toy", reversible=True)
    manifest = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "wanted", "namespace": home}}
    yield Change("apply", Target("ConfigMap", "wanted", home), Apply({**manifest, "data": {"k": "right"}}, force=True),
                 why="a toy")
"""
FEATURE = """
Feature: Two Changes
  @remedy:two
  Scenario Outline: both or none
    Then wanted says right in <home>
    Examples:
      | home |
      | HOME |
"""


class Rights:
    """A project of two Changes, and the roles that ``roadworthy rbac`` derives for it."""

    def __init__(self, field: Field) -> None:
        self.field, self.project = field, Project(field)
        self.project.write("guard_steps/maps.py", STEPS)
        self.project.remedy("two", REMEDY)
        self.project.feature(FEATURE)
        self.project.profile(field.kubeconfig)
        words = ["rbac", "features", "--cluster", "guard"]
        done = subprocess.run(
            [sys.executable, "-c", "from roadworthy.cli import main; main()", *words],
            cwd=self.project.root, env=self.project.environment(), capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        self.roles: dict[str, Any] = {}
        for role in yaml.safe_load_all(done.stdout):
            name = f"{field.home}-{role['metadata']['name']}"
            self.roles[name] = field.admin.make(ROLES, {**role, "metadata": {"name": name}})
            field.defer(lambda name=name: field.admin.delete(f"{ROLES}/{name}"))  # type: ignore[misc]
        first, *others = self.roles
        token = field.identity("least", first)
        subject = {"kind": "ServiceAccount", "name": "least", "namespace": field.home}
        bindings = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"
        for name in others:
            reference = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": name}
            field.admin.make(bindings, {"metadata": {"name": name}, "roleRef": reference, "subjects": [subject]})
            field.defer(lambda name=name: field.admin.delete(f"{bindings}/{name}"))  # type: ignore[misc]
        field.audit.user = f"system:serviceaccount:{field.home}:least"
        self.project.profile(field.config("least", {"token": token}))

    def verbs(self) -> list[tuple[int, str]]:
        """Return every rule's index and verb of the role for repairing."""
        (name,) = [each for each in self.roles if each.endswith("-repair")]
        return [(index, verb) for index, rule in enumerate(self.roles[name]["rules"]) for verb in rule["verbs"]]

    def without(self, index: int, verb: str) -> None:
        """Leave one verb out of the role for repairing; -1: none."""
        (name,) = [each for each in self.roles if each.endswith("-repair")]
        rules = [dict(rule) for rule in self.roles[name]["rules"]]
        if index >= 0:
            rules[index]["verbs"] = [each for each in rules[index]["verbs"] if each != verb]
        rules = [rule for rule in rules if rule["verbs"]]
        body = {"metadata": {"name": name}, "rules": rules}
        assert self.field.admin.ask("PUT", f"{ROLES}/{name}", body)[0] == 200
        time.sleep(1.0)  # until the API server's authorizer has seen it


@pytest.fixture
def rights(field: Field) -> Rights:
    field.workload()
    field.wrong()
    return Rights(field)


def replicas(field: Field) -> int:
    path = f"/apis/apps/v1/namespaces/{field.home}/deployments/web"
    return int(field.admin.get(path)["spec"]["replicas"])


@pytest.mark.short
def test_with_exactly_the_derived_rights_both_changes_are_made(field: Field, rights: Rights) -> None:
    """The control: the roles that ``roadworthy rbac`` prints suffice; no request of the run is answered 403."""
    ran = rights.project.run("--remediate")
    assert set(ran.verdicts.values()) == {"converged"}, ran.said[-4000:]
    assert (replicas(field), field.right()) == (2, True)
    assert [str(each) for each in field.audit.entries() if each.code == 403] == []


@pytest.mark.long
def test_each_verb_taken_away_in_turn(field: Field, rights: Rights) -> None:
    """Whichever verb of the role for repairing is missing: no write at all, and the report names what is missing."""
    verbs = rights.verbs()
    assert len(verbs) > 6
    for index, verb in verbs:
        rights.without(index, verb)
        ran = rights.project.run("--remediate")
        assert "converged" not in ran.verdicts.values(), (index, verb)
        assert field.audit.writes() == [], (index, verb)
        assert "intent" not in [entry["kind"] for entry in rights.project.journal()]
        assert verb in ran.said
    rights.without(-1, "")
    assert set(rights.project.run("--remediate").verdicts.values()) == {"converged"}


@pytest.mark.short
@pytest.mark.ci
def test_the_second_changes_verb_is_missing(field: Field, rights: Rights) -> None:
    """The one of them that CI runs: the map may not be patched, so the workload isn't scaled either."""
    (name,) = [each for each in rights.roles if each.endswith("-repair")]
    rules = rights.roles[name]["rules"]
    index = next(i for i, rule in enumerate(rules) if "configmaps" in rule["resources"] and "patch" in rule["verbs"])
    rights.without(index, "patch")
    ran = rights.project.run("--remediate")
    assert set(ran.verdicts.values()) == {"failed"}, ran.said[-4000:]
    assert field.audit.writes() == []
    assert (replicas(field), field.right()) == (1, False)
    assert "patch configmaps" in ran.said
