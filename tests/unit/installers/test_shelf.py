"""Written values are kept while they are used, and a month beyond."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from installers.engine import shelf


def aged(path: Path, days: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()
    os.utime(path, (time.time() - days * 86400,) * 2)
    return path


def never() -> str:
    raise AssertionError("it is there, so nobody need make it")


def test_writing_takes_away_what_nobody_has_used_for_a_month(tmp_path: Path) -> None:
    old, draft = aged(tmp_path / "values/loki-1.yaml", 31), aged(tmp_path / "values/loki-3.4711", 31)
    young, folder = aged(tmp_path / "values/loki-2.yaml", 29), aged(tmp_path / "values/folder/within", 31)
    other = aged(tmp_path / "charts/one.tgz", 400)
    shelf.put(tmp_path / "values/loki-4.yaml", lambda: "a: ä\n")
    assert (tmp_path / "values/loki-4.yaml").read_text(encoding="utf-8") == "a: ä\n"
    assert not old.exists()
    assert not draft.exists()
    assert all(each.exists() for each in (young, folder, other))
    assert len(list((tmp_path / "values").iterdir())) == 3


def test_using_a_file_keeps_it(tmp_path: Path) -> None:
    used = aged(tmp_path / "loki-1.yaml", 31)
    shelf.put(used, never)
    assert time.time() - used.stat().st_mtime < 60
    shelf.put(tmp_path / "loki-2.yaml", lambda: "")
    assert used.exists()


def test_somebody_elses_file_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(path: Path) -> None:
        raise PermissionError(path)

    monkeypatch.setattr(os, "utime", refused)
    shelf.put(tmp_path / "loki-1.yaml", never)
