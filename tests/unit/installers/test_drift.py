"""What counts as drift, and what the API server only writes in its own way."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from installers.engine import drift
from roadworthy.change import Target
from tests.unit.installers.doubles import FakeCluster

WANTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "a", "labels": {"app": "a"}},
    "spec": {
        "replicas": 1,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "a",
                        "image": "r.test/a:1",
                        "args": ["--one", "--two"],
                        "env": [{"name": "EMPTY", "value": ""}],
                        "resources": {"limits": {"memory": "1Gi", "cpu": 0.1}},
                    }
                ],
                "volumes": [],
                "hostNetwork": False,
            }
        },
    },
}
LIVE: dict[str, Any] = {
    "kind": "Deployment",
    "metadata": {"name": "a", "namespace": "n", "labels": {"app": "a", "more": "yes"}, "uid": "1"},
    "spec": {
        "replicas": 1,
        "revisionHistoryLimit": 10,
        "template": {
            "spec": {
                "containers": [
                    {
                        "name": "a",
                        "image": "r.test/a:1",
                        "imagePullPolicy": "IfNotPresent",
                        "args": ["--one", "--two"],
                        "env": [{"name": "EMPTY"}],
                        "resources": {"limits": {"memory": "1024Mi", "cpu": "100m"}},
                    }
                ],
                "restartPolicy": "Always",
            }
        },
    },
    "status": {"replicas": 0},
}


def seen(live: dict[str, Any] | None, wanted: dict[str, Any] = WANTED) -> list[str]:
    return [str(each) for each in drift.of(FakeCluster([live] if live else []), "n", [wanted])]  # type: ignore[arg-type]


def test_what_the_server_adds_and_writes_its_own_way_is_no_drift() -> None:
    assert seen(LIVE) == []


def container(live: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = live["spec"]["template"]["spec"]["containers"][0]
    return found


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda live: live["spec"].update(replicas=0), "spec.replicas = 0 instead of 1"),
        (lambda live: container(live).update(image="x"), "containers.a.image = 'x' instead of 'r.test/a:1'"),
        (lambda live: container(live)["args"].append("--x"), "containers.a.args = "),
        (lambda live: container(live)["env"].append({"name": "X", "value": "1"}), "env.X = "),
        (lambda live: container(live)["resources"]["limits"].update(memory="2Gi"), "limits.memory = '2Gi'"),
        (lambda live: live["metadata"]["labels"].update(app="b"), "metadata.labels.app = 'b'"),
        (lambda live: live["metadata"].update(deletionTimestamp="now"), "is being deleted"),
        (lambda live: live["spec"]["template"]["spec"].update(hostNetwork=True), "hostNetwork = True"),
    ],
)
def test_what_somebody_changed_is_drift(change: Any, words: str) -> None:
    live = copy.deepcopy(LIVE)
    change(live)
    found = seen(live)
    assert len(found) == 1
    assert words in found[0]
    assert "Deployment n/a" in found[0]


def test_a_volume_that_is_mounted_twice_is_compared_mount_by_mount() -> None:
    live, wanted = copy.deepcopy(LIVE), copy.deepcopy(WANTED)
    mounts = [{"name": "data", "mountPath": "/a"}, {"name": "data", "mountPath": "/b"}]
    for thing in (live, wanted):
        container(thing)["volumeMounts"] = copy.deepcopy(mounts)
    assert seen(live, wanted) == []
    container(live)["volumeMounts"][1]["mountPath"] = "/c"
    assert seen(live, wanted) == [
        "Deployment n/a has spec.template.spec.containers.a.volumeMounts[1].mountPath = '/c' instead of '/b'"
    ]


def test_a_missing_object_is_drift() -> None:
    assert seen(None) == ["Deployment n/a is missing"]


def test_text_is_compared_as_text() -> None:
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "c"}, "data": {"v": "1.0"}}
    live = {"kind": "ConfigMap", "metadata": {"name": "c", "namespace": "n"}, "data": {"v": "1"}}
    assert seen(live, wanted) == ["ConfigMap n/c has data.v = '1' instead of '1.0'"]


def test_a_secret_s_content_is_not_told() -> None:
    wanted = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "data": {"k": "b25l"}}
    live = {"kind": "Secret", "metadata": {"name": "s", "namespace": "n"}, "data": {"k": "dHdv"}}
    assert seen(live, wanted) == ["Secret n/s has data.k = '(secret)' instead of '(secret)'"]


def test_what_is_cluster_wide_is_looked_for_without_a_namespace() -> None:
    wanted = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": "r"},
        "rules": [],
    }
    assert seen({"kind": "ClusterRole", "metadata": {"name": "r"}}, wanted) == []
    assert seen(None, wanted) == ["ClusterRole r is missing"]


def test_a_custom_kind_is_asked_for_with_its_group() -> None:
    assert (
        drift.kind_of({"apiVersion": "traefik.io/v1alpha1", "kind": "IngressRoute"})
        == "traefik.io/v1alpha1/IngressRoute"
    )
    assert drift.kind_of({"apiVersion": "networking.k8s.io/v1", "kind": "Ingress"}) == "Ingress"


def test_a_long_text_is_told_by_its_first_difference() -> None:
    target = Target("ConfigMap", "prometheus", "monitoring")
    told = str(drift.Drift(target, "data.a.yml", "one\n  two\nthree\n", "one\n  2\nthree\n"))
    assert told == "ConfigMap monitoring/prometheus has another text in data.a.yml: line 2 is '2' instead of 'two'"
    assert "line 3 is '' instead of 'three'" in str(drift.Drift(target, "data.a.yml", "one\ntwo\nthree", "one\ntwo"))
