"""An image that doesn't start: say which of its causes it is, then go back to one that does.

- the workload is a component's: its installer runs again, with the image that the component pins;
- it isn't: back to its last revision without that image (`rollback_workload`);
- the image is the one that the component pins and the registry refuses it: nothing here can help, and that is said.

A StatefulSet doesn't replace a pod that never became ready although its template is right again: the pod is deleted.
"""

from __future__ import annotations

from collections.abc import Iterable

from probes.image_pulls import BadImage, Cause, bad_images
from probes.ownership import Workload
from remediation import rollback_workload
from remediation._common import component_of, counted, refuse, reinstall
from roadworthy.case import Case, Changes
from roadworthy.change import Change, Delete, Target

#: What is changed, beside what the installer and a rollback change.
RIGHTS: tuple[str, ...] = ("delete pods",)

KINDS = frozenset({"Deployment", "StatefulSet", "DaemonSet"})


def remedy(case: Case) -> Changes:
    """Put a working image back wherever one doesn't start."""
    cluster, reasons, acted = case.cluster, list[str](), False
    for workload, several in _by_workload(bad_images(cluster)).items():
        cause, changed = words(several), 0
        if component := component_of(workload):
            rung = reinstall(case, component, cause)
        elif workload.kind in KINDS:
            rung = rollback_workload.back(case, workload, {each.image for each in several}, cause)
        else:
            reasons.append(f"{cause}; {workload} is no component's and keeps no revisions: correct its image")
            continue
        changed = yield from counted(rung)
        if not changed:
            reasons.append(f"{cause}; {_hopeless(several, component)}")
            continue
        acted = True
        yield from _stale_pods(case, workload, several, cause)
    if not acted:
        refuse("an image that doesn't start could be replaced", reasons)


def words(several: Iterable[BadImage]) -> str:
    """Return the cause in words: image, what is wrong with it, where, and what the runtime said."""
    first, *others = several
    more = f" (and {len(others)} more)" if others else ""
    return f"image {first.image} of {first.workload} doesn't start on {first.node}{more}: {first.cause}: {first.detail}"


def _by_workload(found: Iterable[BadImage]) -> dict[Workload, list[BadImage]]:
    groups: dict[Workload, list[BadImage]] = {}
    for each in found:
        groups.setdefault(each.workload, []).append(each)
    return groups


def _hopeless(several: list[BadImage], component: str) -> str:
    pinned = f"it is what component {component} pins" if component else "no earlier revision has another image"
    todo = {
        Cause.REFUSED: "the registry must let this cluster in",
        Cause.TAG_GONE: "the registry no longer has it: pin another",
        Cause.PLATFORM: "pin an image that is made for this node's architecture",
    }
    return f"{pinned}: {todo.get(several[0].cause, 'pin another')}"


def _stale_pods(case: Case, workload: Workload, several: list[BadImage], cause: str) -> Changes:
    """Delete the pods that an ordered rollout would wait for for ever."""
    if workload.kind != "StatefulSet":
        return
    for pod in {(each.pod, each.uid): each for each in several}.values():
        now = case.cluster.get("Pod", pod.pod, namespace=pod.namespace)
        if now is None or now["metadata"]["uid"] != pod.uid:
            continue
        target = Target("Pod", pod.pod, pod.namespace, pod.uid)
        why = f"{cause}; a StatefulSet waits for its broken pod before it makes the right one"
        yield Change("delete", target, Delete(), why, before={"image": pod.image}, blast_radius=(str(target),))
