"""The journal: whole, chained, redacted, and readable after any kill."""

from __future__ import annotations

import json
import multiprocessing
import os
import stat
import time
from pathlib import Path

import pytest

from roadworthy import redact
from roadworthy.change import Change as A
from roadworthy.change import Delete, Target
from roadworthy.converge.history import History
from roadworthy.converge.journal import Journal
from roadworthy.errors import BadInput, Unknown

CHANGE = A("delete", Target("Pod", "p", "a"), Delete(), why="stuck")


@pytest.fixture
def journal(tmp_path: Path) -> Journal:
    return Journal(tmp_path / "journal" / "toy.jsonl", "run-1")


def test_entries_are_numbered_and_chained(journal: Journal) -> None:
    assert [journal.write("intent", target="a"), journal.write("result", intent=1)] == [1, 2]
    first, second = journal.entries()
    assert second["previous"] == first["hash"]
    assert journal.verify() == 2
    assert stat.S_IMODE(journal.path.stat().st_mode) == 0o600


@pytest.mark.parametrize("tamper", ["change", "remove", "insert"])
def test_tampering_is_found_with_its_line(journal: Journal, tamper: str) -> None:
    for number in range(4):
        journal.write("intent", target=f"t{number}")
    lines = journal.path.read_text().splitlines(keepends=True)
    if tamper == "change":
        lines[2] = lines[2].replace("t2", "tX")
    elif tamper == "remove":
        del lines[2]
    else:
        lines.insert(2, lines[1])
    journal.path.write_text("".join(lines))
    with pytest.raises(BadInput, match=r"toy\.jsonl:3"):
        journal.verify()


@pytest.mark.parametrize("kept", [1, 20, 200])
def test_a_torn_line_is_cut_off_and_said(journal: Journal, kept: int) -> None:
    journal.write("intent", target="a")
    whole = journal.path.read_bytes()
    journal.write("intent", target="b")
    journal.path.write_bytes(whole + journal.path.read_bytes()[len(whole) :][:kept])
    assert journal.verify() == 1
    journal.write("intent", target="c")
    assert [entry["kind"] for entry in journal.entries()] == ["intent", "mended", "intent"]


def test_secrets_are_struck_out(journal: Journal) -> None:
    redact.register("canary-in-journal")
    journal.write("result", detail="it said canary-in-journal", after={"deep": ["canary-in-journal"]})
    assert "canary" not in journal.path.read_text()


def test_a_full_disk_is_told(journal: Journal, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(Unknown, match="No space left"):
        journal.write("intent", target="a")


def _write_many(path: Path, name: str) -> None:
    journal = Journal(path, name)
    for number in range(50):
        journal.write("intent", target=f"{name}-{number}")


def test_several_processes_write_one_chain(tmp_path: Path) -> None:
    path = tmp_path / "toy.jsonl"
    context = multiprocessing.get_context("spawn")
    writers = [context.Process(target=_write_many, args=(path, f"run-{n}")) for n in range(3)]
    for each in writers:
        each.start()
    for each in writers:
        each.join()
    assert Journal(path, "reader").verify() == 150


def _intent(journal: Journal, **more: object) -> int:
    known = {"remedy": "fix", "criterion": "phase1/x", "target": str(CHANGE.target), "verb": "delete"}
    return journal.write("intent", **{**known, **more})


def test_attempts_survive_a_restart_and_a_pass_resets_them(journal: Journal) -> None:
    _intent(journal)
    _intent(journal)
    history = History(Journal(journal.path, "run-2"), memory=60)
    assert len(history.attempts("fix", CHANGE)) == 2
    assert history.attempts("other", CHANGE) == []
    assert time.time() - history.touched(CHANGE) < 5
    journal.write("pass", criterion="phase1/x")
    assert History(journal, memory=60).attempts("fix", CHANGE) == []


def test_attempts_are_forgotten_in_time(journal: Journal) -> None:
    _intent(journal)
    assert History(journal, memory=0).attempts("fix", CHANGE) == []


def test_what_a_killed_run_left_unfinished_is_known(journal: Journal) -> None:
    number = _intent(journal)
    assert History(journal, memory=60).unfinished == []  # we are alive
    lines = [json.loads(line) for line in journal.path.read_text().splitlines()]
    host, pid, start = lines[0]["process"].rsplit("/", 2)
    dead = Journal(journal.path.with_name("dead.jsonl"), "run-1")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("roadworthy.process.identity", lambda: f"{host}/{int(pid) + 1_000_000}/{start}")
        _intent(dead)
    found = History(dead, memory=60).unfinished
    assert [entry["number"] for entry in found] == [number]
    dead.write("abandoned", intent=number)
    assert History(dead, memory=60).unfinished == []
