"""What a run of ours does to an object for a while is written on it in the same write, so that it is known for ours.

A run that dies between the two halves (cordon … uncordon, scale to nothing … scale back) leaves the mark behind, and
the next run finishes what it says. What has no mark is somebody else's, and left alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

#: Annotation of a Node: the run that cordoned it.
CORDONED_BY = "roadworthy.dev/cordoned-by"
#: Annotation of a workload: ``3 by RUN``, how many replicas it had before a run scaled it down for a while.
SCALED_DOWN = "roadworthy.dev/scaled-down"

_SCALED = re.compile(r"(\d+) by (\S+)")


def notes(thing: Mapping[str, Any]) -> Mapping[str, str]:
    """Return an object's annotations."""
    return thing["metadata"].get("annotations") or {}


def cordoned_by(node: Mapping[str, Any]) -> str:
    """Return the run that cordoned a node for a while; empty where it isn't cordoned, or not by us."""
    return str(notes(node).get(CORDONED_BY, "")) if (node.get("spec") or {}).get("unschedulable") else ""


def cordon(node: Mapping[str, Any], spec: Mapping[str, Any], run: str) -> dict[str, str | None]:
    """Return the annotations that go with a patch of a Node's spec; a cordon that is there already isn't ours."""
    if "unschedulable" not in spec:
        return {}
    if not spec["unschedulable"]:
        return {CORDONED_BY: None}
    return {} if (node.get("spec") or {}).get("unschedulable") else {CORDONED_BY: run}


def scale(workload: Mapping[str, Any], run: str, *, for_now: bool) -> dict[str, str | None]:
    """Return the annotations that go with a change of a workload's replicas; none where nothing is to be noted."""
    marked = SCALED_DOWN in notes(workload)
    if for_now and not marked:
        return {SCALED_DOWN: f"{(workload.get('spec') or {}).get('replicas', 1)} by {run}"}
    return {SCALED_DOWN: None} if marked and not for_now else {}


def scaled_down(workload: Mapping[str, Any]) -> tuple[int, str] | None:
    """Return how many replicas a workload had, and which run scaled it down for a while; None where none did."""
    found = _SCALED.fullmatch(str(notes(workload).get(SCALED_DOWN, "")))
    if found is None or (workload.get("spec") or {}).get("replicas", 1) >= int(found[1]):
        return None
    return int(found[1]), found[2]
