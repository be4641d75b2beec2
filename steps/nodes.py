"""Steps about the nodes: which there are, how they are, and what runs on them."""

from __future__ import annotations

from collections.abc import Callable

from pytest_bdd import given, parsers, then

from probes import machines, nodes
from probes.machines import Machine
from probes.words import few, told
from roadworthy.cluster import Cluster
from steps._node import NODE


@then(parsers.parse("the live nodes are exactly the {count:d} that the profile lists"))
def live_nodes(cluster: Cluster, count: int) -> None:
    """Compare names, both ways."""
    names, there = {node.name for node in cluster.profile.nodes}, {node.name for node in nodes.live(cluster)}
    missing, strange = few(sorted(names - there)), few(sorted(there - names))
    seen = f"{len(there)} nodes; missing: {missing}; not listed: {strange}"
    assert names == there, told("the live nodes are the listed ones", seen=seen, where=cluster.profile.where)
    assert len(names) == min(count, len(cluster.profile.nodes)), told(f"{count} nodes are listed", seen=str(len(names)))


@then(parsers.parse("{ordinal:Node} is ready", extra_types=NODE))
def node_ready(cluster: Cluster, ordinal: str) -> None:
    """Judge the Ready condition."""
    node = nodes.node(cluster, nodes.listed(cluster, ordinal))
    seen, todo = f"{node.reason}: {node.message}", f"look at the kubelet and the runtime on {node.name}"
    assert node.ready, told(f"{node.name} is ready", seen=seen, where=f"Node {node.name}", todo=todo)


@then(parsers.parse("{ordinal:Node} has reported within the last {seconds:d} seconds", extra_types=NODE))
def node_reports(cluster: Cluster, ordinal: str, seconds: int) -> None:
    """Judge the lease: it goes stale before the Ready condition does."""
    name = nodes.listed(cluster, ordinal)
    age, allowed = nodes.heartbeat(cluster, name), seconds * cluster.profile.time_factor
    seen, where = f"last report {age:.0f} s ago", f"Lease kube-node-lease/{name}"
    todo = f"look at the kubelet on {name}, and at its way to the API server"
    assert age <= allowed, told(f"{name} has reported within {allowed:.0f} s", seen=seen, where=where, todo=todo)


@then(parsers.parse("{ordinal:Node} takes pods", extra_types=NODE))
def node_takes_pods(cluster: Cluster, ordinal: str) -> None:
    """Judge whether somebody has closed it."""
    node = nodes.node(cluster, nodes.listed(cluster, ordinal))
    seen, todo = "it is cordoned", f"kubectl uncordon {node.name}, when whoever cordoned it is done"
    assert not node.cordoned, told(f"{node.name} takes pods", seen=seen, where=f"Node {node.name}", todo=todo)


@then(parsers.parse("{ordinal:Node} is under no pressure", extra_types=NODE))
def node_unpressed(cluster: Cluster, ordinal: str) -> None:
    """Judge memory, disk, process and network conditions."""
    node = nodes.node(cluster, nodes.listed(cluster, ordinal))
    seen, where = "; ".join(node.pressures), f"Node {node.name}"
    assert not node.pressures, told(f"{node.name} is under no pressure", seen=seen, where=where, todo="free some of it")


@then(
    parsers.parse(
        "the clock of {ordinal:Node} differs by less than {seconds:g} seconds from the cluster's", extra_types=NODE
    )
)
def node_clock(cluster: Cluster, ordinal: str, seconds: float) -> None:
    """Judge what is certain of the difference."""
    clock = nodes.clock(cluster, nodes.listed(cluster, ordinal))
    seen, where = f"{clock.skew:+.2f} s (known to {clock.doubt:.2f} s)", f"ssh {clock.node} date"
    expected, todo = f"the clock of {clock.node} is right within {seconds:g} s", "let chrony run there"
    assert abs(clock.skew) - clock.doubt < seconds, told(expected, seen=seen, where=where, todo=todo)


@then("every node runs the same version")
def same_version(cluster: Cluster) -> None:
    """Judge the kubelets' versions."""
    found = nodes.versions(cluster)
    seen = "; ".join(f"{version} on {few(names)}" for version, names in found.items())
    assert len(found) == 1, told("every node runs the same version", seen=seen or "no node", todo="upgrade the others")


@given(parsers.parse("the machine of {ordinal:Node}", extra_types=NODE), target_fixture="machine")
def node_machine(cluster: Cluster, ordinal: str, record_property: Callable[[str, object], None]) -> Machine:
    """Ask the machine itself, and report it."""
    machine = machines.machine(cluster, nodes.listed(cluster, ordinal))
    record_property("machine", str(machine))
    return machine


@then("it has the architecture and page size that the profile lists")
def machine_listed(cluster: Cluster, machine: Machine) -> None:
    """Compare with what the profile lists (nothing listed: nothing promised)."""
    listed = next(node for node in cluster.profile.nodes if node.name == machine.node)
    expected = f"{listed.name}: {listed.arch or machine.arch}, pages of {listed.page_size or machine.page_size} bytes"
    assert str(machine) == expected, told(expected, seen=str(machine), where=cluster.profile.where)


@then("every image that runs on it is made for its architecture")
def images_fit(cluster: Cluster, machine: Machine) -> None:
    """Judge what the node's own runtime says about each image that runs."""
    wrong = [image for image in machines.images_on(cluster, machine.node) if not image.made_for(machine.arch)]
    expected, todo = f"every image on {machine.node} is made for {machine.arch}", "install them from images that are"
    assert not wrong, told(expected, seen=few(wrong), where=machine.node, todo=todo)


@then("no container on it has stopped over its architecture or page size")
def programs_fit(cluster: Cluster, machine: Machine) -> None:
    """Judge how containers ended."""
    wrong = machines.unfit(cluster, machine.node)
    expected = f"every program on {machine.node} runs on {machine.arch} with pages of {machine.page_size} bytes"
    assert not wrong, told(expected, seen=few(wrong), where=machine.node, todo="use images made for this machine")
