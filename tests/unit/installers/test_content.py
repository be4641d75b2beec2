"""What the components bring: dashboards, rules, scrape jobs. Their queries are judged on a live cluster, by Phase 1."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from installers.engine.component import ROOT

DASHBOARDS = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
SOURCES = {"prometheus", "loki", "alertmanager"}


def test_the_data_sources_have_the_uids_that_dashboards_name() -> None:
    data = yaml.safe_load((ROOT / "grafana" / "datasources.yaml").read_text())
    assert {source["uid"] for source in data["datasources"]} == SOURCES


@pytest.mark.parametrize("path", DASHBOARDS, ids=lambda path: path.stem)
def test_a_dashboard_is_portable(path: Path) -> None:
    board = json.loads(path.read_text())
    assert (board["uid"], board["id"]) == (path.stem, None)
    assert board["title"]
    assert "__inputs" not in board
    assert path.stat().st_size < 1024**2
    for panel in board["panels"]:
        assert panel["datasource"]["uid"] in SOURCES
        assert all(target["datasource"]["uid"] in SOURCES and target["expr"] for target in panel["targets"])
    assert len({panel["id"] for panel in board["panels"]}) == len(board["panels"])


def test_no_two_dashboards_share_a_name() -> None:
    boards = [json.loads(path.read_text()) for path in DASHBOARDS]
    assert len({board["title"] for board in boards}) == len(boards) >= 5


def test_every_alert_has_a_level_and_words() -> None:
    files = [ROOT / "prometheus" / "rules" / name for name in ("alerts.yml", "backups.yml")]
    groups = [group for file in files for group in yaml.safe_load(file.read_text())["groups"]]
    alerts = [rule for group in groups for rule in group["rules"] if "alert" in rule]
    assert any(rule["alert"] == "Watchdog" and rule["expr"] == "vector(1)" for rule in alerts)
    for rule in alerts:
        assert rule["labels"]["severity"] in {"critical", "warning", "info", "none"}
        assert {"summary", "description"} <= set(rule["annotations"])


def test_each_service_is_scraped_once() -> None:
    jobs = yaml.safe_load((ROOT / "prometheus" / "scrape.yml").read_text())["scrape_configs"]
    kept = [c["regex"] for job in jobs for c in job.get("relabel_configs", ()) if c.get("action") == "keep"]
    for pod in ("loki;http", "loki;http-metrics", "grafana;http", "node-exporter;metrics", "kube-state-metrics;http"):
        assert sum(bool(re.fullmatch(regex, pod)) for regex in kept) == 1, pod


def test_a_replaced_exporter_breaks_no_rule_and_no_panel() -> None:
    """Its old series stay for five minutes beside the new ones: what a match expects once is taken together first."""
    files = [ROOT / "prometheus" / "rules" / name for name in ("alerts.yml", "backups.yml")]
    rules = [rule for file in files for group in yaml.safe_load(file.read_text())["groups"] for rule in group["rules"]]
    panels = [panel for path in DASHBOARDS for panel in json.loads(path.read_text())["panels"]]
    said = [rule["expr"] for rule in rules] + [t["expr"] for panel in panels for t in panel["targets"]]
    right = r"(?<!or )(?<!and )\bon \([^)]*\)\s*+(?:group_left \([^)]*\)\s*+)?+(?!\(?(?:max|sum|min) by)"
    matched = re.compile(right)
    assert not [each for each in said if matched.search(each)]
    assert sum("group_left" in each for each in said) >= 3
