from typing import Any

import pytest

from probes import dashboards, grafana
from probes.dashboard_variables import fill, values
from tests.unit.probes.doubles import FakeCluster, as_cluster, cluster


def test_its_health_is_its_database_s() -> None:
    body = {"commit": "x", "database": "failing", "version": "13.2.0"}
    there = cluster(http={"grafana": {"GET /api/health": (503, body)}})
    assert grafana.health(there) == grafana.Health(503, "failing", "13.2.0")


def test_a_log_in_is_let_in_refused_or_no_decision() -> None:
    def asked(more: Any) -> Any:
        return {"right": (200, {}), "wrong": (401, {}), "odd": (500, "boom")}[more["auth"][1]]

    there = cluster(http={"grafana": {"GET /api/user": asked}})
    assert grafana.lets_in(there, ("me", "right"))
    assert not grafana.lets_in(there, ("me", "wrong"))
    with pytest.raises(AssertionError, match="decides on a log-in; seen: 500 boom"):
        grafana.lets_in(there, ("me", "odd"))


def test_each_data_source_is_judged_by_its_own_check() -> None:
    listed = [
        {"uid": "prometheus", "name": "Prometheus", "type": "prometheus"},
        {"uid": "loki", "name": "Loki", "type": "loki"},
        {"uid": "alertmanager", "name": "Alertmanager", "type": "alertmanager"},
    ]
    there = cluster(
        http={
            "grafana": {
                "GET /api/datasources": (200, listed),
                "GET /api/datasources/uid/prometheus/health": (200, {"status": "OK", "message": "works"}),
                "GET /api/datasources/uid/loki/health": (400, {"status": "ERROR", "message": "no such host"}),
                "GET /api/datasources/uid/alertmanager/health": (404, {"message": "Not found"}),
                "GET /api/datasources/proxy/uid/alertmanager/api/v2/status": (200, {"cluster": {}}),
            }
        }
    )
    found = {source.uid: source.healthy for source in grafana.sources(there)}
    assert found == {"prometheus": True, "loki": False, "alertmanager": True}


@pytest.mark.parametrize(
    ("text", "filled"),
    [
        ('up{node="$node"}', 'up{node="node-3"}'),
        ('up{node=~"${node:regex}"}', 'up{node=~"node-3"}'),
        ("rate(x[[[node]]])", "rate(x[node-3])"),
        ("rate(x[$__rate_interval])", "rate(x[$__rate_interval])"),
        ("${unknown}", "${unknown}"),
        ("increase(x[$__range])", "increase(x[15m])"),
    ],
)
def test_variables_are_filled_as_grafana_writes_them(text: Any, filled: Any) -> None:
    assert fill(text, {"node": "node-3", "__range": "15m"}) == filled


def test_a_variable_without_choice_takes_the_first_value_that_there_is() -> None:
    model = {
        "templating": {
            "list": [
                {"name": "ds", "type": "datasource", "query": "prometheus"},
                {
                    "name": "node",
                    "type": "query",
                    "datasource": {"uid": "$ds"},
                    "query": {"query": 'label_values(kube_node_info{x="y"}, node)'},
                },
                {"name": "all", "type": "query", "includeAll": True, "current": {"value": ["$__all"]}},
                {"name": "step", "type": "custom", "query": "5m,1h"},
                {"name": "chosen", "type": "query", "current": {"value": ["a", "b"]}},
            ]
        }
    }
    fake = FakeCluster(
        http={
            "grafana": {
                "GET /api/datasources": (200, [{"uid": "prom-1", "type": "prometheus"}]),
                "GET /api/datasources/uid/prom-1/resources/api/v1/label/node/values": (200, {"data": ["n1", "n2"]}),
            }
        }
    )
    found = values(as_cluster(fake), model)
    assert {name: found[name] for name in ("ds", "node", "all", "step", "chosen")} == {
        "ds": "prom-1",
        "node": "n1",
        "all": ".*",
        "step": "5m",
        "chosen": "a|b",
    }
    assert fake.services["grafana"].asked[-1]["params"] == {"match[]": 'kube_node_info{x="y"}'}


MODEL = {
    "uid": "overview",
    "title": "Overview",
    "templating": {"list": [{"name": "job", "type": "constant", "query": "node"}]},
    "panels": [
        {"type": "text", "title": "words"},
        {
            "type": "row",
            "collapsed": True,
            "panels": [
                {
                    "type": "timeseries",
                    "title": "Up",
                    "datasource": {"type": "prometheus", "uid": "prometheus"},
                    "targets": [
                        {"refId": "A", "expr": 'up{job="$job"}'},
                        {"refId": "B", "expr": "hidden", "hide": True},
                    ],
                }
            ],
        },
        {
            "type": "stat",
            "title": "Other panel's",
            "datasource": {"uid": "-- Dashboard --"},
            "targets": [{"refId": "A", "panelId": 2}],
        },
    ],
}


def grafana_with(answer: Any) -> Any:
    return FakeCluster(
        http={
            "grafana": {
                "GET /api/search?type=dash-db&limit=5000": (200, [{"uid": "overview", "title": "Overview"}]),
                "GET /api/dashboards/uid/overview": (200, {"meta": {"provisioned": True}, "dashboard": MODEL}),
                "POST /api/ds/query": answer,
            }
        }
    )


def test_every_panel_is_asked_with_its_variables_filled_in() -> None:
    frames = [{"schema": {}, "data": {"values": [[1, 2], [0, 1]]}}]
    fake = grafana_with((200, {"results": {"A": {"status": 200, "frames": frames}}}))
    (board,) = dashboards.provisioned(as_cluster(fake))
    asked = fake.services["grafana"].asked[-1]["json"]["queries"]
    assert [query["expr"] for query in asked] == ['up{job="node"}']
    assert asked[0]["datasource"] == {"type": "prometheus", "uid": "prometheus"}
    assert board.rows == 2
    assert not [panel for panel in board.panels if panel.errors]


@pytest.mark.parametrize(
    ("answer", "word"),
    [
        (
            (400, {"results": {"A": {"status": 400, "error": "bad_data: parse error"}}}),
            "query A: bad_data: parse error",
        ),
        ((404, {"message": "data source not found"}), "data source not found"),
        ((502, "Bad Gateway"), "502 Bad Gateway"),
        ((200, {"results": {}}), "query A: no answer"),
    ],
)
def test_a_panel_that_does_not_answer_says_why(answer: Any, word: Any) -> None:
    (board,) = dashboards.provisioned(as_cluster(grafana_with(answer)))
    (bad,) = [panel for panel in board.panels if panel.errors]
    assert str(bad).startswith("Overview / Up: ")
    assert word in str(bad)
