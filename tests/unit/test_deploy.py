"""The nightly job's manifests say what docs/nightly.md promises: read-only without Secrets, and one hardened pod."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from roadworthy import profile_loader
from roadworthy.cli_criteria import read
from roadworthy.rights import needs, roles
from roadworthy.rooms import Rooms

COMMAND = "roadworthy rbac --cluster pi --without install --without secrets --bind roadworthy/roadworthy"
"""With `--role read --role markers` it makes nightly/rbac.yaml, with `--role repair` remediate/rbac.yaml."""
DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
READ_VERBS = {"get", "list", "watch"}


def documents(name: str) -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / name).read_text(encoding="utf-8")))


def role(name: str, file: str) -> list[dict[str, Any]]:
    (found,) = [each for each in documents(file) if each["kind"] == "ClusterRole" and each["metadata"]["name"] == name]
    rules: list[dict[str, Any]] = found["rules"]
    return rules


def test_no_role_names_secrets() -> None:
    rules = [*role("roadworthy-read", "nightly/rbac.yaml"), *role("roadworthy-markers", "nightly/rbac.yaml")]
    rules += role("roadworthy-repair", "remediate/rbac.yaml")
    for rule in rules:
        assert "secrets" not in rule.get("resources", [])
        core_or_all = {"", "*"} & set(rule.get("apiGroups", []))
        assert not (core_or_all and "*" in rule.get("resources", [])), f"{rule} covers Secrets too"


def test_the_roles_are_those_that_the_features_need() -> None:
    rooms = Rooms.here(DEPLOY)
    profile = profile_loader.load(rooms.root / rooms.profiles, "pi")
    found = needs(rooms, profile, read([rooms.root / "features"]), installing=False)
    derived = [yaml.safe_load(each) for each in roles.documents(found, secrets=False)]
    there = [*documents("nightly/rbac.yaml"), *documents("remediate/rbac.yaml")]
    for each in derived:
        name = each["metadata"]["name"]
        (same,) = [one for one in there if (one["kind"], one["metadata"]["name"]) == ("ClusterRole", name)]
        assert same["rules"] == each["rules"], f"{name} in deploy/ isn't what is needed: make it anew by `{COMMAND}`"
    bound = {each["metadata"]["name"]: each["subjects"] for each in there if each["kind"] == "ClusterRoleBinding"}
    account = {"kind": "ServiceAccount", "name": "roadworthy", "namespace": "roadworthy"}
    assert bound == {each["metadata"]["name"]: [account] for each in derived}


def test_the_reading_role_only_reads() -> None:
    for rule in role("roadworthy-read", "nightly/rbac.yaml"):
        beyond = set(rule["verbs"]) - READ_VERBS
        # A connection through the API server is opened by a create; a look into a volume is a command in a container.
        assert not beyond or set(rule["resources"]) <= {"services/proxy", "pods/portforward", "pods/exec"}, rule


def test_the_nightly_job_does_not_remediate_unless_patched() -> None:
    (job,) = documents("nightly/cronjob.yaml")
    (container,) = job["spec"]["jobTemplate"]["spec"]["template"]["spec"]["containers"]
    assert "--remediate" not in container["args"]
    assert "install-rbac.yaml" not in documents("remediate/kustomization.yaml")[0]["resources"]


@pytest.mark.parametrize("folder", ["nightly", "remediate"])
def test_every_resource_is_there(folder: str) -> None:
    (kustomization,) = documents(f"{folder}/kustomization.yaml")
    assert not [each for each in kustomization["resources"] if not (DEPLOY / folder / each).exists()]
