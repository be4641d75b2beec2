"""A cordon that one of our own runs left behind when it died; anybody else's cordon is not ours to lift."""

from __future__ import annotations

from probes.node_agents import agents
from probes.runners import alive
from remediation._common import refuse
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target

#: What is changed.
RIGHTS: tuple[str, ...] = ("patch nodes",)


def remedy(case: Case) -> Changes:
    """Uncordon the nodes that a dead run of ours cordoned."""
    cluster, reasons, acted = case.cluster, list[str](), False
    for node in agents(cluster):
        if not node.cordoned or case.parameters.get("node", node.name) != node.name:
            continue
        if not node.cordoned_by:
            reasons.append(f"{node.name} was cordoned by somebody else: theirs to lift")
            continue
        if alive(cluster, node.cordoned_by):
            reasons.append(f"{node.name} was cordoned by run {node.cordoned_by}, which is still at work")
            continue
        yield Change(
            verb="uncordon",
            target=Target("Node", node.name),
            action=Patch({"spec": {"unschedulable": None}}),
            why=f"node {node.name} takes no pods: our run {node.cordoned_by} cordoned it and is dead",
            before={"unschedulable": True, "cordoned_by": node.cordoned_by},
            after={"unschedulable": False},
            reversible=True,
        )
        acted = True
    if not acted:
        refuse("a cordon left by a dead run of ours could be lifted", reasons)
