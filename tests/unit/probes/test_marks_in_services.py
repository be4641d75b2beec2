"""What writing scenarios put into services, and that it is undone: the services are stand-ins here."""

from __future__ import annotations

import importlib
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from probes import marks, postgres
from probes.marks import alerts, code_files, grafana, rows
from roadworthy.cluster import ExecResult, sweepers
from roadworthy.features import read
from roadworthy.markers import run_id
from tests.unit.probes.doubles import FakeCluster, as_cluster, cluster
from tests.unit.probes.shapes import pod, service, workload

FEATURES = Path(__file__).parents[3] / "features"


def test_an_annotation_is_undone_and_swept() -> None:
    deleted: list[int] = []
    old, young = "roadworthy-20260101t000000-abcd-annotation-1", "roadworthy-20270115t075900-abcd-annotation-2"

    def forget(number: int) -> Any:
        def answer(_: Any) -> Any:
            deleted.append(number)
            return (200, {})

        return answer

    fake = FakeCluster(
        http={"grafana": {
            "POST /api/annotations": (200, {"id": 7}),
            "GET /api/annotations?tags=roadworthy&limit=100": (200, [
                {"id": 7, "text": "kept"}, {"id": 3, "text": old}, {"id": 4, "text": young}]),
            "GET /api/users/search?query=roadworthy-&perpage=100": (200, {"users": []}),
            "DELETE /api/annotations/7": forget(7), "DELETE /api/annotations/3": forget(3),
        }},
        services=service("grafana", "monitoring"),
    )  # fmt: skip
    there = as_cluster(fake)
    made = grafana.annotation(there)
    assert run_id() in made.text
    assert grafana.kept(there, made) == "kept"
    fake.marks.undo[0][0]()
    grafana.sweep(there)
    assert deleted == [7, 3]


def test_a_lost_annotation_fails() -> None:
    there = cluster(http={"grafana": {"GET /api/annotations?tags=roadworthy&limit=100": (200, [])}})
    with pytest.raises(AssertionError, match="has kept the annotation; seen: 0 others"):
        grafana.kept(there, grafana.Annotation(7, "x"))


def test_a_row_is_written_in_a_schema_that_is_dropped() -> None:
    said: list[str] = []

    def run(query: str, *_: Any, **__: Any) -> list[tuple[Any, ...]]:
        said.append(query)
        if query.startswith("SELECT nspname"):
            return [("roadworthy-20260101t000000-abcd-row-1",), ("roadworthy-20270115t075900-abcd-row-2",)]
        return [("hello",)] if query.startswith("SELECT text") else []

    fake = FakeCluster(sql=run, services=service("postgres", "databases"))
    there = as_cluster(fake)
    row = rows.write(there)
    assert rows.read(there, row) == "hello"
    fake.marks.undo[0][0]()
    rows.sweep(there)
    assert said[-3:] == [
        f'DROP SCHEMA IF EXISTS "{row.schema}" CASCADE',
        "SELECT nspname::text FROM pg_namespace WHERE nspname LIKE 'roadworthy-%%'",
        'DROP SCHEMA IF EXISTS "roadworthy-20260101t000000-abcd-row-1" CASCADE',
    ]


def test_an_alert_is_sent_and_sent_as_over() -> None:
    fake = FakeCluster(http={"alertmanager": {"POST /api/v2/alerts": (200, "")}})
    name = alerts.fire(as_cluster(fake))
    alerts.resolve(as_cluster(fake), name)
    first, second = (each["json"][0] for each in fake.services["alertmanager"].asked)
    assert first["labels"] == second["labels"]
    assert first["startsAt"] < first["endsAt"]
    assert second["endsAt"] < first["endsAt"]


def test_a_file_in_code_server_s_home_is_written_by_its_own_shell() -> None:
    ran = []

    def run(argv: Any) -> ExecResult:
        ran.append(list(argv))
        return ExecResult(0, "text" if argv[0] == "cat" else "", "")

    there = cluster(
        workload("Deployment", "code-server", "dev-tools"),
        pod("code-server-1", "dev-tools"),
        services=service("code-server", "dev-tools", "Deployment/code-server"),
        run=run,
    )
    file = code_files.write(there)
    assert ran[0][-2:] == [file.text, file.path]
    assert file.path.startswith("/home/coder/.roadworthy-")
    assert code_files.read(there, file) == "text"


def test_postgres_tells_version_machine_and_role() -> None:
    words = "PostgreSQL 16.10 on aarch64-unknown-linux-musl, compiled by gcc (Alpine 14.2.0) 14.2.0, 64-bit"
    found = postgres.server(cluster(sql=lambda *_, **__: [(160010, words, False)]))
    assert (found.major, found.arch, found.recovering) == (16, "arm64", False)


@pytest.mark.parametrize(("error", "let_in"), [("28P01: password authentication failed", False), ("", True)])
def test_postgres_decides_on_a_password(error: Any, let_in: Any) -> None:
    def run(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        if error:
            raise AssertionError(error)
        return [(1,)]

    assert postgres.lets_in(cluster(sql=run), "x") is let_in


def test_postgres_that_is_down_is_no_refusal() -> None:
    def run(*_: Any, **__: Any) -> list[tuple[Any, ...]]:
        raise AssertionError("connection refused")

    with pytest.raises(AssertionError, match="decides on a log-in; seen: connection refused"):
        postgres.lets_in(cluster(sql=run), "x")


def test_a_sweeper_is_registered_for_a_component_that_a_writing_scenario_uses() -> None:
    for each in pkgutil.iter_modules(marks.__path__):
        importlib.import_module(f"{marks.__name__}.{each.name}")
    criteria = [each for file in FEATURES.glob("*.feature") for each in read(file).criteria]
    used = {name for each in criteria if each.has("writes") for name in (*each.components, *each.needs)}
    assert sweepers.SWEEPERS.keys() <= used, "under another name it never runs"
