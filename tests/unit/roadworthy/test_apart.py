"""What several processes and threads share: who may disturb what when, and folders of their own."""

from __future__ import annotations

import threading
import time
from pathlib import Path

import pytest

from roadworthy import private, stopping
from roadworthy.board import Board
from roadworthy.criterion import Criterion, Tag
from roadworthy.disturbance import ALL, Disturbance, disturbed
from roadworthy.turns import Turns
from roadworthy.verdict import Verdict


def criterion(name: str, *tags: str) -> Criterion:
    return Criterion(name, Path("f"), 1, "F", "", name, f"test_{name}", -1, {}, tuple(Tag(tag, 1) for tag in tags), ())


DRILL = criterion("drill", "needs:a", "drill")
OTHER = criterion("other", "needs:b", "drill")
ROOT = criterion("root", "component:a")
MIDDLE = criterion("middle", "component:c", "needs:a")
FAR = criterion("far", "needs:c")
PLAIN = criterion("plain")
APART = criterion("apart", "needs:b")
EVERYBODY = [DRILL, OTHER, ROOT, MIDDLE, FAR, PLAIN, APART]


def test_a_drill_is_felt_by_what_hangs_on_it_however_far() -> None:
    found = Disturbance(EVERYBODY, {"d": ["a"]})
    assert [each.id for each in EVERYBODY if found.conflict(DRILL, each)] == ["drill", "root", "middle", "far", "plain"]
    assert [each.id for each in EVERYBODY if found.conflict(OTHER, each)] == ["other", "plain", "apart"]
    assert not found.conflict(ROOT, FAR)


def test_components_that_require_a_disturbed_one_feel_it() -> None:
    user = criterion("user", "needs:d")
    found = Disturbance([DRILL, user], {"d": ["a"]})
    assert found.conflict(DRILL, user)


def test_a_drill_that_names_nothing_and_what_is_alone_disturb_everybody() -> None:
    nameless, alone = criterion("nameless", "drill"), criterion("alone", "alone", "needs:b")
    assert disturbed(nameless) == {ALL}
    assert disturbed(alone) == {ALL, "b"}
    found = Disturbance([nameless, alone, ROOT], {})
    assert found.conflict(nameless, ROOT)
    assert found.conflict(ROOT, alone)


def test_whose_turn_it_is() -> None:
    verdicts: dict[str, Verdict] = {}
    turns = Turns(EVERYBODY, Disturbance(EVERYBODY, {}), verdicts.get, roots_first=False)
    assert [each.id for each in EVERYBODY if turns.may(each, [])] == ["root", "plain", "apart"]
    verdicts["root"] = Verdict.PASSED
    assert [each.id for each in EVERYBODY if turns.may(each, [])] == ["root", "middle", "plain", "apart"]
    verdicts.update(middle=Verdict.FAILED, plain=Verdict.PASSED)
    assert not turns.may(FAR, []), "why it is blocked is told when it is its turn"
    assert not turns.may(DRILL, []), "what feels it has no verdict yet"
    verdicts.update(far=Verdict.BLOCKED, apart=Verdict.FAILED)
    assert turns.may(DRILL, [OTHER])
    assert not turns.may(OTHER, [PLAIN])
    verdicts["root"] = Verdict.NOT_APPLICABLE
    assert not turns.may(MIDDLE, [])


def test_what_is_slow_is_urgent_and_so_are_its_roots() -> None:
    slow = criterion("slow", "needs:a", "slow")
    turns = Turns([*EVERYBODY, slow], Disturbance(EVERYBODY, {}), lambda _: None, roots_first=False)
    assert [each.id for each in [*EVERYBODY, slow] if turns.urgent(each)] == ["root", "slow"]


def test_with_roots_first_the_rest_waits_for_their_verdicts() -> None:
    verdicts: dict[str, Verdict] = {}
    turns = Turns(EVERYBODY, Disturbance(EVERYBODY, {}), verdicts.get, roots_first=True)
    assert [each.id for each in EVERYBODY if turns.may(each, [])] == ["root"]
    verdicts.update(root=Verdict.PASSED, middle=Verdict.FAILED)
    assert turns.may(PLAIN, [])


def entered(board: Board, feels: set[str], disturbs: set[str]) -> threading.Event:
    inside = threading.Event()

    def enter() -> None:
        with board.judging(feels, disturbs):
            inside.set()

    threading.Thread(target=enter, daemon=True).start()
    return inside


def test_the_board_keeps_a_drill_and_who_feels_it_apart(tmp_path: Path) -> None:
    board = Board(tmp_path, alone=True)
    with board.judging({"a", "b"}):
        drill = entered(board, set(), {"a"})
        assert entered(board, set(), {"c"}).wait(5), "nobody feels c"
        assert entered(board, {"a"}, set()).wait(5), "two who feel it may both be judged"
        assert not drill.wait(0.2)
    assert drill.wait(5)


def test_the_board_keeps_everybody_away_from_a_repair(tmp_path: Path) -> None:
    board = Board(tmp_path, alone=True)
    with board.repairing():
        other = entered(board, {"a"}, set())
        assert not other.wait(0.2)
    assert other.wait(5)


def test_what_is_no_longer_wanted_ends_at_its_next_wait() -> None:
    stop = threading.Event()
    threading.Timer(0.1, stop.set).start()
    began = time.monotonic()
    with stopping.by(stop), pytest.raises(stopping.Abandoned):
        stopping.sleep(30)
    assert time.monotonic() - began < 5
    with stopping.by(stop), pytest.raises(stopping.Abandoned):
        stopping.check()
    with stopping.by(stop), stopping.by(None):
        stopping.check()  # clearing up goes on
    stopping.sleep(0)


def test_a_folder_that_another_start_swept_is_made_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Between making its folder and locking it a process holds nothing: with -n 8 another one swept it just then."""
    made: list[Path] = []

    def mkdtemp(prefix: str, dir: Path) -> str:  # noqa: A002 - tempfile calls it so
        del dir
        made.append(tmp_path / f"{prefix}{len(made)}")
        if len(made) > 1:
            made[-1].mkdir()
        return str(made[-1])

    monkeypatch.setattr("tempfile.mkdtemp", mkdtemp)
    monkeypatch.setattr(private, "sweep", list)
    found = private._folder_of.__wrapped__(0)
    assert found == made[1]
    assert (found / "lock").exists()
