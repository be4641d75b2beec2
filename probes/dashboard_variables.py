"""A dashboard's variables: which value each would have in a browser, and how a query is filled with them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from probes.grafana import SERVICE
from roadworthy.cluster import Cluster

#: ``$name``, ``${name}``, ``${name:format}``, ``[[name]]``: all that Grafana knows.
VARIABLE = re.compile(r"\$(\w+)|\$\{(\w+)(?:[.:][^}]*)?\}|\[\[(\w+)(?::\w+)?\]\]")
LABEL_VALUES = re.compile(
    r"^\s*label_values\(\s*(?:(?P<metric>.+?)\s*,\s*)?(?P<label>[A-Za-z_]\w*)\s*\)\s*$", re.DOTALL
)
EVERY = ".*"


def fill(text: str, chosen: Mapping[str, str]) -> str:
    """Return a text with its variables filled in; what isn't chosen (``$__interval``) is left to Grafana's own hand."""

    def value(match: re.Match[str]) -> str:
        name = match[1] or match[2] or match[3]
        return chosen.get(name, match[0])

    return VARIABLE.sub(value, text)


def values(cluster: Cluster, model: Mapping[str, Any]) -> dict[str, str]:
    """Return a value for each of a dashboard's variables: the chosen one, else the first that its data source has."""
    chosen = {"__range": "15m", "__range_s": "900", "__range_ms": "900000"}
    for variable in (model.get("templating") or {}).get("list") or ():
        chosen[str(variable["name"])] = _value(cluster, variable, chosen)
    return chosen


def _value(cluster: Cluster, variable: Mapping[str, Any], chosen: Mapping[str, str]) -> str:
    current = (variable.get("current") or {}).get("value")
    if isinstance(current, list):
        current = current[0] if len(current) == 1 else "|".join(map(str, current))
    if current and current != "$__all":
        return str(current)
    match variable.get("type"):
        case "datasource":
            return _source(cluster, str(variable.get("query", "")))
        case "query" if not (variable.get("multi") or variable.get("includeAll")):
            return _first(cluster, variable, chosen)
        case "custom" | "interval" | "constant" | "textbox" if not variable.get("includeAll"):
            return str(variable.get("query", "")).split(",")[0].strip()
    return str(variable.get("allValue") or EVERY)


def _source(cluster: Cluster, kind: str) -> str:
    """Return the uid of the first data source of a kind."""
    listed = cluster.http(SERVICE).get("/api/datasources").json()
    return next((str(each["uid"]) for each in listed if each["type"] == kind), "")


def _first(cluster: Cluster, variable: Mapping[str, Any], chosen: Mapping[str, str]) -> str:
    """Return the first value of ``label_values(…)``, asked through Grafana; every value where it has none."""
    query, source = variable.get("query"), variable.get("datasource") or {}
    text = fill(str(query.get("query", "")) if isinstance(query, Mapping) else str(query or ""), chosen)
    uid = fill(str(source.get("uid", "")) if isinstance(source, Mapping) else str(source), chosen)
    found = LABEL_VALUES.match(text)
    if found is None or not uid:
        return EVERY
    only = {"match[]": found["metric"]} if found["metric"] else None
    path = f"/api/datasources/uid/{uid}/resources/api/v1/label/{found['label']}/values"
    reply = cluster.http(SERVICE).get(path, params=only)
    data = reply.json().get("data") if reply.status == 200 else None
    return str(data[0]) if data else EVERY
