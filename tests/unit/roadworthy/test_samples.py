"""Measurements over runs: one noisy second neither hides a regression nor cries wolf."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from roadworthy.samples import Judged, Samples, judged


def run(limit: float, *values: float) -> list[Judged]:
    """Judge values one after the other, as runs do."""
    earlier: list[tuple[float, bool]] = []
    found = []
    for value in values:
        found.append(judged("backup", limit, earlier, value))
        earlier.append((value, found[-1].strange[-1]))
    return found


@pytest.mark.parametrize(
    ("values", "good"),
    [
        ([12], [True]),
        ([33, 33, 33], [True, True, False]),  # one or two may be noise, three can't
        ([34], [False]),  # no noise explains this one, be it the first
        ([12, 11, 12, 32], [True] * 4),  # one noisy run within three spreads (1 s at least) of the limit
        ([12, 11, 12, 34], [True, True, True, False]),  # no noise explains this one
        ([12, 11, 12, 300, 12], [True, True, True, False, True]),  # … and it isn't held against the next
        ([28, 31, 32, 31, 32, 31], [True, True, False, False, False, False]),  # creeping past the limit: the median
        ([20, 25, 15, 30, 10, 45], [True] * 6),  # where the spread is large, less can be told from one
    ],
)
def test_the_median_is_held_against_the_limit(values: list[float], good: list[bool]) -> None:
    assert [each.good for each in run(30, *values)] == good


def test_the_words_show_median_spread_and_limit() -> None:
    found = run(30, 12, 11, 12, 13, 18)[-1]
    words = "18 s; median 12 s of the last 5, spread 1.0 s (11 to 18 s), limit 30 s; slower than before by 6.0 spreads"
    assert str(found).startswith(words)
    assert found.good
    assert "slower" not in str(run(30, 12, 11, 12, 13, 13)[-1])
    assert "beyond it, within what noise explains: judged from measurement 3 on" in str(run(30, 31)[0])
    assert "beyond it" not in str(run(30, 29)[0])
    assert str(run(30, 99)[0]) == "99 s; median 99 s of the last 1, spread 1.0 s, limit 30 s"


def test_they_are_kept_by_cluster_and_a_torn_line_is_nobodys(tmp_path: Path, monkeypatch: Any) -> None:
    shown: list[str] = []
    monkeypatch.setattr("allure.attach", lambda body, **_: shown.append(body))
    one, other = Samples(tmp_path / "s", "one", "r1"), Samples(tmp_path / "s", "other")
    assert one.add("A backup of 50 MB", 12, 30).values == (12,)
    with (tmp_path / "s" / "a-backup-of-50-mb.jsonl").open("a") as file:
        file.write('{"cluster": "one", "sec\n')
    assert other.add("A backup of 50 MB", 99, 30).values == (99,)
    assert one.add("A backup of 50 MB", 13, 30).values == (12, 13)
    assert one.add("A restore", 5, 20).values == (5,)
    lines = (tmp_path / "s" / "a-backup-of-50-mb.jsonl").read_text().splitlines()
    assert len(lines) == 4
    assert '"run": "r1"' in lines[0]
    assert len(shown) == 4


def test_the_picture_shows_every_run_and_the_limit(tmp_path: Path) -> None:
    samples = Samples(tmp_path, "one")
    for value in (12, 11, 300, 12):
        samples.add("backup & co", value, 30)
    root = ET.fromstring((tmp_path / "backup-co.svg").read_text())  # noqa: S314 - our own
    space = "{http://www.w3.org/2000/svg}"
    dots = [each.get("class") for each in root.iter(f"{space}circle")]
    assert dots == ["dot", "dot", "strange", "now"]
    texts = " ".join("".join(each.itertext()) for each in root.iter(f"{space}text"))
    assert "limit 30 s" in texts
    assert "median 12 s ± 1.0" in texts
    assert "backup & co" in texts
