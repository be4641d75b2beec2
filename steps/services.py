"""Steps that are the same for many services: whether they run, and their restart."""

from __future__ import annotations

from pytest_bdd import given, parsers, then, when

from probes import services, shipper
from probes.marks import restarts
from probes.services import described, running
from probes.words import few, told
from roadworthy.cluster import Cluster

#: A rollout may be on its way while it is judged. Seconds.
SETTLES = 30.0


@given(parsers.parse("{title} can be had"))
def obtainable(cluster: Cluster, title: str) -> None:
    """Not applicable, with the reason, where the profile says that it can't."""
    described(cluster, services.called(title))


@then(parsers.parse("{title} runs with every replica"))
def complete(cluster: Cluster, title: str) -> None:
    """Judge the workload; a missing one, or one scaled to nothing, fails at once."""
    name = services.called(title)
    if running(cluster, name).wanted:
        cluster.until(lambda: _complete(cluster, name), within=SETTLES, kinds=("Pod",), what=title)
    _complete(cluster, name)


@then(parsers.parse("{title} runs on every node"))
def everywhere(cluster: Cluster, title: str) -> None:
    """Judge that each node has a ready pod of it."""
    name = services.called(title)
    if running(cluster, name).wanted:
        cluster.until(lambda: _everywhere(cluster, name), within=SETTLES, kinds=("Pod",), what=title)
    _everywhere(cluster, name)


@when(parsers.parse("{title} is restarted"))
def restarted(cluster: Cluster, title: str) -> None:
    """Delete its pods and wait for new ones."""
    restarts.restart(cluster, services.called(title))


def _complete(cluster: Cluster, name: str) -> None:
    found = running(cluster, name)
    seen, todo = found.shortfall(), f"look at the events of {found}"
    assert found.complete, told(f"{name} runs with every replica", seen=seen, where=str(found), todo=todo)


def _everywhere(cluster: Cluster, name: str) -> None:
    found = shipper.node_coverage(cluster, name)
    seen = f"{found.ready} of {found.nodes} nodes; missing on {few(found.missing)}"
    assert found.complete, told(
        f"{name} runs on every node", seen=seen, where=found.workload, todo="look at its events"
    )
