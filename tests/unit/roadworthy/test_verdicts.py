"""From what a step raises to a verdict, an exit code, and what is told about it."""

from __future__ import annotations

import fnmatch
import json
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import pytest

from tests.unit.roadworthy.toy import Toy

pytest_plugins = ["pytester"]

SCHEMA = Path(__file__).parents[3] / "reports/verdicts.schema.json"
LOKI = """
@needs:loki
Feature: Logs
  Rule: Loki runs
    Scenario: lines are read back
      Then lines is fine

    @component:loki @remedy:mend.loki
    Scenario: Loki is up
      Given a note x
      Then loki is fine

  @remedy:mend.grafana
  Rule: Grafana runs
    Scenario: dashboards
      Then grafana is fine
"""


def scenario(tags: str = "", thing: str = "loki") -> str:
    return f"Feature: F\n  {tags}\n  Scenario: it\n    Then {thing} is fine\n"


def test_passed(toy: Toy) -> None:
    toy.feature(LOKI)
    assert toy.run().ret == 0
    assert set(toy.verdicts.values()) == {"passed"}
    assert toy.records["loki-is-up"]["attempts"] == 1


def test_failed_names_the_step_and_nothing_else(toy: Toy) -> None:
    toy.feature(scenario())
    toy.state(loki="bad")
    result = toy.run()
    assert result.ret == 1
    assert toy.verdicts == {"it": "failed"}
    assert toy.records["it"]["reason"] == "loki is bad"
    assert toy.records["it"]["step"] == "Then loki is fine"
    result.stdout.fnmatch_lines(["failed toy/it", "    loki is bad", "    at: Then loki is fine"])
    result.stdout.no_fnmatch_line("*assert state*")
    result.stdout.no_fnmatch_line("*.py:*")


def test_v_shows_the_traceback(toy: Toy) -> None:
    toy.feature(scenario())
    toy.state(loki="bad")
    toy.run("features", "-v").stdout.fnmatch_lines(["*things.py:*"])


@pytest.mark.parametrize(
    ("state", "reason"),
    [("denied", "the token may look; seen: 403"), ("buggy", "ZeroDivisionError: a bug (things.py:*)")],
)
def test_broken_never_triggers_a_remedy(toy: Toy, state: str, reason: str) -> None:
    toy.feature(scenario("@remedy:mend.loki"))
    toy.state(loki=state)
    result = toy.run("features", "--remediate")
    assert result.ret == 1
    assert toy.verdicts == {"it": "broken"}
    assert fnmatch.fnmatch(toy.records["it"]["reason"], reason)
    assert not toy.root.joinpath("engine.log").exists()


def test_a_bug_shows_its_traceback(toy: Toy) -> None:
    toy.feature(scenario())
    toy.state(loki="buggy")
    toy.run().stdout.fnmatch_lines(["*things.py:*: *", "*ZeroDivisionError: a bug*"])


def test_not_applicable_carries_its_reason_and_ends_0(toy: Toy) -> None:
    toy.feature(scenario())
    toy.state(loki="absent")
    result = toy.run("features", "-v")
    result.stdout.fnmatch_lines(["*NOT APPLICABLE*", "not applicable *: no loki here"])
    assert result.ret == 0
    assert toy.records["it"]["reason"] == "no loki here"


def test_blocked_by_a_root_that_is_judged_first_and_told_once(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad", grafana="bad")
    result = toy.run()
    assert result.ret == 1
    assert toy.verdicts == {"lines-are-read-back": "blocked", "loki-is-up": "failed", "dashboards": "blocked"}
    assert toy.records["dashboards"]["root"] == "toy/loki-is-up"
    assert toy.records["dashboards"]["attempts"] == 0
    result.stdout.fnmatch_lines(["failed toy/loki-is-up", "    loki is bad", "    blocks toy/lines-are-read-back"])


def test_a_chain_is_blocked_by_its_root_not_by_the_link_before(toy: Toy) -> None:
    toy.feature("""Feature: F
  @needs:grafana
  Scenario: last
    Then c is fine
  @component:grafana @needs:loki
  Scenario: middle
    Then b is fine
  @component:loki
  Scenario: root
    Then a is fine
""")
    toy.state(a="denied")
    toy.run()
    assert toy.verdicts == {"last": "blocked", "middle": "blocked", "root": "broken"}
    assert toy.records["last"]["root"] == "toy/root"


def test_what_needs_something_not_applicable_is_not_applicable(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="absent")
    assert toy.run().ret == 0
    assert set(toy.verdicts.values()) == {"not applicable"}
    assert "needs loki" in toy.records["dashboards"]["reason"]


def test_a_root_that_was_not_selected_blocks_nothing(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad")
    assert toy.run("features", "-k", "dashboards").ret == 0


def test_a_waiver_is_told_with_owner_reason_and_day(toy: Toy) -> None:
    toy.profile('waivers:\n- {id: w1, owner: Ann, reason: new disk ordered, expires: "2999-12-31"}\n')
    toy.feature(scenario("@waiver:w1 @remedy:mend.loki"))
    toy.state(loki="bad")
    result = toy.run("features", "--remediate")
    assert result.ret == 0
    assert toy.verdicts == {"it": "waived"}
    assert toy.records["it"]["reason"] == "loki is bad; waiver w1 (Ann: new disk ordered) until 2999-12-31"
    assert not toy.root.joinpath("engine.log").exists()


def test_an_expired_waiver_is_a_failure(toy: Toy) -> None:
    toy.profile('waivers:\n- {id: w1, owner: Ann, reason: r, expires: "2020-01-31"}\n')
    toy.feature(scenario("@waiver:w1"))
    toy.state(loki="bad")
    assert toy.run().ret == 1
    assert toy.records["it"]["reason"] == "loki is bad; waiver w1 (Ann: r) expired on 2020-01-31"


def test_a_waived_criterion_that_holds_has_passed(toy: Toy) -> None:
    toy.profile('waivers:\n- {id: w1, owner: Ann, reason: r, expires: "2020-01-31"}\n')
    toy.feature(scenario("@waiver:w1"))
    assert toy.run().ret == 0
    assert toy.verdicts == {"it": "passed"}


@pytest.mark.parametrize(
    ("more", "reason"),
    [
        ("", "a drill, and clusters/toy.yaml allows none"),
        ("drills: window\nmaintenance_window: {days: [mon], from: '03:00', to: '03:00', timezone: UTC}\n", ""),
        ("drills: always\n", ""),
    ],
)
def test_a_drill_only_runs_where_the_profile_allows_it(
    toy: Toy, more: str, reason: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("roadworthy.maintenance.Window.holds", lambda *_: True)
    toy.profile(more)
    toy.feature(scenario("@drill"))
    assert toy.run().ret == 0
    assert toy.verdicts == {"it": "not applicable" if reason else "passed"}
    assert toy.records["it"]["reason"] == reason


def test_a_drill_waits_for_the_maintenance_window(toy: Toy, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("roadworthy.maintenance.Window.holds", lambda *_: False)
    toy.profile("drills: window\nmaintenance_window: {days: [mon], from: '03:00', to: '05:00', timezone: UTC}\n")
    toy.feature(scenario("@drill"))
    assert toy.run().ret == 0
    assert toy.records["it"]["reason"] == "a drill, and outside the maintenance window (mon 03:00 to 05:00 UTC)"


def test_who_writes_first_sweeps_what_an_earlier_run_left(toy: Toy) -> None:
    grafana = "    @component:grafana\n    Scenario: dashboards"
    toy.feature(LOKI.replace("@component:loki", "@component:loki @writes").replace("    Scenario: dashboards", grafana))
    assert toy.run().ret == 0
    assert (toy.root / "swept").read_text() == "loki", "what the writing scenarios use, and no other"


def test_without_an_uid_nothing_is_written(toy: Toy) -> None:
    profile = toy.root / "clusters/toy.yaml"
    profile.write_text("nodes: []\n")
    toy.feature(scenario("@writes"))
    assert toy.run().ret == 0
    assert "the cluster is only read" in toy.records["it"]["reason"]
    assert not (toy.root / "swept").exists(), "what an earlier run left there stays, too"
    result = toy.run("features", "--remediate")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: context of the cluster to repair; seen: nothing; where: *toy.yaml; to do: *"])


def test_an_api_server_that_is_away_makes_everything_broken(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(api="down")
    assert toy.run("features", "--remediate").ret == 1
    assert toy.verdicts["loki-is-up"] == "broken"
    assert toy.records["loki-is-up"]["reason"] == "the API server answers; seen: connection refused"
    assert not toy.root.joinpath("engine.log").exists()


def test_an_unknown_cluster_is_refused_before_anything_is_collected(toy: Toy) -> None:
    toy.feature(LOKI)
    result = toy.run("features", "--collect-only", cluster="tyo")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["ERROR: a cluster profile of the name tyo; *did you mean 'toy'?"])


def test_the_document_keeps_its_schema(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad", lines="absent")
    toy.run("features", "--remediate")
    schema = json.loads(SCHEMA.read_text())
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(toy.document, schema)
    assert toy.document["counts"] == {"converged": 1, "not applicable": 1, "passed": 1}
    assert toy.document["changes"] == 1
    assert toy.document["exit_code"] == 0
    assert toy.root.joinpath("closed").exists()


def test_junit_carries_the_verdicts(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad", lines="absent", grafana="bad")
    toy.run("features", "--junitxml=junit.xml")
    cases = {case.get("name"): case for case in ET.parse(toy.root / "junit.xml").iter("testcase")}  # noqa: S314
    properties = {p.get("name"): p.get("value") for p in cases["test_loki_is_up"].iter("property")}
    assert properties["verdict"] == "failed"
    assert properties["criterion"] == "toy/loki-is-up"
    assert cases["test_loki_is_up"].find("failure") is not None


def test_no_secret_reaches_a_report(toy: Toy) -> None:
    toy.feature(scenario())
    toy.state(loki="bad")
    toy.run("features", "--alluredir=allure", "--junitxml=reports/junit.xml", "-v")
    files = [file for folder in ("reports", "allure") for file in (toy.root / folder).rglob("*") if file.is_file()]
    assert any("evidence" in str(file) for file in files)
    assert [file for file in files if "canary-token-1" in file.read_text(errors="replace")] == []


def test_evidence_of_a_failure_is_written_and_named(toy: Toy) -> None:
    toy.feature(scenario("@component:loki"))
    toy.state(loki="bad")
    toy.run()
    evidence = toy.records["it"]["evidence"]
    assert [Path(file).name for file in evidence] == [
        "attempt-1-http.txt",
        "attempt-1-state.txt",
        "attempt-1-events.txt",
    ]
    http, state = (toy.root.joinpath("reports", file).read_text() for file in evidence[:2])
    assert "GET /loki" in http
    assert "logging-0 on no node: Pending" in state


def test_passing_criteria_leave_no_evidence(toy: Toy) -> None:
    toy.feature(scenario())
    toy.run()
    assert not toy.root.joinpath("reports/evidence").exists()
