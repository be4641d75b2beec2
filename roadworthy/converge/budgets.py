"""Which disruption budget protects a pod."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from roadworthy.cluster.live import LiveCluster


def protecting(cluster: LiveCluster, pod: Mapping[str, Any]) -> str:
    """Return the name of a disruption budget that selects a pod; empty when none does."""
    labels = pod["metadata"].get("labels") or {}
    for budget in cluster.list("policy/v1/PodDisruptionBudget", namespace=pod["metadata"]["namespace"]):
        selector = budget["spec"].get("selector")
        if selector is not None and _selects(selector, labels):
            return str(budget["metadata"]["name"])
    return ""


def _selects(selector: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    if not (selector.get("matchLabels") or {}).items() <= labels.items():
        return False
    return all(_holds(each, labels) for each in selector.get("matchExpressions") or ())


def _holds(expression: Mapping[str, Any], labels: Mapping[str, str]) -> bool:
    there, values = expression["key"] in labels, expression.get("values") or ()
    if expression["operator"] in {"Exists", "DoesNotExist"}:
        return bool(there == (expression["operator"] == "Exists"))
    among = there and labels[expression["key"]] in values
    return bool(among == (expression["operator"] == "In"))
