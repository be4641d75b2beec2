"""Steps about etcd's snapshots."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from probes import etcd_snapshots, k3s_snapshots
from probes.cron import longest_pause
from probes.etcd_snapshots import SERVICE
from probes.marks import etcd_restores, runs
from probes.marks.etcd_restores import Marker, Restored
from probes.moments import ago
from probes.words import few, told
from roadworthy.cluster import Cluster
from roadworthy.errors import NotApplicable


@then(parsers.parse("etcd is snapshotted every {hours:d} hours"))
def every_hours(cluster: Cluster, hours: int) -> None:
    """Judge what runs, not what is written down."""
    plans = etcd_snapshots.plans(cluster)
    bad = [each for each in plans if each.stopped or longest_pause(each.schedule) > hours * 3600]
    seen = few(f"{each.by}: {each.stopped or f'by the schedule {each.schedule}'}" for each in bad)
    expected, todo = f"etcd is snapshotted every {hours} hours", "put the schedule back, and start what is stopped"
    assert plans, told(expected, seen="nobody takes snapshots", where=etcd_snapshots.where(cluster))
    assert not bad, told(expected, seen=seen, where=etcd_snapshots.where(cluster), todo=todo)


@then(parsers.parse("{count:d} snapshots of etcd are kept"))
def kept(cluster: Cluster, count: int) -> None:
    """Judge the setting; that there are no more is judged by what lies there."""
    bad = [f"{each.by} keeps {each.kept}" for each in etcd_snapshots.plans(cluster) if each.kept != count]
    where, todo = etcd_snapshots.where(cluster), "put the setting back"
    assert not bad, told(f"{count} snapshots of etcd are kept", seen=few(bad), where=where, todo=todo)


@given("K3s takes the snapshots of etcd")
def by_k3s(cluster: Cluster) -> None:
    """Not applicable where a CronJob takes them: it has no configuration that waits for a restart."""
    if not etcd_snapshots.of_k3s(cluster):
        raise NotApplicable(
            f"{cluster.profile.name} isn't K3s: a CronJob takes the snapshots, and runs as it is written"
        )


@then("every server runs with the settings for snapshots that its files hold")
def running_as_configured(cluster: Cluster) -> None:
    """Compare the running server's arguments with its files."""
    pairs = [(each, k3s_snapshots.configured(cluster, each.node)) for each in k3s_snapshots.running(cluster)]
    bad = [f"{is_.node} runs with {is_}, its files say {said}" for is_, said in pairs if str(is_) != str(said)]
    where, todo = "/etc/rancher/k3s/config.yaml and the annotation k3s.io/node-args", "restart k3s on that server"
    assert not bad, told("what is configured is what runs", seen=few(bad), where=where, todo=todo)


@then(parsers.parse("the newest snapshot of etcd is younger than {hours:d} hours and {minutes:d} minutes"))
def young(cluster: Cluster, hours: int, minutes: int) -> None:
    """Judge its age by the API server's clock."""
    newest, most = etcd_snapshots.newest(cluster), hours * 3600 + minutes * 60
    age, where = cluster.now() - newest.taken, etcd_snapshots.where(cluster)
    expected, todo = f"a snapshot of etcd is younger than {ago(most)}", "see why the schedule's last run failed"
    assert age < most, told(expected, seen=f"{newest.name} is {ago(age)} old", where=where, todo=todo)


@then("every snapshot of etcd is whole")
def whole(cluster: Cluster, record_property: Callable[[str, object], None]) -> None:
    """Judge the checksum that etcd itself asks for at a restore."""
    found, where = etcd_snapshots.snapshots(cluster), etcd_snapshots.where(cluster)
    record_property("snapshots", f"{len(found)}, {sum(each.size for each in found) / 1e6:.1f} MB in all")
    bad, todo = [each for each in found if each.trouble], "take one now: a damaged one is then set aside"
    assert found, told("etcd has been snapshotted", seen="no snapshot at all", where=where)
    assert not bad, told("every snapshot of etcd is whole", seen=few(bad), where=where, todo=todo)


@then(parsers.parse("there are at most {count:d} of them on a machine"))
def at_most(cluster: Cluster, count: int) -> None:
    """Judge what lies there."""
    found = [each.node for each in etcd_snapshots.snapshots(cluster)]
    many = [
        f"{found.count(node)} on {node or 'the volume'}" for node in dict.fromkeys(found) if found.count(node) > count
    ]
    assert not many, told(f"at most {count} snapshots are kept", seen=few(many), where=etcd_snapshots.where(cluster))


@given("what tells this cluster's etcd from every other", target_fixture="etcd_marker")
def own_mark(cluster: Cluster) -> Marker:
    """Take the cluster's own name, which every snapshot of it holds."""
    return etcd_restores.own(cluster)


@given("an object that is written to the cluster", target_fixture="etcd_marker")
def object_written(cluster: Cluster) -> Marker:
    """Write one of our own."""
    return etcd_restores.marker(cluster)


@when("a snapshot of etcd is taken now")
def taken_now(cluster: Cluster) -> None:
    """Run the schedule's own job."""
    runs.run(cluster, SERVICE, within=120.0)


@when("the newest snapshot of etcd is restored into an etcd of its own", target_fixture="restored")
def restored_alone(cluster: Cluster, etcd_marker: Marker, record_property: Callable[[str, object], None]) -> Restored:
    """Restore it beside the live one; the live one isn't touched."""
    restored = etcd_restores.restore(cluster, etcd_snapshots.newest(cluster), etcd_marker)
    record_property("restored", str(restored))
    assert not restored.refused, told("the newest snapshot can be restored", seen=str(restored), where="etcdutl")
    return restored


@then("the restored etcd holds that object")
@then("the restored etcd is this cluster's")
def holds_mark(restored: Restored, etcd_marker: Marker) -> None:
    """Look for what was there before the snapshot."""
    expected, seen = f"{restored.snapshot} holds {etcd_marker.key}", f"{restored.keys} keys, and not that text in it"
    assert restored.marked, told(
        expected, seen=seen, where="the restored etcd", todo="take a new snapshot, and restore it"
    )


@then("the restored etcd holds every key and value that the live one held then")
def holds_all(restored: Restored) -> None:
    """Compare digests of all keys and values at the snapshot's own revision."""
    expected = f"both etcds hold the same at revision {restored.revision}"
    seen = f"digest {restored.digest[:12]} of {restored.keys} keys restored, live: {restored.live[:80]}"
    good = restored.keys > 0 and restored.digest == restored.live
    assert good, told(expected, seen=seen, where=restored.snapshot, todo="take a new snapshot, and restore it")
