"""A kubelet or container runtime that died: restarted over SSH, one node at a time, by the Ansible play.

A node whose network is cut can't be reached: that is said, and nothing is yielded for it.
What is restarted, and by which supervisor, is the profile's ``node_agent`` (see `probes.node_services`).
"""

from __future__ import annotations

from probes.moments import ago
from probes.node_agents import NodeAgent, agents, reach
from probes.node_services import NodeServices, node_services
from probes.nodes import heartbeat
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Outcome, Play, Target
from roadworthy.cluster import Cluster

#: A playbook over SSH: no right on the API server.
RIGHTS: tuple[str, ...] = ()

PLAYBOOK = "playbooks/node/restart-agent.yml"

#: How long a restarted agent may take to report Ready before the next node is touched, seconds.
READY_AGAIN = 60.0

#: A kubelet renews its node's lease every 10 s; three misses are no accident. Seconds, times the time factor.
SILENT = 30.0


def remedy(case: Case) -> Changes:
    """Restart the agent of each node where it is dead and that can be reached, workers before the control plane."""
    cluster, reasons, acted = case.cluster, list[str](), False
    asked = [each for each in agents(cluster) if _asked_for(case, each)]
    for node in sorted(asked, key=lambda each: (each.control_plane, each.name)):
        services = node_services(cluster, node.name)
        seen = reach(cluster, node.name, services.status_command)
        well = node.ready and not _silent(cluster, node)
        # A node stays Ready for up to a minute after its agent died: its supervisor knows at once.
        if well and not (seen.reachable and services.dead(seen.answer)):
            continue
        if not seen.reachable:
            reasons.append(
                f"{node.name} is not Ready ({node.reason}) and can't be reached over SSH ({seen.problem}): "
                "look at its power and network"
            )
            continue
        outcome = yield _change(cluster, node, services, seen.answer)
        acted = True
        _settle(cluster, node, outcome)
    if not acted:
        refuse("a node that isn't Ready could be restarted", reasons)


def _asked_for(case: Case, node: NodeAgent) -> bool:
    """Whether the criterion is about this node (one row of a Scenario Outline), or about all of them."""
    return case.parameters.get("node", node.name) == node.name


def _silent(cluster: Cluster, node: NodeAgent) -> float:
    """Return for how many seconds a node has not renewed its lease, 0.0 when it does: Ready lags behind by a minute."""
    try:
        age = heartbeat(cluster, node.name)
    except AssertionError:  # it has no lease: the Ready condition alone tells
        return 0.0
    return age if age > SILENT * cluster.profile.time_factor else 0.0


def _change(cluster: Cluster, node: NodeAgent, services: NodeServices, answer: str) -> Change:
    for_how_long = f" for {ago(cluster.now() - node.since)}" if node.since else ""
    dead = services.dead(answer)
    cause = f"node {node.name} is not Ready{for_how_long} ({node.reason}: {node.message})"
    if node.ready:
        silent = _silent(cluster, node)
        cause = f"node {node.name} has not reported for {ago(silent)}" if silent else f"node {node.name} is Ready still"
    cause += (
        f"; on it {', '.join(dead)} {'is' if len(dead) == 1 else 'are'} dead"
        if dead
        else "; its services run but are stuck"
    )
    before = {"ready": node.ready, "reason": node.reason, "services": answer.strip().splitlines()}
    return Change(
        verb="restart",
        target=Target("Host", node.name),
        action=Play(PLAYBOOK, node.name, services.variables()),
        why=cause,
        before=before,
        after={"ready": True, "restarted": list(services.names)},
        blast_radius=(f"Host {node.name}", f"Node {node.name}"),
    )


def _settle(cluster: Cluster, node: NodeAgent, outcome: Outcome | None) -> None:
    """One node at a time: wait until this one is Ready before the next is touched."""
    if outcome is None or not outcome.done:
        return

    def ready() -> None:
        now = next(each for each in agents(cluster) if each.name == node.name)
        if not now.ready or _silent(cluster, node):
            raise AssertionError(f"{node.name} is not Ready: {now.reason}: {now.message}")

    try:
        cluster.until(ready, within=READY_AGAIN, kinds=("Node",), what=f"node {node.name} Ready again")
    except AssertionError as error:
        refuse("a restarted node would become Ready before the next is touched", [str(error)])
