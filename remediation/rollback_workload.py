"""A workload whose newest revision doesn't start goes back to its last good one.

That it is short of pods is not enough: a node without power leaves every DaemonSet short. The revision itself must show
that it doesn't work (`probes.blame`).

Deployments keep their revisions as ReplicaSets, StatefulSets and DaemonSets as ControllerRevisions. What a component's
Helm release made goes back to what that component is: its installer runs again.
"""

from __future__ import annotations

from probes.blame import newest_is_to_blame
from probes.image_pulls import bad_images
from probes.ownership import Workload
from probes.revisions import last_good, revisions
from probes.rollouts import stalled
from remediation._common import component_of, counted, refuse, reinstall
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Patch, Target

#: What is changed, and looked at whatever its kind.
RIGHTS: tuple[str, ...] = (
    "list,watch,patch deployments.apps",
    "list,watch,patch statefulsets.apps",
    "list,watch,patch daemonsets.apps",
)


def remedy(case: Case) -> Changes:
    """Roll back every stalled rollout that is no component's."""
    reasons, acted = list[str](), False
    bad = {each.image for each in bad_images(case.cluster)}
    for rollout in stalled(case.cluster):
        cause = (
            f"{rollout.workload} has {rollout.ready} of {rollout.wanted} pods ready, "
            f"{rollout.updated} of the newest revision: {rollout.detail}"
        )
        if component := component_of(rollout.workload):
            changed = yield from counted(reinstall(case, component, cause))
            acted = acted or bool(changed)
            reasons += [] if changed else [f"{cause}; component {component} is as it was installed"]
            continue
        if not newest_is_to_blame(case.cluster, rollout):
            reasons.append(f"{cause}; nothing shows that its newest revision is to blame, so it isn't taken back")
            continue
        changes = list(back(case, rollout.workload, bad, cause))
        if not changes:
            reasons.append(f"{cause}; it has no earlier revision to go back to")
        for change in changes:
            yield change
            acted = True
    if not acted:
        refuse("a stalled workload could be rolled back", reasons)


def back(case: Case, workload: Workload, bad: set[str], cause: str) -> Changes:
    """Yield the Change that puts a workload's last good pod template back; nothing when there is no such revision."""
    live = case.cluster.get(workload.kind, workload.name, namespace=workload.namespace)
    several = revisions(case.cluster, workload.kind, workload.name, workload.namespace)
    good = last_good(several, bad)
    if live is None or good is None or not several:
        return
    # JSON patch: the whole template is replaced, so that a field which the bad revision added goes away as well.
    body = [{"op": "replace", "path": "/spec/template", "value": good.template}]
    target = Target(workload.kind, workload.name, workload.namespace, workload.uid)
    yield Change(
        verb="roll back",
        target=target,
        action=Patch(body, content_type="json", resource_version=live["metadata"].get("resourceVersion", "")),
        why=f"{cause}; back to revision {good.number} ({good.name})",
        before={"revision": several[0].number, "images": list(several[0].images)},
        after={"revision": good.number, "images": list(good.images)},
        reversible=True,
        blast_radius=(str(target),),
    )
