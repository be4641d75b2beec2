"""Judge, remedy, judge again: inside one test, with nothing left over from the attempt before."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from tests.unit.roadworthy.toy import Toy

pytest_plugins = ["pytester"]

SCHEMA = Path(__file__).parents[3] / "reports/verdicts.schema.json"

LOKI = """
@remedy:install.loki
Feature: Logs
  @remedy:mend.loki
  Rule: Loki runs
    @remedy:mend.nothing
    Scenario: Loki is up
      Then loki is fine
"""


def test_converged(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad")
    result = toy.run("features", "--remediate", "-v")
    assert result.ret == 0
    record = toy.records["loki-is-up"]
    assert (record["verdict"], record["reason"], record["attempts"]) == ("converged", "loki is bad", 3)
    assert [(one["name"], one["outcome"]) for one in record["remedies"]] == [
        ("mend.nothing", "stopped"),
        ("mend.loki", "repaired"),
    ]
    (change,) = record["remedies"][1]["changes"]
    assert (change["verb"], change["target"], change["why"], change["done"]) == (
        "mend",
        "Thing loki",
        "loki was bad",
        True,
    )
    result.stdout.fnmatch_lines(["*test_loki_is_up CONVERGED*", "converged toy/loki-is-up", "    was: loki is bad"])


def test_the_next_run_is_passed_with_no_change(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad")
    toy.run("features", "--remediate")
    assert toy.run("features", "--remediate").ret == 0
    assert toy.verdicts == {"loki-is-up": "passed"}
    assert toy.document["changes"] == 0


def test_the_ladder_is_the_scenarios_own_then_the_rules_then_the_features_and_the_installer_last(toy: Toy) -> None:
    toy.feature(LOKI.replace("@remedy:mend.nothing", "@remedy:install.grafana @remedy:mend.nothing"))
    toy.state(loki="ugly")
    toy.run("features", "--remediate")
    assert toy.root.joinpath("engine.log").read_text() == (
        "toy/loki-is-up [('mend', 'nothing'), ('mend', 'loki'), ('install', 'grafana'), ('install', 'loki')]\n"
    )


def test_without_remediate_nothing_is_repaired_and_the_command_is_told(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad")
    result = toy.run()
    assert result.ret == 1
    assert not toy.root.joinpath("engine.log").exists()
    result.stdout.fnmatch_lines(["to repair: pytest features/toy.feature --cluster toy --remediate"])


def test_what_no_remedy_mends_stays_failed_with_evidence_of_both_looks(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="ugly")
    result = toy.run("features", "--remediate")
    assert result.ret == 1
    record = toy.records["loki-is-up"]
    assert record["verdict"] == "failed"
    assert record["reason"] == "loki is ugly"
    assert {name.rpartition("/")[2] for name in record["evidence"]} >= {"attempt-1-http.txt", "attempt-4-http.txt"}
    result.stdout.fnmatch_lines(["the remedies did not help: *"])


def test_a_repair_that_ends_in_broken_is_broken(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad")
    conftest = toy.root / "conftest.py"
    conftest.write_text(conftest.read_text().replace('argument: "fine"}', 'argument: "denied"}'))
    assert toy.run("features", "--remediate").ret == 1
    assert toy.verdicts == {"loki-is-up": "broken"}


def test_a_bug_in_a_remedy_leaves_the_verdict(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad")
    conftest = toy.root / "conftest.py"
    conftest.write_text(conftest.read_text().replace("done = []", "raise KeyError('oops')"))
    assert toy.run("features", "--remediate").ret == 1
    assert toy.records["loki-is-up"]["verdict"] == "failed"
    assert "loki is bad; and the repair broke off: KeyError: 'oops'" in toy.records["loki-is-up"]["reason"]


def test_no_given_of_one_attempt_is_seen_by_the_next(toy: Toy) -> None:
    # In each attempt the note is the fixture's before the Given, however often it has been judged.
    toy.feature("""
Feature: F
  @remedy:mend.loki
  Scenario: it
    Then the note is nothing
    Given a note x
    Then the note is x
    And loki is fine
""")
    toy.state(loki="bad")
    toy.run("features", "--remediate")
    assert toy.verdicts == {"it": "converged"}


def test_fixtures_are_torn_down_after_each_attempt(toy: Toy) -> None:
    toy.root.joinpath("toy_steps/counted.py").write_text(
        "import pytest\nfrom pytest_bdd import given\n"
        "@pytest.fixture\n"
        "def counted():\n    print('UP')\n    yield\n    print('DOWN')\n"
        "@given('something counted')\ndef _(counted): pass\n"
    )
    toy.feature("Feature: F\n  @remedy:mend.loki\n  Scenario: it\n    Given something counted\n    Then loki is fine\n")
    toy.state(loki="bad")
    shown = toy.run("features", "--remediate", "-s").outlines
    assert [line.lstrip("c.").partition(" ")[2] or line for line in shown if line.endswith(("UP", "DOWN"))] != []
    assert [w for line in shown for w in line.split() if w in {"UP", "DOWN", ".DOWN", "cDOWN"}] == [
        "UP",
        "DOWN",
        "UP",
        "cDOWN",
    ]


def test_plan_shows_and_saves_and_changes_nothing(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.state(loki="bad")
    result = toy.run("features", "--plan")
    assert result.ret == 1
    result.stdout.fnmatch_lines(["*would mend Thing loki: loki was bad"])
    plan = json.loads(toy.root.joinpath("reports/plan.json").read_text())
    assert [change["target"] for change in plan["criteria"][0]["changes"]] == [
        "Thing nothing",
        "Thing loki",
        "Thing loki",
    ]
    assert toy.document["changes"] == 0
    assert toy.run("features", "--plan", "--remediate").ret == 4


def test_what_had_passed_on_a_touched_component_is_judged_again(toy: Toy) -> None:
    toy.feature("""
@needs:loki
Feature: F
  @component:loki
  Scenario: up
    Then loki is fine
  @component:loki @drill
  Scenario: drilled
    Then loki is fine
  @remedy:mend.grafana
  Scenario: other
    Then grafana is fine
""")
    conftest = toy.root / "conftest.py"
    conftest.write_text(
        conftest.read_text()
        .replace("def pytest_roadworthy_convergence(cluster):", "def pytest_roadworthy_convergence(cluster, config):")
        .replace(
            "    return Engine(cluster)",
            "    engine = Engine(cluster)\n    engine.config = config\n    return engine\n",
        )
        .replace(
            "            judged = judge()\n",
            "            STATE.write_text(json.dumps({'loki': 'bad'}))\n"
            "            from roadworthy.judge import JUDGE\n"
            "            again = self.config.stash[JUDGE].regressions('toy/other', ['loki'])\n"
            "            STATE.with_name('again').write_text(str(again))\n"
            "            judged = judge()\n",
        )
    )
    toy.state(grafana="bad")
    toy.run("features", "--remediate")
    assert toy.root.joinpath("again").read_text() == "['toy/up']"
    assert toy.verdicts == {"up": "passed", "drilled": "passed", "other": "converged"}


def steps(of: dict[str, Any]) -> list[Any]:
    return [(one["name"], one["status"], steps(one)) for one in of.get("steps", [])]


def test_allure_has_one_test_with_attempts_steps_and_remedies_nested(toy: Toy) -> None:
    toy.feature(LOKI.replace("@remedy:mend.nothing", "").replace("Then loki", "Given a note x\n      Then loki"))
    toy.state(loki="bad")
    toy.run("features", "--remediate", "--alluredir=allure")
    (file,) = toy.root.joinpath("allure").glob("*-result.json")
    test = json.loads(file.read_text())
    assert (test["name"], test["status"]) == ("Loki is up", "passed")
    labels = {(label["name"], label["value"]) for label in test["labels"]}
    assert labels >= {("feature", "Logs"), ("story", "Loki runs"), ("verdict", "converged"), ("tag", "converged")}
    held: list[Any] = [("Given a note x", "passed", []), ("Then loki is fine", "passed", [])]
    assert steps(test) == [
        ("Attempt 1: Loki is up", "failed", [held[0], ("Then loki is fine", "failed", [])]),
        (
            "Remedies",
            "passed",
            [
                ("Attempt 2: Loki is up", "passed", held),
                ("Remedy mend.loki: repaired", "passed", [("mend Thing loki: loki was bad", "passed", [])]),
            ],
        ),
    ]


@pytest.mark.parametrize("workers", [2])
def test_workers_share_verdicts_and_one_document(toy: Toy, workers: int) -> None:
    rows = "".join(f"      | n{i} |\n" for i in range(6))
    toy.feature(f"""
@needs:loki
Feature: F
  Scenario Outline: <x> up
    Then <x> is fine
    Examples:
      | x |
{rows}
  @component:loki @remedy:mend.loki
  Scenario: root
    Then loki is fine
  @needs:grafana
  Scenario: hangs
    Then a is fine
  @component:grafana
  Scenario: second root
    Then grafana is fine
""")
    toy.state(loki="bad", grafana="bad", n3="bad")
    result = toy.apart("features", "--remediate", "-n", str(workers))
    assert result.ret == 1
    assert toy.verdicts == {
        **{f"x-up[n{i}]": "failed" if i == 3 else "passed" for i in range(6)},
        "root": "converged",
        "hangs": "blocked",
        "second-root": "failed",
    }
    assert toy.records["hangs"]["root"] == "toy/second-root"


def test_an_order_that_could_wait_for_ever_is_refused(toy: Toy) -> None:
    toy.feature(LOKI)
    assert toy.apart("features", "-n", "2", "--dist", "loadfile").ret == 1
    assert "--dist load" in toy.records["loki-is-up"]["reason"]


def test_a_worker_that_dies_is_told(toy: Toy) -> None:
    toy.root.joinpath("toy_steps/deadly.py").write_text(
        "import os\nfrom pytest_bdd import given\n@given('death')\ndef _(): os._exit(1)\n"
    )
    toy.feature("Feature: F\n  Scenario: a\n    Given death\n  Scenario: b\n    Then b is fine\n")
    assert toy.apart("features", "-n", "2").ret == 1
    broken = [record for record in toy.document["criteria"] if record["verdict"] == "broken"]
    assert len(broken) == 1
    assert "its worker died" in broken[0]["reason"]


def test_what_a_dead_run_left_is_told_and_counted_although_no_criterion_noticed(toy: Toy) -> None:
    toy.feature(LOKI)
    toy.root.joinpath("left").touch()
    result = toy.run("features", "--remediate")
    assert toy.verdicts == {"loki-is-up": "passed"}
    assert toy.document["changes"] == 1
    (remedy,) = toy.document["recovered"]
    jsonschema.validate(toy.document, json.loads(SCHEMA.read_text(encoding="utf-8")))
    assert (remedy["name"], remedy["outcome"], remedy["changes"][0]["why"]) == (
        "recovery",
        "repaired",
        "a dead run left it",
    )
    result.stdout.fnmatch_lines(
        ["recovered what a dead run had left half-done", "*uncordon Thing left*", "*1 change made"]
    )
    toy.run("features")
    assert toy.document["recovered"] == []
