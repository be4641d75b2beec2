"""The installers on the real sandbox: every component of Phase 1, drift of every sort, lost Secrets, a killed helm."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from installers.engine import load_all, plan
from installers.engine.values import render
from probes import grafana
from roadworthy import images, profile_loader
from roadworthy.change import Apply, Change, Delete, HelmRollback, HelmUpgrade, Outcome, Patch, Scale, Target
from roadworthy.cluster import connect
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Options
from roadworthy.converge.act import act, prepare
from roadworthy.converge.tools import Tools
from sandbox import builds, provider

pytestmark = [pytest.mark.sandbox, pytest.mark.accept]
ROOT = Path(__file__).parents[2]
#: What stores and copies backups: the main job of CI, Phase 1, installs the others.
SOON = {"velero", "postgres-backup", "offsite-copy"}
NAMES = [pytest.param(name, marks=[] if name in SOON else [pytest.mark.long]) for name in load_all()]


@pytest.fixture(scope="module")
def helm() -> str:
    return str(builds.ensure("helm") / "helm")


@pytest.fixture(scope="module", autouse=True)
def _up() -> None:
    provider.provide({})


@pytest.fixture
def tools(helm: str) -> Iterator[Tools]:
    profile = profile_loader.provided(profile_loader.load(ROOT / "clusters", "sandbox"))
    cluster = connect(profile)
    options = Options(remedies={}, root=ROOT, helm=helm, images=lambda names: images.ensure(profile, names, print))
    yield Tools(cluster, options, "accept-installers", threading.Event())
    cluster.close()


def install(tools: Tools, name: str) -> list[Change]:
    """Carry a component's plan out, as the engine does, and return it."""
    steps, made = plan(name, tools.cluster), list[Change]()
    outcome: Outcome | None = None
    while True:
        try:
            change = next(steps) if outcome is None else steps.send(outcome)
        except StopIteration:
            return made
        made.append(change)
        prepare(tools, change)
        outcome = Outcome(change, done=True, detail=act(tools, change).detail)


def make(tools: Tools, action: Any, target: Target) -> None:
    act(tools, Change("break", target, action, "a test"))


def settled(cluster: LiveCluster, kind: str, name: str, namespace: str, within: float = 90.0) -> None:
    def ready() -> None:
        live = cluster.fresh(kind, name, namespace=namespace)
        status = (live or {}).get("status", {})
        assert live is not None
        assert status.get("observedGeneration") == live["metadata"]["generation"]
        assert status.get("readyReplicas") == status.get("updatedReplicas") == live["spec"]["replicas"]

    cluster.until(ready, within=within, what=f"{kind} {namespace}/{name}")


def upgrades(made: list[Change]) -> list[str]:
    return [change.why for change in made if isinstance(change.action, HelmUpgrade)]


@pytest.mark.parametrize("name", NAMES)
def test_a_component_is_installed_and_then_left_alone(tools: Tools, name: str) -> None:
    install(tools, name)
    before = dict(tools.cluster.counts)
    assert install(tools, name) == []
    writes = {verb for verb in tools.cluster.counts if verb.split()[0] in {"PATCH", "POST", "PUT", "DELETE"}}
    assert all(tools.cluster.counts[verb] == before.get(verb) for verb in writes)


SERVER = Target("StatefulSet", "alertmanager", "monitoring")
CONFIG = Target("ConfigMap", "alertmanager", "monitoring")


@pytest.mark.parametrize(
    ("target", "action", "words"),
    [
        pytest.param(SERVER, Scale(0), "spec.replicas = 0 instead of 1", marks=pytest.mark.long),
        (SERVER, Delete(), "StatefulSet monitoring/alertmanager is missing"),
        pytest.param(CONFIG, Delete(), "ConfigMap monitoring/alertmanager is missing", marks=pytest.mark.long),
        (
            CONFIG,
            Patch({"data": {"alertmanager.yml": "nonsense: true\n"}}),
            "another text in data.alertmanager.yml: line 1 is 'nonsense: true' instead of ",
        ),
        (Target("Ingress", "alertmanager", "monitoring"), Delete(), "Ingress monitoring/alertmanager is missing"),
        (
            SERVER,
            Patch(
                {"spec": {"template": {"spec": {"containers": [{"name": "alertmanager", "image": "r.invalid/no:1"}]}}}},
                content_type="strategic",
            ),
            "alertmanager.image = 'r.invalid/no:1' instead of 'sandbox.local/alertmanager:",
        ),
    ],
    ids=["scaled", "workload gone", "configuration gone", "configuration edited", "ingress gone", "image changed"],
)
def test_what_drifted_is_named_and_put_back(tools: Tools, target: Target, action: Any, words: str) -> None:
    install(tools, "alertmanager")
    make(tools, action, target)
    time.sleep(1)
    made = install(tools, "alertmanager")
    assert words in "".join(upgrades(made))
    settled(tools.cluster, "StatefulSet", "alertmanager", "monitoring")
    tools.cluster.renew()
    assert install(tools, "alertmanager") == []


def test_passwords_that_are_lost_are_made_anew_and_hold(tools: Tools) -> None:
    for name, kind, namespace, secret in (
        ("grafana", "Deployment", "monitoring", "grafana-admin"),
        ("postgres", "StatefulSet", "databases", "postgres"),
    ):
        install(tools, name)
        make(tools, Delete(), Target("Secret", secret, namespace))
        assert [change.verb for change in install(tools, name)] == ["create", "restart"]
        settled(tools.cluster, kind, name, namespace)
    assert tools.cluster.until(lambda: tools.cluster.sql("postgres", "select 1"), within=30) == [(1,)]
    assert grafana.lets_in(tools.cluster)
    assert not grafana.lets_in(tools.cluster, ("admin", "not-this-one"))


@pytest.mark.long
def test_a_namespace_that_is_being_deleted_is_waited_for_and_made_anew(tools: Tools) -> None:
    install(tools, "postgres")
    make(tools, Delete(), Target("Namespace", "databases"))
    assert [change.verb for change in install(tools, "postgres")] == ["create", "create", "install"]
    assert tools.cluster.until(lambda: tools.cluster.sql("postgres", "select 1"), within=30) == [(1,)]


@pytest.mark.long
def test_a_statefulset_that_cannot_change_in_place_is_made_anew_around_its_volume(tools: Tools) -> None:
    """Its policy is what an older chart of ours had: the upgrade that puts it right can't change it."""
    install(tools, "alertmanager")
    cluster = tools.cluster
    claim = cluster.fresh("PersistentVolumeClaim", "data-alertmanager-0", namespace="monitoring")
    live = cluster.fresh("StatefulSet", "alertmanager", namespace="monitoring")
    assert claim is not None
    assert live is not None
    make(tools, Delete(orphan=True), SERVER)
    kept = {key: live["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
    manifest = {"apiVersion": "apps/v1", "kind": "StatefulSet", "metadata": kept}
    spec = {**live["spec"], "podManagementPolicy": "OrderedReady"}
    cluster.until(lambda: _gone(cluster), within=20)
    make(tools, Apply({**manifest, "spec": spec}, force=True), SERVER)
    time.sleep(1)
    assert [change.verb for change in install(tools, "alertmanager")] == ["replace", "upgrade"]
    settled(cluster, "StatefulSet", "alertmanager", "monitoring")
    after = cluster.fresh("PersistentVolumeClaim", "data-alertmanager-0", namespace="monitoring")
    assert after is not None
    assert after["metadata"]["uid"] == claim["metadata"]["uid"]


def _gone(cluster: LiveCluster) -> None:
    assert cluster.fresh("StatefulSet", "alertmanager", namespace="monitoring") is None


def test_an_upgrade_whose_helm_was_killed_is_rolled_back_and_made_good(tools: Tools, tmp_path: Path) -> None:
    """A run of ours that is dead left the release pending-upgrade; without clearing it Helm refuses everything."""
    install(tools, "alertmanager")
    component, profile = load_all()["alertmanager"], tools.cluster.profile
    rendered = render(component, profile)
    bad = tmp_path / "bad.yaml"
    bad.write_text(rendered.values.read_text().replace("sandbox.local/alertmanager:", "sandbox.local/nonesuch:"))
    words = [tools.options.helm, "upgrade", "alertmanager", rendered.chart, "-n", "monitoring", "-f", str(bad)]
    words += ["--kubeconfig", profile.kubeconfig, "--force-conflicts", "--wait=watcher", "--timeout", "120s"]
    words += ["--labels", "roadworthy.dev/component=alertmanager,roadworthy.dev/run=a-run-that-died"]
    child = subprocess.Popen(words, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(4)
    os.killpg(child.pid, signal.SIGKILL)
    child.wait()
    made = install(tools, "alertmanager")
    assert isinstance(made[0].action, HelmRollback)
    assert "has been pending-upgrade for" in made[0].why
    assert "its run is dead" in made[0].why
    settled(tools.cluster, "StatefulSet", "alertmanager", "monitoring")
    tools.cluster.renew()
    assert install(tools, "alertmanager") == []
