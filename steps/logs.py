"""Steps about Loki and the log shipper."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from probes import loki, nodes, shipper
from probes.marks import log_lines
from probes.marks.log_lines import Sent
from probes.shipper import Counters
from probes.words import few, told
from roadworthy import notices
from roadworthy.cluster import Cluster
from steps._node import NODE


@then(parsers.parse("Loki says that it is ready within {seconds:d} seconds"))
def loki_ready(cluster: Cluster, seconds: int) -> None:
    """Wait for its own word."""
    cluster.until(lambda: _ready(cluster), within=seconds, what="Loki")


@given("a line is pushed to Loki", target_fixture="line")
@when("a line is pushed to Loki", target_fixture="line")
def pushed(cluster: Cluster) -> Sent:
    """Push one."""
    return log_lines.push(cluster)


@then(parsers.parse("Loki returns that line within {seconds:d} seconds"))
def returned(cluster: Cluster, line: Sent, seconds: int) -> None:
    """Wait for it."""
    log_lines.arrived(cluster, line, within=seconds)


@then("the log shipper is one that is still maintained")
def maintained(cluster: Cluster) -> None:
    """An old Promtail counts, with a warning."""
    kind = shipper.kind(cluster)
    if kind.end_of_life:
        notices.warn(f"{kind.name} has no maintainer since {kind.end_of_life}: move to a log shipper that has one")


@when(parsers.parse("a pod on {ordinal:Node} logs a line", extra_types=NODE), target_fixture="line")
def logged(cluster: Cluster, ordinal: str) -> Sent:
    """Let one pod there log."""
    return log_lines.log(cluster, nodes.listed(cluster, ordinal))


@then(parsers.parse("Loki holds that line, labelled with {ordinal:Node}, within {seconds:d} seconds", extra_types=NODE))
def labelled(cluster: Cluster, line: Sent, ordinal: str, seconds: int) -> None:
    """Wait for it, and judge its label."""
    found = log_lines.arrived(cluster, line, within=seconds)
    (label, value), name = log_lines.node_label(cluster, found), nodes.listed(cluster, ordinal)
    todo = "let the log shipper add the node's name, or correct the profile's node_label"
    assert value == name, told(f"the line's label {label} is {name}", seen=value or "no such label", todo=todo)


@given("what the log shipper has sent and dropped on every node", target_fixture="counted")
def counted(cluster: Cluster) -> dict[str, Counters]:
    """Read its own counters."""
    return shipper.counters(cluster)


@when("a pod on every node logs a line", target_fixture="sent_lines")
def logged_everywhere(cluster: Cluster) -> list[Sent]:
    """Let a pod on each log."""
    return log_lines.log_everywhere(cluster)


@then(parsers.parse("the log shipper on every node has sent more within {seconds:d} seconds"))
def sent_more(cluster: Cluster, counted: dict[str, Counters], sent_lines: list[Sent], seconds: int) -> None:
    """Wait for every counter to rise."""
    cluster.until(lambda: _risen(cluster, counted, sent_lines), within=seconds, what="the log shipper's counters")


@then("the log shipper has dropped nothing more on any node")
def dropped_nothing(cluster: Cluster, counted: dict[str, Counters]) -> None:
    """Compare with before."""
    now = shipper.counters(cluster)
    worse = [
        f"{each.pod} on {name}: {each.dropped - counted[name].dropped:.0f}"
        for name, each in now.items()
        if name in counted and each.dropped > counted[name].dropped
    ]
    assert not worse, told("nothing was dropped", seen=few(worse), todo="look at the shipper's and at Loki's log")


def _ready(cluster: Cluster) -> None:
    found = loki.readiness(cluster)
    assert found.ready, told("Loki is ready", seen=found.said, where="/ready", todo="look at Loki's log")


def _risen(cluster: Cluster, counted: dict[str, Counters], sent_lines: list[Sent]) -> None:
    now, still = shipper.counters(cluster), []
    for line in sent_lines:
        before, after = counted.get(line.node), now.get(line.node)
        if after is None or after.sent <= (before.sent if before and before.pod == after.pod else 0):
            still.append(f"{line.node} ({after.sent:.0f} lines)" if after else f"{line.node} (no ready pod)")
    assert not still, told("the log shipper has sent more", seen=f"no more on {few(still, 8)}", todo="look at its log")
