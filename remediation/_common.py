"""What remedies share: which component a workload belongs to, its installer as a rung, and honest refusals."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from probes.ownership import Workload
from remediation import install
from roadworthy.case import Case, Changes
from roadworthy.cluster import Cluster
from roadworthy.errors import Refused

#: Written on a Helm release by the engine (``helm --labels``).
COMPONENT = "roadworthy.dev/component"


def component_of(cluster: Cluster, workload: Workload) -> str:
    """Return the component whose Helm release made a workload; empty when none of ours did."""
    if not workload.release:
        return ""
    labels = {"owner": "helm", "name": workload.release}
    for secret in cluster.list("Secret", namespace=workload.release_namespace or workload.namespace, labels=labels):
        if name := (secret["metadata"].get("labels") or {}).get(COMPONENT):
            return str(name)
    return ""


def reinstall(case: Case, component: str, cause: str) -> Changes:
    """Yield what a component's installer wants done, with the cause put before the installer's own reason."""
    plan = install.remedy(replace(case, argument=component))
    outcome = None
    while True:
        try:
            change = plan.send(outcome)
        except StopIteration:
            return
        outcome = yield replace(change, why=f"{cause}; {change.why}", component=change.component or component)


def refuse(what: str, reasons: Iterable[str]) -> None:
    """Raise Refused with every reason, if there is one: a remedy that found faults but may not act says why."""
    several = list(dict.fromkeys(reasons))
    if several:
        raise Refused(what, seen="; ".join(several), todo="see to it by hand, then run again")
