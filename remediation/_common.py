"""What remedies share: which component a workload belongs to, its installer as a rung, and honest refusals."""

from __future__ import annotations

import functools
from collections.abc import Generator, Iterable
from dataclasses import replace

import installers.engine
from probes.helm_releases import releases
from probes.ownership import Workload
from remediation import install
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Outcome
from roadworthy.cluster import Cluster
from roadworthy.errors import Refused


@functools.cache
def _homes() -> dict[str, str]:
    """Return the namespace of every component's release, by the component's name, which is the release's too."""
    return {name: component.namespace for name, component in installers.engine.load_all().items()}


def component_of(workload: Workload) -> str:
    """Return the component whose Helm release made a workload; empty when none of ours did."""
    home = workload.release_namespace or workload.namespace
    return workload.release if workload.release and _homes().get(workload.release) == home else ""


def installed(cluster: Cluster, component: str) -> bool:
    """Whether Helm has a release of the component, in whatever state."""
    home = _homes().get(component)
    return home is not None and (home, component) in releases(cluster)


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


def counted(rung: Changes) -> Generator[Change, Outcome | None, int]:
    """Pass a rung's Changes through; return how many there were."""
    outcome, count = None, 0
    while True:
        try:
            change = rung.send(outcome)
        except StopIteration:
            return count
        count += 1
        outcome = yield change


def refuse(what: str, reasons: Iterable[str]) -> None:
    """Raise Refused with every reason, if there is one: a remedy that found faults but may not act says why."""
    several = list(dict.fromkeys(reasons))
    if several:
        raise Refused(what, seen="; ".join(several), todo="see to it by hand, then run again")
