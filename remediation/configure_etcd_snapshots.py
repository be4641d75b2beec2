"""K3s's settings for snapshots of etcd are written down where they are missing, and the server restarted with them.

One server at a time, over SSH, by the Ansible play; one that keeps its state in SQLite is left alone, and that is said.
"""

from __future__ import annotations

from probes import etcd_snapshots, k3s_snapshots
from probes.k3s_snapshots import Settings
from probes.node_agents import reach
from probes.node_services import node_services
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Outcome, Play, Target
from roadworthy.cluster import Cluster

#: A playbook over SSH: no right on the API server.
RIGHTS: tuple[str, ...] = ()

PLAYBOOK = "playbooks/node/etcd-snapshots.yml"
#: How long a restarted server may take to say that it runs with the new settings, seconds.
SAYS_SO = 180.0


def remedy(case: Case) -> Changes:
    """Configure and restart each server whose running settings aren't the promised ones, or aren't its files'."""
    cluster = case.cluster
    if not etcd_snapshots.of_k3s(cluster):
        return  # a CronJob takes them: its installer is the remedy
    wanted = cluster.profile.backups.etcd
    reasons, acted = list[str](), False
    for server in k3s_snapshots.running(cluster):
        promised = Settings(server.node, wanted.cron, wanted.keep, "")
        if "SQLite" in server.stopped:
            reasons.append(f"{server.node}: {server.stopped}: add cluster-init to its configuration by hand")
            continue
        seen = reach(cluster, server.node)
        if not seen.reachable:
            reasons.append(f"{server.node} can't be reached over SSH ({seen.problem})")
            continue
        written = k3s_snapshots.configured(cluster, server.node)
        if str(server) == str(promised) == str(written):
            continue
        outcome = yield _change(cluster, server, written, promised)
        acted = True
        _settle(cluster, promised, outcome)
    if not acted:
        refuse("the settings for snapshots could be put right", reasons)


def _change(cluster: Cluster, running: Settings, written: Settings, promised: Settings) -> Change:
    node = running.node
    variables = {**node_services(cluster, node).variables(), "snapshot_cron": promised.schedule}
    target = Target("Host", node)
    return Change(
        verb="configure",
        target=target,
        action=Play(PLAYBOOK, node, {**variables, "snapshot_keep": str(promised.kept)}),
        why=f"K3s on {node} runs with {running}, its files say {written}, promised is {promised}: it needs a restart",
        before={"running": str(running), "written": str(written)},
        after={"running": str(promised), "written": str(promised)},
        blast_radius=(str(target), f"Node {node}"),
        component="etcd-snapshots",
    )


def _settle(cluster: Cluster, promised: Settings, outcome: Outcome | None) -> None:
    """One server at a time: wait until this one says that it runs with the settings."""
    if outcome is None or not outcome.done:
        return

    def says_so() -> None:
        now = next((each for each in k3s_snapshots.running(cluster) if each.node == promised.node), None)
        if str(now) != str(promised):
            raise AssertionError(f"{promised.node} runs with {now}")

    try:
        cluster.until(says_so, within=SAYS_SO, kinds=("Node",), what=f"K3s on {promised.node}")
    except AssertionError as error:
        refuse("a restarted server would run with its settings before the next is touched", [str(error)])
