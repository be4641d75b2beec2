"""Units, the maintenance window, the order of criteria, the board of a run, names, and the command line."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, strategies

from roadworthy import board, features, graph, units
from roadworthy.board import Board, State
from roadworthy.cli import main
from roadworthy.criterion import Criterion, Tag
from roadworthy.maintenance import Window
from roadworthy.verdict import Verdict

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("written", "seconds"), [("30s", 30), ("5m", 300), ("1h30m", 5400), ("250ms", 0.25), ("1d", 86400)]
)
def test_durations(written: str, seconds: float) -> None:
    assert units.seconds(written) == pytest.approx(seconds)


@pytest.mark.parametrize("written", ["30", "", "s", "5 m", "-5m", "1h30"])
def test_a_duration_without_its_unit_is_none(written: str) -> None:
    with pytest.raises(ValueError, match="unit"):
        units.seconds(written)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.04, "0.0 s"), (9.96, "10.0 s"), (42.4, "42 s"), (60, "1 min"), (200, "3 min 20 s"), (7500, "2 h 5 min")],
)
def test_durations_as_people_say_them(seconds: float, said: str) -> None:
    assert units.told(seconds) == said


def window(start: str, end: str, zone: str = "UTC") -> Window:
    return Window.of({"days": ["sat"], "from": start, "to": end, "timezone": zone})


@pytest.mark.parametrize(
    ("at", "opened"),
    [("2026-11-21T22:59", False), ("2026-11-21T23:00", True), ("2026-11-22T00:30", True), ("2026-11-22T01:00", False)],
)
def test_a_window_reaches_over_midnight(at: str, opened: bool) -> None:  # noqa: FBT001
    assert window("23:00", "01:00").holds(datetime.fromisoformat(at).replace(tzinfo=UTC)) is opened


def test_a_window_is_in_its_own_time_zone() -> None:
    at = datetime(2026, 11, 21, 2, 30, tzinfo=UTC)  # 03:30 in Berlin
    assert window("03:00", "04:00", "Europe/Berlin").holds(at)
    assert not window("03:00", "04:00").holds(at)


def criterion(name: str, *tags: str) -> Criterion:
    return Criterion(name, Path("f"), 1, "", "", name, name, -1, {}, tuple(Tag(tag, 1) for tag in tags), ())


def order(*criteria: Criterion, requires: dict[str, list[str]] | None = None) -> list[str]:
    return [criteria[index].id for index in graph.ordered(criteria, requires or {})]


def test_without_needs_the_order_stays() -> None:
    assert order(criterion("a"), criterion("b"), criterion("c")) == ["a", "b", "c"]


def test_roots_come_before_what_needs_them_and_nothing_else_moves() -> None:
    seen = order(
        criterion("a", "needs:x"),
        criterion("b"),
        criterion("r", "component:x", "needs:y"),
        criterion("s", "component:y"),
        criterion("t", "component:x"),
    )
    assert seen == ["s", "r", "t", "a", "b"]


def test_drills_come_last_unless_something_needs_them() -> None:
    assert order(criterion("a", "drill"), criterion("b"), criterion("c", "drill"), criterion("d")) == list("bdac")
    assert order(criterion("a", "drill", "component:x"), criterion("b"), criterion("c", "needs:x")) == list("bac")


def test_what_a_component_requires_is_judged_before_it() -> None:
    seen = order(
        criterion("shipper", "component:shipper"),
        criterion("loki", "component:loki"),
        requires={"shipper": ["middle"], "middle": ["loki"]},
    )
    assert seen == ["loki", "shipper"]


def test_a_circle_of_requires_is_found() -> None:
    problem = graph.cycle_problem([criterion("a", "component:x")], {"x": ["y"], "y": ["x"]})
    assert "x -> y -> x" in str(problem)


@given(
    strategies.lists(
        strategies.tuples(strategies.integers(0, 5), strategies.sets(strategies.integers(0, 5))), max_size=12
    )
)
def test_every_order_is_a_permutation_with_roots_first(spec: list[tuple[int, set[int]]]) -> None:
    # Component i only needs lower ones, so there is no circle.
    criteria = [
        criterion(f"c{n}", f"component:{i}", *(f"needs:{j}" for j in sorted(needs) if j < i))
        for n, (i, needs) in enumerate(spec)
    ]
    seen = graph.ordered(criteria, {})
    assert sorted(seen) == list(range(len(criteria)))
    place = {index: position for position, index in enumerate(seen)}
    for index, one in enumerate(criteria):
        for other, root in enumerate(criteria):
            if set(root.components) & set(one.needs):
                assert place[other] < place[index]


def state(name: str, verdict: Verdict = Verdict.PASSED) -> State:
    return State(name, verdict, "", name)


def test_alone_what_was_not_judged_is_left_out(tmp_path: Path) -> None:
    mine = Board(tmp_path, alone=True)
    mine.begin("a")
    mine.end(state("a", Verdict.FAILED))
    assert mine.states(["a", "never"]) == [state("a", Verdict.FAILED)]
    assert not mine.passed("a")


def test_another_workers_verdict_is_waited_for(tmp_path: Path) -> None:
    script = (
        "import sys, time; from pathlib import Path; from roadworthy.board import Board, State;"
        "from roadworthy.verdict import Verdict; b = Board(Path(sys.argv[1]), alone=False); print('there', flush=True);"
        "b.begin('a'); time.sleep(0.3); b.end(State('a', Verdict.PASSED, '', 'a'))"
    )
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        began = time.monotonic()
        assert Board(tmp_path, alone=False).states(["a"]) == [state("a")]
        assert time.monotonic() - began < 5


def test_a_worker_that_died_is_not_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen(["true"]) as gone:
        gone.wait()
    mine = Board(tmp_path, alone=False)
    tmp_path.joinpath(f"worker-{gone.pid}").touch()
    assert mine.states(["a"]) == []
    mine.begin("b")
    mine._file("begun", "b").write_text(str(gone.pid))
    assert mine.states(["b"]) == []


def test_waiting_has_an_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(board, "LONGEST", 0.2)
    mine = Board(tmp_path, alone=False)
    tmp_path.joinpath(f"worker-{os.getppid()}").touch()
    with pytest.raises(Exception, match="a is judged within"):
        mine.states(["a"])


def test_once_is_once_per_run(tmp_path: Path) -> None:
    assert [Board(tmp_path, alone=False).once("swept") for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize(
    ("scenario", "name"),
    [
        ("Loki's up!", "test_lokis_up"),
        ("No pod is left <state>", "test_no_pod_is_left_state"),
        ("8 nodes", "test_8_nodes"),
    ],
)
def test_names(scenario: str, name: str) -> None:
    assert features.python_name(scenario) == name


def roadworthy(*arguments: str) -> str:
    result = CliRunner().invoke(main, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


def test_help_names_every_command_and_reads_well() -> None:
    shown = roadworthy("--help")
    for word in ("criteria", "profile", "verdicts", "sandbox", "repair what fails, and judge again"):
        assert word in shown


def test_help_is_quick() -> None:
    code = (
        "import sys, roadworthy.cli; print(*(m for m in ('kubernetes', 'pytest', 'rich', 'yaml') if m in sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


def test_criteria_are_listed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    shown = roadworthy("criteria", "features/phase1.feature")
    assert "install.loki" in shown
    found = json.loads(roadworthy("criteria", "--json", "features/phase1.feature"))
    assert {"id", "phase", "rule", "scenario", "remedies", "needs"} <= set(found[0])
    assert len({one["id"] for one in found}) == len(found)


def test_a_broken_feature_is_one_message(tmp_path: Path) -> None:
    file = tmp_path / "a.feature"
    file.write_text("Feature: F\n  Scenario: a\n")
    result = CliRunner().invoke(main, ["criteria", str(file)])
    assert result.exit_code == 1
    assert 'a.feature:2: scenario "a" has no step' in result.output


def test_verdicts_of_no_run_and_of_another_version(tmp_path: Path) -> None:
    result = CliRunner().invoke(main, ["verdicts", str(tmp_path / "v.json")])
    assert "judge something first: pytest features/phase1.feature" in result.output
    tmp_path.joinpath("v.json").write_text('{"version": 99}')
    result = CliRunner().invoke(main, ["verdicts", str(tmp_path / "v.json")])
    assert "version 1 of verdicts.json; seen: 99" in result.output


def test_profiles_are_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    assert "it is only read, until it says kube_system_uid" in roadworthy("profile", "check", "pi")
    assert roadworthy("profile", "list").split() == sorted(file.stem for file in ROOT.glob("clusters/*.yaml"))
