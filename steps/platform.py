"""Steps about what the cluster itself offers: names, measurements, storage classes."""

from __future__ import annotations

from pytest_bdd import parsers, then, when

from probes import storage, usage
from probes.marks import lookups
from probes.marks.lookups import LookUp
from probes.words import few, told
from roadworthy.cluster import Cluster


@when("a pod looks up the name of the cluster's own service", target_fixture="lookup")
def pod_looks_up(cluster: Cluster) -> LookUp:
    """Let a pod ask as programs do."""
    return lookups.look_up(cluster)


@then("it is told that service's address")
def told_address(lookup: LookUp) -> None:
    """Compare with the API server's word."""
    expected, seen = f"{lookup.name} is {few(lookup.service)}", few(lookup.told)
    assert lookup.right, told(expected, seen=seen, where=f"a pod on {lookup.node}", todo="look at CoreDNS")


@then(parsers.parse("the use of CPU and memory is known for every node, measured within the last {seconds:d} seconds"))
def nodes_measured(cluster: Cluster, seconds: int) -> None:
    """Wait for a node that has only just come, then judge."""
    cluster.until(lambda: _measured(cluster, seconds), within=60.0, what="measurements of every node")


@then("the only default storage class is the one that the profile lists")
def one_default(cluster: Cluster) -> None:
    """Judge all classes."""
    found = [each.name for each in storage.classes(cluster) if each.default]
    listed = cluster.profile.storage_classes.get("default", "")
    expected = f"the default storage class is {listed}" if listed else "there is one default storage class"
    seen, todo = few(found), "mark exactly one class as default"
    good = found == [listed] if listed else len(found) == 1
    assert good, told(expected, seen=seen, where="StorageClasses", todo=todo)


def _measured(cluster: Cluster, seconds: int) -> None:
    late = usage.unmeasured(cluster, seconds * cluster.profile.time_factor)
    todo = "look at metrics-server's log and at the kubelets there"
    assert not late, told("every node's use is measured", seen=f"late: {few(late)}", where="metrics API", todo=todo)
