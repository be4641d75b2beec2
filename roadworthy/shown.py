"""The exceptions that a verdict becomes in pytest, and how much of what went wrong they show."""

from __future__ import annotations

import re

import pytest

from roadworthy import redact
from roadworthy.errors import NotApplicable, RoadworthyError, TimedOut


class Unmet(AssertionError):
    """The criterion was evaluated and does not hold."""


class Unjudged(Exception):
    """The criterion is broken or blocked."""


def normal(error: BaseException) -> BaseException:
    """Return pytest's own outcomes as what they mean here: skip: not applicable, fail: failed, time-out: broken."""
    if isinstance(error, pytest.skip.Exception):
        return NotApplicable(str(error.msg))
    if isinstance(error, pytest.fail.Exception):
        text = str(error.msg)
        # pytest-timeout fails the test it interrupts; that it took too long says nothing about the criterion.
        return TimedOut(text) if text.startswith("Timeout") else AssertionError(text)
    return error


def message(error: BaseException) -> str:
    """Return what to tell about an error, redacted: its own words; for a bug of ours its type and place, too."""
    if isinstance(error, AssertionError):
        # pytest's assertion rewriting appends its explanation; where somebody wrote a message, that is enough.
        said = str(error)
        own, _, explained = said.partition("\nassert ")
        return redact.text(own if own.strip() and not own.startswith("assert ") else explained or said).strip()
    if isinstance(error, RoadworthyError):
        return redact.text(str(error))
    said = re.sub(r"\s+", " ", str(error)).strip()
    return redact.text(f"{type(error).__name__}: {said}{_place(error)}")


def is_bug(error: BaseException | None) -> bool:
    """Whether an error is nobody's on purpose, so that its traceback is needed."""
    return error is not None and not isinstance(error, RoadworthyError | AssertionError)


def _place(error: BaseException) -> str:
    trace = error.__traceback__
    while trace and trace.tb_next:
        trace = trace.tb_next
    return f" ({trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno})" if trace else ""
