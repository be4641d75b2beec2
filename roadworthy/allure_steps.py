"""Attempts, Gherkin steps and remedies nested under one Allure test. Without ``--alluredir`` nothing of it happens.

Allure writes the message of what it is given; so it is only given messages that have been redacted.
"""

from __future__ import annotations

import json
import threading
import uuid
from collections import OrderedDict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import allure as untyped
import allure_commons
from allure_commons.model2 import ExecutableItem, TestResult

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


def make_room(threads: Iterable[threading.Thread]) -> None:
    """Give threads, before they start, a place for their steps: allure would put them into whatever test is running.

    It keeps its books by thread, and makes a page for a new one while others read; so all are made beforehand.
    """
    for logger in _loggers():
        for thread in threads:
            pages = logger._items._thread_context  # noqa: SLF001 - it has no other name
            pages[thread] = OrderedDict({"roadworthy": TestResult(name="apart")})


@contextmanager
def apart() -> Iterator[list[TestResult]]:
    """Collect the steps of this thread (one of ``make_room``'s) instead of reporting them."""
    collected: list[TestResult] = []
    for logger in _loggers():
        collected.append(TestResult(name="apart", uuid=str(uuid.uuid4())))
        logger.schedule_test(collected[-1].uuid, collected[-1])
    try:
        yield collected
    finally:
        for logger, result in zip(_loggers(), collected, strict=True):
            logger.drop_test(result.uuid)


def adopt(collected: list[TestResult]) -> None:
    """Put what was collected apart into the test, or the step, that is open."""
    for logger, result in zip(_loggers(), collected, strict=True):
        if (place := logger.get_last_item(ExecutableItem)) is not None:
            place.steps.extend(result.steps)
            place.attachments.extend(result.attachments)


def took(start: float, stop: float) -> None:
    """Say when the test that is open was really judged, in seconds since the epoch."""
    for logger in _loggers():
        if (test := logger.get_test(None)) is not None:
            test.start, test.stop = int(start * 1000), int(stop * 1000)


def _loggers() -> list[Any]:
    """Return the books that are kept: one with ``--alluredir``, none without."""
    plugins = allure_commons.plugin_manager.get_plugins()
    return [plugin.allure_logger for plugin in plugins if hasattr(plugin, "allure_logger")]


def conclude(record: Record) -> None:
    """Put the verdict and what each remedy did into the test."""
    allure.dynamic.label("verdict", record.verdict)
    if record.verdict != "passed":
        allure.dynamic.tag(record.verdict)
    told = [f"{record.verdict}: {record.reason}"] if record.verdict != "passed" else []
    told += [f"warning: {warning}" for warning in record.warnings]
    if told:
        allure.dynamic.description(redact.text("\n\n".join(told)))
