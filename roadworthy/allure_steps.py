"""Attempts, Gherkin steps and remedies nested under one Allure test. Without ``--alluredir`` nothing of it happens.

Allure writes the message of what it is given; so it is only given messages that have been redacted.
"""

from __future__ import annotations

import json
from typing import Any

import allure as untyped

from roadworthy import redact
from roadworthy.criterion import Criterion
from roadworthy.record import Record
from roadworthy.shown import Unjudged, Unmet, message

allure: Any = untyped


class Step:
    """An open step of the report; ``close`` it with what went wrong in it, or None."""

    def __init__(self, title: str) -> None:
        self._context: Any = allure.step(redact.text(title))
        self._context.__enter__()

    def close(self, error: BaseException | None = None) -> None:
        """Close it; a second call does nothing."""
        context, self._context = self._context, None
        if context is None:
            return
        told = None
        if error is not None:
            told = (Unmet if isinstance(error, AssertionError) else Unjudged)(message(error))
        context.__exit__(type(told) if told else None, told, None)


def describe(criterion: Criterion) -> None:
    """Name the test as the feature does."""
    allure.dynamic.title(criterion.scenario)
    allure.dynamic.feature(criterion.feature)
    if criterion.rule:
        allure.dynamic.story(criterion.rule)


def attach(name: str, content: str) -> None:
    """Attach a text, redacted by whoever wrote it, to the step that is open."""
    allure.attach(content, name=name, attachment_type=allure.attachment_type.TEXT)


def remedy(told: dict[str, Any]) -> None:
    """Show what a remedy did (see ``Record.remedies``): a step for it, and one for each of its changes."""
    step = Step(f"Remedy {told['name']}: {told['outcome']}{'; ' if told['reason'] else ''}{told['reason']}")
    for change in told["changes"]:
        of = Step(f"{change['verb']} {change['target']}: {change['why']}")
        attach("change", json.dumps(redact.data(change), indent=2, default=str))
        of.close()
    step.close()


def conclude(record: Record) -> None:
    """Put the verdict and what each remedy did into the test."""
    allure.dynamic.label("verdict", record.verdict)
    if record.verdict != "passed":
        allure.dynamic.tag(record.verdict)
        allure.dynamic.description(redact.text(f"{record.verdict}: {record.reason}"))
