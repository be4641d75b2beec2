"""Gherkin steps as they run: the step that failed is noted, and each is a step of the Allure report."""

from __future__ import annotations

from typing import Any

import pytest

from roadworthy.allure_steps import Step
from roadworthy.item import CriterionItem

OPEN: pytest.StashKey[Step] = pytest.StashKey()


def pytest_bdd_before_scenario(request: Any, scenario: Any) -> None:
    """Give the rendered scenario all its tags: pytest-bdd leaves out what it inherits."""
    if isinstance(request.node, CriterionItem):
        scenario.tags = {tag.name for tag in request.node.criterion.tags}


def pytest_bdd_before_step(request: Any, step: Any) -> None:
    """Open the step."""
    if isinstance(request.node, CriterionItem):
        request.node.stash[OPEN] = Step(f"{step.keyword} {step.name}")


def pytest_bdd_after_step(request: Any) -> None:
    """Close it: it held."""
    if isinstance(request.node, CriterionItem):
        request.node.stash[OPEN].close()


def pytest_bdd_step_error(request: Any, step: Any, exception: BaseException) -> None:
    """Close it: it is where the attempt ended."""
    if isinstance(request.node, CriterionItem):
        request.node.stash[OPEN].close(exception)
        request.node.failed_step = f"{step.keyword} {step.name}"
