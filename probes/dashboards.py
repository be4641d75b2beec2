"""Every panel of every dashboard, asked as a browser asks: variables filled in, through Grafana's own query API."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from probes.dashboard_variables import fill, values
from probes.grafana import SERVICE
from probes.words import short, told
from roadworthy.cluster import Cluster

#: What a panel that holds no data of a data source's is called.
SILENT = frozenset({"row", "text", "news", "dashlist", "welcome", "gettingstarted"})
#: Grafana's own stand-ins for a data source: another panel's answer, its samples, or several at once.
OWN = frozenset({"-- Dashboard --", "-- Grafana --", "grafana", "dashboard"})


@dataclass(frozen=True, slots=True)
class Panel:
    """One panel's answer: ``errors`` by query, ``rows`` of data in all."""

    dashboard: str
    title: str
    queries: int
    rows: int
    errors: tuple[str, ...]

    def __str__(self) -> str:
        """Return ``dashboard / panel: errors``."""
        return f"{self.dashboard} / {self.title}: {'; '.join(self.errors) or f'{self.rows} rows'}"


@dataclass(frozen=True, slots=True)
class Dashboard:
    """One dashboard that files provision, with its panels' answers."""

    uid: str
    title: str
    panels: tuple[Panel, ...]

    @property
    def rows(self) -> int:
        """All rows of data that it shows."""
        return sum(panel.rows for panel in self.panels)


def listed(cluster: Cluster) -> dict[str, str]:
    """Return the title of every dashboard that Grafana holds, by uid."""
    return {str(each["uid"]): str(each["title"]) for each in _get(cluster, "/api/search?type=dash-db&limit=5000")}


def provisioned(cluster: Cluster) -> tuple[Dashboard, ...]:
    """Ask every panel of every provisioned dashboard; returns one Dashboard for each."""
    found = []
    for uid in sorted(listed(cluster)):
        body = _get(cluster, f"/api/dashboards/uid/{uid}")
        if body["meta"].get("provisioned"):
            found.append(dashboard(cluster, body["dashboard"]))
    return tuple(found)


def dashboard(cluster: Cluster, model: Mapping[str, Any]) -> Dashboard:
    """Ask every panel of one dashboard, given as its JSON model."""
    chosen = values(cluster, model)
    title = str(model.get("title", model.get("uid", "")))
    panels = [_ask(cluster, title, panel, chosen) for panel in _panels(model.get("panels") or ())]
    return Dashboard(str(model.get("uid", "")), title, tuple(panels))


def _panels(panels: Any) -> Iterator[Mapping[str, Any]]:
    for panel in panels:
        yield from _panels(panel.get("panels") or ())  # a collapsed row holds its own
        if panel.get("type") not in SILENT and panel.get("targets"):
            yield panel


def _ask(cluster: Cluster, title: str, panel: Mapping[str, Any], chosen: Mapping[str, str]) -> Panel:
    name = str(panel.get("title") or panel.get("id"))
    queries = [_query(panel, target, chosen, index) for index, target in enumerate(panel["targets"])]
    asked = [query for query in queries if query is not None]
    if not asked:
        return Panel(title, name, 0, 0, ())
    body = {"from": "now-15m", "to": "now", "queries": asked}
    reply = cluster.http(SERVICE).post("/api/ds/query", json=body, timeout=30.0)
    if not reply.text.lstrip().startswith("{"):
        return Panel(title, name, len(asked), 0, (f"{reply.status} {short(reply.text, 120)}",))
    results = reply.json().get("results")
    if results is None:
        return Panel(title, name, len(asked), 0, (f"{reply.status} {short(reply.text, 200)}",))
    errors = [f"query {ref}: {short(str(each['error']), 200)}" for ref, each in results.items() if each.get("error")]
    missing = [f"query {each['refId']}: no answer" for each in asked if each["refId"] not in results]
    return Panel(title, name, len(asked), sum(map(_rows, results.values())), (*errors, *missing))


def _query(
    panel: Mapping[str, Any], target: Mapping[str, Any], chosen: Mapping[str, str], index: int
) -> dict[str, Any] | None:
    """Return a panel's target as the query API takes it; None when it asks no data source or is switched off."""
    source = target.get("datasource") or panel.get("datasource") or {}
    if isinstance(source, str):  # as dashboards before version 8 had it: the name or uid alone
        source = {"uid": source}
    source = {key: fill(str(value), chosen) for key, value in source.items() if value is not None}
    if target.get("hide") or source.get("uid") in OWN or source.get("type") == "datasource":
        return None
    filled = _filled(target, chosen)
    return {
        **filled,
        "refId": target.get("refId") or chr(ord("A") + index),
        "datasource": source,
        "intervalMs": 15_000,
        "maxDataPoints": 100,
    }


def _filled(value: Any, chosen: Mapping[str, str]) -> Any:
    if isinstance(value, str):
        return fill(value, chosen)
    if isinstance(value, Mapping):
        return {key: _filled(each, chosen) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, chosen) for each in value]
    return value


def _rows(result: Mapping[str, Any]) -> int:
    columns = [(frame.get("data") or {}).get("values") or [[]] for frame in result.get("frames") or ()]
    return sum(len(each[0]) if each else 0 for each in columns)


def _get(cluster: Cluster, path: str) -> Any:
    reply = cluster.http(SERVICE).get(path)
    if reply.status != 200:
        seen = f"{reply.status} {short(reply.text, 120)}"
        raise AssertionError(told(f"Grafana answers {path}", seen=seen, where=reply.url, todo="look at its log"))
    return reply.json()
