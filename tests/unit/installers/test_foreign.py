"""What a stranger added to a workload is found by its managed fields, and taken away; what others may have is left."""

from __future__ import annotations

from typing import Any, cast

import pytest

from installers.engine import foreign
from roadworthy.change import Patch
from roadworthy.cluster import Cluster
from tests.unit.installers.doubles import FakeCluster

CONTAINER = 'k:{"name":"web"}'
WANTED: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "Deployment",
    "metadata": {"name": "web", "namespace": "apps"},
    "spec": {"replicas": 1, "template": {"spec": {"containers": [{"name": "web", "image": "web:1"}]}}},
}


def live(manager: str, owned: dict[str, Any], spec: dict[str, Any], subresource: str = "") -> dict[str, Any]:
    entry = {"manager": manager, "operation": "Update", "fieldsV1": {"f:spec": owned}}
    if subresource:
        entry["subresource"] = subresource
    metadata = {"name": "web", "namespace": "apps", "uid": "u", "resourceVersion": "7", "managedFields": [entry]}
    return {**WANTED, "metadata": metadata, "spec": spec}


def pod(**said: Any) -> dict[str, Any]:
    return {"replicas": 1, "template": {"spec": said}}


def found(obj: dict[str, Any]) -> list[Any]:
    cluster = cast("Cluster", FakeCluster([obj]))
    return list(foreign.changes(cluster, "web", "apps", [WANTED]))


def paths(obj: dict[str, Any]) -> list[str]:
    (change,) = found(obj)
    assert isinstance(change.action, Patch)
    assert change.action.resource_version == "7"
    return [cast("dict[str, str]", step)["path"] for step in change.action.body]


def test_a_command_and_a_whole_container() -> None:
    owned: dict[str, Any] = {
        "f:template": {
            "f:spec": {
                "f:containers": {CONTAINER: {"f:command": {}, "f:image": {}}, 'k:{"name":"x"}': {".": {}, "f:name": {}}}
            }
        }
    }
    obj = live(
        "kubectl-edit", owned, pod(containers=[{"name": "web", "image": "web:2", "command": ["x"]}, {"name": "x"}])
    )
    assert paths(obj) == ["/spec/template/spec/containers/1", "/spec/template/spec/containers/0/command"]
    assert "spec.template.spec.containers.0.command (by kubectl-edit)" in found(obj)[0].why


def test_the_topmost_field_that_is_nobodys() -> None:
    owned: dict[str, Any] = {"f:template": {"f:spec": {"f:affinity": {"f:nodeAffinity": {"f:x": {}}}}}}
    assert paths(live("k9s", owned, pod(affinity={"nodeAffinity": {"x": 1}}, containers=[]))) == [
        "/spec/template/spec/affinity"
    ]


def test_a_wanted_field_in_strange_hands_stays() -> None:
    owned: dict[str, Any] = {
        "f:replicas": {},
        "f:template": {"f:spec": {"f:containers": {CONTAINER: {".": {}, "f:image": {}}}}},
    }
    assert not found(live("python-requests", owned, pod(containers=[{"name": "web", "image": "web:2"}])))


def test_controllers_may() -> None:
    owned: dict[str, Any] = {"f:paused": {}}
    for manager in ("helm", "roadworthy", "kube-controller-manager", "argo-rollouts-controller", "vpa-autoscaler"):
        assert not found(live(manager, owned, {"paused": True}))
    assert found(live("kubectl-patch", owned, {"paused": True}))


def test_a_schedule_that_somebody_narrowed_is_widened_again_and_its_own_server_may_write() -> None:
    wanted: dict[str, Any] = {
        "apiVersion": "velero.io/v1",
        "kind": "Schedule",
        "metadata": {"name": "daily", "namespace": "velero"},
        "spec": {"schedule": "0 2 * * *", "template": {"ttl": "720h0m0s"}},
    }
    spec = {**wanted["spec"], "skipImmediately": False, "template": {"ttl": "720h0m0s", "includedResources": ["pods"]}}
    entries = [
        {"manager": "velero-server", "fieldsV1": {"f:spec": {"f:skipImmediately": {}}}},
        {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:template": {"f:includedResources": {}}}}},
    ]
    live_one = {**wanted, "metadata": {**wanted["metadata"], "managedFields": entries}, "spec": spec}
    (change,) = foreign.changes(cast("Cluster", FakeCluster([live_one])), "velero", "velero", [wanted])
    assert isinstance(change.action, Patch)
    removed = [cast("dict[str, str]", step)["path"] for step in change.action.body]
    assert removed == ["/spec/template/includedResources"]
    assert change.target.api_version == "velero.io/v1"


def test_a_subresource_is_not_ours_to_judge() -> None:
    assert not found(live("kubectl", {"f:paused": {}}, {"paused": True}, subresource="scale"))


def test_a_restart_is_an_event() -> None:
    note: dict[str, Any] = {"f:kubectl.kubernetes.io/restartedAt": {}}
    owned: dict[str, Any] = {"f:template": {"f:metadata": {"f:annotations": {".": {}, **note}}}}
    template = {"metadata": {"annotations": {"kubectl.kubernetes.io/restartedAt": "now"}}}
    wanted = {**WANTED, "spec": {"template": {"metadata": {"annotations": {"a": "b"}}}}}
    cluster = cast("Cluster", FakeCluster([live("kubectl-rollout", owned, {"template": template})]))
    assert not list(foreign.changes(cluster, "web", "apps", [wanted]))


def test_what_is_gone_already_is_nothing() -> None:
    assert not found(live("kubectl-edit", {"f:paused": {}}, {"replicas": 1}))


def test_list_positions_are_removed_from_the_end() -> None:
    names = [f'k:{{"name":"x{index}"}}' for index in range(11)]
    owned: dict[str, Any] = {"f:template": {"f:spec": {"f:containers": {name: {".": {}} for name in names}}}}
    obj = live("kubectl-edit", owned, pod(containers=[{"name": f"x{index}"} for index in range(11)]))
    assert [int(path.rpartition("/")[2]) for path in paths(obj)] == list(range(10, -1, -1))


def test_a_key_of_a_configuration() -> None:
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "web"}, "data": {"a.yml": "a"}}
    entry = {"manager": "kubectl-edit", "fieldsV1": {"f:data": {"f:a.yml": {}, "f:b.yml": {}}}}
    metadata = {"name": "web", "namespace": "apps", "resourceVersion": "7", "managedFields": [entry]}
    cluster = cast("Cluster", FakeCluster([{**wanted, "metadata": metadata, "data": {"a.yml": "x", "b.yml": "y"}}]))
    (change,) = foreign.changes(cluster, "web", "apps", [wanted])
    assert isinstance(change.action, Patch)
    assert list(change.action.body) == [{"op": "remove", "path": "/data/b.yml"}]


def test_a_key_of_what_is_owned_whole() -> None:
    wanted = {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": {"selector": {"app": "web"}}}
    entry = {"manager": "kubectl-edit", "fieldsV1": {"f:spec": {"f:selector": {}}}}
    metadata = {"name": "web", "namespace": "apps", "resourceVersion": "7", "managedFields": [entry]}
    spec = {"selector": {"app": "web", "example.com/tier": "none"}}
    cluster = cast("Cluster", FakeCluster([{**wanted, "metadata": metadata, "spec": spec}]))
    (change,) = foreign.changes(cluster, "web", "apps", [wanted])
    assert isinstance(change.action, Patch)
    assert list(change.action.body) == [{"op": "remove", "path": "/spec/selector/example.com~1tier"}]


def container(**mounts: str) -> dict[str, Any]:
    return {"name": "web", "volumeMounts": [{"mountPath": f"/{path}", "name": name} for path, name in mounts.items()]}


@pytest.mark.parametrize(
    ("volumes", "gone"),
    [([{"name": "tmp"}], "/spec/template/spec/volumes/1"), ([], "/spec/template/spec/volumes")],
    ids=["one of them", "all of them"],
)
def test_a_volume_goes_together_with_the_way_of_a_mount_that_was_led_to_it(volumes: list[Any], gone: str) -> None:
    """Otherwise the API server refuses the patch: the chart's mount would lead nowhere."""
    said = {"volumes": volumes} if volumes else {}
    wanted = {**WANTED, "spec": pod(containers=[container(tmp="tmp", data="data")], **said)}
    containers = [{"name": "aside"}, container(tmp="tmp", more="scratch", data="scratch")]
    mounts: dict[str, Any] = {'k:{"mountPath":"/data"}': {"f:name": {}}, 'k:{"mountPath":"/more"}': {".": {}}}
    below = {"f:containers": {CONTAINER: {"f:volumeMounts": mounts}}, "f:volumes": {'k:{"name":"scratch"}': {".": {}}}}
    owned = {"f:template": {"f:spec": below}}
    obj = live("kubectl-edit", owned, pod(containers=containers, volumes=[*volumes, {"name": "scratch"}]))
    (change,) = foreign.changes(cast("Cluster", FakeCluster([obj])), "web", "apps", [wanted])
    assert isinstance(change.action, Patch)
    assert change.action.body == [
        {"op": "replace", "path": "/spec/template/spec/containers/1/volumeMounts/2/name", "value": "data"},
        {"op": "remove", "path": gone},
        {"op": "remove", "path": "/spec/template/spec/containers/1/volumeMounts/1"},
    ]


def test_the_same_in_a_cronjob() -> None:
    """Its pods are two steps further down."""
    template = pod(containers=[container(dumps="dumps")], volumes=[{"name": "dumps"}])
    head = {"kind": "CronJob", "apiVersion": "batch/v1", "metadata": {"name": "web", "namespace": "apps"}}
    wanted = {**head, "spec": {"jobTemplate": {"spec": template}}}
    below = {
        "f:containers": {CONTAINER: {"f:volumeMounts": {'k:{"mountPath":"/dumps"}': {"f:name": {}}}}},
        "f:volumes": {'k:{"name":"full"}': {".": {}}},
    }
    owned = {"f:jobTemplate": {"f:spec": {"f:template": {"f:spec": below}}}}
    changed = pod(containers=[container(dumps="full")], volumes=[{"name": "dumps"}, {"name": "full"}])
    obj = {
        **live("kubectl-edit", owned, {"jobTemplate": {"spec": changed}}),
        "kind": "CronJob",
        "apiVersion": "batch/v1",
    }
    (change,) = foreign.changes(cast("Cluster", FakeCluster([obj])), "web", "apps", [wanted])
    assert isinstance(change.action, Patch)
    assert change.action.body == [
        {
            "op": "replace",
            "path": "/spec/jobTemplate/spec/template/spec/containers/0/volumeMounts/0/name",
            "value": "dumps",
        },
        {"op": "remove", "path": "/spec/jobTemplate/spec/template/spec/volumes/1"},
    ]


CLAIM = {"name": "data", "persistentVolumeClaim": {"claimName": "web"}}
VOLUMES = "/spec/template/spec/volumes"


def mounting(name: str, *volumes: dict[str, Any]) -> dict[str, Any]:
    return pod(containers=[container(data=name)], volumes=list(volumes))


def steps(owned: dict[str, Any], spec: dict[str, Any]) -> Any:
    """Return the patch for a workload that mounts a claim, by its chart, and was changed to ``spec``."""
    obj = live("kubectl-edit", {"f:template": {"f:spec": owned}}, spec)
    wanted = {**WANTED, "spec": mounting("data", CLAIM)}
    (change,) = foreign.changes(cast("Cluster", FakeCluster([obj])), "web", "apps", [wanted])
    assert isinstance(change.action, Patch)
    return change.action.body


def test_a_volume_that_got_another_source_is_the_charts_again() -> None:
    """Without its source it would be an empty one, and the upgrade would be refused: two sources."""
    owned: dict[str, Any] = {"f:volumes": {'k:{"name":"data"}': {"f:emptyDir": {".": {}, "f:medium": {}}}}}
    found = steps(owned, mounting("data", {"name": "tmp"}, {"name": "data", "emptyDir": {"medium": "Memory"}}))
    assert found == [{"op": "replace", "path": f"{VOLUMES}/1", "value": CLAIM}]


def test_a_volume_that_another_took_the_place_of_is_there_again() -> None:
    """Otherwise the mount that is led back would lead nowhere."""
    owned: dict[str, Any] = {
        "f:containers": {CONTAINER: {"f:volumeMounts": {'k:{"mountPath":"/data"}': {"f:name": {}}}}},
        "f:volumes": {'k:{"name":"scratch"}': {".": {}, "f:emptyDir": {}, "f:name": {}}},
    }
    assert steps(owned, mounting("scratch", {"name": "scratch", "emptyDir": {}})) == [
        {"op": "add", "path": f"{VOLUMES}/-", "value": CLAIM},
        {"op": "replace", "path": "/spec/template/spec/containers/0/volumeMounts/0/name", "value": "data"},
        {"op": "remove", "path": f"{VOLUMES}/0"},
    ]


@pytest.mark.parametrize("manager", ["k3s", "k3s@pi-master", "k3s-supervisor@pi-master", "deploy@pi-master"])
def test_what_k3s_writes_into_corednss_configuration_stays(manager: str) -> None:
    entry = {"manager": manager, "operation": "Update", "fieldsV1": {"f:data": {"f:NodeHosts": {}}}}
    metadata = {"name": "coredns", "namespace": "kube-system", "uid": "u", "managedFields": [entry]}
    wanted = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "coredns"}, "data": {"Corefile": "."}}
    obj = {**wanted, "metadata": metadata, "data": {"Corefile": ".", "NodeHosts": "10.0.0.1 pi-master"}}
    assert not list(foreign.changes(cast("Cluster", FakeCluster([obj])), "coredns", "kube-system", [wanted]))
    entry["manager"] = "kubectl-edit"
    assert list(foreign.changes(cast("Cluster", FakeCluster([obj])), "coredns", "kube-system", [wanted]))
