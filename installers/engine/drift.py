"""Where the live objects differ from what a chart asked for.

Only what the chart says counts: what the API server, a controller or an administrator adds beside it is no drift,
but for lists, which are compared whole.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

from probes.quantities import quantity
from roadworthy.change import Target
from roadworthy.cluster import Cluster, Obj

#: The kinds that a component's chart renders: its installer has them all.
RIGHTS: tuple[str, ...] = ()

Steps = tuple[str | int, ...]

#: Objects that hold credentials: that they differ is told, never in what.
_QUIET = {"Secret"}
#: Read one by one, not by watching all of them: they may be many, large, or secret.
_FRESH_ONLY = {"Secret", "CustomResourceDefinition"}
#: What Helm leaves alone at an upgrade too, and what the server may call in another version than the chart.
_SKIPPED = {"status", "apiVersion", "kind"}
#: Kinds that are in no namespace; of the others Helm leaves it out where it is the release's own.
_CLUSTER_WIDE = {
    *("ClusterRole", "ClusterRoleBinding", "Namespace", "PersistentVolume", "StorageClass", "IngressClass"),
    *("CustomResourceDefinition", "PriorityClass", "APIService", "CSIDriver"),
    *("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
}
#: As much of a line as is shown, characters.
_LINE = 120
#: What stands in them is text, whatever it looks like.
_TEXT = {"data", "stringData", "metadata"}


@dataclass(frozen=True, slots=True)
class Drift:
    """One difference: ``path`` is empty where the whole object is missing."""

    target: Target
    path: str
    wanted: Any
    seen: Any

    def __str__(self) -> str:
        """Return it in words."""
        if not self.path:
            return f"{self.target} is {self.seen}"
        if isinstance(self.wanted, str) and isinstance(self.seen, str) and "\n" in self.wanted + self.seen:
            return f"{self.target} has another text in {self.path}: {_first_difference(self.wanted, self.seen)}"
        return f"{self.target} has {self.path} = {self.seen!r} instead of {self.wanted!r}"


def _first_difference(wanted: str, seen: str) -> str:
    """Return the first line that differs, both ways: nobody reads a whole configuration in a message."""
    pairs = zip_longest(seen.splitlines(), wanted.splitlines(), fillvalue="")
    for number, (is_, should_be) in enumerate(pairs, start=1):
        if is_ != should_be:
            return f"line {number} is {is_.strip()[:_LINE]!r} instead of {should_be.strip()[:_LINE]!r}"
    return "its line ends"


def kind_of(obj: Obj) -> str:
    """Return the kind as the facade wants it: the group is said where it isn't Kubernetes' own."""
    api = str(obj.get("apiVersion", "v1"))
    group = api.partition("/")[0] if "/" in api else ""
    own = "." not in group or group.endswith(".k8s.io")
    return str(obj["kind"]) if own else f"{api}/{obj['kind']}"


def of(cluster: Cluster, namespace: str, objects: Sequence[Obj]) -> Iterator[Drift]:
    """Yield where live objects differ from ``objects``; what local memory shows is read again before it is yielded."""
    for wanted in objects:
        kind, name = kind_of(wanted), str(wanted["metadata"]["name"])
        space = str(wanted["metadata"].get("namespace") or ("" if wanted["kind"] in _CLUSTER_WIDE else namespace))
        target = Target(str(wanted["kind"]), name, space, api_version=str(wanted.get("apiVersion", "v1")))
        if kind not in _FRESH_ONLY and not list(compared(target, wanted, cluster.get(kind, name, namespace=space))):
            continue
        yield from compared(target, wanted, cluster.fresh(kind, name, namespace=space))


def compared(target: Target, wanted: Obj, live: Obj | None) -> Iterator[Drift]:
    """Yield where one live object differs from what was asked for."""
    if live is None:
        yield Drift(target, "", "there", "missing")
        return
    if live["metadata"].get("deletionTimestamp"):
        yield Drift(target, "", "there", "being deleted")
        return
    for steps, want, seen in _differences(wanted, live, ()):
        if steps[0] in _SKIPPED or (steps[0] == "metadata" and steps[1] not in {"labels", "annotations"}):
            continue
        if steps[0] == "stringData":
            continue
        quiet = target.kind in _QUIET
        yield Drift(target, _path(steps), "(secret)" if quiet else want, "(secret)" if quiet else seen)


def _path(steps: Steps) -> str:
    """Return a path into an object as people write it: ``spec.ports[0].name``."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).lstrip(".")


def _differences(wanted: Any, live: Any, steps: Steps) -> Iterator[tuple[Steps, Any, Any]]:
    if isinstance(wanted, Mapping):
        if not isinstance(live, Mapping):
            if wanted or live:
                yield steps, wanted, live
            return
        for key, value in wanted.items():
            yield from _differences(value, live.get(key), (*steps, key))
    elif isinstance(wanted, list):
        yield from _lists(wanted, live if isinstance(live, list) else [], steps)
    elif not _same(wanted, live, text=steps[0] in _TEXT):
        yield steps, wanted, live


def _lists(wanted: list[Any], live: list[Any], steps: Steps) -> Iterator[tuple[Steps, Any, Any]]:
    if _named(wanted) and _named(live):
        there = {item["name"]: item for item in live}
        for item in wanted:
            yield from _differences(item, there.pop(item["name"], None), (*steps, item["name"]))
        for name, item in there.items():
            yield (*steps, name), None, item
    elif len(wanted) != len(live):
        yield steps, wanted, live
    else:
        for index, (want, seen) in enumerate(zip(wanted, live, strict=True)):
            yield from _differences(want, seen, (*steps, index))


def _named(items: list[Any]) -> bool:
    """Whether each item has a name of its own; one volume that is mounted twice is twice in a list."""
    names = [item.get("name") if isinstance(item, Mapping) else None for item in items]
    return None not in names and len(set(names)) == len(names)


def _same(wanted: Any, live: Any, *, text: bool) -> bool:
    """Whether the API server stores what was asked for: it leaves out what is empty and has its own numbers."""
    if wanted == live or (not wanted and live in (None, "", 0, False)):
        return True
    if text or live is None or isinstance(wanted, bool) or isinstance(live, bool):
        return False
    try:
        return math.isclose(quantity(str(wanted)), quantity(str(live)), rel_tol=1e-9)
    except ValueError:
        return False
