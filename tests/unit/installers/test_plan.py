"""The plan: what is missing, in order, and nothing when all is there."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from installers.engine import load_all, plan
from installers.engine.component import Component, Image
from installers.engine.values import render
from roadworthy.case import Case
from roadworthy.change import Change, Delete, HelmRollback, HelmUpgrade, Patch
from roadworthy.errors import BadInput, NotApplicable, Refused
from tests.unit.installers.doubles import NOW, FakeCluster, node, pod

NAME, SPACE = "postgres", "databases"
NAMESPACE = {"kind": "Namespace", "metadata": {"name": SPACE}}
SECRET = {
    "kind": "Secret",
    "metadata": {"name": NAME, "namespace": SPACE},
    "data": {"username": "", "database": "", "password": ""},
}
CONFIG = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "postgres"}, "data": {"a": "1"}}
WORK: dict[str, Any] = {
    "apiVersion": "apps/v1",
    "kind": "StatefulSet",
    "metadata": {"name": NAME},
    "spec": {
        "replicas": 1,
        "template": {
            "spec": {"containers": [{"name": "p"}], "volumes": [{"name": "c", "configMap": {"name": "postgres"}}]},
        },
    },
}


def live(thing: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {**thing, "metadata": {**thing["metadata"], "namespace": SPACE, "uid": "u", **metadata}}


def changes(cluster: FakeCluster, name: str = NAME, components: Any = None) -> list[Change]:
    return list(plan(name, cluster, components))  # type: ignore[arg-type]


def installed(cluster: FakeCluster, **labels: str) -> FakeCluster:
    digest = render(load_all()[NAME], cluster.profile).digest
    ours = {"roadworthy.dev/component": NAME, "roadworthy.dev/digest": digest, **labels}
    cluster.record(NAME, SPACE, [CONFIG, WORK], **ours)
    return cluster


def healthy(**labels: str) -> FakeCluster:
    return installed(FakeCluster([NAMESPACE, SECRET, live(CONFIG), live(WORK), node("n1")]), **labels)


def test_nothing_is_yielded_when_all_is_there() -> None:
    assert changes(healthy()) == []


def test_an_empty_cluster_gets_namespace_secret_and_release_in_this_order() -> None:
    found = changes(FakeCluster([node("n1")]))
    assert [str(change.target) for change in found] == [
        f"Namespace {SPACE}",
        f"Secret {SPACE}/{NAME}",
        f"Release {SPACE}/{NAME}",
    ]
    release = found[-1].action
    assert isinstance(release, HelmUpgrade)
    assert release.labels == {"roadworthy.dev/digest": release.digest, "roadworthy.dev/component": NAME}
    assert release.images == ("sandbox.local/postgres:16.13",)
    assert found[-1].verb == "install"


def test_a_password_is_random_and_shown_nowhere_but_in_the_manifest() -> None:
    first, second = (changes(FakeCluster([NAMESPACE, node("n1")]))[0] for _ in range(2))
    passwords = [change.action.manifest["stringData"]["password"] for change in (first, second)]  # type: ignore[union-attr]
    assert passwords[0] != passwords[1]
    assert all(len(password) == 32 for password in passwords)
    assert first.after == {"keys": ["database", "password", "username"]}
    assert passwords[0] not in f"{first.why} {first.before} {first.after}"


def test_a_secret_that_lacks_a_key_is_completed_and_not_overwritten() -> None:
    part = {**SECRET, "data": {"username": "", "database": ""}}
    cluster = installed(FakeCluster([NAMESPACE, part, live(CONFIG), live(WORK), node("n1")]))
    found = changes(cluster)[0]
    assert isinstance(found.action, Patch)
    assert set(found.action.body["stringData"]) == {"password"}  # type: ignore[call-overload]


def test_pods_restart_for_a_secret_that_was_made_anew() -> None:
    work = {**WORK, "spec": {**WORK["spec"], "template": {"spec": {"containers": [
        {"name": "p", "env": [{"name": "P", "valueFrom": {"secretKeyRef": {"name": NAME, "key": "password"}}}]}
    ]}}}}  # fmt: skip
    cluster = FakeCluster([NAMESPACE, live(work), node("n1")])
    digest = render(load_all()[NAME], cluster.profile).digest
    cluster.record(NAME, SPACE, [work], **{"roadworthy.dev/component": NAME, "roadworthy.dev/digest": digest})
    assert [change.verb for change in changes(cluster)] == ["create", "restart"]


def test_another_digest_is_upgraded() -> None:
    found = changes(healthy(**{"roadworthy.dev/digest": "0" * 40}))
    assert [change.verb for change in found if isinstance(change.action, HelmUpgrade)] == ["upgrade"]
    assert "was installed from 000000000000" in found[-1].why


def test_a_failed_release_is_upgraded() -> None:
    assert "its last upgrade is failed" in changes(healthy(status="failed"))[-1].why


def test_drift_is_upgraded_and_names_the_object() -> None:
    scaled = live({**WORK, "spec": {**WORK["spec"], "replicas": 0}})
    cluster = installed(FakeCluster([NAMESPACE, SECRET, live(CONFIG), scaled, node("n1")]))
    found = [change for change in changes(cluster) if isinstance(change.action, HelmUpgrade)]
    assert "StatefulSet databases/postgres has spec.replicas = 0 instead of 1" in found[0].why


def test_a_configuration_that_drifted_restarts_its_readers() -> None:
    edited = live({**CONFIG, "data": {"a": "2"}})
    cluster = installed(FakeCluster([NAMESPACE, SECRET, edited, live(WORK), node("n1")]))
    assert changes(cluster)[-1].verb == "restart"
    assert str(changes(cluster)[-1].target) == "StatefulSet databases/postgres"


def test_what_cannot_be_changed_in_place_is_replaced_around_its_pods() -> None:
    cluster = healthy(**{"roadworthy.dev/digest": "0" * 40})
    first = changes(cluster)[0]
    assert first.action == Delete(orphan=True)
    assert first.target.uid == "u"


def test_somebody_else_s_release_is_left_alone() -> None:
    cluster = FakeCluster([NAMESPACE, SECRET, node("n1")])
    cluster.record(NAME, SPACE, [WORK])
    with pytest.raises(Refused, match="not installed by Roadworthy"):
        changes(cluster)


def test_a_pending_operation_is_rolled_back_to_what_was_whole() -> None:
    cluster = healthy(status="superseded")
    old = str(int(NOW) - 3600)
    cluster.record(
        NAME, SPACE, [WORK], version="2", status="pending-upgrade", modifiedAt=old, **{"roadworthy.dev/component": NAME}
    )
    assert changes(cluster)[0].action == HelmRollback(1)


def test_a_pending_first_install_loses_its_lock() -> None:
    cluster = healthy(status="pending-install", modifiedAt=str(int(NOW) - 3600))
    first = changes(cluster)[0]
    assert (first.action, first.target.uid) == (Delete(), "uid-1")


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        ({"modifiedAt": str(int(NOW) - 5)}, "its helm may still be at work"),
        ({"modifiedAt": "0", "roadworthy.dev/component": ""}, "not by Roadworthy"),
    ],
)
def test_a_pending_operation_that_may_be_alive_or_foreign_is_left_alone(labels: dict[str, str], words: str) -> None:
    with pytest.raises(Refused, match=words):
        changes(healthy(status="pending-upgrade", **labels))


def test_a_run_that_is_at_work_keeps_its_operation() -> None:
    lease = {
        "kind": "Lease",
        "metadata": {"name": "roadworthy", "namespace": "kube-system"},
        "spec": {
            "holderIdentity": "host/run-1",
            "renewTime": "2027-01-15T08:00:00.000000Z",
            "leaseDurationSeconds": 30,
        },
    }
    cluster = healthy(status="pending-upgrade", **{"roadworthy.dev/run": "run-1"})
    cluster.objects.append(lease)
    with pytest.raises(Refused, match="run run-1, which began it, is still at work"):
        changes(cluster)


def changed(**fields: Any) -> dict[str, Component]:
    component = load_all()[NAME]
    return {NAME: replace(component, sandbox=replace(component.sandbox, **fields))}


def test_an_image_of_another_architecture_is_refused() -> None:
    components = changed(images=(Image("r.test/p:1", platforms=("linux/amd64",)),))
    with pytest.raises(
        Refused, match=r"made for arm64, the architecture of n2; .*linux/amd64 only.*component.yaml:\d+"
    ):
        changes(FakeCluster([node("n1"), node("n2", arch="arm64")]), components=components)


def test_memory_that_is_not_there_is_refused() -> None:
    full = [node("n1"), pod("other", "n1", "4000Mi"), node("n2", memory="100Mi"), node("n3", ready=False)]
    with pytest.raises(Refused, match=r"256Mi of memory for postgres on a node; .*most: 100Mi on n2"):
        changes(FakeCluster(full))


def test_its_own_pods_do_not_count_against_it() -> None:
    own = pod("postgres-0", "n1", "4000Mi", namespace=SPACE, instance=NAME)
    assert changes(FakeCluster([node("n1"), own]))[-1].verb == "install"


def test_what_runs_on_every_node_needs_room_on_every_node() -> None:
    with pytest.raises(Refused, match="on every node"):
        changes(FakeCluster([node("n1"), node("n2", memory="10Mi")]), components=changed(per_node=True))


def test_nothing_waits_for_a_node_that_is_down() -> None:
    cluster = FakeCluster([node("n1"), node("n2", ready=False)])
    found = changes(cluster, components=changed(per_node=True))[-1].action
    assert isinstance(found, HelmUpgrade)
    assert not found.wait


def test_what_cannot_be_had_is_not_applicable() -> None:
    with pytest.raises(NotApplicable, match="no such thing here"):
        changes(FakeCluster([node("n1")]), components=changed(unavailable="no such thing here"))


def test_a_namespace_that_does_not_go_is_told() -> None:
    going = {"kind": "Namespace", "metadata": {"name": SPACE, "deletionTimestamp": "now"}, "status": {
        "conditions": [{"status": "True", "message": "some resources remain"}]
    }}  # fmt: skip
    with pytest.raises(Refused, match="some resources remain"):
        changes(FakeCluster([going, node("n1")]))


def test_the_remedy_is_the_plan_of_its_argument() -> None:
    from remediation.install import remedy

    cluster: Any = FakeCluster([node("n1")])
    assert [change.verb for change in remedy(Case(cluster, "c", "m", NAME, {}))] == ["create", "create", "install"]
    with pytest.raises(BadInput, match="nonesuch"):
        list(remedy(Case(cluster, "c", "m", "nonesuch", {})))
