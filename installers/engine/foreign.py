"""Fields that somebody added to a workload beside what its chart says: `command`, `nodeSelector`, a container.

Server-side apply leaves the fields of others alone, so an upgrade doesn't take them away, however wrong they are.
Whose they are is written on the object: `metadata.managedFields` names the manager of each. Fields of controllers are
theirs to have (replicas by an autoscaler); what a person's client or an unknown program added is drift.
"""

from __future__ import annotations

import functools
import json
import operator
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from installers.engine import drift
from roadworthy.change import Change, Patch, Target
from roadworthy.cluster import Cluster, Obj

#: The kinds that a component's chart renders: its installer has them all.
RIGHTS: tuple[str, ...] = ()

#: Kind -> the part of it that is looked at.
KINDS = {
    **dict.fromkeys(("Deployment", "StatefulSet", "DaemonSet", "CronJob", "Service", "Ingress"), "spec"),
    **dict.fromkeys(("Schedule", "BackupStorageLocation"), "spec"),
    "ConfigMap": "data",
}
#: They may add what they like: it is their work, or ours. K3s writes the nodes' names into CoreDNS's ConfigMap itself
#: (`NodeHosts`), which its own manifest doesn't have, and without which CoreDNS doesn't start (k3s-io/k3s#9274).
ENTITLED = re.compile(
    r"^(helm|roadworthy|velero-server|kubelet|kube-.+|k3s([-@].+)?|deploy@.+"
    r"|.+-(controller|operator|autoscaler|manager|injector|webhook))$"
)
#: Written by `kubectl rollout restart` and by our own restarts: an event, not a setting.
RESTARTED = "kubectl.kubernetes.io/restartedAt"
_POD = {"CronJob": ("spec", "jobTemplate", "spec", "template", "spec"), "Deployment": ("spec", "template", "spec")}
#: At most this many fields are shown.
_SHOWN = 6


def changes(cluster: Cluster, component: str, namespace: str, objects: Sequence[Obj]) -> Iterator[Change]:
    """Yield, for each object of a release that has them, the removal of fields that are nobody's to add."""
    for wanted in objects:
        if wanted["kind"] not in KINDS:
            continue
        space = str(wanted["metadata"].get("namespace") or namespace)
        live = cluster.fresh(drift.kind_of(wanted), str(wanted["metadata"]["name"]), namespace=space)
        if live is None or live["metadata"].get("deletionTimestamp"):
            continue
        found = dict(_foreign(wanted, live))
        if found:
            yield _change(component, space, wanted, live, found)


def _change(component: str, space: str, wanted: Obj, live: Obj, found: Mapping[str, str]) -> Change:
    metadata = live["metadata"]
    target = Target(str(wanted["kind"]), metadata["name"], space, metadata.get("uid", ""), str(wanted["apiVersion"]))
    shown = [f"{_words(path)} (by {manager})" for path, manager in sorted(found.items())]
    more = [f"and {len(shown) - _SHOWN} more"] if len(shown) > _SHOWN else []
    first = list(_whole(wanted, live, found))
    replaced = {step["path"] for step in first}
    # The last of a list first, so that the numbers of those before it stay right.
    paths = [path for path in sorted(found, key=_order, reverse=True) if path.rpartition("/")[0] not in replaced]
    return Change(
        verb="strip",
        target=target,
        action=Patch(
            [*first, *({"op": "remove", "path": path} for path in paths)],
            content_type="json",
            resource_version=metadata.get("resourceVersion", ""),
        ),
        why=f"{component}: {target} has what its chart doesn't say: {', '.join([*shown[:_SHOWN], *more])}",
        before={"foreign": sorted(_words(path) for path in found)},
        after={"foreign": []},
        reversible=True,
        blast_radius=(str(target),),
        component=component,
    )


def _whole(wanted: Obj, live: Obj, found: Mapping[str, str]) -> Iterator[dict[str, Any]]:
    """Yield the steps that keep volumes and mounts whole while what is foreign of them goes.

    The API server takes no volume of two sources, gives one of none a source of its own, and takes no mount of a volume
    that isn't there. So a volume that got another source becomes the chart's, and a mount that was led to a volume
    which goes is led back to the chart's, which is put in again where it was lost: all in the patch that removes.
    """
    pod = _POD.get(str(wanted["kind"]), _POD["Deployment"])
    volumes = f"/{'/'.join(pod)}/volumes"
    if not any(path.startswith(volumes) for path in found):
        return
    spec, said = (functools.reduce(operator.getitem, pod, obj) for obj in (live, wanted))
    chart = {volume["name"]: volume for volume in said.get("volumes") or ()}
    there = {volume["name"]: f"{volumes}/{index}" for index, volume in enumerate(spec["volumes"])}
    for name, path in there.items():
        if any(each.rpartition("/")[0] == path for each in found):
            yield {"op": "replace", "path": path, "value": chart[name]}
    gone = {name for name, path in there.items() if path in found or volumes in found}
    lost = {name: volume for name, volume in chart.items() if name not in there}
    for sort in ("initContainers", "containers"):
        asked = {(c["name"], mount["mountPath"]): mount["name"] for c in said.get(sort) or () for mount in _mounts(c)}
        for number, container in enumerate(spec.get(sort) or ()):
            for place, mount in enumerate(_mounts(container)):
                back = asked.get((container["name"], mount["mountPath"]))
                if back and mount["name"] in gone:
                    if back in lost:
                        yield {"op": "add", "path": f"{volumes}/-", "value": lost.pop(back)}
                    path = f"/{'/'.join(pod)}/{sort}/{number}/volumeMounts/{place}/name"
                    yield {"op": "replace", "path": path, "value": back}


def _mounts(container: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return container.get("volumeMounts") or ()


def _foreign(wanted: Obj, live: Obj) -> Iterator[tuple[str, str]]:
    """Yield (JSON pointer, manager) of each topmost field that a stranger owns and the chart hasn't."""
    part = KINDS[str(wanted["kind"])]
    for entry in live["metadata"].get("managedFields") or ():
        manager = str(entry.get("manager", ""))
        owned = (entry.get("fieldsV1") or {}).get(f"f:{part}")
        if owned and not entry.get("subresource") and not ENTITLED.match(manager):
            for pointer in _walk(owned, wanted.get(part), live.get(part), f"/{part}"):
                yield pointer, manager


def _walk(owned: Mapping[str, Any], wanted: Any, live: Any, pointer: str) -> Iterator[str]:
    for key, below in owned.items():
        if key == ".":
            continue
        step = _step(key, wanted, live)
        if step is None:
            continue  # no longer there, or an item of a set: those are compared whole
        part, inner_wanted, inner_live, known = step
        here = f"{pointer}/{part}"
        if part == RESTARTED.replace("/", "~1"):
            continue
        if not known:
            yield here
        elif below:
            yield from _walk(below, inner_wanted, inner_live, here)
        elif isinstance(inner_wanted, Mapping) and isinstance(inner_live, Mapping):
            # Atomic, as a Service's selector: who changes one key of it owns it whole.
            yield from (f"{here}/{_escaped(name)}" for name in inner_live if name not in inner_wanted)


def _step(key: str, wanted: Any, live: Any) -> tuple[str, Any, Any, bool] | None:
    """Follow one step of fieldsV1: (part of the pointer, what is wanted there, what is there, whether it is wanted)."""
    kind, _, name = key.partition(":")
    if kind == "f" and isinstance(live, Mapping) and name in live:
        there = isinstance(wanted, Mapping) and name in wanted
        return _escaped(name), wanted[name] if there else None, live[name], there
    if kind == "k" and isinstance(live, list):
        keys = json.loads(name)
        index = next((i for i, item in enumerate(live) if _is(item, keys)), None)
        if index is None:
            return None
        match = next((item for item in wanted or () if _is({**keys, **item}, keys) and _named(item, keys)), None)
        return str(index), match, live[index], match is not None
    return None


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


def _is(item: Any, keys: Mapping[str, Any]) -> bool:
    return isinstance(item, Mapping) and all(item.get(key) == value for key, value in keys.items())


def _named(item: Mapping[str, Any], keys: Mapping[str, Any]) -> bool:
    """Whether an item says at least one of the keys itself: the others may be left to their defaults (``protocol``)."""
    return any(item.get(key) == value for key, value in keys.items())


def _order(pointer: str) -> list[tuple[int, str]]:
    """Return what sorts list positions as numbers."""
    return [(int(part), "") if part.isdigit() else (-1, part) for part in pointer.split("/")]


def _words(pointer: str) -> str:
    return pointer.lstrip("/").replace("/", ".").replace("~1", "/").replace("~0", "~")
