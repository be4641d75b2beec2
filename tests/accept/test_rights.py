"""The roles that ``roadworthy rbac`` derives, on a real API server: they are enough, and what they lack is found first.

Judging runs on the sandbox of the main job; repairing on one of three nodes of its own (``guard``), which is left
running. $ROADWORTHY_GUARANTEES_SANDBOX names another one for both.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from sandbox import manage
from sandbox.layout import Sandbox
from sandbox.progress import Silent
from tests.accept.audit import Audit, words
from tests.accept.sandboxes import ROOT, alone, kubectl

pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.guard,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
CHOSEN = os.environ.get("ROADWORTHY_GUARANTEES_SANDBOX", "")
SUITE, OWN = CHOSEN or "sandbox", CHOSEN or "guard"
SPACE, ACCOUNT = "roadworthy-account", "tester"
USER = f"system:serviceaccount:{SPACE}:{ACCOUNT}"
GROUP = "rbac.authorization.k8s.io"
FEATURE = "features/phase1.feature"
STATES = "phase1/kube-state-metrics-tells-about-every-node"
CLASS = "phase1/there-is-one-default-storage-class-the-listed-one"
NAMES = "phase1/the-clusters-name-service-is-there"
REPAIRED = "kube_state_metrics_tells_about or one_default_storage_class or name_service_is_there"
UNMARKED = '{"metadata": {"annotations": {"storageclass.kubernetes.io/is-default-class": "%s"}}}'
Roles = list[dict[str, Any]]


def roles(*features: str) -> Roles:
    command = [sys.executable, "-c", "from roadworthy.cli import main; main()", "rbac", *features]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return list(yaml.safe_load_all(done.stdout))


@pytest.fixture
def account(tmp_path: Path) -> Iterator[Callable[[Sandbox, Roles], Path]]:
    """Bind roles to an account, and nothing else; returns its kubeconfig."""
    made: list[tuple[Sandbox, str, str]] = []

    def bind(sandbox: Sandbox, granted: Roles) -> Path:
        who = {"kind": "ServiceAccount", "name": ACCOUNT, "namespace": SPACE}
        things: Roles = [
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": SPACE}},
            {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": ACCOUNT, "namespace": SPACE}},
        ]
        for role in granted:
            name = f"test-{role['metadata']['name']}"
            reference = {"apiGroup": GROUP, "kind": "ClusterRole", "name": name}
            head = {"apiVersion": f"{GROUP}/v1", "kind": "ClusterRoleBinding", "metadata": {"name": name}}
            things += [{**role, "metadata": {"name": name}}, {**head, "roleRef": reference, "subjects": [who]}]
            made.extend((sandbox, kind, name) for kind in ("clusterrole", "clusterrolebinding"))
        kubectl(sandbox, "apply", "-f", "-", stdin=yaml.safe_dump_all(things))
        made.append((sandbox, "namespace", SPACE))
        token = kubectl(sandbox, "-n", SPACE, "create", "token", ACCOUNT, "--duration=2h").strip()
        config = yaml.safe_load(sandbox.paths.kubeconfig.read_text())
        context = {"cluster": config["clusters"][0]["name"], "user": ACCOUNT}
        config |= {"users": [{"name": ACCOUNT, "user": {"token": token}}], "current-context": "account"}
        config["contexts"] = [{"name": "account", "context": context}]
        path = tmp_path / "account.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    yield bind
    for sandbox, kind, name in made:
        kubectl(sandbox, "delete", kind, name, "--ignore-not-found", "--timeout=80s")


def profile(folder: Path, name: str) -> tuple[str, ...]:
    """Write the profile of a sandbox; returns the options that choose it."""
    said = yaml.safe_load((ROOT / "clusters" / "sandbox.yaml").read_text(encoding="utf-8"))
    said |= {"options": {"name": name}, "limits": {"confirm_after": "1s", "settle": "90s"}}
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(said))
    return "--cluster", name, "--profile-dir", str(folder)


def run(kubeconfig: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pytest", FEATURE, "-p", "tests.accept.as_account", *arguments]
    command += ["--reports", str(kubeconfig.parent / "reports")]
    environment = {**os.environ, "ROADWORTHY_ACCOUNT": str(kubeconfig)}
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=900, check=False)


def criteria(kubeconfig: Path) -> dict[str, dict[str, Any]]:
    found = json.loads((kubeconfig.parent / "reports" / "verdicts.json").read_text())["criteria"]
    return {one["id"]: one for one in found}


def unused(granted: Roles, audit: Audit) -> list[str]:
    """Return ``role: verb resource`` of each right that the run made no use of."""
    used = {" ".join(words(entry).split()[:2]) for entry in audit.entries()}
    return [
        f"{role['metadata']['name']}: {verb} {resource}"
        for role in granted
        for rule in role["rules"]
        for resource in rule.get("resources", ())
        for verb in rule["verbs"]
        if f"{verb} {resource}" not in used
    ]


def test_the_whole_suite_is_judged_under_the_derived_roles(
    account: Callable[[Sandbox, Roles], Path], tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    sandbox = manage.up(SUITE, progress=Silent()).sandbox
    granted = roles(FEATURE)
    reading = [role for role in granted if role["metadata"]["name"] != "roadworthy-repair"]
    kubeconfig = account(sandbox, reading)
    audit = Audit(sandbox, USER)
    done = run(kubeconfig, *profile(tmp_path, SUITE))
    assert "rights are missing" not in done.stdout
    broken = {name: one["reason"] for name, one in criteria(kubeconfig).items() if one["verdict"] == "broken"}
    assert not broken, broken
    assert audit.denied() == []
    kinds = {line.split()[1] for line in audit.written()}
    kinds -= {"deployments", "statefulsets", "daemonsets"}  # the keys of drills
    assert kinds <= {"namespaces", "pods", "pods/exec", "persistentvolumeclaims", "services/proxy", "pods/portforward"}
    record_property("unused rights", "; ".join(unused(reading, audit)))


@pytest.fixture(scope="module")
def own() -> Sandbox:
    alone(OWN)
    return manage.up(OWN, nodes=None if CHOSEN else 3, progress=Silent()).sandbox


@pytest.fixture
def broken(own: Sandbox) -> Iterator[None]:
    """No default storage class, CoreDNS scaled to nothing, kube-state-metrics not installed."""
    kubectl(own, "patch", "storageclass", "local-path", "--type=merge", "-p", UNMARKED % "false")
    kubectl(own, "-n", "kube-system", "scale", "deployment/coredns", "--replicas=0")
    kubectl(own, "delete", "namespace", "monitoring", "--ignore-not-found", "--timeout=80s")
    kubectl(own, "delete", "clusterrole,clusterrolebinding", "monitoring-kube-state-metrics", "--ignore-not-found")
    yield
    kubectl(own, "patch", "storageclass", "local-path", "--type=merge", "-p", UNMARKED % "true")
    kubectl(own, "-n", "kube-system", "scale", "deployment/coredns", "--replicas=2")


def repair(kubeconfig: Path) -> subprocess.CompletedProcess[str]:
    return run(kubeconfig, "-k", REPAIRED, "--remediate", *profile(kubeconfig.parent, OWN))


def test_repairs_are_made_under_the_derived_roles(
    own: Sandbox, broken: None, account: Callable[[Sandbox, Roles], Path]
) -> None:
    kubeconfig = account(own, roles(FEATURE))
    audit = Audit(own, USER)
    done = repair(kubeconfig)
    found = criteria(kubeconfig)
    assert {name: one["verdict"] for name, one in found.items()} == dict.fromkeys(
        [STATES, CLASS, NAMES], "converged"
    ), done.stdout + str({name: one["reason"] for name, one in found.items()})
    assert audit.denied() == []
    assert "create clusterroles monitoring-kube-state-metrics" in [
        line.replace("patch", "create") for line in audit.written()
    ]


def without(granted: Roles, verb: str, resource: str) -> Roles:
    """Return the roles less one right."""
    kept: Roles = []
    for role in granted:
        rules: list[dict[str, Any]] = []
        for rule in role["rules"]:
            if resource in rule.get("resources", ()) and verb in rule["verbs"]:
                others = [each for each in rule["resources"] if each != resource]
                left = [each for each in rule["verbs"] if each != verb]
                rules += [{**rule, "resources": others}] if others else []
                rules += [{**rule, "resources": [resource], "verbs": left}] if left else []
            else:
                rules.append(rule)
        kept.append({**role, "rules": rules})
    return kept


@pytest.mark.parametrize(
    ("lacking", "left"),
    [
        (
            [("create", "clusterroles"), ("patch", "storageclasses"), ("patch", "deployments/scale")],
            [STATES, CLASS],  # the name service has another remedy, which lacks nothing
        ),
        ([("update", "leases")], [STATES, CLASS, NAMES]),
    ],
)
def test_what_lacks_a_right_is_told_first_and_nothing_is_half_done(
    own: Sandbox,
    broken: None,
    account: Callable[[Sandbox, Roles], Path],
    lacking: Sequence[tuple[str, str]],
    left: Sequence[str],
) -> None:
    granted = roles(FEATURE)
    for verb, resource in lacking:
        granted = without(granted, verb, resource)
    kubeconfig = account(own, granted)
    audit = Audit(own, USER)
    done = repair(kubeconfig)
    found = criteria(kubeconfig)
    assert ("1 right is missing" if len(lacking) == 1 else f"{len(lacking)} rights are missing") in done.stdout
    assert [name for name, one in found.items() if one["verdict"] == "failed"] == sorted(left, key=list(found).index)
    assert audit.denied() == []
    for verb, resource in lacking:
        assert resource.partition("/")[0] in done.stdout
        assert verb in done.stdout
    changes = [line for line in audit.written() if "coredns" not in line]
    assert not changes, changes
