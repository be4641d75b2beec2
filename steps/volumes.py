"""Steps about volumes: Longhorn's own word, and files that one pod writes and another reads."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then, when

from probes import abilities, longhorn
from probes.marks import files
from probes.marks.files import Volume, Written
from probes.words import few, told
from roadworthy.cluster import Cluster


@given("Longhorn is promised or present")
def longhorn_there(cluster: Cluster) -> None:
    """Promised and absent fails; neither is not applicable, with what the kernels say."""
    abilities.longhorn_wanted(cluster)
    seen, where = "the API server has no kind of Longhorn's", cluster.profile.where
    assert longhorn.present(cluster), told("Longhorn is installed", seen=seen, where=where, todo="install Longhorn")


@then(parsers.parse("each of the {count:d} nodes is a Longhorn node that is ready and schedulable"))
def longhorn_nodes(cluster: Cluster, count: int) -> None:
    """Judge every listed node (that they are as many as promised is a scenario of its own)."""
    bad = longhorn.unfit_nodes(cluster)
    where, todo = "nodes.longhorn.io", "look at longhorn-manager on these nodes"
    assert not bad, told(f"all {count} nodes take volumes", seen=few(bad, 8), where=where, todo=todo)


@then("no Longhorn volume is degraded or faulted")
def longhorn_volumes(cluster: Cluster) -> None:
    """Judge every volume."""
    bad = [volume for volume in longhorn.volumes(cluster) if not volume.sound]
    where, todo = "volumes.longhorn.io", "look at the replicas, and at the nodes they are on"
    assert not bad, told("every volume has all its replicas", seen=few(bad), where=where, todo=todo)


@given(parsers.parse("a volume of the {role} storage class"), target_fixture="volume")
def claimed(cluster: Cluster, role: str) -> Volume:
    """Claim one."""
    return files.volume(cluster, role)


@when("a pod on a node writes a file into it, and goes", target_fixture="written")
@when("a pod on a node writes a file into it", target_fixture="written")
def written_by_pod(cluster: Cluster, volume: Volume) -> Written:
    """Write, and let the writer go: a file that is in its page cache only would be lost with it."""
    return files.write(cluster, volume)


@then("a pod on another node reads the same file")
def read_elsewhere(cluster: Cluster, written: Written) -> None:
    """Read on another node."""
    text, node = files.read(cluster, written, elsewhere=True)
    expected, where = f"the file written on {written.node} is the same on {node}", written.volume.storage_class
    assert text == written.text, told(expected, seen=text[:80] or "an empty file", where=where)


@then("another pod, where the volume can be reached, reads the same file")
def read_in_reach(cluster: Cluster, written: Written, record_property: Callable[[str, object], None]) -> None:
    """Read where the volume is; report what that proves."""
    text, node = files.read(cluster, written, elsewhere=False)
    record_property("volume", f"written on {written.node}, read on {node}; {written.reach}")
    expected, where = f"the file written on {written.node} is the same on {node}", written.volume.storage_class
    assert text == written.text, told(expected, seen=text[:80] or "an empty file", where=where)
