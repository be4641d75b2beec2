"""The README's first command: ends green, does nothing the second time, and only reads when it isn't told to repair."""

import pytest

from tests.accept.mainjob import Run

pytestmark = pytest.mark.accept


def test_every_criterion_is_passed_or_converged(first: Run) -> None:
    assert first.criteria
    assert not first.other_than("passed", "converged", "not applicable")
    assert first.code == 0


def test_what_is_not_applicable_says_why(first: Run) -> None:
    assert not [each["id"] for each in first.criteria if each["verdict"] == "not applicable" and not each["reason"]]


def test_the_second_run_passes_without_a_change(second: Run) -> None:
    assert not second.other_than("passed", "not applicable")
    assert second.changes == []
    assert second.code == 0


def test_both_runs_judge_the_same_criteria(first: Run, second: Run) -> None:
    assert [each["id"] for each in first.criteria] == [each["id"] for each in second.criteria]


def test_without_remediate_nothing_is_changed(reading: Run) -> None:
    assert reading.changes == []
    assert not reading.other_than("passed", "not applicable")
