"""General remedies that no promise of phase 1 leads to, on a real API server: each seen red, repaired, and green.

On the guarantees' sandbox (``guard``, or $ROADWORTHY_GUARANTEES_SANDBOX). The others are in features/*.faults.yaml, and
the clearing of a pending Helm release is guarantee 7.
"""

from __future__ import annotations

import json
import os
import tarfile
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from installers.engine.component import Component, load
from installers.engine.plan import plan
from probes.volume_use import volume_uses
from remediation import expand_volume, reapply_crds
from roadworthy.case import Case, Changes
from roadworthy.cluster.live import LiveCluster
from roadworthy.converge import Converged
from sandbox import builds, layout
from steps.definitions import knows_kinds
from tests.accept.sandboxes import on_node
from tests.guarantees import toys
from tests.guarantees.conftest import facts, field
from tests.guarantees.field import Field
from tests.guarantees.ground import MERGE, TOOLBOX, eventually
from tests.guarantees.shop import pack, shop

__all__ = ["facts", "field", "shop"]
pytestmark = [
    pytest.mark.sandbox,
    pytest.mark.guard,
    pytest.mark.skipif(os.geteuid() != 0, reason="the sandbox is made of namespaces: it needs root"),
]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
COMPONENT = """\
name: toy
summary: Brings a kind of its own.
namespace: HOME
upstream: &both
  chart: workload
  values: values.yaml
  crds: crds/*.yaml
  memory: {limit: 64Mi, per: cluster}
  images:
    - name: sandbox.local/toolbox:1.35.0
sandbox: *both
"""


def definition(group: str) -> dict[str, Any]:
    """Return the definition of Widget, in two versions of one scheme."""
    scheme = {"type": "object", "properties": {"spec": {"type": "object", "properties": {"size": {"type": "integer"}}}}}
    versions = [
        {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": scheme}}
        for name in ("v1", "v1beta1")
    ]
    names = {"kind": "Widget", "plural": "widgets", "singular": "widget", "listKind": "WidgetList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"widgets.{group}"},
        "spec": {"group": group, "scope": "Namespaced", "names": names, "versions": versions},
    }


class Toy:
    """A component that brings the kind Widget, in a group of this test's own."""

    def __init__(self, field: Field) -> None:
        self.field, self.group = field, f"{field.home}.dev"
        self.path = f"{DEFINITIONS}/widgets.{self.group}"
        self.widget = f"/apis/{self.group}/v1/namespaces/{field.home}/widgets/one"
        folder = field.folder / "toy"
        (folder / "crds").mkdir(parents=True)
        (folder / "component.yaml").write_text(COMPONENT.replace("HOME", field.home))
        (folder / "values.yaml").write_text("workloads: {}\n")
        (folder / "crds" / "widgets.yaml").write_text(json.dumps(definition(self.group)))
        self.component: Component = load(folder / "component.yaml")
        field.defer(lambda: field.admin.delete(self.path))

    def make(self) -> Any:
        """Put the definition there, and an object of its kind; return that."""
        self.field.admin.make(DEFINITIONS, definition(self.group))
        body = {"apiVersion": f"{self.group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 3}}
        collection = self.widget.rpartition("/")[0]
        eventually(lambda: self.field.admin.ask("GET", collection)[0] == 200)
        return self.field.admin.make(collection, body)

    def judge(self, cluster: LiveCluster) -> Callable[[], Any]:
        return toys.looks(lambda: knows_kinds(cluster, "Widget", self.group, "v1"))

    def repair(self, remedy: Any, **options: Any) -> Converged:
        cluster = self.field.connect()
        engine = self.field.engine(cluster, {"remedy": remedy}, **options)
        return engine.converge(self.field.case(cluster), [("remedy", "toy")], self.judge(cluster))


@pytest.fixture
def toy(field: Field, monkeypatch: pytest.MonkeyPatch) -> Toy:
    made = Toy(field)
    monkeypatch.setattr(reapply_crds, "load_all", lambda: {"toy": made.component})
    return made


def deletions(field: Field) -> list[str]:
    return [str(each) for each in field.audit.writes() if each.verb.startswith("delete")]


def test_a_missing_definition_is_applied_and_nothing_is_to_do_then(toy: Toy) -> None:
    done = toy.repair(reapply_crds.remedy)
    assert done.verdict.value == "converged", done.reason
    assert [str(change.change.target) for change in done.remedies[0].done] == [
        f"CustomResourceDefinition widgets.{toy.group}"
    ]
    assert deletions(toy.field) == []
    cluster = toy.field.connect()
    assert list(reapply_crds.remedy(replace(toy.field.case(cluster), argument="toy"))) == []


def test_a_version_that_was_lost_is_back_and_the_objects_were_never_away(toy: Toy) -> None:
    before = toy.make()
    versions = [{**each, "served": each["name"] != "v1"} for each in definition(toy.group)["spec"]["versions"]]
    assert toy.field.admin.ask("PATCH", toy.path, {"spec": {"versions": versions}}, MERGE)[0] == 200
    eventually(lambda: toy.field.admin.ask("GET", toy.widget)[0] == 404)
    done = toy.repair(reapply_crds.remedy)
    assert done.verdict.value == "converged", done.reason
    assert "version v1 is no longer served" in done.remedies[0].done[0].change.why
    after = toy.field.admin.get(toy.widget)
    assert (after["metadata"]["uid"], after["spec"]) == (before["metadata"]["uid"], {"size": 3})
    assert deletions(toy.field) == []


def test_a_definition_whose_objects_ours_could_not_read_is_left_alone(toy: Toy) -> None:
    newer = definition(toy.group)
    newer["spec"]["versions"] = [{**newer["spec"]["versions"][0], "name": "v2"}]
    toy.field.admin.make(DEFINITIONS, newer)
    eventually(lambda: (toy.field.admin.get(toy.path) or {}).get("status", {}).get("storedVersions") == ["v2"])
    done = toy.repair(reapply_crds.remedy)
    assert (done.verdict.value, "objects are stored as v2" in done.reason) == ("failed", True), done.reason
    assert toy.field.audit.writes() == []


def test_a_fix_that_did_harm_is_taken_back_but_for_the_definition(toy: Toy) -> None:
    done = toy.repair(reapply_crds.remedy, regressions=lambda *_: ["guard/neighbour"])
    assert done.verdict.value == "failed"
    assert "can't be undone" in done.reason
    assert toy.field.admin.get(toy.path) is not None
    assert deletions(toy.field) == []


def test_a_packed_chart_s_definitions_come_first_and_come_back(
    toy: Toy, shop: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Velero's: definitions in ``crds/``, an object of their kind among the templates; both gone, both back."""
    chart, folder = shop
    digest = pack(folder, "kinds", _with_kinds(toy))
    helm = str(builds.ensure("helm") / "helm")
    monkeypatch.setattr("installers.engine.values.cache", lambda: toy.field.folder / "cache" / "values")
    monkeypatch.setenv("ROADWORTHY_HELM", helm)
    edition = replace(toy.component.upstream, chart=chart, version="0.1.0", digest=digest, crds=(), images=())
    component = replace(toy.component, upstream=edition)

    def install(case: Case) -> Changes:
        yield from plan("toy", case.cluster, {"toy": component})

    wanted = ["CustomResourceDefinition", "Release"]
    for removed in ("", toy.path):
        toy.field.admin.delete(removed) if removed else None
        eventually(lambda: toy.field.admin.get(toy.path) is None)
        done = toy.repair(install, helm=helm)
        assert done.verdict.value == "converged", done.reason
        assert [each.change.target.kind for each in done.remedies[0].done] == wanted
        assert toy.field.admin.get(toy.widget)["spec"] == {"size": 3}
    with tarfile.open(folder / "toy-0.1.0.tgz") as packed:
        assert "toy/crds/widgets.yaml" in packed.getnames()


def _with_kinds(toy: Toy) -> dict[str, str]:
    widget = {"apiVersion": f"{toy.group}/v1", "kind": "Widget", "metadata": {"name": "one"}, "spec": {"size": 3}}
    return {"crds/widgets.yaml": json.dumps(definition(toy.group)), "templates/one.yaml": json.dumps(widget)}


class Volume:
    """A full volume of 64Mi on node-1, whose class lets it grow; the driver that does it is this test's own."""

    def __init__(self, field: Field) -> None:
        self.field, found = field, layout.load(str(field.facts["name"]))
        assert found
        self.sandbox, self.name = found, f"grow-{field.home}"
        self.folder = f"/var/lib/{self.name}"
        on_node(found, "node-1", f"mkdir -p {self.folder} && mount -t tmpfs -o size=64m none {self.folder}")
        field.defer(lambda: on_node(found, "node-1", f"umount -l {self.folder}; rmdir {self.folder}"))
        self.claim = f"/api/v1/namespaces/{field.home}/persistentvolumeclaims/data"
        self.volume = f"/api/v1/persistentvolumes/{self.name}"

    def make(self, *, expandable: bool) -> None:
        """Make class, volume, claim, and a pod that fills it."""
        make, name, space = self.field.admin.make, f"{self.name}-class", self.field.home
        classes = "/apis/storage.k8s.io/v1/storageclasses"
        make(classes, {"metadata": {"name": name}, "provisioner": "kubernetes.io/no-provisioner",
                       "allowVolumeExpansion": expandable})  # fmt: skip
        here = {"key": "kubernetes.io/hostname", "operator": "In", "values": ["node-1"]}
        spec = {"accessModes": ["ReadWriteOnce"], "storageClassName": name}
        make("/api/v1/persistentvolumes", {"metadata": {"name": self.name}, "spec": {
            **spec, "capacity": {"storage": "64Mi"}, "local": {"path": self.folder},
            "persistentVolumeReclaimPolicy": "Retain",
            "nodeAffinity": {"required": {"nodeSelectorTerms": [{"matchExpressions": [here]}]}},
        }})  # fmt: skip
        self.field.defer(lambda: self.field.admin.delete(f"{classes}/{name}"))
        self.field.defer(lambda: self.field.admin.delete(self.volume))
        make(self.claim.rpartition("/")[0], {"metadata": {"name": "data"}, "spec": {
            **spec, "resources": {"requests": {"storage": "64Mi"}}}})  # fmt: skip
        fill = "dd if=/dev/zero of=/data/full bs=1M count=61 && exec sleep 3600"
        container = {"name": "main", "image": TOOLBOX, "command": ["sh", "-c", fill],
                     "volumeMounts": [{"name": "data", "mountPath": "/data"}]}  # fmt: skip
        make(f"/api/v1/namespaces/{space}/pods", {"metadata": {"name": "writer"}, "spec": {
            "terminationGracePeriodSeconds": 0, "containers": [container],
            "volumes": [{"name": "data", "persistentVolumeClaim": {"claimName": "data"}}]}})  # fmt: skip

    def grow(self) -> bool:
        """Do what a storage driver does once a claim asks for more; return whether it did."""
        wanted = self.field.admin.get(self.claim)["spec"]["resources"]["requests"]["storage"]
        if wanted == "64Mi":
            return False
        on_node(self.sandbox, "node-1", f"mount -o remount,size={int(wanted.removesuffix('Mi'))}m {self.folder}")
        capacity = {"capacity": {"storage": wanted}}
        assert self.field.admin.ask("PATCH", self.volume, {"spec": capacity}, MERGE)[0] == 200
        assert self.field.admin.ask("PATCH", f"{self.claim}/status", {"status": capacity}, MERGE)[0] == 200
        return True

    def full(self, cluster: LiveCluster) -> list[str]:
        uses = [each for each in volume_uses(cluster) if each.namespace == self.field.home]
        return [str(each) for each in uses if each.used_share >= expand_volume.FULL]

    def repair(self) -> Converged:
        cluster = self.field.connect()
        eventually(lambda: self.full(cluster), 150, 2.0)  # kubelets measure volumes once a minute

        def not_full() -> None:
            full = self.full(cluster)
            assert not full, f"{full} is full"

        def judge() -> Any:
            patient = self.field.admin.get(self.claim)["spec"]["resources"]["requests"]["storage"] != "64Mi"
            return toys.looks(lambda: cluster.until(not_full, within=120.0 if patient else 0.1))()

        engine = self.field.engine(cluster, {"remedy": expand_volume.remedy})
        return engine.converge(self.field.case(cluster), [("remedy", "")], judge)


def test_a_full_volume_grows_where_its_class_lets_it(field: Field) -> None:
    volume = Volume(field)
    volume.make(expandable=True)
    driver = threading.Thread(target=lambda: eventually(volume.grow, 400, 0.5), daemon=True)
    driver.start()
    done = volume.repair()
    driver.join(10)
    assert done.verdict.value == "converged", done.reason
    made = [each.change for each in done.remedies[0].done]
    assert [(each.before, each.after) for each in made] == [({"storage": "64Mi"}, {"storage": "96Mi"})], made
    assert "writer" in made[0].why
    assert "node-1" in made[0].why


def test_a_full_volume_whose_class_does_not_let_it_grow_is_told_of_and_left_alone(field: Field) -> None:
    volume = Volume(field)
    volume.make(expandable=False)
    done = volume.repair()
    assert (done.verdict.value, "doesn't allow expansion: make room" in done.reason) == ("failed", True), done.reason
    assert field.audit.writes() == []
