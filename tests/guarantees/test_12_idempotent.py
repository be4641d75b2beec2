"""Promise 12: the second run changes nothing; and a plan is what happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sandbox import builds
from tests.guarantees.field import Field
from tests.guarantees.project import Project

pytestmark = [pytest.mark.guarantee(12), pytest.mark.short]
FEATURE = """
Feature: Wanted
  @remedy:put_map
  Scenario Outline: it is right
    Then wanted says right in <home>
    Examples:
      | home |
      | HOME |
"""


def prepare(field: Field) -> Project:
    field.wrong()
    project = Project(field)
    project.profile(field.kubeconfig)
    project.feature(FEATURE)
    return project


def version(field: Field) -> str:
    return str(field.admin.get(f"/api/v1/namespaces/{field.home}/configmaps/wanted")["metadata"]["resourceVersion"])


def test_the_second_run_yields_nothing(field: Field) -> None:
    """One Change in the first run; in the second no write at all, not even to the Lease; the object is untouched."""
    project = prepare(field)
    assert set(project.run("--remediate").verdicts.values()) == {"converged"}
    assert len(field.audit.writes()) == 1
    before, seen = len(field.audit.writes(lease=True)), version(field)
    again = project.run("--remediate")
    assert set(again.verdicts.values()) == {"passed"}
    assert again.remedies == []
    assert len(field.audit.writes(lease=True)) == before
    assert version(field) == seen


@pytest.mark.ci
def test_the_plan_matches_what_happened(field: Field) -> None:
    """--plan writes nothing; what --remediate then sends is what was planned, by verb and object."""
    project = prepare(field)
    project.run("--plan")
    assert field.audit.writes(lease=True) == []
    assert [each for each in field.audit.entries() if each.dry], "the plan was not rehearsed against the API server"
    plan: dict[str, Any] = json.loads((project.reports / "plan.json").read_text())
    planned = [(each["verb"], each["target"]) for one in plan["criteria"] for each in one["changes"]]
    project.run("--remediate")
    made = [(e["verb"], e["target"]) for e in project.journal() if e["kind"] == "intent"]
    assert planned == made == [("apply", f"ConfigMap {field.home}/wanted")]
    assert [(each.verb, each.name) for each in field.audit.writes()] == [("patch", "wanted")]


def test_the_same_helm_revision(field: Field) -> None:
    """A release that is as it should be isn't upgraded again: same revision after the second run."""
    chart = field.folder / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: toy\nversion: 0.1.0\n")
    template = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: wanted}\ndata: {k: {{ .Values.k }}}\n"
    (chart / "templates" / "map.yaml").write_text(template)
    values: Path = field.folder / "values.yaml"
    values.write_text("k: right\n")
    order = field.order(
        field.kubeconfig,
        work=[["guard/release", "map", ["release"]]],
        options={"helm": str(builds.ensure("helm") / "helm")},
        parameters={"chart": str(chart), "values": str(values)},
    )
    path = f"/api/v1/namespaces/{field.home}/secrets?labelSelector=owner%3Dhelm"
    field.run(order)
    first = [each["metadata"]["uid"] for each in field.admin.ask("GET", path)[1]["items"]]
    assert len(first) == 1
    before = len(field.audit.writes(lease=True))
    assert "passed" in field.run(order)
    assert [each["metadata"]["uid"] for each in field.admin.ask("GET", path)[1]["items"]] == first
    assert len(field.audit.writes(lease=True)) == before
