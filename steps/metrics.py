"""Steps about Prometheus and what it scrapes."""

from __future__ import annotations

from pytest_bdd import given, parsers, then

from probes import exporters, nodes, prometheus
from probes.prometheus import Sample
from probes.words import few, told
from roadworthy.cluster import Cluster
from steps._node import NODE


@then(parsers.parse("Prometheus says that it is ready within {seconds:d} seconds"))
def prometheus_ready(cluster: Cluster, seconds: int) -> None:
    """Wait for its own word."""
    cluster.until(lambda: _ready(cluster), within=seconds, what="Prometheus")


@then(parsers.parse("every target of Prometheus is up within {seconds:d} seconds"))
def targets_up(cluster: Cluster, seconds: int) -> None:
    """A target that has only just come is not yet scraped: wait for it."""
    cluster.until(lambda: _targets_up(cluster), within=seconds, what="targets")


@then(parsers.parse("Prometheus has rules, and each evaluates without error within {seconds:d} seconds"))
def rules_evaluate(cluster: Cluster, seconds: int) -> None:
    """A rule that has only just come is not yet evaluated: wait for it."""
    cluster.until(lambda: _rules_evaluate(cluster), within=seconds, what="rules")


@then(parsers.parse("Prometheus holds a sample less than {age:d} seconds old within {seconds:d} seconds"))
def fresh(cluster: Cluster, age: int, seconds: int) -> None:
    """Judge by Prometheus's own clock. One that has only just started has scraped nothing yet: wait for it."""
    cluster.until(lambda: _fresh(cluster, age), within=seconds, what="a fresh sample")


@given("a sample that Prometheus holds", target_fixture="sample")
def held_sample(cluster: Cluster) -> Sample:
    """Take one that is written, not still on its way."""
    return cluster.until(lambda: prometheus.held(cluster), within=60.0, what="a sample")


@then(parsers.parse("Prometheus still holds that sample within {seconds:d} seconds"))
def kept_sample(cluster: Cluster, sample: Sample, seconds: int) -> None:
    """Ask for the time at which it was taken."""
    cluster.until(lambda: _kept(cluster, sample), within=seconds, what="the sample")


@then(parsers.parse("Node Exporter on {ordinal:Node} answers with measurements of that machine", extra_types=NODE))
def node_measured(cluster: Cluster, ordinal: str) -> None:
    """Judge that it tells of this machine, not only that it answers."""
    name = nodes.listed(cluster, ordinal)
    found, arch = exporters.measured(cluster, name), nodes.node(cluster, name).arch
    seen = f"memory {found.memory:.0f}, CPU {found.cpu_seconds:.0f} s, {found.arch or 'no machine'} {found.nodename}"
    good = found.memory > 0 and found.cpu_seconds > 0 and found.arch == arch
    assert good, told(f"Node Exporter measures {name}, a machine of {arch}", seen=seen, todo="look at its log there")


@then(parsers.parse("Prometheus scrapes Node Exporter on each of the {count:d} nodes within {seconds:d} seconds"))
def nodes_scraped(cluster: Cluster, count: int, seconds: int) -> None:
    """Wait for the youngest."""
    cluster.until(lambda: _nodes_scraped(cluster, count), within=seconds, what="targets of Node Exporter")


@then("Kube State Metrics tells for every node whether it is ready, as the cluster does")
def states_told(cluster: Cluster) -> None:
    """Compare with the API server's word; a change needs a moment to come through."""
    cluster.until(lambda: _states_told(cluster), within=20.0, what="Kube State Metrics")


@then(parsers.parse("Prometheus counts {count:d} nodes from Kube State Metrics within {seconds:d} seconds"))
def nodes_counted(cluster: Cluster, count: int, seconds: int) -> None:
    """Wait for the first scrape."""
    cluster.until(lambda: _counted(cluster, count), within=seconds, what="kube_node_info in Prometheus")


def _ready(cluster: Cluster) -> None:
    good, said = prometheus.ready(cluster)
    assert good, told("Prometheus is ready", seen=said, where="/-/ready", todo="look at its log")


def _targets_up(cluster: Cluster) -> None:
    found = prometheus.targets(cluster)
    down = [target for target in found if not target.up]
    assert found, told("Prometheus has targets", seen="none", todo="look at its configuration and its rights")
    todo = "look at these services, and at what lies between"
    assert not down, told(f"all {len(found)} targets are up", seen=f"{len(down)} down: {few(down)}", todo=todo)


def _rules_evaluate(cluster: Cluster) -> None:
    found = prometheus.rules(cluster)
    bad = [rule for rule in found if rule.health != "ok"]
    assert found, told("Prometheus has rules", seen="none", todo="look at its rule files")
    assert not bad, told(f"all {len(found)} rules evaluate", seen=few(bad), todo="mend these expressions")


def _fresh(cluster: Cluster, age: int) -> None:
    newest, todo = prometheus.newest_sample_age(cluster), "look at Prometheus's targets and at its disk"
    assert newest < age, told(f"the newest sample is less than {age} s old", seen=f"{newest:.0f} s", todo=todo)


def _kept(cluster: Cluster, sample: Sample) -> None:
    name, instance = "up", f'{{instance="{sample.labels.get("instance", "")}"}}'
    found = prometheus.query(cluster, name + instance, at=sample.time)
    where, todo = f"{name}{instance} at {sample.time:.0f}", "give Prometheus a volume"
    assert found, told("Prometheus has kept the sample", seen="nothing at that time", where=where, todo=todo)


def _nodes_scraped(cluster: Cluster, count: int) -> None:
    up = [target for target in prometheus.targets(cluster) if target.up and target.job == exporters.NODE_EXPORTER]
    seen = {target.node for target in up} | {target.host for target in up}
    missing = [node.name for node in nodes.live(cluster) if not {node.name, node.address} & seen]
    expected = f"Prometheus scrapes Node Exporter on all {count} nodes"
    assert not missing, told(expected, seen=f"not on {few(missing, 8)}", where="Prometheus's targets")


def _states_told(cluster: Cluster) -> None:
    said, live = exporters.nodes_ready(cluster), {node.name: node.ready for node in nodes.live(cluster)}
    wrong = [f"{name}: {said.get(name)}, is {state}" for name, state in live.items() if said.get(name) is not state]
    assert not wrong, told("Kube State Metrics tells how every node is", seen=few(wrong), todo="look at its log")


def _counted(cluster: Cluster, count: int) -> None:
    found, wanted = (
        prometheus.query(cluster, "count(count by (node) (kube_node_info))"),
        min(count, len(cluster.profile.nodes)),
    )
    seen = f"{found[0].value:.0f}" if found else "no such series"
    good = [each.value for each in found] == [wanted]
    assert good, told(f"Prometheus counts {wanted} nodes", seen=seen, todo="look at its targets")
