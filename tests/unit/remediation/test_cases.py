"""Each remedy over data: state of a cluster in, Changes out. ``…noop``: all is right already, nothing comes out."""

from __future__ import annotations

import dataclasses
import importlib
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from probes import edge
from roadworthy.case import Case, Changes
from roadworthy.change import Change, HelmUpgrade, Outcome, Target
from roadworthy.cluster import Cluster
from roadworthy.errors import Refused
from tests.unit.remediation.doubles import FakeCluster

HERE = Path(__file__).parent / "cases"
REMEDIES = Path(__file__).parents[3] / "remediation"
#: The components of the cases, and where they live.
HOMES = {"grafana": "monitoring", "loki": "logging", "postgres": "databases", "web": "apps"}
CASES = {
    f"{path.stem}-{name}": (path.stem, said)
    for path in sorted(HERE.glob("*.yaml"))
    for name, said in yaml.safe_load(path.read_text(encoding="utf-8")).items()
    if not name.startswith("_")  # anchors
}


def fake_install(case: Case) -> Changes:
    """In the installers' place: one upgrade of the component asked for."""
    if cast("FakeCluster", case.cluster).answers.get("installed"):
        return
    action = HelmUpgrade("charts/workload", "", (), "0" * 40)
    yield Change("upgrade", Target("Release", case.argument, "somewhere"), action, why="to what it pins")


def summary(change: Change) -> dict[str, Any]:
    fields = {field.name: getattr(change.action, field.name) for field in dataclasses.fields(change.action)}
    return {
        "verb": change.verb,
        "target": str(change.target),
        "uid": change.target.uid,
        "action": type(change.action).__name__,
        "with": fields,
        "why": change.why,
        "component": change.component,
        "reversible": change.reversible,
        "blast_radius": list(change.blast_radius),
    }


def run(remedy: Any, case: Case) -> tuple[list[Change], str]:
    """Resume a remedy until its end as a plan does (nothing is executed); return its Changes, or why it refused."""
    changes: list[Change] = []
    plan, outcome = remedy(case), None
    try:
        while True:
            change = plan.send(outcome)
            changes.append(change)
            outcome = Outcome(change, done=False)
    except StopIteration:
        return changes, ""
    except Refused as refusal:
        return changes, str(refusal)


def mismatch(expected: Any, seen: Any, where: str) -> list[str]:
    """Say where the expectation isn't met; ``~text`` means "contains text"."""
    if isinstance(expected, dict):
        return [line for key, value in expected.items() for line in mismatch(value, seen[key], f"{where}.{key}")]
    if isinstance(expected, str) and expected.startswith("~"):
        return [] if expected[1:] in str(seen) else [f"{where}: {expected[1:]!r} isn't in {seen!r}"]
    plain = list(seen) if isinstance(seen, tuple) else seen
    return [] if expected == plain else [f"{where}: expected {expected!r}, seen {plain!r}"]


@pytest.mark.parametrize("name", CASES, ids=list(CASES))
def test_case(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    module, said = CASES[name]
    monkeypatch.setattr("remediation.install.remedy", fake_install)
    monkeypatch.setattr("remediation._common._homes", lambda: HOMES)
    monkeypatch.setattr("probes.edge.certificate", lambda _, host: edge.Certificate(host, "", **said["shown"][host]))
    monkeypatch.setattr("roadworthy.certificates.issue", lambda *_: said.get("authority"))
    if "declared" in said:
        monkeypatch.setattr("installers.engine.crds.declared", lambda *_: said["declared"])
    remedy = importlib.import_module(f"remediation.{module}").remedy
    cluster = cast("Cluster", FakeCluster(said))
    case = Case(cluster, "phase1/unit", "", said.get("argument", ""), said.get("parameters", {}))
    changes, refusal = run(remedy, case)
    seen = [summary(each) for each in changes]
    expected = said.get("changes", [])
    assert len(seen) == len(expected), f"{[each['why'] for each in seen]}, refusal: {refusal}"
    problems = [
        line
        for index, (want, have) in enumerate(zip(expected, seen, strict=True))
        for line in mismatch(want, have, f"change {index}")
    ]
    problems += mismatch("~" + said.get("refuses", ""), refusal, "refusal")
    assert bool(refusal) == ("refuses" in said), refusal
    assert not problems, "\n".join(problems)


def modules() -> list[str]:
    return sorted(path.stem for path in REMEDIES.glob("[a-z]*.py") if path.stem != "install")


@pytest.mark.parametrize("module", modules())
def test_every_remedy_has_cases_and_one_where_nothing_is_to_do(module: str) -> None:
    names = [name for name, (of, _) in CASES.items() if of == module]
    assert [name for name in names if not name.endswith("-noop")], (
        f"tests/unit/remediation/cases/{module}.yaml is missing"
    )
    assert any(name.endswith("noop") for name in names), f"{module} has no case that ends in noop"


@pytest.mark.parametrize("module", modules())
def test_every_change_names_its_cause(module: str) -> None:
    for name, (of, said) in CASES.items():
        if of == module:
            for change in said.get("changes", []):
                assert change.get("why", "").startswith("~"), f"{name}: say what `why` must contain"
