"""K3s's snapshots of etcd, read from objects of their real shape (K3s doesn't run here: the shapes are upstream's).

The shapes are those of k3s.cattle.io/v1 ETCDSnapshotFile and of the annotation k3s.io/node-args, as K3s 1.28 and later
write them. Shown: that the criteria read them, and tell what is configured from what runs. Not shown: K3s itself.
"""

from __future__ import annotations

from typing import Any, cast

import pytest

from probes import etcd_snapshots, k3s_snapshots
from roadworthy.cluster import Cluster
from roadworthy.errors import Unknown
from steps import etcd
from tests.unit.remediation.doubles import NOW, FakeCluster

KIND = k3s_snapshots.KIND
RIGHT = (
    '["server","--cluster-init","true","--etcd-snapshot-schedule-cron","0 */6 * * *","--etcd-snapshot-retention","48"]'
)
FILE = '---\ncluster-init: true\netcd-snapshot-schedule-cron: "0 */6 * * *"\netcd-snapshot-retention: 48\n'


def server(arguments: str = RIGHT, **labels: str) -> dict[str, Any]:
    roles = {"node-role.kubernetes.io/control-plane": "true", "node-role.kubernetes.io/etcd": "true"}
    meta = {"name": "pi-master", "labels": {**roles, **labels}, "annotations": {"k3s.io/node-args": arguments}}
    return {"metadata": meta}


def snapshot(name: str, moment: str, **status: Any) -> dict[str, Any]:
    spec = {
        "snapshotName": name,
        "nodeName": "pi-master",
        "location": f"file:///var/lib/rancher/k3s/server/db/snapshots/{name}",
    }
    said = {"readyToUse": True, "creationTime": moment, "size": "12345344", **status}
    return {"metadata": {"name": f"local-{name}"}, "spec": spec, "status": said}


def k3s(*files: dict[str, Any], node: dict[str, Any] | None = None, text: str = FILE) -> Cluster:
    said = {
        "profile": {"distribution": "k3s", "nodes": [{"name": "pi-master"}]},
        "objects": {"Node": [node or server()], KIND: list(files)},
        "ssh": {"pi-master": {"config.yaml": text}},
    }
    return cast("Cluster", FakeCluster(said))


YOUNG = snapshot("etcd-snapshot-pi-master-1799996400", "2027-01-15T07:00:00Z")
OLD = snapshot("etcd-snapshot-pi-master-1799974800", "2027-01-15T00:00:00Z")


def test_what_k3s_tells_passes_where_all_is_well() -> None:
    cluster = k3s(OLD, YOUNG)
    etcd.every_hours(cluster, 6)
    etcd.kept(cluster, 48)
    etcd.running_as_configured(cluster)
    etcd.young(cluster, 6, 30)
    etcd.whole(cluster, lambda *_: None)
    etcd.at_most(cluster, 2)
    newest = etcd_snapshots.newest(cluster)
    assert (newest.name, newest.node, newest.size, NOW - newest.taken) == (
        "etcd-snapshot-pi-master-1799996400", "pi-master", 12345344, 3600.0,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("node", "words"),
    [
        (server('["server"]'), "by the schedule 0 \\*/12"),
        (server('["server","--etcd-disable-snapshots"]'), "switched off"),
        (
            server('["server","--etcd-snapshot-schedule-cron=0 */6 * * *","--etcd-disable-snapshots=true"]'),
            "switched off",
        ),
    ],
)
def test_what_is_not_promised_is_told(node: dict[str, Any], words: str) -> None:
    with pytest.raises(AssertionError, match=words):
        etcd.every_hours(k3s(YOUNG, node=node), 6)


def test_a_server_with_sqlite_takes_no_snapshots() -> None:
    node = server()
    del node["metadata"]["labels"]["node-role.kubernetes.io/etcd"]
    with pytest.raises(AssertionError, match="SQLite"):
        etcd.every_hours(k3s(node=node), 6)


def test_configured_is_not_running() -> None:
    """The roadmap's "needs a K3s restart to activate"."""
    cluster = k3s(YOUNG, node=server('["server","--cluster-init","true"]'))
    with pytest.raises(AssertionError, match=r"pi-master runs with .* 5 kept, its files say .* 48 kept"):
        etcd.running_as_configured(cluster)


def test_a_later_file_has_the_last_word() -> None:
    cluster = k3s(text=FILE + "---\netcd-snapshot-retention: 12\n")
    assert k3s_snapshots.configured(cluster, "pi-master").kept == 12


def test_a_configuration_that_is_no_yaml_is_no_verdict() -> None:
    with pytest.raises(Unknown, match="can be read"):
        k3s_snapshots.configured(k3s(text="---\n{"), "pi-master")


def test_an_old_snapshot_is_told_with_its_age() -> None:
    with pytest.raises(AssertionError, match="etcd-snapshot-pi-master-1799974800 is 8 h old"):
        etcd.young(k3s(OLD), 6, 30)


def test_a_snapshot_that_failed_is_told_in_k3ss_words() -> None:
    error = {"message": "etcdserver: request timed out", "time": "2027-01-15T07:00:00Z"}
    failed = snapshot("etcd-snapshot-pi-master-1799996401", "2027-01-15T07:00:01Z", readyToUse=False, error=error)
    with pytest.raises(AssertionError, match="request timed out"):
        etcd.whole(k3s(YOUNG, failed), lambda *_: None)


def test_what_people_took_or_what_lies_in_a_bucket_is_not_the_schedules() -> None:
    bucket = snapshot("etcd-snapshot-pi-master-1799996400", "2027-01-15T07:00:00Z")
    bucket["spec"]["location"] = "s3://backups/etcd-snapshot-pi-master-1799996400"
    found = etcd_snapshots.snapshots(k3s(YOUNG, bucket, snapshot("on-demand-pi-master-1", "2027-01-15T07:30:00Z")))
    assert [each.name for each in found] == ["etcd-snapshot-pi-master-1799996400"]
