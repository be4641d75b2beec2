"""``roadworthy prove`` ends with 1, and says why, when no fault turns a promise red; no cluster is needed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from click.testing import CliRunner, Result

from prove import cli

FEATURE = """\
Feature: Two promises
  Scenario: one holds
    Then it does
  Scenario: another holds
    Then it does
"""
ROW = "- {{scenario: {name} holds, what: 'it is broken', shapes: longhorn, red: x, remedy: none}}\n"
Prove = Callable[..., Result]


@pytest.fixture
def prove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Prove:
    """Run the command on a feature of two promises, with rows for those that are named."""
    monkeypatch.setattr(cli, "REPORTS", tmp_path / "reports")
    monkeypatch.setattr("prove.cli.manage.up", lambda *_, **__: SimpleNamespace(sandbox=None))
    monkeypatch.setattr("prove.cli.faults.undo", lambda _: [])
    monkeypatch.setattr(cli, "Bench", lambda *_: SimpleNamespace(set_up=lambda: None))
    monkeypatch.setattr(cli, "Ground", lambda *_: SimpleNamespace(left=list))

    def run(*names: str, words: tuple[str, ...] = ()) -> Result:
        feature = tmp_path / "two.feature"
        feature.write_text(FEATURE)
        (tmp_path / "two.faults.yaml").write_text("".join(ROW.format(name=name) for name in names))
        return CliRunner().invoke(cli.main, [str(feature), *words])

    return run


def test_a_promise_without_a_fault_is_named_and_fails_the_proof(prove: Prove) -> None:
    done = prove("one")
    assert done.exit_code == 1
    assert "no fault turns this red: another holds (add a row to" in done.output
    assert "no fault turns this red: one holds" not in done.output


def test_with_a_fault_for_each_it_passes_and_leaves_the_page(prove: Prove, tmp_path: Path) -> None:
    done = prove("one", "another")
    assert done.exit_code == 0, done.output
    assert "another holds" in (tmp_path / "reports" / "faults.html").read_text().replace("_", " ")


def test_a_part_of_the_rows_says_nothing_of_the_others(prove: Prove) -> None:
    assert prove("one", words=("--only", "one")).exit_code == 0
