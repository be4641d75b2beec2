"""``roadworthy journal``: intents with their results, a broken chain with its line; and no repair on a broken one."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from roadworthy.cli import main
from roadworthy.converge.journal import Journal
from tests.unit.roadworthy.toy import Toy

pytest_plugins = ["pytester"]


@pytest.fixture
def reports(tmp_path: Path) -> Path:
    first = Journal(tmp_path / "journal" / "toy.jsonl", "run-1")
    lost = first.write("intent", remedy="mend", criterion="c/1", target="Pod a/lost", verb="delete", why="stuck")
    second = Journal(first.path, "run-2")
    second.write("abandoned", intent=lost, target="Pod a/lost", by="run-1")
    done = second.write("intent", remedy="mend", criterion="c/1", target="Pod a/b", verb="delete", why="stuck for 90 s")
    second.write("result", intent=done, became="done", detail="deleted", seconds=0.2)
    back = second.write("undo", target="Pod a/b", verb="delete")
    second.write("undone", intent=back, detail="put back")
    second.write("refused", remedy="mend", criterion="c/2", target="Pod a/c", verb="evict", why="limits.changes")
    second.write("pass", criterion="c/1")
    return tmp_path


def journal(reports: Path, *words: str) -> Result:
    return CliRunner().invoke(main, ["journal", *words, "--cluster", "toy", "--reports", str(reports)])


def test_show_tells_what_became_of_the_last_runs_intents(reports: Path) -> None:
    shown = journal(reports, "show")
    assert shown.exit_code == 0, shown.output
    for words in (
        "delete Pod a/b",
        "done in 0.2 s",
        "-> deleted",
        "take back: delete Pod a/b",
        "undone",
        "-> put back",
    ):
        assert words in shown.output
    assert "refused" in shown.output
    assert "criterion c/1" in shown.output
    assert "Pod a/lost" not in shown.output


def test_show_all_has_what_was_abandoned(reports: Path) -> None:
    shown = journal(reports, "show", "--all").output
    assert "run run-1" in shown
    line = next(line for line in shown.splitlines() if "Pod a/lost" in line)
    assert "abandoned" in line
    assert "found by run run-2" in shown
    assert "Pod a/lost" in journal(reports, "show", "--run", "run-1").output


def test_tail_is_a_line_per_entry(reports: Path) -> None:
    lines = journal(reports, "tail", "-n", "3").output.splitlines()
    assert [line.split()[2] for line in lines] == ["undone", "refused", "pass"]


def test_verify_ends_with_the_first_broken_line(reports: Path) -> None:
    assert journal(reports, "verify").exit_code == 0
    path = reports / "journal" / "toy.jsonl"
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], lines[2].replace("a/b", "a/x"), *lines[3:]]))
    for command in ("verify", "show", "tail"):
        broken = journal(reports, command)
        assert broken.exit_code == 1
        assert f"{path}:3" in broken.output


def test_no_journal_is_said(tmp_path: Path) -> None:
    assert "nothing was ever repaired" in journal(tmp_path, "show").output


def test_a_broken_journal_refuses_a_repair_before_the_first_call(toy: Toy) -> None:
    toy.feature("Feature: F\n  @remedy:mend.loki\n  Scenario: a\n    Then loki is fine\n")
    toy.state(loki="bad", api="down")  # a call would end as broken
    path = toy.root / "reports" / "journal" / "toy.jsonl"
    Journal(path, "run-1").write("intent", target="x")
    entry = json.loads(path.read_text())
    path.write_text(json.dumps({**entry, "target": "y"}) + "\n")
    result = toy.run("features", "--remediate")
    assert result.ret == 4
    result.stderr.fnmatch_lines(["*the journal's chain is whole; seen: a broken link; where: *toy.jsonl:1*"])
    assert not toy.root.joinpath("reports/verdicts.json").exists()
    assert toy.run("features").ret == 1  # judging goes on


def test_a_plan_that_can_not_be_meant_is_refused_before_the_first_call(toy: Toy) -> None:
    toy.feature("Feature: F\n  @remedy:mend.loki\n  Scenario: a\n    Then loki is fine\n")
    toy.feature("Feature: G\n  Scenario: b\n    Then grafana is fine\n", "other")
    toy.state(loki="bad")
    assert toy.run("features", "--plan").ret == 1
    plan = toy.root / "reports" / "plan.json"
    toy.state(loki="bad", api="down")
    for words, told in {
        ("features", "--from-plan", str(plan)): "goes with --remediate",
        ("features/other.feature", "--remediate", "--from-plan", str(plan)): "not toy/a",
        ("features", "--remediate", "--from-plan", "none.json"): "a plan that can be read",
    }.items():
        result = toy.run(*words)
        assert result.ret == 4, words
        assert told in result.stderr.str()
    plan.write_text(plan.read_text().replace('"version": 1', '"version": 9'))
    result = toy.run("features", "--remediate", "--from-plan", str(plan))
    result.stderr.fnmatch_lines(["*a plan of version 1; seen: version 9; where: *plan.json:2*"])
